// Measures the effect of capturing: whole training steps (forward, backward, AdamW) as a graph and
// operation by operation, in alternation. Run `npm run build` first, then
// `node bench/graph.mjs [--json] [--rounds 5] [name ...]`.
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';

const require = createRequire(import.meta.url);
const tf = require('@tensorflow/tfjs');
const { startEngine } = require('../dist/lib/engine/engine.js');
const { capture } = require('../dist/lib/engine/graph/capture.js');
const { Random } = require('../dist/lib/engine/random/random.js');
const { integerTensor, normalTensor } = require('../dist/lib/engine/random/tensors.js');
const { arithmeticModelSize, createDecoder, languageModelSize } = require('../dist/lib/model/config.js');
const { nextTokenLossSum } = require('../dist/lib/model/loss.js');
const { initialParameters } = require('../dist/lib/model/parameters.js');
const { encodingNamed } = require('../dist/lib/positional/registry.js');
const { defaultAdamW, planBundles } = require('../dist/lib/train/step/adamw.js');
const { trainingStep, updateScalars, zeroState } = require('../dist/lib/train/step/step.js');

/**
 * A training step with AdamW: its initial state, its inputs, and the number of items of an input.
 */
function training(parameters, loss, inputs, items) {
  const shapes = [...parameters].map(([name, { shape }]) => ({ name, shape }));
  const design = {
    loss,
    parameters: shapes,
    bundles: planBundles(shapes, defaultAdamW),
    optimizer: defaultAdamW,
    clipNorm: 1,
    accumulation: 1,
  };
  const scalars = updateScalars(design, { step: 1, weight: items, learningRate: 1e-3 });
  return {
    step: trainingStep(design),
    state: { ...Object.fromEntries(parameters), ...zeroState(design) },
    inputs: { ...inputs, ...scalars },
    items,
  };
}

/** Two hidden layers on vectors. */
function perceptron({ batch, width }) {
  const random = Random.fromSeed(1);
  const parameters = new Map(
    ['first', 'second', 'third'].map((name) => [
      name,
      normalTensor(random.fork(name), [width, width], 0, 0.1),
    ]),
  );
  const x = normalTensor(random, [batch, width]);
  const loss = (layers, inputs) => {
    let hidden = inputs.x;
    for (const weight of layers.values()) hidden = tf.tanh(tf.matMul(hidden, weight));
    return tf.sum(tf.squaredDifference(hidden, inputs.x));
  };
  return training(parameters, loss, { x }, batch);
}

/** A language model of the library. */
function decoder({ size, vocabSize, encoding, batch, time, remember }) {
  const config = { ...size, vocabSize, separators: [[3]], encoding: encodingNamed(encoding) };
  const model = createDecoder(config);
  const random = Random.fromSeed(1);
  const parameters = initialParameters(model.parameters, config.initializerRange, random);
  const ids = integerTensor(random, [batch, time], 0, vocabSize);
  const loss = (own, inputs) => nextTokenLossSum(model, own, inputs.ids, { remember }).sum;
  return training(parameters, loss, { ids }, batch * time);
}

const arithmetic = { vocabSize: 24, encoding: 'bipe_rope' };
const small = { ...languageModelSize, hiddenSize: 384, intermediateSize: 1024, numLayers: 6, numHeads: 6 };
const works = {
  'mlp 256 x 64': () => perceptron({ batch: 64, width: 256 }),
  'hidden 48, 64 x 88': () => decoder({ ...arithmetic, size: arithmeticModelSize(48), batch: 64, time: 88 }),
  'hidden 48, 16 x 88': () => decoder({ ...arithmetic, size: arithmeticModelSize(48), batch: 16, time: 88 }),
  'hidden 48, 512 x 88': () =>
    decoder({ ...arithmetic, size: arithmeticModelSize(48), batch: 512, time: 88 }),
  '17 M, 8 x 256': () =>
    decoder({ size: small, vocabSize: 8192, encoding: 'bipe_rope', batch: 8, time: 256 }),
  '151 M, 1 x 1024': () =>
    decoder({ size: languageModelSize, vocabSize: 32000, encoding: 'bipe_rope', batch: 1, time: 1024 }),
  '151 M, 1 x 1024, recomputed': () =>
    decoder({
      size: languageModelSize,
      vocabSize: 32000,
      encoding: 'bipe_rope',
      batch: 1,
      time: 1024,
      remember: 'block-inputs',
    }),
  '17 M, 8 x 256, recomputed': () =>
    decoder({
      size: small,
      vocabSize: 8192,
      encoding: 'bipe_rope',
      batch: 8,
      time: 256,
      remember: 'block-inputs',
    }),
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    rounds: { type: 'string', default: '5' },
    'no-eager': { type: 'boolean', default: false },
  },
});
const chosen = positionals.length > 0 ? positionals : Object.keys(works).slice(0, 3);

const engine = await startEngine();
const results = [];
for (const name of chosen) {
  const { step, state, inputs, items } = works[name]();
  const before = performance.now();
  const captured = capture(step, { state, examples: [inputs] });
  const captureSeconds = (performance.now() - before) / 1000;
  const steps = {
    graph: captured,
    ...(options['no-eager'] ? {} : { eager: capture(step, { state, eager: true }) }),
  };
  tf.dispose(state);
  const times = { graph: [], eager: [] };
  for (let round = 0; round <= Number(options.rounds); round += 1) {
    for (const [way, runner] of Object.entries(steps)) {
      const count = 5;
      const start = performance.now();
      for (let run = 0; run < (round === 0 ? 1 : count); run += 1) {
        const outputs = runner.run(inputs);
        Object.values(outputs)[0].dataSync();
        tf.dispose(outputs);
      }
      // The first round warms up.
      if (round > 0) times[way].push((performance.now() - start) / 1000 / count);
    }
  }
  const rate = (way) => {
    const sorted = times[way].toSorted((a, b) => a - b);
    return { median: items / sorted[sorted.length >> 1], best: items / sorted[0] };
  };
  results.push({
    name,
    captureSeconds,
    itemsPerSecond: Object.fromEntries(Object.keys(steps).map((way) => [way, rate(way)])),
    peakResidentBytes: process.resourceUsage().maxRSS * 1024,
  });
  if (!options.json) {
    const { itemsPerSecond } = results.at(-1);
    const text = Object.entries(itemsPerSecond)
      .map(([way, { median, best }]) => `${way} ${median.toFixed(0)} (best ${best.toFixed(0)})`)
      .join(', ');
    const peak = (results.at(-1).peakResidentBytes / 1e9).toFixed(2);
    console.log(
      `${name.padEnd(20)} ${text} items/s; captured in ${captureSeconds.toFixed(1)} s; peak ${peak} GB`,
    );
  }
  for (const runner of Object.values(steps)) runner.dispose();
  tf.dispose(inputs);
}
if (options.json) console.log(JSON.stringify({ suite: 'graph', engine: engine.description, results }));
