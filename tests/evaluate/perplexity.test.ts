import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { Random } from '../../lib/engine/random';
import { evaluatePerplexity, perplexityInterval } from '../../lib/evaluate/perplexity';
import { loadCheckpoint } from '../../lib/model/checkpoint';
import { readIds } from '../../lib/model/ids-file';
import { nextTokenLosses } from '../../lib/model/loss';
import { disposeParameters } from '../../lib/model/parameters';
import { smallModel, vocabulary } from '../model/small';
import { useNativeEngine } from '../support/engine';

function documentsOf(lengths: readonly number[], seed: number): Int32Array[] {
  const random = Random.fromSeed(seed);
  return lengths.map((length) => Int32Array.from({ length }, () => random.integer(0, vocabulary)));
}

/** The loss of each counted token, each from a forward pass of its window alone. */
function naiveLosses(
  { decoder, parameters }: ReturnType<typeof smallModel>,
  documents: readonly Int32Array[],
  length: number,
  stride: number,
): { place: number; loss: number }[] {
  const found: { place: number; loss: number }[] = [];
  for (const ids of documents) {
    // Tokens before this one have been in a window.
    let seen = 0;
    for (let start = 0; start + length <= ids.length; start += stride) {
      const window = ids.subarray(start, start + length);
      const losses = tf.tidy(() =>
        nextTokenLosses(decoder, parameters, tf.tensor2d(window, [1, length], 'int32')).dataSync(),
      );
      for (let place = 1; place < length; place += 1)
        if (start + place >= seen) found.push({ place, loss: present(losses[place - 1], 'loss') });
      seen = start + length;
    }
  }
  return found;
}

const mean = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length;

describe('perplexity', () => {
  useNativeEngine();

  it.each(['rope', 'alibi', 'bipe_rope', 'bipe_alibi'])(
    "of the authors' model with %s is exp of the loss that their code gives",
    async (name) => {
      const folder = projectPath('tests', 'golden', name);
      const expected = JSON.parse(readFileSync(`${folder}/expected.json`, 'utf8')) as { loss: number };
      const { shape, values } = await readIds(`${folder}/expected.safetensors`);
      const [rows, time] = shape;
      const documents = Array.from({ length: rows }, (_, row) =>
        values.subarray(row * time, (row + 1) * time),
      );
      const { decoder, parameters } = await loadCheckpoint(folder);
      const result = await evaluatePerplexity(decoder, parameters, documents, time);
      disposeParameters(parameters);
      expect(Math.abs(result.loss - expected.loss)).toBeLessThan(1e-5);
      expect(Math.abs(result.perplexity / Math.exp(expected.loss) - 1)).toBeLessThan(1e-5);
      expect(result).toMatchObject({ windows: rows, documents: rows, tokens: rows * (time - 1) });
    },
  );

  it('is that of every window read alone, for blocks and for windows, whatever the batch', async () => {
    const model = smallModel('bipe_rope');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 4 }),
        fc.integer({ min: 2, max: 10 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        async (lengths, length, step, batch, bins, seed) => {
          const stride = Math.min(step, length);
          const documents = documentsOf([...lengths, length], seed);
          const wanted = naiveLosses(model, documents, length, stride);
          const result = await evaluatePerplexity(model.decoder, model.parameters, documents, length, {
            stride,
            batch,
            bins,
            eager: true,
          });
          expect(result.tokens).toBe(wanted.length);
          expect(result.loss).toBeCloseTo(mean(wanted.map(({ loss }) => loss)), 5);
          expect(result.byPosition.reduce((sum, { tokens }) => sum + tokens, 0)).toBe(wanted.length);
          for (const { from, to, loss, tokens } of result.byPosition) {
            const inside = wanted.filter(({ place }) => place >= from && place <= to);
            expect(tokens).toBe(inside.length);
            expect(loss).toBeCloseTo(mean(inside.map((one) => one.loss)), 5);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('is the same as a captured graph and operation by operation', async () => {
    const { decoder, parameters } = smallModel('bipe_alibi');
    const documents = documentsOf([40, 25, 33], 5);
    const options = { stride: 5, batch: 3 };
    const captured = await evaluatePerplexity(decoder, parameters, documents, 12, options);
    const eager = await evaluatePerplexity(decoder, parameters, documents, 12, { ...options, eager: true });
    expect(captured.loss).toBeCloseTo(eager.loss, 5);
    expect(captured.interval?.low).toBeCloseTo(eager.interval?.low ?? NaN, 3);
  });

  it('leaves no tensor behind', async () => {
    const { decoder, parameters } = smallModel('randomized_rope', { trainLength: 12 });
    const before = tf.memory().numTensors;
    await evaluatePerplexity(decoder, parameters, documentsOf([30], 1), 8);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each<[length: number, options: { stride?: number; bins?: number }, message: string]>([
    [31, {}, 'length 31: the longest document has 30 tokens; give longer documents or a shorter length'],
    [1, {}, 'length 1: must be an integer of 2 or more'],
    [8, { stride: 9 }, 'stride 9: must be an integer from 1 to the length, 8'],
    [8, { stride: 0 }, 'stride 0: must be an integer from 1 to the length, 8'],
    [8, { bins: 0 }, 'bins 0: must be an integer above 0'],
  ])('refuses length %i with %o', async (length, options, message) => {
    const { decoder, parameters } = smallModel('rope');
    await expect(
      evaluatePerplexity(decoder, parameters, documentsOf([30, 12], 1), length, options),
    ).rejects.toThrow(message);
  });
});

describe('the interval of a perplexity', () => {
  it('is none for one document', () => {
    expect(perplexityInterval([{ sum: 3, tokens: 2 }], Random.fromSeed(1))).toBeUndefined();
  });

  it.each([0.8, 0.95])('holds the truth at its level, %f', (level) => {
    // Documents of different sizes, each with a mean loss of its own around 2: the truth is exp(2).
    const random = Random.fromSeed(11);
    const repeats = 400;
    let held = 0;
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const documents = Array.from({ length: 60 }, () => {
        const tokens = random.integer(50, 500);
        return { sum: tokens * (2 + 0.6 * (random.uniform() + random.uniform() - 1)), tokens };
      });
      const interval = present(
        perplexityInterval(documents, random.fork(`set ${repeat}`), level),
        'interval',
      );
      if (interval.low <= Math.exp(2) && Math.exp(2) <= interval.high) held += 1;
    }
    // Four standard errors of the count of 400, and 0.01 by which the percentile bootstrap of 60 falls short.
    const error = 4 * Math.sqrt((level * (1 - level)) / repeats);
    expect(held / repeats).toBeGreaterThan(level - error - 0.01);
    expect(held / repeats).toBeLessThan(level + error);
  });
});
