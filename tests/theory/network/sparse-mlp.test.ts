// A feed-forward layer on tensors: by lists of connections and by matrices, against the layer in
// float64.

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import { capture } from '../../../lib/engine/graph/capture';
import { withoutFusedKernels } from '../../../lib/engine/native/kernels';
import { Random } from '../../../lib/engine/random/random';
import { activations } from '../../../lib/theory/network/activation';
import { evaluateMlp } from '../../../lib/theory/network/evaluate-mlp';
import { multiply } from '../../../lib/theory/lemmas/product';
import { atLeastOne } from '../../../lib/theory/lemmas/rectifier';
import { pass, select } from '../../../lib/theory/lemmas/selection';
import { type Connection, type Mlp, MlpBuilder } from '../../../lib/theory/network/mlp';
import { addMlp, disposeMlp, type MlpTensors, mlpTensors } from '../../../lib/theory/network/sparse-mlp';
import { useNativeEngine } from '../../support/engine';
import { describeKernels, expectSame, integers, kernels, normal } from '../../support/kernels';

const activation = fc.constantFrom('gelu' as const, 'relu' as const);

interface Layer {
  readonly mlp: Mlp;
  readonly width: number;
}

/**
 * Units with up to ten inputs and eight outputs, none of either and the same one twice included.
 */
const layers: fc.Arbitrary<Layer> = fc
  .tuple(fc.integer({ min: 1, max: 70 }), activation)
  .chain(([width, activation_]) => {
    const weight = fc.double({ min: -2, max: 2, noNaN: true });
    const connection: fc.Arbitrary<Connection> = fc.tuple(fc.nat(width - 1), weight);
    const unit = fc.tuple(
      fc.array(connection, { maxLength: 10 }),
      weight,
      fc.array(connection, { maxLength: 8 }),
    );
    return fc.array(unit, { maxLength: 40 }).map((units) => {
      const builder = new MlpBuilder(activation_);
      for (const one of units) builder.unit(...one);
      return { mlp: builder.build(), width };
    });
  });

/**
 * Batches of tokens: fewer than a vector has lanes, a group of vectors and one more, and what
 * threads share.
 */
const sizes = fc.constantFrom([1, 1], [1, 15], [2, 16], [3, 21], [1, 64], [5, 13], [1, 65], [4, 257]);

/** What `use` makes of a layer's tensors, which are disposed afterwards. */
function withTensors<T>(mlp: Mlp, use: (tensors: MlpTensors) => T): T {
  const tensors = mlpTensors(mlp);
  try {
    return use(tensors);
  } finally {
    disposeMlp(tensors);
  }
}

/**
 * Each token's residual stream and what a layer adds, in float64; and the sum of sizes of all that
 * is added, which rounding goes by.
 */
function reference(mlp: Mlp, residual: tf.Tensor3D): { sums: Float64Array; scales: Float64Array } {
  const values = Float64Array.from(residual.dataSync());
  const width = residual.shape[2];
  const absolute: Mlp = {
    ...mlp,
    activation: 'relu',
    bias: mlp.bias.map(Math.abs),
    inputWeight: mlp.inputWeight.map(Math.abs),
    outputWeight: mlp.outputWeight.map(Math.abs),
  };
  const sums = new Float64Array(values.length);
  const scales = new Float64Array(values.length);
  for (let at = 0; at < values.length; at += width) {
    const token = values.subarray(at, at + width);
    const added = evaluateMlp(mlp, token);
    const sizes_ = evaluateMlp(absolute, token.map(Math.abs));
    added.forEach((value, place) => {
      sums[at + place] = value + (token[place] ?? NaN);
      scales[at + place] = Math.abs(token[place] ?? NaN) + (sizes_[place] ?? NaN);
    });
  }
  return { sums, scales };
}

