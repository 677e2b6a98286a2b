// Measures bilevel positions and segment lengths of ten million tokens, in tokens a second.
// Run `npm run build` first, then `node bench/segment.mjs [--json]`.
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';

const require = createRequire(import.meta.url);
const { BilevelStream } = require('../dist/lib/segment/arrays.js');
const { segmentLengths } = require('../dist/lib/segment/lengths.js');

const count = 10_000_000;
const separators = [29889, 869, 13];
// About every 25th token ends a segment; the others are random.
let state = 1;
const ids = Int32Array.from({ length: count }, () => {
  state = (state * 48271) % 2147483647;
  return state % 25 === 0 ? separators[state % 3] : state % 32000;
});
const into = { intra: new Int32Array(count), segment: new Int32Array(count) };

function tokensPerSecond(work) {
  const times = Array.from({ length: 5 }, () => {
    const start = performance.now();
    work();
    return (performance.now() - start) / 1000;
  });
  return count / Math.min(...times);
}

const result = {
  suite: 'segment',
  tokens: count,
  tokensPerSecond: {
    positions: tokensPerSecond(() => new BilevelStream(separators, { intraSize: 1024 }).push(ids, into)),
    positionsNewArrays: tokensPerSecond(() => new BilevelStream(separators).push(ids)),
    lengths: tokensPerSecond(() => segmentLengths(ids, separators)),
  },
};
if (process.argv.includes('--json')) console.log(JSON.stringify(result));
else {
  for (const [name, rate] of Object.entries(result.tokensPerSecond))
    console.log(`${name.padEnd(20)} ${(rate / 1e6).toFixed(0)} M tokens/s`);
}
