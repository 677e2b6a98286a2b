// What dropout does on every backend: the native one draws its numbers in another way than the
// others.

import * as tf from '@tensorflow/tfjs';
import { expect, it } from 'vitest';
import { drop } from '../../lib/model/dropout';

/** The tests, on the backend that runs. */
export function dropsAsAsked(): void {
  it('sets its share to 0, leaves the mean as it is, and depends on the seed and the place alone', () => {
    tf.tidy(() => {
      const x = tf.ones<tf.Rank.R2>([40, 250]);
      const dropped = (rate: number, first: number, layer: number, part: number): number[] => [
        ...drop(x, { rate, seed: tf.tensor1d([first, 9], 'int32') }, { layer, part }).dataSync(),
      ];
      for (const rate of [0.1, 0.5, 0.8]) {
        const values = dropped(rate, 1, 0, 0);
        const kept = values.filter((value) => value !== 0);
        for (const value of kept) expect(value).toBeCloseTo(1 / (1 - rate), 5);
        // Six standard deviations of the share of 10,000 numbers are 0.03 at most.
        expect(Math.abs(1 - kept.length / values.length - rate)).toBeLessThan(0.03);
      }
      const one = dropped(0.5, 1, 0, 0);
      expect(dropped(0.5, 1, 0, 0)).toEqual(one);
      for (const other of [dropped(0.5, 2, 0, 0), dropped(0.5, 1, 1, 0), dropped(0.5, 1, 0, 1)])
        expect(other).not.toEqual(one);
      expect(drop(x, undefined, { layer: 0, part: 0 })).toBe(x);
    });
  });
}
