// The kernels that go row by row, each against the same function in plain tensor operations.

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { CaptureError, UsageError } from '../../lib/base/errors';
import { capture } from '../../lib/engine/graph/capture';
import { valueAndGradients } from '../../lib/engine/gradients';
import { type FusedKernels, fusedKernels, withoutFusedKernels } from '../../lib/engine/native/kernels';
import { Random } from '../../lib/engine/random/random';
import { tokenCrossEntropy, weightedCrossEntropy } from '../../lib/model/cross-entropy';
import { swiglu } from '../../lib/model/feed-forward';
import { separateHeads } from '../../lib/model/heads';
import { rmsNorm } from '../../lib/model/norm';
import { rotate } from '../../lib/positional/rotation';
import { nestedArrays, nestedPositions } from '../../lib/segment/levels';
import {
  bothForms,
  describeKernels,
  expectClose,
  expectSame,
  kernels,
  largest,
  normal,
  rounding,
  type ValueAndPullback,
} from '../support/kernels';

/** Lengths around the 4, 8 and 16 numbers of a vector, and some that threads share. */
const widths = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(4, 8, 16, 32, 64, 257, 768));
const rowCounts = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1, 63, 64, 65, 500, 1500));
const seeds = fc.nat();

/** Checks a function of tensors and its gradients, in shapes that fast-check finds. */
function property<T>(arbitrary: fc.Arbitrary<T>, check: (value: T) => void, numRuns = 60): void {
  fc.assert(
    fc.property(arbitrary, (value) => {
      tf.tidy(() => {
        check(value);
      });
    }),
    { numRuns },
  );
}

function expectSameForms(
  { fused, plain }: Record<'fused' | 'plain', ValueAndPullback>,
  least: readonly number[] = [],
): void {
  expectClose(fused.value, plain.value, 'value');
  fused.gradients.forEach((gradient, index) => {
    expectClose(gradient, plain.gradients[index], `gradient ${index}`, { least: least[index] ?? 0 });
  });
}

describeKernels('fused normalization', () => {
  const shapes = fc.record({
    rows: rowCounts,
    width: widths,
    scale: fc.constantFrom(1e-3, 1, 1e3),
    seed: seeds,
  });

  it('gives the value and the gradients of the plain form', () => {
    property(shapes, ({ rows, width, scale, seed }) => {
      const x = normal<tf.Tensor2D>(seed, [rows, width], scale);
      const weight = normal<tf.Tensor1D>(seed + 1, [width]);
      const upstream = normal(seed + 2, [rows, width]);
      const norm = (...inputs: tf.Tensor[]): tf.Tensor =>
        rmsNorm(inputs[0] as tf.Tensor2D, inputs[1] as tf.Tensor1D, 1e-5);
      // Of x: what lies along x is taken away, and with one column that is all of it.
      const { inverse } = kernels().rmsNorm(x, weight, 1e-5);
      const least = largest(inverse) * largest(weight) * largest(upstream);
      expectSameForms(bothForms(norm, [x, weight], upstream), [least, 0]);
    });
  });

  it('gives the same bits every time', () => {
    const [x, weight, upstream] = [normal(1, [3000, 70]), normal(2, [70]), normal(3, [3000, 70])];
    const { y, inverse } = kernels().rmsNorm(x as tf.Tensor2D, weight as tf.Tensor1D, 1e-5);
    const gradients = () =>
      kernels().rmsNormGradient(upstream as tf.Tensor2D, x as tf.Tensor2D, weight as tf.Tensor1D, inverse);
    const [ofX, ofWeight] = gradients();
    for (let run = 0; run < 10; run += 1) {
      expectSame(kernels().rmsNorm(x as tf.Tensor2D, weight as tf.Tensor1D, 1e-5).y, y, 'value');
      const [again, weightAgain] = gradients();
      expectSame(again, ofX, 'gradient of x');
      expectSame(weightAgain, ofWeight, 'gradient of the weight');
    }
  });
});

