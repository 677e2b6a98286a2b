import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { type ScrollsRow } from '../../lib/data/scrolls/file';
import { rowsInMemory } from '../../lib/data/scrolls/row-source';
import { promptIds, sequenceOptions, type SequenceOptions } from '../../lib/data/scrolls/sequence';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { meanWithInterval } from '../../lib/evaluate/intervals';
import { scoreOfParts, scoreTexts, textMetricNames } from '../../lib/evaluate/metrics/text-metrics';
import { generateAnswers, promptedInstances, scoreAnswers, scoreSwapped } from '../../lib/evaluate/prompted';
import { swappedOrder } from '../../lib/evaluate/swapping';
import { createDecoder } from '../../lib/model/config';
import { type Decoder, logits } from '../../lib/model/decoder';
import { disposeParameters, initialParameters, type ModelParameters } from '../../lib/model/parameters';
import { parseTrainingConfig } from '../../lib/train/config';
import { smallConfig } from '../train/small-config';

let sequences: SequenceOptions;
beforeAll(async () => {
  await startEngine();
  const tokenizer = await getTokenizer('llama2-512');
  sequences = sequenceOptions({ tokenizer, maxTokens: 60, outputTokens: 6 });
});

const rows: ScrollsRow[] = Array.from({ length: 14 }, (_, index) => {
  const instance = Math.floor(index / 2);
  return {
    id: `${instance}`,
    pid: `${instance}_${index % 2}`,
    input: 'The whale, '.repeat(instance + 1),
    output: `answer ${index % 3}`,
  };
});

describe('instances as a model is asked them', () => {
  it('are the rows by id, with all references, cut as in training', async () => {
    const instances = await promptedInstances(rowsInMemory(rows, 'rows'), sequences);
    expect(instances.map(({ id }) => id)).toEqual(['0', '1', '2', '3', '4', '5', '6']);
    instances.forEach(({ prompt, references }, index) => {
      expect(prompt).toEqual(promptIds(rows[2 * index]?.input ?? '', sequences));
      expect(references).toEqual([rows[2 * index]?.output, rows[2 * index + 1]?.output]);
    });
  });

  it('have the group of their first row, and are one by themselves where it has none', async () => {
    const grouped = rows.map((row, index) => (index < 6 ? { ...row, group: `chapter ${index % 4}` } : row));
    const instances = await promptedInstances(rowsInMemory(grouped, 'rows'), sequences);
    const groups = instances.map(({ group }) => group);
    expect(groups).toEqual(['chapter 0', 'chapter 2', 'chapter 0', '3', '4', '5', '6']);
  });

  it('are some of them, in their order, where so many are asked for; the same each time, others by another seed', async () => {
    const source = rowsInMemory(rows, 'rows');
    const all = await promptedInstances(source, sequences);
    const some = await promptedInstances(source, sequences, { count: 4 });
    expect(some).toHaveLength(4);
    expect(all.filter((instance) => some.some(({ id }) => id === instance.id))).toEqual(some);
    expect(await promptedInstances(source, sequences, { count: 4 })).toEqual(some);
    const others = await Promise.all(
      [1, 2, 3, 4].map((seed) => promptedInstances(source, sequences, { count: 4, seed })),
    );
    expect(others.some((other) => JSON.stringify(other) !== JSON.stringify(some))).toBe(true);
    expect(await promptedInstances(source, sequences, { count: 100 })).toEqual(all);
  });
});

/** The likeliest tokens, found by computing everything anew for each. */
function greedily(decoder: Decoder, parameters: ModelParameters, prompt: Int32Array): number[] {
  const written: number[] = [];
  while (written.length < sequences.outputTokens && written.at(-1) !== sequences.end) {
    const ids = [...prompt, ...written];
    const next = tf.tidy(() => {
      const scores = logits(decoder, parameters, tf.tensor2d(ids, [1, ids.length], 'int32'));
      return tf.argMax(scores.slice([0, ids.length - 1, 0], [1, 1, -1]), 2).dataSync()[0];
    });
    written.push(next ?? NaN);
  }
  return written;
}

describe("a model's answers", () => {
  it.each(['bipe_rope', 'alibi'])(
    'are its likeliest tokens, whatever is asked beside them: %s',
    { timeout: 60_000 },
    async (encoding) => {
      const separators = encoding.startsWith('bipe') ? [[13]] : [];
      const { model } = parseTrainingConfig({
        ...smallConfig,
        model: { ...smallConfig.model, vocabSize: 512, dropout: 0, separators, encoding },
      });
      const decoder = createDecoder(model);
      const parameters = initialParameters(decoder.parameters, 0.5, Random.fromSeed(3));
      const instances = await promptedInstances(rowsInMemory(rows, 'rows'), sequences);
      const [answers, ...others] = await assertNoLeak(async () => [
        await generateAnswers(decoder, parameters, instances, sequences),
        await generateAnswers(decoder, parameters, instances, sequences, { batch: 2, eager: true }),
      ]);
      const { tokenizer } = sequences;
      const expected = new Map(
        instances.map(({ id, prompt }) => [id, tokenizer.decode(greedily(decoder, parameters, prompt))]),
      );
      expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(expected));
      for (const other of others) expect(Object.fromEntries(other)).toEqual(Object.fromEntries(expected));
      disposeParameters(parameters);
    },
  );
});

