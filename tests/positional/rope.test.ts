import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { rope } from '../../lib/positional/rope';
import { type RopeScaling, scaledRates } from '../../lib/positional/rope-scaling';
import { applyTo, counting, exactScores, largestDifference, level, randomVectors, shape } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const position = fc.integer({ min: 0, max: 4000 });

/** Scores of one query at m and one key at n, [batch, heads, 1, 1]. */
function scoreAt(encoding: ReturnType<typeof rope>, m: number, n: number, random: Random): tf.Tensor4D {
  const [queries, keys] = [randomVectors(1, 1, random), randomVectors(1, 1, random)];
  const turned = applyTo(encoding, { tokens: [level([[m]])], queries, keys }).queries?.(queries) ?? queries;
  const offered = applyTo(encoding, { tokens: [level([[n]])], queries, keys }).keys?.(keys) ?? keys;
  return tf.matMul(turned, offered, false, true);
}

describe('RoPE', () => {
  it('gives scores that depend on the difference of positions alone', () => {
    fc.assert(
      fc.property(position, position, fc.integer({ min: 0, max: 4000 }), fc.nat(), (m, n, shift, seed) => {
        tf.tidy(() => {
          const here = scoreAt(rope(), m, n, Random.fromSeed(seed));
          const there = scoreAt(rope(), m + shift, n + shift, Random.fromSeed(seed));
          // At 8,000, float32 holds the angle to 5e-4.
          expect(largestDifference(here, there)).toBeLessThan(2e-2);
        });
      }),
      { numRuns: 50 },
    );
  });

  it('turns component i with component i + headDim / 2, by position x base^(-2i / headDim)', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 200 }),
        fc.constantFrom(100, 10_000),
        fc.nat(),
        (m, base, seed) => {
          tf.tidy(() => {
            const vectors = randomVectors(1, 1, Random.fromSeed(seed));
            const attention = { tokens: [level([[m]])] as const, queries: vectors, keys: vectors };
            const applied = applyTo(rope({ base }), attention);
            const turned = applied.queries?.(vectors) ?? vectors;
            expect(largestDifference(turned, applied.keys?.(vectors) ?? vectors)).toBe(0);
            const [before, after] = [vectors.dataSync(), turned.dataSync()];
            const half = shape.headDim / 2;
            for (let head = 0; head < shape.numHeads; head += 1) {
              for (let pair = 0; pair < half; pair += 1) {
                const at = head * shape.headDim + pair;
                const [a, b] = [before[at] ?? NaN, before[at + half] ?? NaN];
                const angle = m * base ** ((-2 * pair) / shape.headDim);
                expect(after[at]).toBeCloseTo(a * Math.cos(angle) - b * Math.sin(angle), 4);
                expect(after[at + half]).toBeCloseTo(b * Math.cos(angle) + a * Math.sin(angle), 4);
              }
            }
          });
        },
      ),
      { numRuns: 50 },
    );
  });
});

const wide = { headDim: 64, base: 10_000, trainLength: 1024, length: 1024 } as const;
const plainRates = Float64Array.from({ length: 32 }, (_, pair) => 10_000 ** (-pair / 32));
const turns = plainRates.map((rate) => (wide.trainLength * rate) / (2 * Math.PI));

describe('linear scaling', () => {
  it('at position s x m is RoPE at m', () => {
    tf.tidy(() => {
      const random = Random.fromSeed(3);
      const vectors = randomVectors(1, 6, random);
      const scaled = rope({ scaling: { type: 'linear', factor: 4 } });
      const far = { tokens: [level([[0, 4, 8, 12, 16, 20]])] as const, queries: vectors, keys: vectors };
      const near = { ...far, tokens: [counting(6)] as const };
      expect(largestDifference(exactScores(scaled, far), exactScores(rope(), near))).toBeLessThan(1e-5);
    });
  });
});

