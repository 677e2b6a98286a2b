// Sums over all tokens of a batch: right, and the same to the last bit whatever the number of
// threads.

import { spawnSync } from 'node:child_process';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { threadsChangeBits } from '../../lib/engine/native/threads';
import { projectPath } from '../../lib/base/paths';
import { examineEngine, startEngine } from '../../lib/engine/engine';
import { outerProductSum, projected, sumOfSquares } from '../../lib/engine/products';
import { Random } from '../../lib/engine/random/random';

function normal(random: Random, rows: number, width: number): tf.Tensor2D {
  return tf.tensor2d(random.normalArray(rows * width), [rows, width]);
}

function values(x: tf.Tensor): number[] {
  return [...x.dataSync()];
}

function expectNear(computed: readonly number[], expected: readonly number[], tolerance: number): void {
  expect(computed).toHaveLength(expected.length);
  for (const [index, value] of computed.entries())
    expect(Math.abs(value - (expected[index] ?? NaN))).toBeLessThanOrEqual(tolerance);
}

beforeAll(async () => {
  await startEngine();
});

describe('the sum of outer products', () => {
  it('is that of numbers in double precision, below, at and beyond the length of a part', () => {
    const rows = fc.oneof(
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(1023, 1024, 1025, 2048, 3000, 4099),
    );
    const side = fc.integer({ min: 1, max: 9 });
    fc.assert(
      fc.property(fc.nat(), rows, side, side, (seed, count, left, right) => {
        const random = Random.fromSeed(seed);
        const [a, b] = [random.normalArray(count * left), random.normalArray(count * right)];
        const expected = Array.from({ length: left * right }, (_, place) => {
          const [i, j] = [Math.floor(place / right), place % right];
          let sum = 0;
          for (let row = 0; row < count; row += 1)
            sum += (a[row * left + i] ?? NaN) * (b[row * right + j] ?? NaN);
          return sum;
        });
        const computed = tf.tidy(() =>
          values(outerProductSum(tf.tensor2d(a, [count, left]), tf.tensor2d(b, [count, right]))),
        );
        expectNear(computed, expected, 1e-5 * Math.sqrt(count) * 4);
      }),
      { numRuns: 40 },
    );
  });
});

describe('a projection', () => {
  it('and its gradients are those of TensorFlow.js, for one weight and for several', () => {
    const widths = fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(3, 1100, 2500), widths, (seed, rows, outs) => {
        const random = Random.fromSeed(seed);
        tf.tidy(() => {
          const x = normal(random, rows, 5);
          const weights = outs.map((out) => normal(random, out, 5));
          const above = normal(
            random,
            rows,
            outs.reduce((sum, out) => sum + out, 0),
          );
          const loss = (product: tf.Tensor): tf.Scalar => tf.sum(tf.mul(product, above));
          const inputs = [x, ...weights];
          const ours = tf.grads((first, ...rest) =>
            loss(projected(first as tf.Tensor2D, rest as tf.Tensor2D[])),
          )(inputs);
          const plain = tf.grads((first, ...rest) =>
            loss(tf.matMul(first, tf.concat2d(rest as tf.Tensor2D[], 0), false, true)),
          )(inputs);
          expect(ours).toHaveLength(inputs.length);
          for (const [index, gradient] of ours.entries())
            expectNear(values(gradient), values(plain[index] ?? x), 1e-3);
        });
      }),
      { numRuns: 20 },
    );
  });
});

describe('a sum of squares', () => {
  it('is that of numbers in double precision', () => {
    fc.assert(
      fc.property(fc.nat(), fc.constantFrom(1, 7, 65_535, 65_536, 65_537, 200_000), (seed, count) => {
        const numbers = Random.fromSeed(seed).normalArray(count);
        const expected = numbers.reduce((sum, value) => sum + value * value, 0);
        const computed = tf.tidy(() => sumOfSquares(tf.tensor1d(numbers)).dataSync()[0]) ?? NaN;
        expect(Math.abs(computed - expected)).toBeLessThanOrEqual(1e-5 * expected);
      }),
      { numRuns: 20 },
    );
  });
});

