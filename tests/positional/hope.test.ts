// HoPE against its definition, in float64.

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { encoded } from '../../lib/positional/checked';
import { scoresOf } from '../../lib/positional/bias';
import { hope } from '../../lib/positional/hope';
import { randomized } from '../../lib/positional/randomized';
import { counting, exactScores, level, randomVectors, scoresWithoutBias, shape } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

interface Settings {
  readonly base: number;
  readonly damping: number;
}

/** e^(-d theta') q^T B(d) k / sqrt(headDim), by hyperbolic sines and cosines. */
function definition(
  query: readonly number[],
  key: readonly number[],
  distance: number,
  { base, damping }: Settings,
): number {
  const half = query.length / 2;
  let sum = 0;
  for (let pair = 0; pair < half; pair += 1) {
    const turn = distance * base ** (-pair / half);
    const [q1 = NaN, q2 = NaN] = [query[pair], query[pair + half]];
    const [k1 = NaN, k2 = NaN] = [key[pair], key[pair + half]];
    sum += (q1 * k1 + q2 * k2) * Math.cosh(turn) + (q1 * k2 + q2 * k1) * Math.sinh(turn);
  }
  return (Math.exp(-distance * damping) * sum) / Math.sqrt(query.length);
}

/** Calls `check` with the score and the definition of each query and earlier key. */
function compare(
  positions: readonly number[],
  settings: Settings,
  seed: number,
  check: (score: number, expected: number, distance: number) => void,
): void {
  tf.tidy(() => {
    const random = Random.fromSeed(seed);
    const queries = randomVectors(1, positions.length, random);
    const keys = randomVectors(1, positions.length, random);
    const at = { tokens: [level([positions])] as const, queries, keys };
    const applied = hope(settings).apply(at.tokens, at.tokens, shape, new Map());
    const scores = scoresWithoutBias(applied, queries, keys).arraySync();
    const [asked, offered] = [queries.arraySync(), keys.arraySync()];
    scores[0]?.forEach((rows, head) => {
      rows.forEach((row, query) => {
        row.forEach((score, key) => {
          const distance = (positions[query] ?? NaN) - (positions[key] ?? NaN);
          expect(Number.isFinite(score)).toBe(true);
          if (key > query) return;
          const expected = definition(
            asked[0]?.[head]?.[query] ?? [],
            offered[0]?.[head]?.[key] ?? [],
            distance,
            settings,
          );
          check(score, expected, distance);
        });
      });
    });
  });
}

describe('HoPE', () => {
  it.each([
    { base: 10_000, damping: 1.1 },
    { base: 50, damping: 1.01 },
    { base: 10_000, damping: 3 },
  ])('is a damped Lorentz boost, far from position 0 too: %j', (settings) => {
    const positions = Array.from({ length: 90 }, (_, index) => 1000 + index);
    compare(positions, settings, 1, (score, expected) => {
      expect(Math.abs(score - expected)).toBeLessThan(1e-5 * (1 + Math.abs(expected)));
    });
  });

  it('takes equal positions, as tokens of one segment have', () => {
    const segments = Array.from({ length: 60 }, (_, index) => Math.floor(index / 7));
    compare(segments, { base: 10_000, damping: 1.1 }, 2, (score, expected) => {
      expect(score).toBeCloseTo(expected, 4);
    });
  });

  it('goes to 0 with the distance, and never grows beyond what the slowest factor allows', () => {
    const positions = Array.from({ length: 120 }, (_, index) => index);
    const bounds = new Map<number, number>();
    compare(positions, { base: 10_000, damping: 1.1 }, 3, (score, _, distance) => {
      bounds.set(distance, Math.max(bounds.get(distance) ?? 0, Math.abs(score)));
    });
    for (const [distance, largest] of bounds)
      expect(largest).toBeLessThan(40 * Math.exp(-0.1 * distance) + 1e-6);
  });

  it('gives the scores of a span by chunks what it gives each query alone', () => {
    tf.tidy(() => {
      const random = Random.fromSeed(4);
      const [queries, keys] = [randomVectors(2, 70, random), randomVectors(2, 70, random)];
      const tokens = [counting(70)] as const;
      const applied = hope().apply(tokens, tokens, shape, new Map());
      const alone = exactScores(hope(), { tokens, queries, keys });
      const vectors = {
        queries: tf.div<tf.Tensor4D>(
          encoded(applied.queries?.(queries), queries, 'queries'),
          Math.sqrt(shape.headDim),
        ),
        keys: encoded(applied.keys?.(keys), keys, 'keys'),
      };
      const whole = scoresOf(applied, vectors, { start: 0, end: 70 }, { start: 0, end: 70 });
      const difference = tf.abs(tf.sub(alone, whole));
      expect(tf.max(difference).dataSync()[0]).toBeLessThan(1e-4);
    });
  });

  it('is refused at random positions whose gaps it cannot hold', () => {
    expect(() => randomized(hope(), { maxPosition: 2048 })).toThrow(ConfigError);
    expect(randomized(hope(), { maxPosition: 20 }).name).toBe('randomized_hope');
  });
});
