// The attention kernels against the same attention in plain tensor operations, and against its
// definition in float64.

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FusedBias } from '../../lib/engine/native/kernels';
import { Random } from '../../lib/engine/random/random';
import { type AttentionHeads, causalAttention } from '../../lib/model/attention';
import {
  apart,
  bothForms,
  describeKernels,
  expectClose,
  expectSame,
  integers,
  kernels,
  largest,
  normal,
  rounding,
} from '../support/kernels';

/** What attention depends on but the numbers. */
interface Setting {
  readonly batch: number;
  readonly heads: number;
  readonly time: number;
  readonly width: number;
  readonly window: number | undefined;
  /** Whose positions a linear bias has, if there is one. */
  readonly bias: 'none' | 'shared' | 'own';
  readonly seed: number;
}

/** Queries come in blocks of 64, keys in blocks of 256, numbers in vectors of 4, 8 or 16. */
const times = fc.oneof(
  fc.integer({ min: 1, max: 300 }),
  fc.constantFrom(1, 16, 63, 64, 65, 128, 255, 256, 257, 300),
);
const widths = fc.oneof(fc.integer({ min: 1, max: 70 }), fc.constantFrom(4, 8, 16, 32, 64));
/**
 * Where heads are few for the threads there are, these share out blocks of queries, otherwise
 * heads.
 */
const headCounts = fc.oneof(
  fc.record({ batch: fc.integer({ min: 1, max: 3 }), heads: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ batch: fc.integer({ min: 8, max: 10 }), heads: fc.constant(8) }),
);
const settings: fc.Arbitrary<Setting> = fc
  .record({
    counts: headCounts,
    time: times,
    width: widths,
    bias: fc.constantFrom('none' as const, 'shared' as const, 'own' as const),
    seed: fc.nat(),
  })
  .chain(({ counts, time, ...rest }) => {
    // Scores that the plain form can hold at once.
    const shorter = counts.batch > 3 ? Math.min(time, 130) : time;
    const window = fc.option(fc.integer({ min: 1, max: shorter + 5 }), { nil: undefined });
    return window.map((own) => ({ ...counts, ...rest, time: shorter, window: own }));
  });

/** Positions of tokens, and slopes. */
function biasFor(
  { batch, heads, time, bias, seed }: Setting,
  slopeAt: (head: number) => number,
  position: (random: Random, token: number) => number,
): FusedBias | undefined {
  if (bias === 'none') return undefined;
  const random = Random.fromSeed(seed).fork('positions');
  const rows = bias === 'own' ? batch : 1;
  const positions = Int32Array.from({ length: rows * time }, (_, index) => position(random, index % time));
  const slopes = Float32Array.from({ length: heads }, (_, head) => slopeAt(head));
  return { slopes: tf.tensor1d(slopes), positions: tf.tensor2d(positions, [rows, time], 'int32') };
}

function attend(setting: Setting, bias: FusedBias | undefined) {
  const linearBias = bias && { slopes: bias.slopes, tokens: bias.positions, keys: bias.positions };
  return (...inputs: tf.Tensor[]): tf.Tensor => {
    const [queries, keys, values] = inputs as tf.Tensor4D[];
    return causalAttention({ queries, keys, values } as AttentionHeads, {
      queryChunk: 64,
      window: setting.window,
      applied: linearBias ? { linearBias } : {},
    });
  };
}

/**
 * Context and gradients of both forms.
 *
 * Gradients of queries and keys are weighted differences of products of upstream and values, whose
 * rounding remains where the differences are small or none: with a single key, or where one key has
 * all the weight. On the way back weights are exponentials of score - normalizer, so a large
 * normalizer leaves them its own rounding.
 */
function expectSameAttention(setting: Setting, all: AttentionHeads, bias: FusedBias | undefined): void {
  const { batch, heads, time, width, window, seed } = setting;
  const { queries, keys, values } = all;
  const upstream = normal(seed + 4, [batch, time, heads, width]);
  const { fused, plain } = bothForms(attend(setting, bias), [queries, keys, values], upstream);
  expectClose(fused.value, plain.value, 'context');
  const product = Math.sqrt(width) * largest(values) * largest(upstream);
  const { normalizers } = kernels().attention({ queries, keys, values, bias, window });
  const within = rounding + largest(normalizers) * 2 ** -24;
  const scales = [product * largest(keys), product * largest(queries), 0];
  ['queries', 'keys', 'values'].forEach((name, index) => {
    const least = 0.02 * (scales[index] ?? 0);
    expectClose(fused.gradients[index], plain.gradients[index], `gradient of ${name}`, { within, least });
  });
}