describeKernels('fused SwiGLU', () => {
  const shapes = fc.record({
    rows: rowCounts,
    width: widths,
    scale: fc.constantFrom(0.1, 3, 100),
    seed: seeds,
  });
  const both = (...inputs: tf.Tensor[]): tf.Tensor =>
    swiglu(inputs[0] as tf.Tensor2D, inputs[1] as tf.Tensor2D);

  it('gives the value and the gradients of the plain form', () => {
    property(shapes, ({ rows, width, scale, seed }) => {
      const shape = [rows, width];
      const [gate, up, upstream] = [
        normal(seed, shape, scale),
        normal(seed + 1, shape),
        normal(seed + 2, shape),
      ];
      expectSameForms(bothForms(both, [gate, up], upstream));
    });
  });

  it('gives them where one tensor is both inputs', () => {
    const [x, upstream] = [normal(1, [5, 7]), normal(2, [5, 7])];
    expectSameForms(bothForms((both_) => swiglu(both_ as tf.Tensor2D, both_ as tf.Tensor2D), [x], upstream));
    expectSame(x, normal(1, [5, 7]), 'the input');
  });
});

describeKernels('fused rotation', () => {
  const shapes = fc.record({
    batch: fc.integer({ min: 1, max: 4 }),
    heads: fc.integer({ min: 1, max: 4 }),
    time: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(300)),
    pairs: fc.oneof(fc.integer({ min: 1, max: 35 }), fc.constantFrom(4, 8, 16, 32, 64)),
    own: fc.boolean(),
    seed: seeds,
  });

  it('gives the value and the gradient of the plain form, turned by one sequence of angles or each by its own', () => {
    property(shapes, ({ batch, heads, time, pairs, own, seed }) => {
      const shape = [batch, heads, time, 2 * pairs];
      const angles = normal<tf.Tensor4D>(seed, [own ? batch : 1, 1, time, pairs], 10);
      const rotation = {
        cos: tf.mul<tf.Tensor4D>(tf.cos(angles), 1.5),
        sin: tf.mul<tf.Tensor4D>(tf.sin(angles), 1.5),
      };
      const turn = (...inputs: tf.Tensor[]): tf.Tensor => rotate(inputs[0] as tf.Tensor4D, rotation);
      expectSameForms(bothForms(turn, [normal(seed + 1, shape)], normal(seed + 2, shape)));
    });
  });

  it('is undone by turning back', () => {
    const x = normal<tf.Tensor4D>(1, [2, 3, 5, 14]);
    const angles = normal<tf.Tensor4D>(2, [1, 1, 5, 7]);
    const [cos, sin] = [tf.cos(angles), tf.sin(angles)];
    expectClose(kernels().rotate(kernels().rotate(x, cos, sin, false), cos, sin, true), x, 'x');
  });
});

describeKernels('the fused layout of heads', () => {
  it('is that of the plain form, to the bit, there and back', () => {
    const size = fc.integer({ min: 1, max: 9 });
    const shapes = fc.record({ batch: size, time: size, heads: size, width: widths, seed: seeds });
    property(shapes, ({ batch, time, heads, width, seed }) => {
      const x = normal<tf.Tensor5D>(seed, [batch, time, 3, heads, width]);
      const upstreams = [1, 2, 3].map((part) => normal(seed + part, [batch, heads, time, width]));
      const separate = () =>
        valueAndGradients(() => {
          const products = separateHeads(x).map((part, index) => tf.sum(tf.mul(part, upstreams[index] ?? 0)));
          return tf.addN(products) as tf.Scalar;
        }, [x]);
      const parts = separateHeads(x);
      withoutFusedKernels(() => separateHeads(x)).forEach((part, index) => {
        expectSame(parts[index], part, `part ${index}`);
      });
      expectSame(separate().gradients[0], withoutFusedKernels(separate).gradients[0], 'gradient');
      expectSame(kernels().joinHeads(parts), x, 'x');
    });
  });

  it('has zeros for the gradient of parts that the value does not depend on', () => {
    const x = normal<tf.Tensor5D>(1, [2, 4, 3, 2, 5]);
    const second = () => valueAndGradients(() => tf.sum(tf.square(separateHeads(x)[1])), [x]).gradients[0];
    expectSame(second(), withoutFusedKernels(second), 'gradient');
  });
});

