// Measures Figure 1 over a corpus of 100 million tokens, as a user runs it: seconds and peak
// memory. The corpus is made for it: books of sentences from the addresses and the novel that come
// with the packages, shuffled for each book, with every 20th word misspelt. Run `npm run build`
// first, then `node bench/figure1.mjs [--json]`; it takes 0.5 GB in the temporary folder.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { root } from '../scripts/lib/paths.mjs';

const require = createRequire(import.meta.url);
const { Random } = require('../dist/lib/engine/random/random.js');
const { prepareSource } = require('../dist/lib/data/sources/prepare.js');

const tokens = 100_000_000;
const books = 260;
const bookCharacters = 1_750_000; // about 400,000 tokens: the size of a long novel

const folder = await mkdtemp(join(tmpdir(), 'bipe-figure1-'));
try {
  const characters = await writeCorpus();
  const { seconds, peakBytes, measured } = await reproduce();
  const result = { suite: 'figure1', tokens: measured, characters, books, seconds, peakBytes };
  if (process.argv.includes('--json')) console.log(JSON.stringify(result));
  else {
    console.log(`${measured.toLocaleString('en')} tokens of ${(characters / 1e6).toFixed(0)} M characters`);
    console.log(`  ${seconds.toFixed(0)} s, ${(peakBytes / 1e9).toFixed(2)} GB at most`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

/**
 * Writes books as the reader of PG-19 expects them, with a registry. Returns their number of
 * characters.
 */
async function writeCorpus() {
  const sentences = [];
  for (const name of ['sotu', 'moby-dick']) {
    const source = await prepareSource(name);
    for await (const { text } of source.documents()) sentences.push(...text.split(/(?<=[.!?]\s+)/));
  }
  const place = join(folder, 'cache', 'pg19');
  await mkdir(join(place, 'validation'), { recursive: true });
  const random = Random.fromSeed(1);
  const files = [];
  let characters = 0;
  const add = async (path, text) => {
    await writeFile(join(place, path), text);
    files.push(`- ${Buffer.byteLength(text)} ${path}`);
  };
  let titles = '';
  for (let book = 1; book <= books; book += 1) {
    const pieces = [];
    for (let length = 0; length < bookCharacters;) {
      const sentence = misspell(sentences[random.integer(0, sentences.length)], random);
      pieces.push(sentence);
      length += sentence.length;
    }
    const text = pieces.join('');
    characters += text.length;
    titles += `${book},Book ${book},1900,https://127.0.0.1/${book}\n`;
    await add(`validation/${book}.txt`, text);
  }
  await add('metadata.csv', titles);
  await writeFile(join(folder, 'books.txt'), `${files.join('\n')}\n`);
  const corpus = {
    name: 'corpus',
    modality: 'books',
    title: 'Shuffled sentences',
    document: 'one book',
    licence: 'public domain',
    version: '1',
    checksum: null,
    bytes: characters,
    reader: { kind: 'pg19', split: 'validation', files: 'books.txt', addresses: ['https://127.0.0.1'] },
  };
  await writeFile(join(folder, 'registry.json'), JSON.stringify({ sources: [corpus] }));
  return characters;
}

/** Exchanges two neighbouring letters in about every 20th word. */
function misspell(text, random) {
  return text.replace(/\w{2,}/g, (word) => {
    if (random.integer(0, 20) > 0) return word;
    const place = random.integer(0, word.length - 1);
    return word.slice(0, place) + word[place + 1] + word[place] + word.slice(place + 2);
  });
}

/** Runs the command in a process of its own, which reports its peak memory at its end. */
async function reproduce() {
  const report = 'process.on("exit", () => console.error(`peak ${process.resourceUsage().maxRSS * 1024}`))';
  const settings = ['sources=corpus', `maxTokens=${tokens}`].flatMap((setting) => ['--set', setting]);
  const start = performance.now();
  const child = spawn(
    process.execPath,
    [
      ...[
        '--import',
        `data:text/javascript,${encodeURIComponent(report)}`,
        join(root, 'scripts', 'bipe.mjs'),
      ],
      ...['reproduce', 'fig1', '--no-resume', '--out', join(folder, 'figures'), ...settings],
    ],
    { env: { ...process.env, BIPE_DATASETS: folder }, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  let said = '';
  child.stderr.on('data', (text) => (said += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`bipe reproduce fig1 ended with ${code}:\n${said}`);
  const { numbers } = require(join(folder, 'figures', 'fig1.json'));
  return {
    seconds,
    peakBytes: Number(/^peak (\d+)$/m.exec(said)?.[1]),
    measured: numbers.result.modalities[0].tokens,
  };
}
