import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { openCorpus } from '../../lib/data/tokens/corpus';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { evaluatePerplexity } from '../../lib/evaluate/perplexity';
import { saveCheckpoint } from '../../lib/model/files/checkpoint';
import { createDecoder, parseModelConfig } from '../../lib/model/config';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { installedSource } from '../data/tokens.support';
import { bipe, type CommandResult, temporaryFolder } from '../support/command';
import { smallConfig } from '../train/small-config';

beforeAll(async () => {
  await startEngine();
});

/** Runs `bipe` where the datasets are those of a folder with one source, `commander`. */
function withDatasets(datasets: string): (...args: string[]) => CommandResult {
  installedSource(datasets);
  return (...args) => bipe(args, { env: { ...process.env, BIPE_DATASETS: datasets } });
}

describe('bipe data tokens', () => {
  it('makes a token file, shows one that is there, and verify finds what is wrong with it', () => {
    const datasets = temporaryFolder();
    const run = withDatasets(datasets);
    const make = ['data', 'tokens', '--sources', 'commander', '--tokenizer', 'bytes', '--max-tokens', '5000'];
    const made = run(...make, '--json');
    expect(made.stderr).toMatch(/tokenize commander: 5,000 tokens in /);
    const corpus = JSON.parse(made.stdout) as { folder: string; sha256: string };
    expect(corpus).toMatchObject({
      tokens: 5000,
      type: 'uint16',
      documents: 2,
      tokenizer: { name: 'bytes', vocabularySize: 256 },
      sources: [{ name: 'commander', modality: 'code' }],
    });
    const shown = run(...make);
    expect([shown.exitCode, shown.stderr]).toEqual([0, '']);
    expect(shown.stdout).toContain(`tokens     5,000 (uint16, sha256 ${corpus.sha256})\n`);

    const [name = ''] = readdirSync(join(datasets, 'prepared'));
    const verified = run('data', 'verify');
    expect(verified.exitCode).toBe(0);
    expect(verified.stdout).toMatch(/^commander +unpinned .*\n/);
    expect(verified.stdout).toContain(
      `${name}  ok        2 documents, 5000 tokens, SHA-256 ${corpus.sha256}\n`,
    );

    const ids = join(corpus.folder, 'ids.bin');
    const bytes = readFileSync(ids);
    bytes[77] = 1;
    writeFileSync(ids, bytes);
    const changed = run('data', 'verify', name);
    expect(changed.exitCode).toBe(1);
    expect(changed.stdout).toContain('ids were changed');
    expect(changed.stderr).toBe(
      `corrupt: ${name}; delete ${name} in datasets/prepared and make it again with npm run -s bipe -- data tokens\n`,
    );
    const registry = join(datasets, 'registry.json');
    const whole = readFileSync(registry, 'utf8');
    writeFileSync(registry, whole.replace('"checksum":null', `"checksum":"${'0'.repeat(64)}"`));
    expect(run('data', 'verify').stderr).toBe(
      `corrupt: commander, ${name}; get it again with npm run -s bipe -- data prepare commander, then delete ${name} in datasets/prepared and make it again with npm run -s bipe -- data tokens\n`,
    );
    writeFileSync(registry, whole);
    truncateSync(ids, 100);
    expect(run(...make).stderr).toMatch(/cut short: 100 bytes, but 5000 tokens take 10000; it is made again/);
    expect(run('data', 'verify', name).exitCode).toBe(0);
  });

  it.each<[args: readonly string[], message: RegExp]>([
    [['--sources', 'comander'], /unknown dataset "comander"; did you mean commander\?/],
    [
      ['--sources', 'commander', '--tokenizer', 'llama2-5'],
      /llama2-5: give a vocabulary of 512 to 32000 pieces/,
    ],
    [['--sources', 'commander', '--max-tokens', '1e6'], /--max-tokens: '1e6' is not a whole number from 1/],
  ])('says of %j what is wrong', (args, message) => {
    const { exitCode, stdout, stderr } = withDatasets(temporaryFolder())('data', 'tokens', ...args);
    expect(stderr).toMatch(message);
    expect([exitCode, stdout, stderr.trim().split('\n').length]).toEqual([2, '', 1]);
  });
});

describe('bipe perplexity --tokens', () => {
  it('reads the documents of a token file, and refuses what does not go with the model', async () => {
    const datasets = temporaryFolder();
    const run = withDatasets(datasets);
    const tokens = (tokenizer: string): string => {
      const args = ['--sources', 'commander', '--tokenizer', tokenizer, '--max-tokens', '5000', '--json'];
      return (JSON.parse(run('data', 'tokens', ...args).stdout) as { folder: string }).folder;
    };
    const folder = tokens('bytes');
    const checkpoint = join(datasets, 'model');
    const config = parseModelConfig({
      ...smallConfig.model,
      vocabSize: 256,
      dropout: 0,
      encoding: 'bipe_alibi',
      separators: [[10]],
    });
    const decoder = createDecoder(config);
    const parameters = initialParameters(decoder.parameters, 0.5, Random.fromSeed(1));
    await saveCheckpoint(checkpoint, config, parameters);
    const corpus = await openCorpus(folder);
    const documents = corpus.documents.map(({ start, length }) => corpus.read(start, length));
    corpus.close();
    const expected = await evaluatePerplexity(decoder, parameters, documents, 14);
    disposeParameters(parameters);

    const model = ['perplexity', '--checkpoint', checkpoint, '--lengths', '14', '--json'];
    const read = run(...model, '--tokens', folder, '--separators', 'released');
    expect(read.exitCode).toBe(0);
    const [found] = JSON.parse(read.stdout) as { loss: number }[];
    expect(found).toMatchObject({ length: 14, windows: expected.windows, documents: 2 });
    expect(found?.loss).toBeCloseTo(expected.loss, 5);

    for (const [args, says] of [
      [
        ['--tokens', folder, '--separators', 'paper'],
        /trained for segments that end at 10, not at 10,46; give/,
      ],
      [
        ['--tokens', tokens('characters')],
        /made with the tokenizer characters, of 98 ids, but the model has 256/,
      ],
      [
        ['--tokens', datasets],
        /no token file \(it has no index\.json\); make one with npm run -s bipe -- data tokens/,
      ],
      [['--tokens', folder, '--ids', 'x'], /either --ids <file> or --tokens <folder>/],
      [[], /either --ids <file> or --tokens <folder>/],
    ] as const) {
      const refused = run(...model, ...args);
      expect(refused.stderr).toMatch(says);
      expect([refused.exitCode, refused.stdout, refused.stderr.trim().split('\n').length]).toEqual([
        2,
        '',
        1,
      ]);
    }
  });
});