describeKernels('fused positions', () => {
  it('are those of the arrays, token by token', () => {
    const id = fc.oneof(fc.integer({ min: 0, max: 6 }), fc.constantFrom(1000, 31_999));
    const sequences = fc
      .tuple(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 1, max: 60 }))
      .chain(([batch, time]) =>
        fc.array(fc.array(id, { minLength: time, maxLength: time }), { minLength: batch, maxLength: batch }),
      );
    const separators = fc.array(fc.array(id, { maxLength: 3 }), { maxLength: 4 });
    property(
      fc.tuple(sequences, separators),
      ([rows, sets]) => {
        const levels = nestedPositions(tf.tensor2d(rows, undefined, 'int32'), sets);
        expect(levels.map(({ dtype }) => dtype)).toEqual(levels.map(() => 'int32'));
        const values = levels.map((level) => level.arraySync());
        rows.forEach((row, index) => {
          const expected = nestedArrays(row, sets).map((level) => [...level]);
          expect(values.map((level) => level[index])).toEqual(expected);
        });
      },
      200,
    );
  });

  it('take an id without a place in the table for one that closes nothing', () => {
    const ids = tf.tensor2d([[-1, 0, 5, 0, 2 ** 31 - 1]], undefined, 'int32');
    const levels = kernels().positions(ids, tf.tensor1d([1], 'int32'), 2);
    expect(levels.map((level) => [...level.dataSync()])).toEqual([
      [0, 1, 0, 1, 0],
      [0, 0, 1, 1, 2],
    ]);
  });
});

describeKernels('fused cross-entropy', () => {
  const shapes = fc.record({
    classes: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(16, 64, 32_000)),
    tokens: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1, 200)),
    scale: fc.constantFrom(0.1, 3, 100),
    seed: seeds,
  });

  it('gives the losses and the gradients of the plain form', { timeout: 120_000 }, () => {
    property(shapes, ({ classes, tokens, scale, seed }) => {
      const [hidden, head] = [
        normal<tf.Tensor2D>(seed, [tokens, 4], scale),
        normal<tf.Tensor2D>(seed + 1, [classes, 4]),
      ];
      const random = Random.fromSeed(seed);
      const chosen = Int32Array.from({ length: tokens }, () => Math.floor(random.uniform() * classes));
      const targets = tf.tensor1d(chosen, 'int32');
      const losses = () => tokenCrossEntropy({ hidden, head, targets });
      expectClose(losses(), withoutFusedKernels(losses), 'losses', { least: 1 });
      const weights = tf.abs(normal<tf.Tensor1D>(seed + 2, [tokens]));
      const loss = (...inputs: tf.Tensor[]): tf.Tensor =>
        weightedCrossEntropy(
          { hidden: inputs[0] as tf.Tensor2D, head: inputs[1] as tf.Tensor2D, targets },
          weights,
        );
      const { fused, plain } = bothForms(loss, [hidden, head], tf.scalar(1));
      // Each loss is known to within rounding, as above; so much of each is in their weighted sum,
      // also where all of them are 0.
      expectClose(fused.value, plain.value, 'loss', {
        least: Math.max(1, tf.sum(weights).dataSync()[0] ?? 0),
      });
      const least = [largest(weights) * largest(head), largest(weights) * largest(hidden)];
      fused.gradients.forEach((gradient, index) => {
        expectClose(gradient, plain.gradients[index], `gradient ${index}`, { least: least[index] ?? 0 });
      });
    });
  });

  it('agrees with float64, from scores all alike to one far above the others', () => {
    property(
      fc.record({
        classes: fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constant(32_000)),
        most: fc.constantFrom(0, 1, 80, 1e4),
        seed: seeds,
      }),
      ({ classes, most, seed }) => {
        const random = Random.fromSeed(seed);
        // In 64ths, so that differences are exact.
        const drawn = (): number => Math.round((random.uniform() * 2 - 1) * most * 64) / 64;
        const values = Float32Array.from({ length: classes }, drawn);
        const target = Math.floor(random.uniform() * classes);
        const { losses, ofScores } = kernels().crossEntropy(
          tf.tensor2d(values, [1, classes]),
          tf.tensor1d([target], 'int32'),
        );
        const highest = values.reduce((one, other) => Math.max(one, other));
        const total = values.reduce((sum, value) => sum + Math.exp(value - highest), 0);
        const loss = highest - (values[target] ?? NaN) + Math.log(total);
        // Eight units in the last place for an exponential; a sum of many is rounded as often.
        const within = classes > 70 ? rounding : 1e-6;
        expect(Math.abs((losses.dataSync()[0] ?? NaN) - loss)).toBeLessThan(within * Math.max(loss, 1));
        const gradient = ofScores.dataSync();
        const wrong = values.findIndex((value, index) => {
          const share = Math.exp(value - highest) / total - (index === target ? 1 : 0);
          return !(
            Math.abs((gradient[index] ?? NaN) - share) <=
            within * Math.max(Math.abs(share), index === target ? 1 : 0) + 2e-38
          );
        });
        expect(wrong).toBe(-1);
      },
    );
  });

  it('takes no rows', () => {
    const { losses, ofScores } = kernels().crossEntropy(tf.zeros([0, 5]), tf.tensor1d([], 'int32'));
    expect([losses.shape, ofScores.shape]).toEqual([[0], [0, 5]]);
  });
});

