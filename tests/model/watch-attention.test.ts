import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { attentionMaps, watchAttention } from '../../lib/model/watch-attention';
import { distance, randomIds, smallModel } from './small';
import { useNativeEngine } from '../support/engine';

useNativeEngine();

describe.each(['bipe_rope', 'alibi', 'bipe_alibi', 't5', 'kerple', 'cope', 'gated_alibi', 'hope'])(
  'watching attention of %s',
  (encoding) => {
    it('shows each layer a chunk of queries at a time, with the keys up to the last of them', () => {
      const { decoder, parameters } = smallModel(encoding);
      const ids = randomIds(2, 11);
      const spans: number[][] = [];
      const chunks = watchAttention(
        decoder,
        parameters,
        ids,
        (weights, { start, end }) => {
          expect(weights.shape).toEqual([2, 2, end - start, end]);
          spans.push([start, end]);
          // As wide as the whole map, so that chunks can be put together.
          return tf.pad4d(weights, [
            [0, 0],
            [0, 0],
            [0, 0],
            [0, 11 - end],
          ]);
        },
        { queries: { start: 2, end: 11 }, queryChunk: 4 },
      );
      const layer = [
        [2, 6],
        [6, 10],
        [10, 11],
      ];
      expect(spans).toEqual([...layer, ...layer]);
      const maps = attentionMaps(decoder, parameters, ids);
      chunks.forEach((parts, index) => {
        const whole = present(maps[index], 'map').slice([0, 0, 2, 0], [2, 2, 9, 11]);
        expect(distance(tf.concat(parts, 2), whole)).toBeLessThan(1e-6);
      });
    });
  },
);

it('watching attention leaves the tensors that were asked for, and no other', () => {
  const { decoder, parameters } = smallModel('bipe_rope');
  const ids = randomIds(1, 9);
  const before = tf.memory().numTensors;
  const sums = watchAttention(decoder, parameters, ids, (weights) => tf.sum(weights), { queryChunk: 5 });
  expect(tf.memory().numTensors - before).toBe(sums.flat().length);
  expect(sums.map((layer) => layer.length)).toEqual([2, 2]);
});
