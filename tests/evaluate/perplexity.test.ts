import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { Random } from '../../lib/engine/random/random';
import { meanOfParts } from '../../lib/evaluate/intervals';
import { type DocumentLoss } from '../../lib/evaluate/loss-tally';
import {
  checkReading,
  evaluatePerplexity,
  perplexityInterval,
  perplexityRatio,
} from '../../lib/evaluate/perplexity';
import { joined } from '../../lib/data/tokens/sequence';
import { loadCheckpoint } from '../../lib/model/files/checkpoint';
import { readIdsFile } from '../../lib/model/files/ids-file';
import { nextTokenLosses } from '../../lib/model/loss';
import { disposeParameters } from '../../lib/model/parameters';
import { smallModel, vocabulary } from '../model/small';
import { useNativeEngine } from '../support/engine';

function documentsOf(lengths: readonly number[], seed: number): Int32Array[] {
  const random = Random.fromSeed(seed);
  return lengths.map((length) => Int32Array.from({ length }, () => random.integer(0, vocabulary)));
}

type Model = ReturnType<typeof smallModel>;

/** The losses of a window's tokens but the first. */
function lossesOf({ decoder, parameters }: Model, window: Int32Array): ArrayLike<number> {
  return tf.tidy(() =>
    nextTokenLosses(decoder, parameters, tf.tensor2d(window, [1, window.length], 'int32')).dataSync(),
  );
}