describeKernels('a number that is none', () => {
  it.each([0, 7, 18])(
    'in place %d of a row stays in all that depends on it, and in nothing else',
    (place) => {
      const x = tf.tidy(() => {
        const values = Float32Array.from({ length: 3 * 19 }, (_, index) =>
          index === 19 + place ? NaN : index / 19,
        );
        return tf.tensor2d(values, [3, 19]);
      });
      const isNone = (tensor: tf.Tensor): boolean[] => Array.from(tensor.dataSync(), Number.isNaN);
      const { losses, ofScores } = kernels().crossEntropy(x, tf.tensor1d([9, 9, 9], 'int32'));
      expect(isNone(losses)).toEqual([false, true, false]);
      expect(isNone(ofScores)).toEqual(Array.from({ length: 57 }, (_, index) => index >= 19 && index < 38));
      expect(isNone(kernels().rmsNorm(x, tf.ones([19]), 1e-5).inverse)).toEqual([false, true, false]);
      const gated = isNone(kernels().swiglu(x, tf.ones([3, 19])));
      expect(gated).toEqual(Array.from({ length: 57 }, (_, index) => index === 19 + place));
    },
  );
});

describeKernels('a kernel that may compute in the place of an input', () => {
  const flat = (): [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D] => [
    normal(1, [40, 20]),
    normal(2, [40, 20]),
    normal(3, [40, 20]),
  ];
  type Three = ReturnType<typeof flat>;
  const uses: readonly (readonly [name: string, use: (...x: Three) => tf.Tensor[]])[] = [
    [
      'cross-entropy',
      (x) => Object.values(kernels().crossEntropy(x, tf.range(0, 20, 0.5, 'float32').toInt())),
    ],
    ['swiglu', (x, y) => [kernels().swiglu(x, y)]],
    ['gradient of swiglu', (x, y, z) => kernels().swigluGradient(x, y, z)],
    ['gradient of RMSNorm', (x, y) => kernels().rmsNormGradient(x, y, tf.ones([20]), tf.ones([40]))],
    [
      'rotation',
      (x) => {
        const turns = normal<tf.Tensor4D>(5, [1, 1, 40, 10]);
        return [kernels().rotate(x.reshape([1, 1, 40, 20]), turns, turns, false)];
      },
    ],
  ];

  /** The step's values as one graph: of inputs that it makes itself, which nobody holds outside. */
  function run(use: (...x: Three) => tf.Tensor[], shown: number): tf.Tensor[] {
    const step = capture((_: object, inputs: { a: tf.Tensor2D; b: tf.Tensor2D; c: tf.Tensor2D }) => {
      const made: Three = [tf.add(inputs.a, 1), tf.add(inputs.b, 1), tf.add(inputs.c, 1)];
      const results = use(...made);
      const all = shown < 0 ? results : [...results, tf.mul(made[shown] as tf.Tensor, 1)];
      return { outputs: Object.fromEntries(all.map((tensor, index) => [`${index}`, tensor])) };
    }, {});
    const [a, b, c] = flat();
    const outputs = step.run({ a, b, c });
    step.dispose();
    return Object.values(outputs);
  }

  it.each(uses)('%s: gives the same, and leaves what is still wanted as it was', (_, use) => {
    tf.tidy(() => {
      const expected = use(...(flat().map((x) => tf.add(x, 1)) as Three));
      for (const shown of [-1, 0, 1, 2]) {
        const results = run(use, shown);
        expected.forEach((tensor, index) => {
          expectSame(results[index], tensor, `result ${index}`);
        });
        if (shown >= 0) expectSame(results.at(-1), tf.add(flat()[shown] as tf.Tensor, 1), `input ${shown}`);
      }
    });
  });
});

