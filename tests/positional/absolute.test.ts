import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { type Encoding } from '../../lib/positional/encoding';
import { learned } from '../../lib/positional/learned';
import { sinusoidal } from '../../lib/positional/sinusoidal';
import { level, randomParameters, shape } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const { hiddenSize } = shape;

/** What an encoding adds to the embedding at positions, [positions][hiddenSize]. */
function added(
  encoding: Encoding,
  positions: number[],
  parameters = new Map<string, tf.Tensor>(),
): number[][] {
  return tf.tidy(() => {
    const tokens = [level([positions])] as const;
    const nothing = tf.zeros<tf.Rank.R3>([1, positions.length, hiddenSize]);
    const result = encoding.apply(tokens, tokens, shape, parameters).embed?.(nothing);
    return result?.squeeze<tf.Tensor2D>([0]).arraySync() ?? [];
  });
}

describe('the sinusoidal encoding', () => {
  it('alternates sine and cosine of position / base^(2i / hiddenSize)', () => {
    const positions = [0, 1, 2, 17, 300];
    for (const base of [10_000, 50]) {
      added(sinusoidal({ base }), positions).forEach((row, index) => {
        row.forEach((value, component) => {
          const pair = Math.floor(component / 2);
          const angle = (positions[index] ?? NaN) / base ** ((2 * pair) / hiddenSize);
          expect(value).toBeCloseTo(component % 2 === 0 ? Math.sin(angle) : Math.cos(angle), 4);
        });
      });
    }
  });

  it('has products of two positions that depend on their difference alone', () => {
    const rows = added(sinusoidal(), [0, 7, 100, 107, 250, 257]);
    const product = (left: number, right: number): number =>
      (rows[left] ?? []).reduce((sum, value, index) => sum + value * (rows[right]?.[index] ?? NaN), 0);
    expect(product(0, 1)).toBeCloseTo(product(2, 3), 3);
    expect(product(0, 1)).toBeCloseTo(product(4, 5), 3);
  });

  it('has the amplitude it is given', () => {
    const [full, small] = [added(sinusoidal(), [3]), added(sinusoidal({ scale: 0.02 }), [3])];
    small[0]?.forEach((value, index) => {
      expect(value).toBeCloseTo(0.02 * (full[0]?.[index] ?? NaN), 7);
    });
  });

  it('wants an even width', () => {
    expect(() => sinusoidal().parameters({ ...shape, hiddenSize: 23 })).toThrow(
      /^encoding sinusoidal: hiddenSize is 23; it must be even[^\n]*$/,
    );
  });
});

describe('the learned encoding', () => {
  it('adds the row of the position, and beyond the table its last one', () => {
    tf.tidy(() => {
      const encoding = learned({ rows: 5 });
      const parameters = randomParameters(encoding, Random.fromSeed(9));
      const table = (parameters.get('model.embeds.0.weight') as tf.Tensor2D).arraySync();
      expect(added(encoding, [0, 4, 2, 5, 1000], parameters)).toEqual(
        [0, 4, 2, 4, 4].map((row) => table[row]),
      );
    });
  });

  it('has as many rows as the training length, unless told otherwise', () => {
    expect(learned().parameters(shape)[0]?.shape).toEqual([shape.trainLength, hiddenSize]);
    expect(learned({ rows: 1024 }).parameters(shape)[0]?.shape).toEqual([1024, hiddenSize]);
  });
});
