import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { distancesBack } from '../../lib/positional/spans';
import { counting } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

it('distances are 0 for keys after the query; query spans count along the tokens, key spans along the keys', () => {
  tf.tidy(() => {
    const distances = distancesBack(counting(6), counting(9), { start: 3, end: 5 }, { start: 1, end: 6 });
    expect(distances.shape).toEqual([1, 1, 2, 5]);
    expect(distances.squeeze<tf.Tensor2D>([0, 1]).arraySync()).toEqual([
      [2, 1, 0, 0, 0],
      [3, 2, 1, 0, 0],
    ]);
  });
});