describeKernels('a kernel that refuses its inputs', () => {
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the rank
  const ones = <T extends tf.Tensor>(...shape: number[]): T => tf.ones(shape) as T;
  // eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the caller knows the rank
  const whole = <T extends tf.Tensor>(...shape: number[]): T => tf.ones(shape, 'int32') as T;
  const heads = (width = 4) => ({
    queries: ones<tf.Tensor4D>(1, 2, 3, 4),
    keys: ones<tf.Tensor4D>(1, 2, 3, width),
    values: ones<tf.Tensor4D>(1, 2, 3, 4),
    bias: undefined,
    window: undefined,
  });
  const cache = (newWidth: number) => ({
    ...heads(),
    queries: ones<tf.Tensor4D>(1, 2, 1, 4),
    newKeys: ones<tf.Tensor4D>(1, 2, 1, newWidth),
    newValues: ones<tf.Tensor4D>(1, 2, 1, 4),
    lengths: whole<tf.Tensor1D>(1),
  });
  const biased = (slopes: number, ...positions: number[]) => ({
    ...heads(),
    bias: { slopes: ones<tf.Tensor1D>(slopes), positions: whole<tf.Tensor2D>(...positions) },
  });
  const cases: readonly (readonly [string, (all: FusedKernels) => unknown, string])[] = [
    [
      'keys of another width',
      (all) => all.attention(heads(5)),
      'BipeAttention: queries, keys, values, slopes and positions do not go together',
    ],
    [
      'a slope too many',
      (all) => all.attention(biased(3, 1, 3)),
      'BipeAttention: queries, keys, values, slopes and positions do not go together',
    ],
    [
      'positions for other keys',
      (all) => all.attention(biased(2, 1, 4)),
      'BipeAttention: queries, keys, values, slopes and positions do not go together',
    ],
    [
      'the context of others',
      (all) =>
        all.attentionGradient(
          heads(),
          { context: ones(1, 3, 2, 5), normalizers: ones(1, 2, 3) },
          ones(1, 3, 2, 4),
        ),
      'BipeAttentionGrad: context, normalizers and upstream do not go with the queries',
    ],
    [
      'a token of another width',
      (all) => all.cachedAttention(cache(5)),
      'BipeCachedAttention: the new token does not go with the cache',
    ],
    [
      'a weight too long',
      (all) => all.rmsNorm(ones(2, 3), ones(4), 1e-5),
      'BipeRmsNorm: x and weight do not go together',
    ],
    [
      'the scales of other rows',
      (all) => all.rmsNormGradient(ones(2, 3), ones(2, 3), ones(3), ones(3)),
      'BipeRmsNormGrad: x, weight and upstream do not go together',
    ],
    [
      'a gate of another shape',
      (all) => all.swiglu(ones(2, 3), ones(2, 4)),
      'BipeSwiglu: gate and up do not go together',
    ],
    [
      'an upstream of another shape',
      (all) => all.swigluGradient(ones(2, 4), ones(2, 3), ones(2, 3)),
      'BipeSwigluGrad: gate, up and upstream do not go together',
    ],
    [
      'angles for other pairs',
      (all) => all.rotate(ones(2, 3, 4, 6), ones(1, 1, 4, 4), ones(1, 1, 4, 4), false),
      'BipeRotate: vectors and turns do not go together',
    ],
    [
      'two parts instead of three',
      (all) => all.splitHeads(ones(1, 2, 2, 2, 4)),
      'BipeSplitHeads: x is not [batch, time, 3, heads, width]',
    ],
    [
      'parts of different shapes',
      (all) => all.joinHeads([ones(1, 2, 3, 4), ones(1, 2, 3, 4), ones(1, 2, 3, 5)]),
      'BipeSplitHeadsGrad: the gradients do not go together',
    ],
    [
      'an id that closes all levels',
      (all) => all.positions(whole(1, 3), tf.tensor1d([0, 2], 'int32'), 2),
      'BipePositions: ids are not [batch, time], or an id closes more levels than there are',
    ],
    [
      'a target too many',
      (all) => all.crossEntropy(ones(2, 3), whole(3)),
      'BipeCrossEntropy: scores and targets do not go together',
    ],
    [
      'a target beyond the classes',
      (all) => all.crossEntropy(ones(2, 3), tf.tensor1d([0, 3], 'int32')),
      'BipeCrossEntropy: target 3 of row 1 is not one of 3 classes',
    ],
    [
      'a target below zero',
      (all) => all.crossEntropy(ones(2, 3), tf.tensor1d([-1, 0], 'int32')),
      'BipeCrossEntropy: target -1 of row 0 is not one of 3 classes',
    ],
    [
      'whole numbers instead of floats',
      (all) => all.swiglu(whole(2, 3), whole(2, 3)),
      'cannot compute BipeSwiglu as input #0(zero-based) was expected to be a float tensor but is a int32 tensor',
    ],
  ];

  it.each(cases)('says in one line: %s', (_, call, message) => {
    expect(() => call(kernels())).toThrow(new UsageError(message));
  });

  it('says so in a captured step too, while it is traced and when it runs', () => {
    const losses = (classes: number) =>
      capture(
        (_state, { targets }: { targets: tf.Tensor }) => ({
          outputs: kernels().crossEntropy(tf.zeros([2, classes]), targets as tf.Tensor1D),
        }),
        { name: 'losses' },
      );
    const step = losses(3);
    expect(() => step.run({ targets: tf.tensor1d([0, 7], 'int32') })).toThrow(
      new CaptureError('losses: BipeCrossEntropy: target 7 of row 1 is not one of 3 classes'),
    );
    expect(() => step.run({ targets: tf.tensor1d([0, 1, 2], 'int32') })).toThrow(
      new UsageError('BipeCrossEntropy: scores and targets do not go together'),
    );
    step.dispose();
  });
});

describeKernels('work without the kernels', () => {
  it('has none, also after work without them inside it, and the next has them again, whatever was thrown', () => {
    const failing = (): never => {
      throw new Error('no');
    };
    withoutFusedKernels(() => {
      expect(fusedKernels()).toBeUndefined();
      withoutFusedKernels(() => undefined);
      expect(fusedKernels()).toBeUndefined();
      expect(() => withoutFusedKernels(failing)).toThrow('no');
      expect(fusedKernels()).toBeUndefined();
    });
    expect(fusedKernels()).toBeDefined();
    expect(() => withoutFusedKernels(() => Promise.resolve())).toThrow(UsageError);
    expect(fusedKernels()).toBeDefined();
  });
});
