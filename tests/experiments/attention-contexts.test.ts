import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { type Interval } from '../../lib/base/statistics';
import { Random } from '../../lib/engine/random/random';
import { attentionMass, meanMass, totalVariation } from '../../lib/evaluate/attention-mass';
import {
  attentionInContexts,
  type ContextMeasurement,
  type ContextSettings,
} from '../../lib/experiments/items/attention-by-segment/contexts';
import {
  type Comparable,
  type MeasuredInterval,
  type MeasureDifference,
  measureDifference,
  type MeasureName,
  measureNames,
  measuresOf,
  placePreference,
} from '../../lib/experiments/items/attention-by-segment/statistics';
import { separator, type SmallModel, smallModel, vocabulary } from '../model/small';
import { useNativeEngine } from '../support/engine';

const settings: ContextSettings = {
  trainLength: 12,
  times: [1, 2, 4],
  separators: [separator],
  bins: { segments: 4, offsets: 3, places: 6, distances: [1, 2, 4, 8, 12, 16, 32] },
};
const [short, long] = [12, 48];

/** Random documents whose segments have 2 to 5 tokens. */
function documentsOf(count: number, seed = 5): Int32Array[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: count }, () => {
    const ids = Int32Array.from({ length: long }, () => random.integer(separator + 1, vocabulary));
    for (let end = -1; end < long; end += random.integer(2, 6)) if (end >= 0) ids[end] = separator;
    return ids;
  });
}

/** What is there, since documents are enough. */
function known(interval: MeasuredInterval): Interval {
  if (interval === null) throw new Error('an interval is missing');
  return interval;
}

function look(
  { decoder, parameters }: SmallModel,
  documents: readonly Int32Array[],
  changes: Partial<ContextSettings> = {},
): Promise<ContextMeasurement> {
  const changed = { ...settings, ...changes };
  return attentionInContexts('rope', decoder, parameters, documents, changed, silentReporter);
}

const differences = (one: Comparable, other: Comparable): MeasureDifference[] =>
  measureNames.map((measure) => measureDifference(measure, one, other));

const numbersOf = ({ estimate, low, high }: Interval): number[] => [estimate, low, high];