/** The loss of each counted token, each from a forward pass of its window alone. */
function naiveLosses(
  model: Model,
  documents: readonly Int32Array[],
  length: number,
  stride: number,
): { place: number; loss: number }[] {
  const found: { place: number; loss: number }[] = [];
  for (const ids of documents) {
    // Tokens before this one have been in a window.
    let seen = 0;
    for (let start = 0; start + length <= ids.length; start += stride) {
      const losses = lossesOf(model, ids.subarray(start, start + length));
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
      const { shape, values } = await readIdsFile(`${folder}/expected.safetensors`);
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

  it('is the same in one window as in a block, and where the stride is the length', async () => {
    const { decoder, parameters } = smallModel('bipe_rope');
    const windows = documentsOf([12, 12, 12, 12, 12], 3);
    const longer = documentsOf([40, 25, 33, 70, 12], 4);
    const at = (documents: Int32Array[], stride?: number) =>
      evaluatePerplexity(decoder, parameters, documents, 12, stride === undefined ? {} : { stride });
    const blocks = await at(windows);
    for (const stride of [1, 5, 11]) expect(await at(windows, stride)).toEqual({ ...blocks, stride });
    expect(await at(longer, 12)).toEqual(await at(longer));
  });

  it.each(['rope', 'bipe_rope', 'bipe_alibi'])(
    'with %s is the same at the beginning of a longer block as in a shorter one',
    async (encoding) => {
      const { decoder, parameters } = smallModel(encoding);
      const documents = documentsOf([17, 17, 17], 6);
      const bins = 16;
      const long = await evaluatePerplexity(decoder, parameters, documents, 17, { bins });
      const beginnings = documents.map((ids) => ids.subarray(0, 9));
      const short = await evaluatePerplexity(decoder, parameters, beginnings, 9, { bins });
      expect(short.byPosition).toHaveLength(8);
      short.byPosition.forEach(({ from, to, loss }, place) => {
        expect(long.byPosition[place]).toMatchObject({ from, to });
        expect(long.byPosition[place]?.loss).toBeCloseTo(loss, 5);
      });
      // A window that slides on by half of the shorter one sees the second half of a document in
      // another context.
      const sliding = await evaluatePerplexity(decoder, parameters, documents, 9, { bins, stride: 4 });
      expect(sliding.tokens).toBe(long.tokens);
      const firstWindows = short.loss * short.tokens;
      const inFirst = sliding.byPosition
        .slice(0, 4)
        .reduce((sum, { loss, tokens }) => sum + loss * tokens, 0);
      const ofFirst = short.byPosition.slice(0, 4).reduce((sum, { loss, tokens }) => sum + loss * tokens, 0);
      // Only first windows count tokens there.
      expect(inFirst).toBeCloseTo(ofFirst, 4);
      expect(firstWindows).toBeGreaterThan(ofFirst);
    },
  );

  it('of blocks that go on from one document to the next gives each token to its own document', async () => {
    const model = smallModel('bipe_alibi');
    const random = Random.fromSeed(9);
    const documents = documentsOf([7, 0, 13, 2, 9, 1, 20, 16, 8], 8);
    const sequence = joined(documents);
    // The rest of 76 tokens is dropped.
    const blocks = Float64Array.from({ length: 7 }, (_, block) => 10 * block);
    const result = await evaluatePerplexity(model.decoder, model.parameters, documents, 10, {
      blocks,
      random,
    });
    const owners = documents.flatMap((ids, document) => Array.from(ids, () => document));
    const wanted = documents.map(() => ({ sum: 0, tokens: 0 }));
    for (const start of blocks) {
      Array.from(lossesOf(model, sequence.subarray(start, start + 10))).forEach((loss, place) => {
        const own = present(wanted[present(owners[start + place + 1], 'owner')], 'document');
        own.sum += loss;
        own.tokens += 1;
      });
    }
    expect(result).toMatchObject({ windows: 7, tokens: 63, documents: 8 });
    expect(result.byDocument.map(({ tokens }) => tokens)).toEqual(wanted.map(({ tokens }) => tokens));
    result.byDocument.forEach(({ sum }, document) => {
      expect(sum).toBeCloseTo(wanted[document]?.sum ?? NaN, 4);
    });
    const { low, estimate, high } = present(perplexityInterval(wanted, random.fork('bootstrap')), 'interval');
    const found = present(result.interval, 'interval');
    expect(result.perplexity).toBeCloseTo(estimate, 4);
    expect([found.low / low, found.high / high]).toEqual([expect.closeTo(1, 4), expect.closeTo(1, 4)]);
  });

  it('of a part of the tokens is that of windows from all documents', async () => {
    const { decoder, parameters } = smallModel('rope');
    const documents = documentsOf([20, 20, 20, 20, 20], 2);
    const part = await evaluatePerplexity(decoder, parameters, documents, 5, { maxTokens: 29 });
    expect(part).toMatchObject({ windows: 5, documents: 5 });
    const beginnings = documents.map((ids) => ids.subarray(0, 5));
    expect(part).toEqual(await evaluatePerplexity(decoder, parameters, beginnings, 5));
    const least = await evaluatePerplexity(decoder, parameters, documents, 5, { maxTokens: 1 });
    expect(least).toMatchObject({ windows: 1, interval: undefined });
  });

  it('is the same as a captured graph and operation by operation', async () => {
    const { decoder, parameters } = smallModel('bipe_alibi');
    const documents = documentsOf([40, 25, 33, 21, 50, 36], 5);
    const options = { stride: 5, batch: 3 };
    const captured = await evaluatePerplexity(decoder, parameters, documents, 12, options);
    const eager = await evaluatePerplexity(decoder, parameters, documents, 12, { ...options, eager: true });
    expect(captured.loss).toBeCloseTo(eager.loss, 5);
    expect(captured.interval?.low).toBeCloseTo(present(eager.interval, 'interval').low, 3);
  });

  it('leaves no tensor behind', async () => {
    const { decoder, parameters } = smallModel('randomized_rope', { trainLength: 12 });
    const before = tf.memory().numTensors;
    await evaluatePerplexity(decoder, parameters, documentsOf([30], 1), 8);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('ends its progress where it fails, so that nothing waits for it, and says that it was stopped', async () => {
    const { decoder, parameters } = smallModel('rope');
    const ends: (string | undefined)[] = [];
    const reporter = {
      note: () => undefined,
      task: () => ({
        update: () => {
          throw new Error('no place to write to');
        },
        finish: (note?: string) => {
          ends.push(note);
        },
      }),
    };
    const reading = evaluatePerplexity(decoder, parameters, documentsOf([30], 1), 8, { reporter });
    await expect(reading).rejects.toThrow('no place to write to');
    expect(ends).toEqual(['stopped']);
  });

  it.each<[length: number, options: { stride?: number; bins?: number }, message: string]>([
    [31, {}, 'length 31: the longest document has 30 tokens; give longer documents or a shorter length'],
    [1, {}, 'length 1: must be an integer of 2 or more'],
    [8, { stride: 9 }, 'stride 9: must be an integer from 1 to the length, 8'],
    [8, { stride: 0 }, 'stride 0: must be an integer from 1 to the length, 8'],
    [8, { bins: 0 }, 'bins 0: must be an integer above 0'],
  ])('refuses length %i with %o', async (length, options, message) => {
    const { decoder, parameters } = smallModel('rope');
    const documents = documentsOf([30, 12], 1);
    await expect(evaluatePerplexity(decoder, parameters, documents, length, options)).rejects.toThrow(
      message,
    );
    expect(() => {
      checkReading(decoder, documents, length, options);
    }).toThrow(message);
  });

  it('says beforehand whether documents can be read at a length', () => {
    const documents = documentsOf([80, 12], 1);
    checkReading(smallModel('rope').decoder, documents, 80);
    const config = { kind: 'randomized', encoding: { kind: 'rope' }, maxPosition: 50 } as const;
    const { decoder } = smallModel(config);
    checkReading(decoder, documents, 50, { stride: 5 });
    expect(() => {
      checkReading(decoder, documents, 51);
    }).toThrow('51 tokens do not fit into maxPosition 50; raise maxPosition');
  });
});

/** Losses of 20 documents, harder from one to the next. */
const documentLosses = (extra: (document: number) => number): DocumentLoss[] =>
  Array.from({ length: 20 }, (_, document) => {
    const tokens = 100 + 10 * (document % 4);
    return { sum: tokens * (2 + 0.05 * document + extra(document)), tokens };
  });

describe('the interval of a perplexity', () => {
  const documents = documentLosses(() => 0);

  it('is that of the mean loss, taken to perplexities; documents without a predicted token do not count', () => {
    const parts = documents.map(({ sum, tokens }) => ({ sum, count: tokens }));
    const loss = present(meanOfParts(parts, { random: Random.fromSeed(1), level: 0.8 }), 'interval');
    for (const some of [documents, [{ sum: 0, tokens: 0 }, ...documents]])
      expect(perplexityInterval(some, Random.fromSeed(1), 0.8)).toEqual({
        estimate: Math.exp(loss.mean),
        low: Math.exp(loss.low),
        high: Math.exp(loss.high),
      });
  });

  it('is none for a few documents', () => {
    expect(perplexityInterval(documents.slice(0, 4), Random.fromSeed(1))).toBeUndefined();
  });
});

describe('the ratio of two perplexities', () => {
  const documents = documentLosses(() => 0);
  const harder = documentLosses((document) => 0.1 + 0.01 * (document % 3));
  const ratio = (first: readonly DocumentLoss[], second: readonly DocumentLoss[]) =>
    present(perplexityRatio(first, second, Random.fromSeed(1)), 'interval');

  it('is 1 of a reading and itself', () => {
    expect(ratio(documents, documents)).toEqual({ estimate: 1, low: 1, high: 1 });
  });

  it('is sure of what every document says, however much documents differ', () => {
    const { low, estimate, high } = ratio(harder, documents);
    expect(Math.log(estimate)).toBeCloseTo(0.11, 2);
    expect(Math.log(low)).toBeGreaterThan(0.1);
    expect(Math.log(high)).toBeLessThan(0.12);
    const apart = present(perplexityInterval(documents, Random.fromSeed(1)), 'interval');
    expect(Math.log(apart.high / apart.low)).toBeGreaterThan(0.2);
  });

  it('leaves out documents of which one reading predicted nothing', () => {
    const nothing = { sum: 0, tokens: 0 };
    const hard = { sum: 900, tokens: 100 };
    expect(ratio([nothing, hard, ...harder], [hard, nothing, ...documents])).toEqual(
      ratio(harder, documents),
    );
  });

  it('is none for a few documents, and refused for different ones', () => {
    expect(perplexityRatio(harder.slice(0, 4), documents.slice(0, 4), Random.fromSeed(1))).toBeUndefined();
    expect(() => ratio(harder, documents.slice(1))).toThrow(
      'a ratio of perplexities on 20 and 19 documents; read the same ones with both',
    );
  });
});