/** Prints a digest of products and sums at many shapes, and of models trained for three steps. */
const script = `
const { createHash } = require('node:crypto');
const tf = require('@tensorflow/tfjs');
const { startEngine, engine } = require('./dist/lib/index');
const products = require('./dist/lib/engine/products');
const { Random } = require('./dist/lib/engine/random/random');
const { createDecoder } = require('./dist/lib/model/config');
const { nextTokenLossSum } = require('./dist/lib/model/loss');
const { initialParameters } = require('./dist/lib/model/parameters');
const { encodingNamed } = require('./dist/lib/positional/registry');
const adamw = require('./dist/lib/train/step/adamw');
const steps = require('./dist/lib/train/step/step');
const digests = {};
const digest = (name, tensor) => {
  digests[name] = createHash('sha256').update(new Uint8Array(tensor.dataSync().buffer)).digest('hex');
};
const [batch, time, vocabulary] = [16, 192, 512];
function train(kind) {
  const decoder = createDecoder({
    style: 'llama', vocabSize: vocabulary, hiddenSize: 64, intermediateSize: 256, numLayers: 2, numHeads: 2,
    trainLength: time, normEps: 1e-5, initializerRange: 0.1, tieEmbeddings: false,
    separators: kind.startsWith('bipe') ? [[0]] : [], logScale: false, encoding: encodingNamed(kind),
  });
  const optimizer = { ...adamw.defaultAdamW, groups: [{ match: 'norm', weightDecay: 0 }] };
  const design = {
    loss: (parameters, { ids }) => nextTokenLossSum(decoder, new Map(parameters), ids).sum,
    parameters: decoder.parameters, bundles: adamw.planBundles(decoder.parameters, optimizer), optimizer,
    clipNorm: 1, accumulation: 1,
  };
  const random = Random.fromSeed(7);
  const step = engine.capture(steps.trainingStep(design), {
    state: { ...steps.zeroState(design), ...Object.fromEntries(initialParameters(decoder.parameters, 0.1, random.fork('parameters'))) },
    name: kind,
  });
  for (let index = 1; index <= 3; index += 1) {
    const ids = tf.tensor2d(Int32Array.from(random.integerArray(batch * time, 0, vocabulary)), [batch, time], 'int32');
    step.run({ ids, ...steps.updateScalars(design, { step: index, weight: batch * (time - 1), learningRate: 0.01 }) });
  }
  return step.readState();
}
startEngine({ backend: 'native-cpu' }).then(() => {
  for (const [rows, left, right] of [[2048, 64, 172], [4096, 512, 64], [8190, 20, 7], [3072, 1, 48], [3000, 256, 256]]) {
    const a = tf.randomNormal([rows, left], 0, 1, 'float32', 3);
    const b = tf.randomNormal([rows, right], 0, 1, 'float32', 4);
    digest('products ' + [rows, left, right], products.outerProductSum(a, b));
  }
  digest('squares', products.sumOfSquares(tf.randomNormal([3000001], 0, 1, 'float32', 5)));
  for (const kind of ['rope', 'bipe_alibi', 'fire'])
    for (const [name, tensor] of Object.entries(train(kind))) digest(kind + ' ' + name, tensor);
  process.stdout.write(JSON.stringify(digests));
});`;

describe('the number of threads', () => {
  it('changes no bit of sums of squares, nor of products and trained models where it is said to change none', async () => {
    const native = (await examineEngine()).find(({ backend }) => backend === 'native-cpu');
    if (native?.available !== true) return;
    expect(spawnSync(process.execPath, ['scripts/build.mjs'], { cwd: projectPath() }).status).toBe(0);
    const [one, ...others] = ['1', '2', '3', '8'].map((threads) => {
      const { stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
        cwd: projectPath(),
        encoding: 'utf8',
        env: { ...process.env, TF_NUM_INTRAOP_THREADS: threads },
      });
      expect(stderr).toBe('');
      return JSON.parse(stdout) as Record<string, string>;
    });
    const own = (digests: Record<string, string> = {}): unknown =>
      Object.entries(digests).filter(([name]) => !threadsChangeBits() || name === 'squares');
    expect(Object.keys(one ?? {}).length).toBeGreaterThan(60);
    for (const other of others) expect(own(other)).toEqual(own(one));
  });

  it('is said to change bits where TensorFlow does not multiply by oneDNN', () => {
    expect(threadsChangeBits('flags : fpu sse2 avx2 avx512f avx512_vnni')).toBe(false);
    expect(threadsChangeBits('flags : fpu sse2 avx avx2')).toBe(true);
    expect(threadsChangeBits('')).toBe(true);
  });
});