/** How far a result is from the reference, in units of rounding of what was added up on the way. */
function roundings(actual: tf.Tensor3D, mlp: Mlp, residual: tf.Tensor3D): number {
  const { sums, scales } = reference(mlp, residual);
  const values = actual.dataSync();
  expect(actual.shape).toEqual(residual.shape);
  let most = 0;
  sums.forEach((sum, index) => {
    const off = Math.abs((values[index] ?? NaN) - sum) / ((scales[index] ?? NaN) + 1e-30) / 2 ** -24;
    if (!(off <= most)) most = off;
  });
  return most;
}

/** Products, rounding, selection, passing on: what the compiler uses. */
function gates(kind: 'gelu' | 'relu'): Mlp {
  const mlp = new MlpBuilder(kind);
  if (kind === 'gelu')
    for (let a = 0; a < 4; a++) for (let b = 4; b < 8; b++) multiply(mlp, a, b, 8 + (a % 2), 1 / 64);
  pass(mlp, [[0, 3]], [[10, 1]]);
  atLeastOne(mlp, [[1, 1]], 0.25, [[11, 1]], 40);
  const choice = { test: [[2, 1]], whenPositive: [[3, 1]], whenNegative: [[4, 1]] } as const;
  select(mlp, choice, 12, { bound: 3, gap: 0.5 }, 8);
  return mlp.build();
}

function check(compute: (residual: tf.Tensor3D, tensors: MlpTensors) => tf.Tensor3D): void {
  it('is the layer in float64 but for rounding, whatever its connections are', () => {
    fc.assert(
      fc.property(layers, sizes, fc.nat(), ({ mlp, width }, [batch = 1, time = 1], seed) => {
        tf.tidy(() => {
          const residual = normal<tf.Tensor3D>(seed, [batch, time, width]);
          const sum = withTensors(mlp, (tensors) => compute(residual, tensors));
          // Each addition and product rounds once; a unit has at most ten inputs, a coordinate at
          // most 320 outputs.
          expect(roundings(sum, mlp, residual)).toBeLessThan(8);
        });
      }),
      { numRuns: 60 },
    );
  });

  it.each(['gelu', 'relu'] as const)(
    'is the gates of the compiler on values that are nearly whole (%s)',
    (kind) => {
      const mlp = gates(kind);
      const residual = tf.add<tf.Tensor3D>(integers(3, [2, 70, 13], 3), normal(4, [2, 70, 13], 1e-3));
      expect(
        roundings(
          withTensors(mlp, (tensors) => compute(residual, tensors)),
          mlp,
          residual,
        ),
      ).toBeLessThan(8);
    },
  );

  it('of no units, or without tokens, is the residual stream', () => {
    const none = new MlpBuilder('gelu').build();
    const residual = normal<tf.Tensor3D>(1, [2, 3, 5]);
    expectSame(
      withTensors(none, (tensors) => compute(residual, tensors)),
      residual,
      'sum',
    );
    const empty = tf.zeros<tf.Rank.R3>([0, 4, 13]);
    expect(withTensors(gates('gelu'), (tensors) => compute(empty, tensors)).shape).toEqual([0, 4, 13]);
  });

  it('runs in a captured step, and leaves its input as it is', () => {
    const mlp = gates('gelu');
    const residual = normal<tf.Tensor3D>(1, [2, 40, 13]);
    const before = residual.clone();
    withTensors(mlp, (tensors) => {
      const step = capture(
        (_: object, { x }: { x: tf.Tensor3D }) => {
          const made = tf.mul<tf.Tensor3D>(x, 2);
          return {
            outputs: { once: compute(made, tensors), twice: compute(compute(made, tensors), tensors), made },
          };
        },
        { name: 'layer' },
      );
      const { once, twice, made } = step.run({ x: residual });
      step.dispose();
      expectSame(made, tf.mul(residual, 2), 'what is still wanted');
      const first = compute(tf.mul(residual, 2), tensors);
      expect(tf.max(tf.abs(tf.sub(once as tf.Tensor, first))).dataSync()[0]).toBeLessThan(1e-3);
      expect(roundings(twice, mlp, once)).toBeLessThan(8);
    });
    expectSame(residual, before, 'input');
  });

  it('keeps no tensors but its own, which stay when a tidy ends, until they are disposed', () => {
    const residual = normal<tf.Tensor3D>(1, [2, 3, 13]);
    const tensors = mlpTensors(gates('gelu'));
    const start = tf.memory().numTensors;
    tf.tidy(() => {
      compute(residual, tensors);
    });
    const held = tf.memory().numTensors;
    expect(held).toBeGreaterThan(start);
    compute(residual, tensors).dispose();
    expect(tf.memory().numTensors).toBe(held);
    disposeMlp(tensors);
    expect(tf.memory().numTensors).toBe(start);
  });

  it.each([-1, 5, 2 ** 31 - 1])('refuses a connection to coordinate %d of five', (coordinate) => {
    const residual = tf.zeros<tf.Rank.R3>([1, 2, 5]);
    for (const [inputs, outputs] of [
      [[coordinate], [0]],
      [[0], [coordinate]],
    ] as const) {
      const mlp = new MlpBuilder('gelu');
      mlp.unit([[4, 1]], 0, [[4, 1]]);
      mlp.unit(
        inputs.map((place) => [place, 1]),
        0,
        outputs.map((place) => [place, 1]),
      );
      withTensors(mlp.build(), (tensors) => {
        expect(() => compute(residual, tensors)).toThrow(UsageError);
      });
    }
  });
}