describe('dynamic NTK scaling', () => {
  const dynamic = (length: number, factor?: number): Float64Array => {
    const scaling: RopeScaling = { type: 'dynamic', ...(factor === undefined ? {} : { factor }) };
    const [rates, temperature] = scaledRates(scaling, { ...wide, length });
    expect(temperature).toBe(1);
    return rates;
  };

  it('is RoPE up to the training length', () => {
    expect(dynamic(512)).toEqual(dynamic(1024));
    dynamic(1024).forEach((rate, pair) => {
      expect(rate).toBeCloseTo(plainRates[pair] ?? NaN, 12);
    });
  });

  it('counts from the original length where one is given', () => {
    const [rates] = scaledRates({ type: 'dynamic', originalLength: 256 }, { ...wide, length: 512 });
    const [expected] = scaledRates({ type: 'dynamic' }, { ...wide, trainLength: 256, length: 512 });
    expect(rates).toEqual(expected);
    expect(rates).not.toEqual(dynamic(512));
  });

  it('beyond it leaves the fastest pair alone and divides the slowest by the excess', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1025, max: 50_000 }),
        fc.double({ min: 1, max: 8, noNaN: true }),
        (length, factor) => {
          const rates = dynamic(length, factor);
          const stretch = (factor * length) / 1024 - (factor - 1);
          expect(rates[0]).toBe(1);
          expect((rates[31] ?? NaN) / ((plainRates[31] ?? NaN) / stretch)).toBeCloseTo(1, 9);
          rates.forEach((rate, pair) => {
            expect(rate / (plainRates[pair] ?? NaN)).toBeLessThanOrEqual(1 + 1e-12);
            expect(rate / (plainRates[pair] ?? NaN)).toBeGreaterThan(1 / stretch - 1e-12);
          });
        },
      ),
    );
  });

  it('takes the length from the keys, those of the cache included', () => {
    tf.tidy(() => {
      const random = Random.fromSeed(4);
      const time = 3 * shape.trainLength;
      const vectors = randomVectors(1, 1, random);
      const tokens = [level([[5]])] as const;
      const dynamicRope = rope({ scaling: { type: 'dynamic' } });
      const stretched = rope({ base: 10_000 * 3 ** (shape.headDim / (shape.headDim - 2)) });
      const turn = (encoding: ReturnType<typeof rope>): tf.Tensor =>
        applyTo(encoding, {
          tokens,
          keyPositions: [counting(time)],
          queries: vectors,
          keys: vectors,
        }).queries?.(vectors) ?? vectors;
      expect(largestDifference(turn(dynamicRope), turn(stretched))).toBeLessThan(1e-6);
    });
  });
});

describe('YaRN', () => {
  const yarn = (settings: Partial<Extract<RopeScaling, { type: 'yarn' }>>): Float64Array =>
    scaledRates({ type: 'yarn', factor: 8, ...settings }, wide)[0];

  it.each(['turns', 'pairs'] as const)('of factor 1 is RoPE, ramp over %s', (ramp) => {
    tf.tidy(() => {
      const vectors = randomVectors(1, 5, Random.fromSeed(6));
      const attention = { tokens: [counting(5)] as const, queries: vectors, keys: vectors };
      const same = rope({ scaling: { type: 'yarn', factor: 1, ramp } });
      expect(largestDifference(exactScores(same, attention), exactScores(rope(), attention))).toBeLessThan(
        1e-6,
      );
    });
  });

  it.each([[{}], [{ alpha: 4, beta: 9 }], [{ originalLength: 300 }]])(
    'leaves pairs of more than beta turns alone, divides those of fewer than alpha by s, and rises between: %j',
    (settings: { alpha?: number; beta?: number; originalLength?: number }) => {
      const { alpha = 1, beta = 32, originalLength = 1024 } = settings;
      const kept = yarn(settings).map((rate, pair) => rate / (plainRates[pair] ?? NaN));
      kept.forEach((share, pair) => {
        const count = ((turns[pair] ?? NaN) * originalLength) / 1024;
        if (count >= beta) expect(share).toBeCloseTo(1, 12);
        else if (count <= alpha) expect(share).toBeCloseTo(1 / 8, 12);
        else expect(share).toBeCloseTo(1 / 8 + (7 / 8) * ((count - alpha) / (beta - alpha)), 12);
      });
    },
  );

  it('with a ramp over pairs is the released code', () => {
    // yarn_find_correction_range, yarn_linear_ramp_mask and _yarn of its
    // LlamaYaRNScaledRotaryEmbedding.
    const correction = (rotations: number): number =>
      (64 * Math.log(1024 / (rotations * 2 * Math.PI))) / (2 * Math.log(10_000));
    const low = Math.max(Math.floor(correction(32)), 0);
    const high = Math.min(Math.ceil(correction(1)), 63);
    yarn({ ramp: 'pairs' }).forEach((rate, pair) => {
      const mask = 1 - Math.min(1, Math.max(0, (pair - low) / (high - low)));
      const extrapolated = 1 / 10_000 ** ((2 * pair) / 64);
      const interpolated = 1 / (8 * 10_000 ** ((2 * pair) / 64));
      expect(rate).toBeCloseTo(interpolated * (1 - mask) + extrapolated * mask, 12);
    });
  });

  it('multiplies scores by (0.1 ln(s) + 1)^2', () => {
    tf.tidy(() => {
      const vectors = randomVectors(1, 1, Random.fromSeed(7));
      const attention = { tokens: [counting(1)] as const, queries: vectors, keys: vectors };
      const scores = exactScores(rope({ scaling: { type: 'yarn', factor: 16 } }), attention);
      const expected = tf.mul(exactScores(rope(), attention), (0.1 * Math.log(16) + 1) ** 2);
      expect(largestDifference(scores, expected)).toBeLessThan(1e-5);
    });
  });
});

it('RoPE on heads of odd width is refused in one line', () => {
  expect(() => rope().parameters({ ...shape, headDim: 7 })).toThrow(
    /^encoding rope: the width of a head is 7; it must be even[^\n]*$/,
  );
  expect(() => rope({ scaling: { type: 'dynamic' } }).parameters({ ...shape, headDim: 2 })).toThrow(
    /^encoding rope: dynamic scaling needs heads of width 4 or more, not 2$/,
  );
});
