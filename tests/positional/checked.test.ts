// An encoding of one's own, in the code that comes to mind first, and in shapes that are wrong.

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import { logits } from '../../lib/model/decoder';
import { alibiSlopes } from '../../lib/positional/alibi';
import { type AppliedEncoding, type Encoding } from '../../lib/positional/encoding';
import { registerEncoding } from '../../lib/positional/registry';
import { distancesBack } from '../../lib/positional/spans';
import { z } from 'zod';
import { randomIds, smallModel } from '../model/small';
import { useNativeEngine } from '../support/engine';

useNativeEngine();

type Apply = (...given: Parameters<Encoding['apply']>) => AppliedEncoding;
let count = 0;

/** The logits of a small model whose encoding, or whose encoding between segments, is this. */
function logitsWith(apply: Apply, isInBipe: boolean): tf.Tensor {
  count += 1;
  const kind: `own_${string}` = `own_${count}`;
  registerEncoding({
    kind,
    schema: z.strictObject({ kind: z.literal(kind) }),
    create: () => ({ name: kind, levels: 1, parameters: () => [], apply }),
  });
  const { decoder, parameters } = smallModel(
    isInBipe ? { kind: 'bipe', intra: { kind: 'learned' }, inter: { kind } } : { kind },
  );
  return logits(decoder, parameters, randomIds(1, 6));
}

describe.each([false, true])('inside BiPE: %s', (isInBipe) => {
  it('operations without a type of their own make a bias: ALiBi, written plainly', () => {
    const plain: Apply = ([tokens], [keys], { numHeads }) => ({
      bias: (queries, span) =>
        tf.neg(
          tf.mul(
            distancesBack(tokens, keys, queries, span),
            tf.reshape(tf.tensor1d(alibiSlopes(numHeads)), [1, -1, 1, 1]),
          ),
        ),
    });
    const library: Apply = ([tokens], [keys], { numHeads }) => ({
      linearBias: { slopes: tf.tensor1d(alibiSlopes(numHeads)), tokens, keys },
    });
    const [own, other] = [plain, library].map((apply) => logitsWith(apply, isInBipe).dataSync());
    expect(own).toHaveLength(other?.length ?? NaN);
    own?.forEach((value, at) => {
      expect(value).toBeCloseTo(other?.[at] ?? NaN, 5);
    });
  });

  it.each<[string, AppliedEncoding, string]>([
    [
      'a bias',
      { bias: () => tf.zeros([6, 6]) },
      "an encoding's bias has the shape [6, 6]; it should have four axes",
    ],
    [
      'queries',
      { queries: (queries) => tf.squeeze(queries, [0]) },
      "an encoding's queries have the shape [2, 6, 8]; they should keep [1, 2, 6, 8]",
    ],
    [
      'keys',
      { keys: (keys) => tf.slice(keys, [0, 0, 0, 0], [-1, 1, -1, -1]) },
      "an encoding's keys have the shape [1, 1, 6, 8]; they should keep [1, 2, 6, 8]",
    ],
    [
      'embeddings',
      { embed: (embeddings) => tf.mean(embeddings, 1, true) },
      "an encoding's embeddings have the shape [1, 1, 16]; they should keep [1, 6, 16]",
    ],
  ])('%s of another shape are refused by name', (_, applied, message) => {
    expect(() => logitsWith(() => applied, isInBipe)).toThrow(UsageError);
    expect(() => logitsWith(() => applied, isInBipe)).toThrow(message);
  });
});