/**
 * Causal attention by its definition, in float64, of arrays in the layout of the tensors.
 *
 * @returns context, [batch, time, heads, width]
 */
function defined(
  setting: Setting,
  arrays: readonly Float64Array[],
  bias: FusedBias | undefined,
): Float64Array {
  const { batch, heads, time, width, window = Infinity } = setting;
  const [queries, keys, values] = arrays as [Float64Array, Float64Array, Float64Array];
  const [slopes, positions] = bias ? [bias.slopes.dataSync(), bias.positions.dataSync()] : [];
  const at = (index: number): number =>
    (index % time) + (setting.bias === 'own' ? Math.floor(index / time) * time : 0);
  const context = new Float64Array(queries.length);
  for (let row = 0; row < batch * heads * time; row += 1) {
    const [head, token] = [Math.floor(row / time), row % time];
    const [sequence, own] = [Math.floor(head / heads), head % heads];
    const first = Math.max(0, token - window + 1);
    const scores = Array.from({ length: token - first + 1 }, (_, index) => {
      const key = head * time + first + index;
      let score = 0;
      for (let column = 0; column < width; column += 1)
        score += (queries[row * width + column] ?? 0) * (keys[key * width + column] ?? 0);
      const place = (which: number): number => positions?.[at(sequence * time + which)] ?? 0;
      return score + (slopes?.[own] ?? 0) * (place(first + index) - place(token));
    });
    const most = Math.max(...scores);
    const weights = scores.map((score) => Math.exp(score - most));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    for (let column = 0; column < width; column += 1) {
      let sum = 0;
      weights.forEach((weight, index) => {
        sum += weight * (values[(head * time + first + index) * width + column] ?? 0);
      });
      context[((sequence * time + token) * heads + own) * width + column] = sum / total;
    }
  }
  return context;
}

function randomHeads({ batch, heads, time, width, seed }: Setting): AttentionHeads {
  const shape = [batch, heads, time, width];
  return {
    queries: normal(seed + 1, shape, 1 / Math.sqrt(width)),
    keys: normal(seed + 2, shape),
    values: normal(seed + 3, shape),
  };
}

/** Segments of about three tokens. */
const segmentIndex = (random: Random, token: number): number => Math.floor((token + random.uniform()) / 3);
const alibi = (head: number): number => 2 ** -(head + 1);

