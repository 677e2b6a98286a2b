import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { Random } from '../../lib/engine/random/random';
import { learned } from '../../lib/positional/learned';
import { randomized } from '../../lib/positional/randomized';
import { bipe } from '../../lib/positional/bipe';
import { rope } from '../../lib/positional/rope';
import { xpos } from '../../lib/positional/xpos';

function draw(length: number, maxPosition: number, random: Random): number[] {
  const { drawPositions } = randomized(rope(), { maxPosition });
  return Array.from(drawPositions?.(length, () => random.uniform()) ?? []);
}

describe('randomized positions', () => {
  it('are different, ascending and in range', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 300 }), fc.nat(300));
    fc.assert(
      fc.property(sizes, fc.nat(), ([maxPosition, wanted], seed) => {
        const length = Math.min(wanted, maxPosition);
        const positions = draw(length, maxPosition, Random.fromSeed(seed));
        expect(positions).toHaveLength(length);
        positions.forEach((position, index) => {
          expect(Number.isInteger(position)).toBe(true);
          expect(position).toBeGreaterThan(positions[index - 1] ?? -1);
          expect(position).toBeLessThan(maxPosition);
        });
      }),
    );
  });

  it('are every subset equally often', () => {
    const random = Random.fromSeed(17);
    const [rounds, subsets] = [20_000, 10];
    const counts = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      const subset = draw(2, 5, random).join();
      counts.set(subset, (counts.get(subset) ?? 0) + 1);
    }
    expect(counts.size).toBe(subsets);
    const expected = rounds / subsets;
    const chiSquare = [...counts.values()].reduce(
      (sum, count) => sum + (count - expected) ** 2 / expected,
      0,
    );
    // Nine degrees of freedom: above 27.9 in one of a thousand seeds.
    expect(chiSquare).toBeLessThan(27.9);
  });

  it('of full length are 0, 1, 2, ...', () => {
    expect(draw(6, 6, Random.fromSeed(1))).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('that do not fit are refused in one line, and so are several levels', () => {
    expect(() => draw(7, 6, Random.fromSeed(1))).toThrow(
      /^encoding randomized: 7 tokens do not fit into maxPosition 6; raise maxPosition$/,
    );
    expect(() => randomized(bipe(learned(), rope()), { maxPosition: 9 })).toThrow(
      /^encoding randomized: bipe_rope has 2 levels; give one of one level$/,
    );
  });

  it('are refused where they may lie beyond what float32 holds', () => {
    const { highestPosition = NaN } = xpos();
    expect(() => randomized(xpos(), { maxPosition: 200_000 })).toThrow(
      `encoding randomized: maxPosition 200000; in float32 xpos supports positions up to ${highestPosition}: lower maxPosition`,
    );
    expect(() => randomized(xpos(), { maxPosition: highestPosition + 2 })).toThrow(ConfigError);
    expect(randomized(xpos(), { maxPosition: highestPosition + 1 }).name).toBe('randomized_xpos');
    expect(randomized(xpos({ scaleBase: 4096 }), { maxPosition: 200_000 }).name).toBe('randomized_xpos');
  });
});
