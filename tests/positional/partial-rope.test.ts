// Partial RoPE against its definition, in float64, and against RoPE.

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { partialRope } from '../../lib/positional/partial-rope';
import { encoded } from '../../lib/positional/checked';
import { rope } from '../../lib/positional/rope';
import { exactScores, largestDifference, level, randomVectors, shape } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const positions = [0, 1, 2, 5, 40, 700];
const tokens = [level([positions])] as const;
const time = positions.length;

describe('partial RoPE', () => {
  it.each([0.25, 0.5])('turns the first components alone, %s of them', (share) => {
    const width = share * shape.headDim;
    tf.tidy(() => {
      const vectors = randomVectors(1, time, Random.fromSeed(1));
      const { queries } = partialRope({ share, base: 500 }).apply(tokens, tokens, shape, new Map());
      const turned = encoded(queries?.(vectors), vectors, 'queries').arraySync();
      vectors.arraySync()[0]?.forEach((rows, head) => {
        rows.forEach((row, at) => {
          const expected = [...row];
          for (let pair = 0; pair < width / 2; pair += 1) {
            const angle = (positions[at] ?? NaN) * 500 ** ((-2 * pair) / width);
            const [a = NaN, b = NaN] = [row[pair], row[pair + width / 2]];
            expected[pair] = a * Math.cos(angle) - b * Math.sin(angle);
            expected[pair + width / 2] = b * Math.cos(angle) + a * Math.sin(angle);
          }
          expected.forEach((value, component) => {
            expect(turned[0]?.[head]?.[at]?.[component]).toBeCloseTo(value, 3);
          });
        });
      });
    });
  });

  it('is RoPE where all components turn', () => {
    tf.tidy(() => {
      const random = Random.fromSeed(2);
      const at = { tokens, queries: randomVectors(1, time, random), keys: randomVectors(1, time, random) };
      const [whole, plain] = [exactScores(partialRope({ share: 1 }), at), exactScores(rope(), at)];
      expect(largestDifference(whole, plain)).toBe(0);
    });
  });

  it('is refused where the share is no even number of components', () => {
    expect(() => partialRope({ share: 0.375 }).parameters(shape)).toThrow(ConfigError);
    expect(() => partialRope({ share: 0.375 }).parameters(shape)).toThrow(
      'encoding partial_rope: 0.375 of a head of width 8 is 3 components; it must be an even number',
    );
    expect(partialRope().parameters(shape)).toEqual([]);
  });
});
