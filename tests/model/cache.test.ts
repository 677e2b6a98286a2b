import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withoutFusedKernels } from '../../lib/engine/native/kernels';
import { withTensorAccount } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { type DecoderCache, decodeStep, disposeCache, enlargeCache, prefill } from '../../lib/model/cache';
import { logits } from '../../lib/model/decoder';
import { encodingNames } from '../../lib/positional/registry';
import { type SegmentEnds } from '../../lib/segment/ends';
import { useNativeEngine } from '../support/engine';
import {
  distance,
  dynamicEncodings,
  expectSameLogits,
  randomIds,
  separator,
  type SmallModel,
  smallModel,
  unnamedEncodings,
  vocabulary,
} from './small';

useNativeEngine();

const capacity = 16;
const promptLengths = [5, 1, 8, 3];

describe.each([...encodingNames, ...unnamedEncodings])('generation with %s', (encoding) => {
  it('gives at every step, to prompts of different lengths side by side, what each gets alone without a cache', () => {
    expectAsWithoutCache(smallModel(encoding));
  });
});

describe.each<SegmentEnds>([
  { kind: 'every', tokens: 3 },
  { kind: 'random', lengths: [1, 2, 5], seed: 1 },
])('generation with segments that end by the rule %j', (rule) => {
  it('gives what comes without a cache', () => {
    expectAsWithoutCache(smallModel('bipe_rope', { separators: [rule] }));
  });
});

describe.each(dynamicEncodings)('generation with dynamic scaling, %s', (encoding) => {
  it('gives up to the training length what comes without a cache', () => {
    expectAsWithoutCache(smallModel(encoding, { trainLength: capacity }));
  });

  it('is refused where the cache is larger, to begin and to go on', () => {
    const { decoder, parameters } = smallModel(encoding, { trainLength: 8 });
    const lengths = tf.tensor1d([4], 'int32');
    const begin = (slots: number): DecoderCache =>
      prefill(decoder, parameters, randomIds(1, 4), lengths, { capacity: slots }).cache;
    const message = /^encoding \w+: 9 tokens with a cache; beyond 8 what it holds would be out of date: /;
    expect(() => begin(9)).toThrow(message);
    const enlarged = enlargeCache(begin(8), 9);
    expect(() => decodeStep(decoder, parameters, enlarged, tf.tensor1d([1], 'int32'))).toThrow(message);
  });
});