describe('the score of answers', () => {
  const word = fc.constantFrom('the', 'white', 'whale', 'sea', 'Ahab', 'blue');
  const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '));
  const pairs = fc.array(
    fc.record({ prediction: text, references: fc.array(text, { minLength: 1, maxLength: 3 }) }),
    {
      minLength: 1,
      maxLength: 8,
    },
  );

  it('is that of all texts together, and of its instances’ parts', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(...textMetricNames), (list, metric) => {
        const instances = list.map(({ references }, index) => ({ id: `${index}`, references }));
        const answers = new Map(list.map(({ prediction }, index) => [`${index}`, prediction]));
        const { score, byInstance } = scoreAnswers(metric, instances, answers);
        expect(score).toBeCloseTo(scoreTexts(metric, list).score, 9);
        expect(scoreOfParts(metric, byInstance)).toBeCloseTo(score, 9);
        expect(byInstance).toHaveLength(list.length);
      }),
    );
  });

  it('of answers handed to others is what it is to read nothing', () => {
    const sides = ['white', 'blue'];
    const instances = Array.from({ length: 40 }, (_, index) => ({
      id: `${index}`,
      references: [sides[index % 2] ?? ''],
      group: `${index}`,
    }));
    const swapped = (answer: (index: number) => string): number =>
      scoreSwapped(
        'exact_match',
        instances,
        new Map(instances.map(({ id }, index) => [id, answer(index)])),
        Random.fromSeed(1),
      ).score;
    // Who always writes the same loses nothing, who is always right is as good as a coin.
    expect(swapped(() => 'white')).toBe(50);
    expect(Math.abs(swapped((index) => sides[index % 2] ?? '') - 50)).toBeLessThan(20);
    expect(swapped(() => 'whale')).toBe(0);
  });

  it('of answers handed to others is the mean of a few scores, each with a part for each instance', () => {
    fc.assert(
      fc.property(pairs, fc.constantFrom(...textMetricNames), fc.nat(), (list, metric, seed) => {
        const instances = list.map(({ references }, index) => ({
          id: `${index}`,
          references,
          group: `${index}`,
        }));
        const answers = new Map(list.map(({ prediction }, index) => [`${index}`, prediction]));
        const { score, rounds } = scoreSwapped(metric, instances, answers, Random.fromSeed(seed));
        for (const parts of rounds) expect(parts).toHaveLength(list.length);
        const scores = rounds.map((parts) => scoreOfParts(metric, parts));
        expect(score).toBeCloseTo(scores.reduce((sum, one) => sum + one, 0) / scores.length, 9);
        // One alone has no other to be handed to.
        if (list.length === 1) expect(score).toBeCloseTo(scoreTexts(metric, list).score, 9);
      }),
    );
  });

  it('of answers that were written blindly is in other places what it is in their own, where two words in a row are rare too', () => {
    const words = ['white', 'whale', 'sea', 'ship', 'mast', 'sail', 'rope', 'oil'];
    const random = Random.fromSeed(4);
    const title = (): string => [random.choice(words), random.choice(words)].join(' ');
    const excess: number[] = [];
    let excessOfMeans = 0;
    for (let trial = 0; trial < 300; trial += 1) {
      const instances = Array.from({ length: 24 }, (_, index) => ({
        id: `${index}`,
        references: [title()],
        group: `${index}`,
      }));
      const answers = new Map(instances.map(({ id }) => [id, title()]));
      const own = scoreAnswers('rouge', instances, answers).score;
      const { score, rounds } = scoreSwapped('rouge', instances, answers, random);
      excess.push(score - own);
      excessOfMeans += (scoreOfParts('rouge', rounds.flat()) - own) / 300;
    }
    const { mean, low, high } = meanWithInterval(excess, 0.999);
    expect(low).toBeLessThan(0);
    expect(high).toBeGreaterThan(0);
    // The score of the mean parts would be above it.
    expect(excessOfMeans - mean).toBeGreaterThan(high - mean);
  });

  it('of answers that name their chapter is nothing in other places, however many excerpts a chapter has', () => {
    const instances = Array.from({ length: 30 }, (_, index) => {
      const chapter = `chapter ${index < 15 ? 0 : 1 + (index % 5)}`;
      return { id: `${index}`, references: [chapter.replace(' ', '')], group: chapter };
    });
    const answers = new Map(instances.map(({ id, references }) => [id, references[0] ?? '']));
    for (const seed of [1, 2, 3])
      expect(scoreSwapped('exact_match', instances, answers, Random.fromSeed(seed)).score).toBe(0);
  });
});

describe('the order in which answers are handed to others', () => {
  const groups = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { minLength: 1, maxLength: 24 });

  it('gives each once, and leaves in its group only what finds no other place', () => {
    fc.assert(
      fc.property(groups, fc.nat(), (list, seed) => {
        const order = swappedOrder(list, Random.fromSeed(seed));
        expect(Array.from(order).sort((a, b) => a - b)).toEqual([...list.keys()]);
        const largest = Math.max(...list.map((group) => list.filter((other) => other === group).length));
        const alike = list.filter((group, place) => list[order[place] ?? 0] === group).length;
        expect(alike).toBe(Math.max(0, 2 * largest - list.length));
      }),
    );
  });

  it('is another one each time', () => {
    const list = Array.from({ length: 30 }, (_, index) => `${index % 6}`);
    const random = Random.fromSeed(2);
    const orders = Array.from({ length: 5 }, () => swappedOrder(list, random).join());
    expect(new Set(orders).size).toBe(5);
  });
});
