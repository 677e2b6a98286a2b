// ALiBi over gated segments against ALiBi itself, of which two kinds of gate make it a case.

import fc from 'fast-check';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { alibi } from '../../lib/positional/alibi';
import { type Encoding } from '../../lib/positional/encoding';
import { gatedAlibi } from '../../lib/positional/gated-alibi';
import { createEncoding } from '../../lib/positional/registry';
import { type Attention, counting, exactScores, level, randomVectors, shape } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const { numHeads, headDim } = shape;
const weightName = 'model.gated_alibi.weight';
const biasName = 'model.gated_alibi.bias';

/** Attention of each query to the keys up to it: constants of a query make no difference. */
function weights(encoding: Encoding, attention: Attention): tf.Tensor {
  const scores = exactScores(encoding, attention);
  return tf.softmax(tf.add(scores, tf.mul(tf.sub(1, tf.linalg.bandPart(tf.onesLike(scores), -1, 0)), -1e9)));
}

function expectEqual(actual: tf.Tensor, expected: tf.Tensor): void {
  const error = tf.max(tf.abs(tf.sub(actual, expected))).dataSync()[0];
  expect(error).toBeLessThan(1e-5);
}

describe('ALiBi over gated segments', () => {
  it('is ALiBi between segments where the gate opens at their ends alone', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.array(fc.boolean(), { minLength: 2, maxLength: 12 }),
        fc.constantFrom(1, 8, 96),
        (seed, isEnd, slopeFactor) => {
          tf.tidy(() => {
            const random = Random.fromSeed(seed);
            const time = isEnd.length;
            const queries = randomVectors(1, time, random);
            // The first component of a key tells whether it is an end.
            const marks = tf.tensor4d(isEnd.map(Number), [1, 1, time, 1]).tile([1, numHeads, 1, 1]);
            const others = randomVectors(1, time, random).slice([0, 0, 0, 1], [-1, -1, -1, -1]);
            const keys = tf.concat([marks, others], 3) as tf.Tensor4D;
            const parameters = new Map<string, tf.Tensor>([
              [weightName, tf.oneHot(Array<number>(numHeads).fill(0), headDim).mul(200)],
              [biasName, tf.fill([numHeads], -100)],
            ]);
            const segments = isEnd.map((_, token) => isEnd.slice(0, token).filter(Boolean).length);
            expectEqual(
              weights(gatedAlibi({ slopeFactor }), { tokens: [counting(time)], queries, keys, parameters }),
              weights(alibi({ slopeFactor }), { tokens: [level([segments])], queries, keys }),
            );
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  it('starts as ALiBi whose slopes are as many times smaller as a segment has tokens', () => {
    tf.tidy(() => {
      const random = Random.fromSeed(2);
      const queries = randomVectors(1, 12, random);
      const keys = randomVectors(1, 12, random);
      const encoding = gatedAlibi({ slopeFactor: 96, tokens: 24 });
      const parameters = new Map(
        encoding
          .parameters(shape)
          .map(({ name, shape: size, initial }) => [name, tf.fill([...size], initial as number)]),
      );
      const tokens = [counting(12)] as const;
      expectEqual(
        weights(encoding, { tokens, queries, keys, parameters }),
        weights(alibi({ slopeFactor: 4 }), { tokens, queries, keys }),
      );
    });
  });

  it('stands neither inside nor between segments, nor at random positions', () => {
    const kind = { kind: 'gated_alibi' } as const;
    for (const config of [
      { kind: 'bipe', intra: { kind: 'none' }, inter: kind },
      { kind: 'bipe', intra: kind, inter: { kind: 'none' } },
      { kind: 'randomized', encoding: kind, maxPosition: 2048 },
    ])
      expect(() => createEncoding(config as never)).toThrow(/gated_alibi is not allowed here; choose /);
  });
});