describeKernels('a sparse layer by the kernel', () => {
  check(addMlp);

  it('gives the same bits whatever tokens are beside', () => {
    const mlp = gates('gelu');
    const residual = normal<tf.Tensor3D>(1, [1, 200, 13], 3);
    withTensors(mlp, (tensors) => {
      const all = addMlp(residual, tensors);
      for (const [from, count] of [
        [0, 1],
        [7, 30],
        [150, 50],
      ] as const) {
        const part = tf.slice(residual, [0, from, 0], [1, count, 13]);
        expectSame(addMlp(part, tensors), tf.slice(all, [0, from, 0], [1, count, 13]), `from ${from}`);
      }
    });
  });

  it('keeps a number that is none to its own token, and to what depends on it', () => {
    const mlp = new MlpBuilder('relu');
    mlp.unit([[0, 1]], 0, [[1, 1]]);
    const residual = tf.tensor3d([NaN, 0, 0, 1, 0, 0, -Infinity, 0, 0], [1, 3, 3]);
    const sum = withTensors(mlp.build(), (tensors) => addMlp(residual, tensors));
    expect([...sum.dataSync()]).toEqual([NaN, NaN, 0, 1, 1, 0, -Infinity, 0, 0]);
  });

  /** One unit with the input weight 1 and the output weight 1, on a coordinate of its own. */
  function geluOf(values: Float32Array): Float32Array {
    const mlp = new MlpBuilder('gelu');
    mlp.unit([[0, 1]], 0, [[1, 1]]);
    return tf.tidy(() => {
      const x = tf.tensor2d(values, [values.length, 1]);
      const residual = tf.reshape<tf.Rank.R3>(tf.concat([x, tf.zerosLike(x)], 1), [1, values.length, 2]);
      const sum = withTensors(mlp.build(), (tensors) => addMlp(residual, tensors));
      return tf.slice(sum, [0, 0, 1], [1, values.length, 1]).dataSync<'float32'>();
    });
  }

  it('computes GELU as exactly as 1 + erf is in float32, from the smallest numbers to the largest', () => {
    const random = Random.fromSeed(1);
    const drawn = Array.from(
      { length: 40_000 },
      () => (random.uniform() * 2 - 1) * 2 ** (random.uniform() * 60 - 56),
    );
    const grid = Array.from({ length: 30_001 }, (_, index) => (index - 15_000) / 2000);
    const values = Float32Array.from([...drawn, ...grid, 1.3, -1.3, 5.6, 5.7, 100, -100, 3e38, -3e38]);
    const results = geluOf(values);
    const wrong = values.findIndex((x, index) => {
      const within = Math.abs(x) * 2 ** -23 + 1e-45;
      return !(Math.abs((results[index] ?? NaN) - activations.gelu(x)) <= within);
    });
    expect(wrong).toBe(-1);
    // The difference from x / 2 is what products are made of; it has as many digits as x.
    const opposite = geluOf(values.map((x) => -x));
    const apart = values.findIndex((x, index) => {
      const difference = (results[index] ?? NaN) - (opposite[index] ?? NaN);
      return !(Math.abs(difference - x) <= Math.abs(x) * 2 ** -23 + 1e-45);
    });
    expect(apart).toBe(-1);
  });

  it('is exactly 0 and exactly x where float32 cannot tell 1 + erf from 0 and 2', () => {
    expect([...geluOf(Float32Array.from([-6, -50, -3e38, 6, 50, 3e38]))]).toEqual(
      Array.from(Float32Array.from([0, 0, 0, 6, 50, 3e38])),
    );
  });

  it('refuses lists that do not go together', () => {
    const whole = (...values: number[]): tf.Tensor1D => tf.tensor1d(values, 'int32');
    const connections = { start: whole(0, 1), index: whole(0), weight: tf.tensor1d([1]) };
    const layer = { relu: false, bias: tf.tensor1d([0]), inputs: connections, outputs: connections };
    const residual = tf.zeros<tf.Rank.R2>([2, 3]);
    expect(kernels().addSparseMlp(residual, layer).shape).toEqual([2, 3]);
    for (const wrong of [
      { ...connections, start: whole(0, 1, 1) },
      { ...connections, start: whole(1, 1) },
      { ...connections, start: whole(0, 2) },
      { ...connections, index: whole(0, 1) },
      { ...connections, weight: tf.tensor1d([1, 1]) },
      { ...connections, index: whole(3) },
    ]) {
      expect(() => kernels().addSparseMlp(residual, { ...layer, inputs: wrong })).toThrow(
        new UsageError('BipeAddSparseMlp: inputs of 1 units do not go together, or not with a width of 3'),
      );
      expect(() => kernels().addSparseMlp(residual, { ...layer, outputs: wrong })).toThrow(
        new UsageError('BipeAddSparseMlp: outputs of 1 units do not go together, or not with a width of 3'),
      );
    }
    const backwards = { start: whole(0, 2, 1), index: whole(0), weight: tf.tensor1d([1]) };
    expect(() =>
      kernels().addSparseMlp(residual, {
        relu: true,
        bias: tf.tensor1d([0, 0]),
        inputs: backwards,
        outputs: backwards,
      }),
    ).toThrow(
      new UsageError('BipeAddSparseMlp: inputs of 2 units do not go together, or not with a width of 3'),
    );
    const flat = tf.zeros([3]) as unknown as tf.Tensor2D;
    expect(() => kernels().addSparseMlp(flat, layer)).toThrow(
      new UsageError('BipeAddSparseMlp: residual is not [tokens, width]'),
    );
  });
});

describe('a sparse layer by matrices', () => {
  useNativeEngine();
  const byMatrices = (residual: tf.Tensor3D, tensors: MlpTensors): tf.Tensor3D =>
    withoutFusedKernels(() => addMlp(residual, tensors));
  check(byMatrices);

  it('computes as many units and tokens at once as memory allows, and all of them', () => {
    const random = Random.fromSeed(5);
    const mlp = new MlpBuilder('relu');
    const place = (): number => Math.floor(random.uniform() * 7);
    for (let unit = 0; unit < 2500; unit++)
      mlp.unit([[place(), random.uniform() - 0.5]], 0, [[place(), 0.01]]);
    const built = mlp.build();
    const residual = normal<tf.Tensor3D>(6, [1, 9000, 7]);
    withTensors(built, (tensors) => {
      expect(roundings(byMatrices(residual, tensors), built, residual)).toBeLessThan(30);
      expect(tensors.matrices?.map(({ bias }) => bias.size)).toEqual([1024, 1024, 452]);
    });
  });
});
