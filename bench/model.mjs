// Forward and backward pass of the decoder, operation by operation: tokens a second, for the arithmetic task's model and
// for a language model of 17 million parameters. Run `npm run build` first, then `node bench/model.mjs [--json] [NAME...]`.
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const { startEngine } = require('../dist/lib/engine/engine.js');
const { valueAndGradients } = require('../dist/lib/engine/gradients.js');
const { Random } = require('../dist/lib/engine/random.js');
const { integerTensor } = require('../dist/lib/engine/random-tensors.js');
const { arithmeticModelSize, createDecoder, languageModelSize } = require('../dist/lib/model/config.js');
const { nextTokenLoss, nextTokenLosses } = require('../dist/lib/model/loss.js');
const { initialParameters, parameterCount } = require('../dist/lib/model/parameters.js');

const seventeenMillion = {
  ...languageModelSize,
  hiddenSize: 256,
  intermediateSize: 1024,
  numLayers: 1,
  numHeads: 4,
};
const rope = { encoding: { kind: 'rope' }, separators: [] };
const bilevel = (inter) => ({
  encoding: { kind: 'bipe', intra: { kind: 'learned', rows: 128 }, inter },
  separators: [[9]],
});
const arithmetic = { ...arithmeticModelSize(48), vocabSize: 21 };
const cases = {
  'arithmetic-rope': { config: { ...arithmetic, ...rope }, batch: 64, time: 88 },
  'arithmetic-bipe-alibi': {
    config: { ...arithmetic, ...bilevel({ kind: 'alibi', slopeFactor: 96 }) },
    batch: 64,
    time: 88,
  },
  'arithmetic-rope-512': { config: { ...arithmetic, ...rope }, batch: 512, time: 88 },
  'language-17m': { config: { ...seventeenMillion, vocabSize: 32000, ...rope }, batch: 8, time: 256 },
};

await startEngine();
const wanted = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const results = {};
for (const [name, { config, batch, time }] of Object.entries(cases)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const decoder = createDecoder(config);
  const parameters = initialParameters(decoder.parameters, 0.02, Random.fromSeed(1));
  const ids = integerTensor(Random.fromSeed(2), [batch, time], 0, config.vocabSize);
  const tensors = [...parameters.values()];
  const train = () => {
    const { value, gradients } = valueAndGradients(() => nextTokenLoss(decoder, parameters, ids), tensors);
    value.dataSync();
    tf.dispose([value, ...gradients]);
  };
  const evaluate = () => tf.tidy(() => void nextTokenLosses(decoder, parameters, ids).dataSync());
  results[name] = {
    parameters: parameterCount(decoder.parameters),
    forwardBackward: tokensPerSecond(train, batch * (time - 1)),
    forward: tokensPerSecond(evaluate, batch * (time - 1)),
  };
  tf.dispose(tensors);
}
if (process.argv.includes('--json')) console.log(JSON.stringify({ suite: 'model', results }));
else console.table(results);

/** The best of several runs of about two seconds in all, after one that does not count. */
function tokensPerSecond(work, tokens) {
  work();
  let [best, spent] = [Infinity, 0];
  for (let runs = 0; runs < 3 || spent < 2; runs += 1) {
    const start = performance.now();
    work();
    const seconds = (performance.now() - start) / 1000;
    best = Math.min(best, seconds);
    spent += seconds;
  }
  return Math.round(tokens / best);
}