describe('generation', () => {
  it('counts segments on after the prompt, where one ends with the last token of it too', () => {
    const model = smallModel('bipe_alibi');
    const prompts = tf.tensor2d([[1, separator, 0, 0, 0, 0, 0, 0]], [1, 8], 'int32');
    const added = tf.tensor2d([[separator, separator, 5, 6, separator, 7, 8]], [1, 7], 'int32');
    const { scores } = generate(model, prompts, added, [2]);
    const ids = tf.concat([prompts.slice([0, 0], [1, 2]), added], 1);
    const wanted = logits(model.decoder, model.parameters, ids).slice([0, 1, 0], [1, 8, vocabulary]);
    expectSameLogits(scores, wanted);
  });

  it.each([
    ['a window', { window: 3 }],
    ['scaled queries', { logScale: true }],
    ['the style of GPT-2', { style: 'gpt2', tieEmbeddings: true }],
  ] as const)('gives with %s what comes without a cache', (_, changes) => {
    const model = smallModel('bipe_rope', changes);
    const prompts = randomIds(1, 8);
    const added = randomIds(1, 7, 3);
    const { scores } = generate(model, prompts, added, [4]);
    const ids = tf.concat([prompts.slice([0, 0], [1, 4]), added], 1);
    const wanted = logits(model.decoder, model.parameters, ids).slice([0, 3, 0], [1, 8, vocabulary]);
    expectSameLogits(scores, wanted);
  });

  it('gives, by kernels and by plain operations, what comes without a cache, whatever the model', () => {
    fc.assert(
      fc.property(
        fc.record({
          encoding: fc.constantFrom(
            'rope',
            'alibi',
            't5',
            'cope',
            'gated_alibi',
            'hope',
            'bipe_rope',
            'bipe_alibi',
          ),
          style: fc.constantFrom('llama' as const, 'gpt2' as const),
          window: fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
          logScale: fc.boolean(),
          numHeads: fc.constantFrom(1, 2, 4),
          lengths: fc.array(fc.integer({ min: 1, max: 8 }), { minLength: 1, maxLength: 3 }),
          seed: fc.nat(1000),
        }),
        ({ encoding, window, lengths, seed, ...changes }) => {
          const model = smallModel(encoding, { ...changes, ...(window !== undefined && { window }) }, seed);
          expectAsWithoutCache(model, lengths);
          withoutFusedKernels(() => {
            expectAsWithoutCache(model, lengths);
          });
        },
      ),
      { numRuns: 20 },
    );
  });

  it('uses drawn positions as the whole sequence does', () => {
    const model = smallModel('randomized_rope');
    const random = Random.fromSeed(6);
    const drawn = model.decoder.encoding.drawPositions?.(capacity, () => random.uniform());
    const drawnPositions = tf.tensor1d(drawn ?? [], 'int32');
    const prompts = randomIds(1, 8);
    const added = randomIds(1, 7, 3);
    const { scores } = generate(model, prompts, added, [8], drawnPositions);
    const ids = tf.concat([prompts, added], 1);
    const wanted = logits(model.decoder, model.parameters, ids, { drawnPositions });
    expectSameLogits(scores, wanted.slice([0, 7, 0], [1, 8, vocabulary]));
  });

  it('goes on in a cache that was enlarged', () => {
    const model = smallModel('bipe_rope');
    const lengths = tf.tensor1d([3, 2], 'int32');
    const ids = randomIds(2, 3);
    const small = prefill(model.decoder, model.parameters, ids, lengths, { capacity: 3 });
    const large = prefill(model.decoder, model.parameters, ids, lengths, { capacity: 9 });
    const token = tf.tensor1d([1, 2], 'int32');
    const grown = enlargeCache(small.cache, 9);
    expect(
      distance(
        decodeStep(model.decoder, model.parameters, grown, token).logits,
        decodeStep(model.decoder, model.parameters, large.cache, token).logits,
      ),
    ).toBe(0);
  });

  it('refuses prompts that are longer than the cache', () => {
    const { decoder, parameters } = smallModel('rope');
    const lengths = tf.tensor1d([4], 'int32');
    expect(() => prefill(decoder, parameters, randomIds(1, 4), lengths, { capacity: 3 })).toThrow(
      'a capacity of 3 slots for 4 tokens',
    );
  });

  it('holds no more tensors after 20 steps than after one', async () => {
    const { decoder, parameters } = smallModel('bipe_alibi');
    const lengths = tf.tensor1d([2, 4], 'int32');
    const token = tf.tensor1d([1, 2], 'int32');
    const first = prefill(decoder, parameters, randomIds(2, 4), lengths, { capacity: 30 });
    first.logits.dispose();
    let { cache } = first;
    const { tensors, bytes } = await withTensorAccount(() => {
      for (let step = 0; step < 20; step += 1) {
        const next = decodeStep(decoder, parameters, cache, token);
        next.logits.dispose();
        disposeCache(cache);
        cache = next.cache;
      }
    });
    expect({ tensors, bytes }).toEqual({ tensors: 0, bytes: 0 });
  });
});

/** What comes side by side from a cache against each sequence alone in one piece. */
function expectAsWithoutCache(model: SmallModel, lengths: readonly number[] = promptLengths): void {
  const prompts = randomIds(lengths.length, 8);
  const added = randomIds(lengths.length, 7, 3);
  const { scores } = generate(model, prompts, added, lengths);
  lengths.forEach((length, row) => {
    const ids = tf.concat([prompts.slice([row, 0], [1, length]), added.slice([row, 0], [1, 7])], 1);
    const wanted = logits(model.decoder, model.parameters, ids).slice([0, length - 1, 0], [1, 8, vocabulary]);
    expectSameLogits(scores.slice([row, 0, 0], [1, 8, vocabulary]), wanted, `row ${row}`);
  });
}

/** The scores after the prompts and after each added token, [batch, 1 + added, vocabulary]. */
function generate(
  { decoder, parameters }: SmallModel,
  prompts: tf.Tensor2D,
  added: tf.Tensor2D,
  lengths: readonly number[] = promptLengths,
  drawnPositions?: tf.Tensor1D,
): { scores: tf.Tensor3D } {
  const drawn = drawnPositions === undefined ? {} : { drawnPositions };
  let next = prefill(decoder, parameters, prompts, tf.tensor1d([...lengths], 'int32'), {
    capacity,
    ...drawn,
  });
  const scores = [next.logits];
  for (const token of tf.unstack(added, 1)) {
    next = decodeStep(decoder, parameters, next.cache, token as tf.Tensor1D, drawn);
    scores.push(next.logits);
  }
  return { scores: tf.stack(scores, 1) as tf.Tensor3D };
}