describeKernels('fused attention', () => {
  it('gives the context and the gradients of the plain form', { timeout: 180_000 }, () => {
    fc.assert(
      fc.property(settings, (setting) => {
        tf.tidy(() => {
          expectSameAttention(setting, randomHeads(setting), biasFor(setting, alibi, segmentIndex));
        });
      }),
      { numRuns: 40 },
    );
  });

  it('gives them where scores are up to 10,000 and slopes up to 96', { timeout: 180_000 }, () => {
    fc.assert(
      fc.property(settings, (setting) => {
        tf.tidy(() => {
          const { batch, heads, time, width, seed } = setting;
          const shape = [batch, heads, time, width];
          // Whole numbers, whose products and sums are exact in every order: so large scores are
          // the same in both forms.
          const most = Math.floor(Math.sqrt(1e4 / width));
          const all = {
            queries: integers<tf.Tensor4D>(seed + 1, shape, most),
            keys: integers<tf.Tensor4D>(seed + 2, shape, most),
            values: normal<tf.Tensor4D>(seed + 3, shape),
          };
          const slope = (head: number): number => [96, 1, 0, 3][head % 4] ?? 0;
          const position = (random: Random): number => Math.floor(random.uniform() * time);
          expectSameAttention(setting, all, biasFor(setting, slope, position));
        });
      }),
      { numRuns: 25 },
    );
  });

  const small = fc.record({
    batch: fc.integer({ min: 1, max: 2 }),
    heads: fc.integer({ min: 1, max: 2 }),
    time: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 6 }),
    bias: fc.constantFrom('none' as const, 'shared' as const, 'own' as const),
    window: fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined }),
    seed: fc.nat(),
  });

  it('gives the context of the definition and the gradients of finite differences, in float64', () => {
    fc.assert(
      fc.property(small, (setting) => {
        tf.tidy(() => {
          const { queries, keys, values } = randomHeads(setting);
          const inputs = [queries, keys, values];
          const bias = biasFor(setting, (head) => [96, 0.3][head] ?? 0, segmentIndex);
          const upstream = normal(setting.seed + 4, [
            setting.batch,
            setting.time,
            setting.heads,
            setting.width,
          ]);
          const { fused } = bothForms(attend(setting, bias), inputs, upstream);
          const arrays = inputs.map((input) => Float64Array.from(input.dataSync()));
          expect(apart(fused.value, defined(setting, arrays, bias))).toBeLessThan(rounding * largest(values));
          const weights = upstream.dataSync();
          const weighted = (): number =>
            defined(setting, arrays, bias).reduce(
              (sum, value, index) => sum + value * (weights[index] ?? 0),
              0,
            );
          arrays.forEach((array, which) => {
            const step = 1e-5;
            const differences = Float64Array.from(array, (value, index) => {
              array[index] = value + step;
              const above = weighted();
              array[index] = value - step;
              const below = weighted();
              array[index] = value;
              return (above - below) / (2 * step);
            });
            const scale = Math.max(largest(differences), largest(values) * largest(upstream));
            expect(apart(fused.gradients[which] ?? tf.scalar(0), differences)).toBeLessThan(rounding * scale);
          });
        });
      }),
      { numRuns: 60 },
    );
  });

  it('weighs keys as the softmax in float64 does, from all alike to one alone, and weights sum to 1', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.constantFrom(0, 1, 30, 80, 1e3, 1e4),
        fc.nat(),
        (time, most, seed) => {
          tf.tidy(() => {
            const shape = [1, 1, time, 1];
            // In quarters, so that scores are exact.
            const keys = tf.mul<tf.Tensor4D>(integers(seed, shape, 4 * most), 0.25);
            const queries = tf.ones<tf.Rank.R4>([1, 1, time, 1]);
            const values = tf.eye(time).reshape<tf.Tensor4D>([1, 1, time, time]);
            const pad = (x: tf.Tensor4D): tf.Tensor4D =>
              tf.pad(x, [
                [0, 0],
                [0, 0],
                [0, 0],
                [0, time - 1],
              ]);
            const heads = {
              queries: pad(queries),
              keys: pad(keys),
              values,
              bias: undefined,
              window: undefined,
            };
            const weights = kernels().attention(heads).context.dataSync();
            const scores = keys.dataSync();
            for (let query = 0; query < time; query += 1) {
              const own = scores.subarray(0, query + 1);
              const highest = Math.max(...own);
              const shares = Array.from(own, (score) => Math.exp(score - highest));
              const total = shares.reduce((sum, share) => sum + share, 0);
              let sum = 0;
              shares.forEach((share, key) => {
                const weight = weights[query * time + key] ?? NaN;
                sum += weight;
                // Eight units in the last place; what is below e^-87 of the largest may be 0.
                expect(Math.abs(weight - share / total)).toBeLessThanOrEqual(1e-6 * (share / total) + 2e-38);
              });
              expect(Math.abs(sum - 1)).toBeLessThan(1e-6);
            }
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  it('gives the same bits every time', () => {
    const setting: Setting = {
      batch: 2,
      heads: 3,
      time: 200,
      width: 20,
      window: undefined,
      bias: 'own',
      seed: 5,
    };
    const { queries, keys, values } = randomHeads(setting);
    const bias = biasFor(setting, alibi, segmentIndex);
    const upstream = normal(6, [2, 200, 3, 20]);
    const compute = () => bothForms(attend(setting, bias), [queries, keys, values], upstream).fused;
    const first = compute();
    for (let run = 0; run < 5; run += 1) {
      const again = compute();
      expectSame(again.value, first.value, 'context');
      first.gradients.forEach((gradient, index) => {
        expectSame(again.gradients[index], gradient, `gradient ${index}`);
      });
    }
  });

  it('gives no number to queries that see a key that is none, and leaves the others alone', () => {
    for (const time of [5, 70, 300])
      // 255 is the last key of a block.
      for (const bad of [0, 3, 255, time - 2].filter((key) => key < time)) {
        const setting: Setting = { batch: 1, heads: 1, time, width: 5, window: 20, bias: 'none', seed: 1 };
        const all = randomHeads(setting);
        const hole = tf.oneHot(tf.tensor1d([bad], 'int32'), time).reshape([1, 1, time, 1]);
        const keys = tf.where<tf.Tensor4D>(tf.tile(tf.equal(hole, 1), [1, 1, 1, 5]), NaN, all.keys);
        const { context } = kernels().attention({ ...all, keys, bias: undefined, window: 20 });
        const none = Array.from(context.slice([0, 0, 0, 0], [1, time, 1, 1]).dataSync(), Number.isNaN);
        const sees = (token: number): boolean => token >= bad && token < bad + 20;
        expect(none).toEqual(Array.from({ length: time }, (_, token) => sees(token)));
      }
  });
});

describeKernels('fused attention to a cache', () => {
  const caches = fc.record({
    batch: fc.integer({ min: 1, max: 4 }),
    heads: fc.integer({ min: 1, max: 4 }),
    time: fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(15, 16, 17, 257)),
    width: widths,
    bias: fc.constantFrom('none' as const, 'shared' as const, 'own' as const),
    window: fc.option(fc.integer({ min: 1, max: 305 }), { nil: undefined }),
    seed: fc.nat(),
  });

  it('gives token by token what whole sequences get, and leaves a cache that is still held as it was', () => {
    fc.assert(
      fc.property(caches, (setting) => {
        tf.tidy(() => {
          const { batch, heads, time, width, window, seed } = setting;
          const all = randomHeads(setting);
          const bias = biasFor(setting, (head) => [96, 0.3, 0, 0.01][head] ?? 0, segmentIndex);
          const inputs = [all.queries, all.keys, all.values].map((input) =>
            Float64Array.from(input.dataSync()),
          );
          const whole = tf.tensor(Float32Array.from(defined(setting, inputs, bias)), [
            batch,
            time,
            heads,
            width,
          ]);
          // Sequences are at different places, and what is behind them must not count.
          const random = Random.fromSeed(seed).fork('places');
          const starts = Array.from({ length: batch }, () => Math.floor(random.uniform() * time));
          const steps = Math.min(3, time - Math.max(...starts));
          const known = tf.less(
            tf.range(0, time).reshape([1, 1, time, 1]),
            tf.tensor1d(starts).reshape([batch, 1, 1, 1]),
          );
          const begun = (x: tf.Tensor4D): tf.Tensor4D =>
            tf.where(tf.logicalAnd(known, tf.onesLike(x).cast('bool')), x, tf.onesLike(x).mul(1e3));
          let [keys, values] = [begun(all.keys), begun(all.values)];
          for (let step = 0; step < steps; step += 1) {
            const lengths = starts.map((start) => start + step);
            const [queries, newKeys, newValues] = [all.queries, all.keys, all.values].map((x) =>
              tf.concat(lengths.map((token, row) => x.slice([row, 0, token, 0], [1, heads, 1, width]))),
            ) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
            const before = [keys, values].map((held) => held.clone().dataSync().slice());
            const slots = tf.tensor1d(lengths, 'int32');
            const added = { queries, newKeys, newValues, lengths: slots, keys, values, bias, window };
            const [context, ...held] = kernels().cachedAttention(added);
            expect(context.shape).toEqual([batch, heads, 1, width]);
            const wanted = tf.concat(
              lengths.map((token, row) => whole.slice([row, token, 0, 0], [1, 1, heads, width])),
            );
            expect(apart(context, wanted)).toBeLessThanOrEqual(rounding * largest(all.values));
            [keys, values].forEach((old, index) => {
              expect(apart(old, before[index] ?? [])).toBe(0);
            });
            [keys, values] = held;
            lengths.forEach((token, row) => {
              for (const [after, source] of [
                [keys, all.keys],
                [values, all.values],
              ] as const) {
                const upTo = [1, heads, token + 1, width];
                expectSame(after.slice([row, 0, 0, 0], upTo), source.slice([row, 0, 0, 0], upTo), 'cache');
                const rest = after.slice([row, 0, token + 1, 0], [1, heads, time - token - 1, width]);
                expect(apart(rest, new Float32Array(rest.size).fill(1e3))).toBe(0);
              }
            });
          }
        });
      }),
      { numRuns: 60 },
    );
  });
});