describe('attention in contexts', () => {
  useNativeEngine();

  it('is that of the last tokens of each document, read with so many tokens before them', async () => {
    const model = smallModel('bipe_rope');
    const documents = documentsOf(3);
    const { contexts } = (await look(model, documents)).model;
    expect(contexts.map(({ times, length }) => [times, length])).toEqual([
      [1, 12],
      [2, 24],
      [4, 48],
    ]);
    for (const { length, mean, heads, uniform } of contexts) {
      const ids = tf.tensor2d(
        documents.map((document) => Array.from(document.slice(-length))),
        [3, length],
        'int32',
      );
      const { separators, bins } = settings;
      const queries = { start: length - 6, end: length };
      const expected = await attentionMass(model.decoder, model.parameters, ids, {
        separators,
        bins,
        queries,
      });
      const all = meanMass(expected.flatMap((sequence) => sequence.heads.flat()));
      expect(totalVariation(mean, all)).toBeLessThan(1e-6);
      expect(mean.reach).toBeCloseTo(all.reach, 4);
      const even = meanMass(expected.map((sequence) => sequence.uniform));
      expect(totalVariation(uniform, even)).toBeLessThan(1e-6);
      const one = meanMass(expected.map((sequence) => present(sequence.heads[1]?.[0], 'head')));
      expect(totalVariation(present(heads[1]?.[0], 'head'), one)).toBeLessThan(1e-6);
    }
  });

  it('tells how much mass moves, in the mean over heads, and how much lies farther back than training', async () => {
    const model = smallModel('rope');
    const {
      model: { contexts, measures },
    } = await look(model, documentsOf(8));
    const [first, last] = [present(contexts[0], 'first'), present(contexts.at(-1), 'last')];
    const heads = first.heads.flat().map((head, index) => {
      return totalVariation(head, present(last.heads.flat()[index], 'head'));
    });
    const moved = known(measures.moved);
    expect(moved.estimate).toBeCloseTo(heads.reduce((sum, share) => sum + share, 0) / heads.length, 6);
    expect(moved.low).toBeLessThan(moved.estimate);
    expect(moved.high).toBeGreaterThan(moved.estimate);
    // The groups of distances from 12 on.
    const far = last.mean.byDistance.slice(5).reduce((sum, share) => sum + share, 0);
    expect(measures.far?.estimate).toBeCloseTo(far, 6);
  });

  it('does not move where a model sees no more than it saw in training', async () => {
    // One layer that sees 6 tokens: all that its last queries see lies in the shortest context.
    const model = smallModel('rope', { numLayers: 1, window: 6 });
    const { measures } = (await look(model, documentsOf(8))).model;
    expect(measures.moved?.high).toBeLessThan(1e-5);
    expect(measures.far?.high).toBe(0);
  });

  it('prefers no place where attention is evenly spread', async () => {
    const model = smallModel('none');
    for (const [name, tensor] of model.parameters)
      if (name.includes('q_proj')) model.parameters.set(name, tf.zerosLike(tensor));
    const {
      model: { measures, contexts },
    } = await look(model, documentsOf(12));
    for (const value of numbersOf(known(measures.samePlace))) expect(value).toBeCloseTo(1, 4);
    const { mean, uniform, heads } = present(contexts[0], 'context');
    expect(heads[0]?.[0]?.samePlace).toBeCloseTo(1, 4);
    for (const times of placePreference(mean, uniform)) expect(times).toBeCloseTo(1, 4);
  });

  it('knows what evenly spread attention comes to: what a model does that spreads it evenly', async () => {
    const model = smallModel('none');
    for (const [name, tensor] of model.parameters)
      if (name.includes('q_proj')) model.parameters.set(name, tf.zerosLike(tensor));
    const measurement = await look(model, documentsOf(8));
    for (const { difference } of differences(measurement, measurement.evenly))
      for (const value of numbersOf(known(difference))) expect(Math.abs(value)).toBeLessThan(1e-5);
    expect(known(measuresOf(measurement.evenly).moved).low).toBeGreaterThan(0.1);
  });

  it('prefers the same place where keys are known by their place alone', async () => {
    const rows = 12;
    const model = smallModel({
      kind: 'bipe',
      intra: { kind: 'learned', rows },
      inter: { kind: 'none' },
    });
    const { hiddenSize } = model.decoder.architecture;
    const zero = (name: string): boolean => /embed_tokens|o_proj|down_proj/.test(name);
    for (const [name, tensor] of model.parameters) {
      if (zero(name)) model.parameters.set(name, tf.zerosLike(tensor));
      if (/[qk]_proj/.test(name)) model.parameters.set(name, tf.eye(hiddenSize));
      if (name.includes('embeds')) model.parameters.set(name, tf.eye(rows, hiddenSize));
    }
    const { measures, contexts } = (await look(model, documentsOf(12))).model;
    const { estimate, low } = known(measures.samePlace);
    expect(low).toBeGreaterThan(1.5);
    const { mean, uniform } = present(contexts[0], 'context');
    const preference = placePreference(mean, uniform);
    expect(preference[settings.bins.offsets]).toBeCloseTo(estimate, 4);
    expect(Math.max(...preference.map(Number))).toBe(preference[settings.bins.offsets]);
  });

  it('knows no preference among earlier segments where there are none', async () => {
    const endless = documentsOf(8).map((ids) => ids.map((id) => (id === separator ? 7 : id)));
    const { measures, contexts } = (await look(smallModel('rope'), endless)).model;
    const { mean, uniform } = present(contexts[0], 'context');
    expect(new Set(placePreference(mean, uniform))).toEqual(new Set([null]));
    expect(measures.samePlace).toBeNull();
    expect(measures.moved).not.toBeNull();
  });

  it('has no interval over one document', async () => {
    const { model } = await look(smallModel('rope'), documentsOf(1));
    for (const name of measureNames) expect(model.measures[name]).toBeNull();
    expect(model.contexts[2]?.mean.byDistance.some((share) => share > 0)).toBe(true);
  });

  it('compares models on the same documents: a model differs from itself by nothing', async () => {
    const documents = documentsOf(8);
    const one = await look(smallModel('rope'), documents);
    const other = await look(smallModel('alibi'), documents);
    for (const { difference } of differences(one, one))
      expect(difference).toEqual({ estimate: 0, low: 0, high: 0 });
    for (const { measure, difference } of differences(one, other)) {
      const [a, b] = [one, other].map(({ model }) => known(model.measures[measure]).estimate);
      expect(difference?.estimate).toBeCloseTo((a ?? NaN) - (b ?? NaN), 10);
      const half = known(measureDifference(measure, one, other, 0.5).difference);
      expect(half.estimate).toBeCloseTo((a ?? NaN) - (b ?? NaN) / 2, 10);
    }
  });

  it('has an interval that holds the truth as often as it says', async () => {
    // Few documents at a time, of a text whose truth is what many come to.
    const model = smallModel('rope', { numLayers: 1 });
    const { statistics, model: all } = await look(model, documentsOf(240), { times: [1, 4] });
    const repeats = 100;
    const random = Random.fromSeed(4);
    const held = { moved: 0, far: 0, samePlace: 0 };
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      const some = Int32Array.from({ length: 16 }, () => random.integer(0, 240));
      const of = (name: MeasureName) => (places: Int32Array) =>
        statistics[name](places.map((place) => some[place] ?? 0));
      const sample = { moved: of('moved'), far: of('far'), samePlace: of('samePlace') };
      const measured = measuresOf({ name: 'some', documents: 16, statistics: sample });
      for (const name of measureNames) {
        const { low, high } = known(measured[name]);
        const truth = known(all.measures[name]).estimate;
        if (low <= truth && truth <= high) held[name] += 1;
      }
    }
    // Four standard errors of the count below 0.95.
    const least = 0.95 - 4 * Math.sqrt((0.95 * 0.05) / repeats);
    for (const name of measureNames) expect(held[name] / repeats, name).toBeGreaterThan(least);
  });

  it('leaves no tensor behind, where positions are drawn, too', async () => {
    const model = smallModel('randomized_rope', { trainLength: 48 });
    const before = tf.memory().numTensors;
    await look(model, documentsOf(3));
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses no documents, and documents of another length', async () => {
    const model = smallModel('rope');
    await expect(look(model, [])).rejects.toThrow('attention: no document of 48 tokens');
    const cut = [...documentsOf(1), new Int32Array(47)];
    await expect(look(model, cut)).rejects.toThrow('attention: a document of 47 tokens; each must have 48');
    await expect(look(model, documentsOf(1), { times: [1, short] })).rejects.toThrow(
      'attention: a document of 48 tokens; each must have 144',
    );
  });
});
