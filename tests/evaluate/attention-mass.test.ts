import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import {
  type AttentionBins,
  type AttentionMass,
  attentionMass,
  attentionMassOfEach,
  meanDistance,
  meanMass,
  totalVariation,
} from '../../lib/evaluate/attention-mass';
import { type Span } from '../../lib/positional/encoding';
import { attentionMaps } from '../../lib/model/watch-attention';
import { bilevelArrays } from '../../lib/segment/arrays';
import { randomIds, separator, type SmallModel, smallModel } from '../model/small';
import { useNativeEngine } from '../support/engine';

const bins: AttentionBins = { segments: 2, offsets: 3, places: 4, distances: [1, 2, 4, 8] };
const separators = [separator];

/**
 * What a map of weights, [queries][keys], comes to for some of its queries: pair by pair, in
 * float64.
 */
function massOfMap(
  map: readonly (readonly number[])[],
  ids: readonly number[],
  { start, end }: Span,
  { segments, offsets, places, distances }: AttentionBins = bins,
): AttentionMass {
  const { intra, segment } = bilevelArrays(ids, separators);
  const at = (list: ArrayLike<number>, index: number): number => present(list[index], 'entry');
  const zeros = (count: number): number[] => new Array<number>(count).fill(0);
  let [first, closing, entropy, reach] = [0, 0, 0, 0];
  const [bySegment, byDistance, byPlace] = [
    zeros(segments + 1),
    zeros(distances.length + 1),
    zeros(places + 1),
  ];
  const joint = bySegment.map(() => zeros(2 * offsets + 1));
  const share = 1 / (end - start);
  for (let query = start; query < end; query += 1) {
    for (let key = 0; key <= query; key += 1) {
      const weight = at(map[query] ?? [], key) * share;
      if (weight > 0) entropy -= weight * Math.log(weight / share);
      if (key === 0) {
        first += weight;
        continue;
      }
      const row = Math.min(segments, at(segment, query) - at(segment, key));
      const offset = Math.max(-offsets, Math.min(offsets, at(intra, key) - at(intra, query)));
      const group = distances.filter((least) => least <= query - key).length;
      const place = Math.min(places, at(intra, key));
      bySegment[row] = at(bySegment, row) + weight;
      const cells = present(joint[row], 'row');
      cells[offset + offsets] = at(cells, offset + offsets) + weight;
      byDistance[group] = at(byDistance, group) + weight;
      byPlace[place] = at(byPlace, place) + weight;
      if (separators.includes(at(ids, key))) closing += weight;
      reach += weight * (query - key);
    }
  }
  return { first, separators: closing, bySegment, joint, byDistance, byPlace, entropy, reach };
}

/** A map that is the same for all keys that a query sees. */
function uniformMap(time: number, window = time): number[][] {
  return Array.from({ length: time }, (_, query) =>
    Array.from({ length: time }, (__, key) =>
      key <= query && key > query - window ? 1 / Math.min(window, query + 1) : 0,
    ),
  );
}

const numbersOf = (mass: AttentionMass): number[] => [
  mass.first,
  mass.separators,
  ...mass.bySegment,
  ...mass.joint.flat(),
  ...mass.byDistance,
  ...mass.byPlace,
  mass.entropy,
  mass.reach,
];

/** Equal but for float32: sums of at most some hundred weights below 1, distances below 100. */
function expectSameMass(actual: AttentionMass | undefined, expected: AttentionMass): void {
  const wanted = numbersOf(expected);
  const found = numbersOf(present(actual, 'mass'));
  expect(found).toHaveLength(wanted.length);
  found.forEach((value, index) => {
    expect(Math.abs(value - present(wanted[index], 'number'))).toBeLessThan(2e-5);
  });
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

const encodings = ['bipe_rope', 'bipe_alibi', 'rope', 'alibi', 'sinusoidal', 't5'] as const;

describe('the mass of attention', () => {
  useNativeEngine();

  it('is that of the whole maps, pair by pair in float64, whatever is looked at and in which chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...encodings),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 12 }),
        fc.option(fc.integer({ min: 1, max: 9 }), { nil: undefined }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.nat(),
        async (encoding, batch, time, queryChunk, window, from, seed) => {
          const { decoder, parameters } = smallModel(
            encoding,
            window === undefined ? {} : { window },
            seed % 7,
          );
          const ids = randomIds(batch, time, seed);
          const queries = { start: Math.floor(from * time), end: time };
          const options = { separators, queries, bins, queryChunk };
          const measured = await attentionMass(decoder, parameters, ids, options);
          const maps = attentionMaps(decoder, parameters, ids).map((map) => map.arraySync());
          const rows = ids.arraySync();
          tf.dispose([...parameters.values()]);
          expect(measured).toHaveLength(batch);
          measured.forEach(({ heads, uniform }, sequence) => {
            const row = present(rows[sequence], 'row');
            expect(heads.map((layer) => layer.length)).toEqual([2, 2]);
            heads.forEach((layer, index) => {
              layer.forEach((mass, head) => {
                const map = present(maps[index]?.[sequence]?.[head], 'map');
                expectSameMass(mass, massOfMap(map, row, queries));
              });
            });
            expectSameMass(uniform, massOfMap(uniformMap(time, window), row, queries));
          });
        },
      ),
      { numRuns: 40 },
    );
  });

  it('sums to 1 with the first token, by segment, by offset, by distance and by place', async () => {
    const { decoder, parameters } = smallModel('bipe_rope');
    const measured = await attentionMass(decoder, parameters, randomIds(3, 30), { separators, bins });
    for (const { heads, uniform } of measured)
      for (const mass of [...heads.flat(), uniform])
        for (const list of [mass.bySegment, mass.joint.flat(), mass.byDistance, mass.byPlace])
          expect(mass.first + total(list)).toBeCloseTo(1, 5);
  });

  it('is of each sequence by itself: another order, the same masses', async () => {
    const { decoder, parameters } = smallModel('bipe_alibi');
    const ids = randomIds(4, 20);
    const order = [2, 0, 3, 1];
    const mixed = tf.gather(ids, tf.tensor1d(order, 'int32'));
    const measured = await attentionMass(decoder, parameters, ids, { separators, bins });
    const again = await attentionMass(decoder, parameters, mixed, { separators, bins });
    order.forEach((from, to) => {
      const [one, other] = [present(measured[from], 'sequence'), present(again[to], 'sequence')];
      expectSameMass(other.uniform, one.uniform);
      expectSameMass(other.heads[1]?.[1], present(one.heads[1]?.[1], 'head'));
    });
  });

  it('of all queries is the mean of those of two halves', async () => {
    const { decoder, parameters } = smallModel('rope');
    const ids = randomIds(1, 24);
    const of = async (queries: Span): Promise<AttentionMass> => {
      const [sequence] = await attentionMass(decoder, parameters, ids, { separators, bins, queries });
      return present(sequence?.heads[1]?.[0], 'head');
    };
    const halves = [await of({ start: 0, end: 12 }), await of({ start: 12, end: 24 })];
    expectSameMass(meanMass(halves), await of({ start: 0, end: 24 }));
  });

  it('of sequences of different lengths is that of each', async () => {
    const { decoder, parameters } = smallModel('bipe_rope');
    const [short, long] = [randomIds(1, 9), randomIds(1, 21)];
    const sequences = [short, long].map((ids) => Int32Array.from(ids.dataSync()));
    const options = { separators, bins };
    const each = await attentionMassOfEach(decoder, parameters, sequences, options);
    expect(each).toEqual([
      ...(await attentionMass(decoder, parameters, short, options)),
      ...(await attentionMass(decoder, parameters, long, options)),
    ]);
  });

  it('leaves no tensor behind', async () => {
    const { decoder, parameters } = smallModel('t5');
    const ids = randomIds(2, 20);
    const before = tf.memory().numTensors;
    await attentionMass(decoder, parameters, ids, { separators, queryChunk: 6 });
    await attentionMassOfEach(decoder, parameters, [Int32Array.of(1, 2, 3)], { separators });
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each<[options: { queries?: Span; bins?: AttentionBins }, message: string]>([
    [{ queries: { start: 5, end: 5 } }, 'queries 5 to 5: give a part of the 10 tokens of a sequence'],
    [{ queries: { start: 0, end: 11 } }, 'queries 0 to 11: give a part of the 10 tokens of a sequence'],
    [{ bins: { ...bins, segments: 0 } }, 'bins.segments 0: must be an integer above 0'],
    [{ bins: { ...bins, distances: [1, 4, 4] } }, 'bins.distances 4: must be above 4'],
    [{ bins: { ...bins, distances: [0, 4] } }, 'bins.distances 0: must be above 0'],
  ])('refuses %o', async (options, message) => {
    const { decoder, parameters } = smallModel('rope');
    await expect(
      attentionMass(decoder, parameters, randomIds(1, 10), { separators, ...options }),
    ).rejects.toThrow(message);
  });
});

/**
 * A model of one layer and one head, all of whose parameters are 0 but its norms' and those given.
 */
function handMade(
  encoding: Parameters<typeof smallModel>[0],
  given: (hidden: number) => Readonly<Record<string, tf.Tensor>>,
): SmallModel {
  const model = smallModel(encoding, { numLayers: 1, numHeads: 1 });
  const values = given(model.decoder.architecture.hiddenSize);
  for (const [name, tensor] of model.parameters) {
    const value = values[name] ?? (tensor.rank === 1 ? tf.onesLike(tensor) : tf.zerosLike(tensor));
    expect(value.shape).toEqual(tensor.shape);
    model.parameters.set(name, value);
    tensor.dispose();
  }
  return model;
}

/** A sequence of segments of one length. */
function evenSegments(segments: number, length: number): tf.Tensor2D {
  const ids = Array.from({ length: segments * length }, (_, token) =>
    token % length === length - 1 ? separator : 7,
  );
  return tf.tensor2d(ids, [1, ids.length], 'int32');
}

describe('the mass of attention that is known', () => {
  useNativeEngine();

  it('is the uniform one where all scores are the same', async () => {
    const { decoder, parameters } = handMade('rope', () => ({}));
    const [measured] = await attentionMass(decoder, parameters, randomIds(1, 33), { separators, bins });
    expectSameMass(measured?.heads[0]?.[0], present(measured?.uniform, 'uniform'));
  });

  it('lies evenly on the own segment where others are penalized without mercy', async () => {
    const encoding = {
      kind: 'bipe',
      intra: { kind: 'learned', rows: 12 },
      inter: { kind: 'alibi', slopeFactor: 1e6 },
    } as const;
    const { decoder, parameters } = handMade(encoding, () => ({}));
    const queries = { start: 5, end: 20 };
    const options = { separators, bins, queries };
    const [measured] = await attentionMass(decoder, parameters, evenSegments(4, 5), options);
    const mass = present(measured?.heads[0]?.[0], 'head');
    expect(mass.first).toBe(0);
    expect(mass.bySegment.map((share) => Number(share.toFixed(6)))).toEqual([1, 0, 0]);
    // Keys from the segment's first token to the query's own: 1 to 5 of them.
    expect(mass.entropy).toBeCloseTo(total([1, 2, 3, 4, 5].map(Math.log)) / 5, 5);
    expect(meanDistance(mass)).toBeCloseTo(1, 5);
    // Only queries that end a segment see its end.
    expect(mass.separators).toBeCloseTo(1 / 25, 5);
  });

  it('lies on the same place of every segment where keys are known by their place alone', async () => {
    const rows = 12;
    const encoding = {
      kind: 'bipe',
      intra: { kind: 'learned', rows },
      inter: { kind: 'none' },
    } as const;
    const { decoder, parameters } = handMade(encoding, (hidden) => ({
      'model.embeds.0.weight': tf.eye(rows, hidden),
      'model.layers.0.self_attn.q_proj.weight': tf.mul(tf.eye(hidden), 10),
      'model.layers.0.self_attn.k_proj.weight': tf.eye(hidden),
    }));
    const [segments, length] = [4, 5];
    const options = { separators, bins };
    const [measured] = await attentionMass(decoder, parameters, evenSegments(segments, length), options);
    const mass = present(measured?.heads[0]?.[0], 'head');
    // A query of segment s weighs s + 1 keys alike, one in each segment. At place 0 the one in
    // segment 0 is the first token.
    const weights = [0, 1, 2, 3].map((distance) =>
      total([0, 1, 2, 3].map((own) => (own >= distance ? 1 / (own + 1) : 0))),
    );
    const onFirst = total([0, 1, 2, 3].map((own) => 1 / (own + 1)));
    expect(mass.first).toBeCloseTo(onFirst / (segments * length), 5);
    // Offset 0 is the middle of each row.
    for (const [distance, row] of mass.joint.entries()) {
      const [same, all] = [row[bins.offsets] ?? NaN, total(row)];
      expect(same).toBeCloseTo(all, 5);
      const own = distance === bins.segments ? weights.slice(distance) : [weights[distance] ?? NaN];
      const firsts = [0, 1, 2, 3].filter((segment) => Math.min(segment, bins.segments) === distance);
      const less = total(firsts.map((segment) => 1 / (segment + 1)));
      expect(same).toBeCloseTo((length * total(own) - less) / (segments * length), 5);
    }
    // Each of the five places has a fifth of the queries; the last is the bin of places from 4 on.
    expect(mass.byPlace.slice(1).map((share) => Number(share.toFixed(5)))).toEqual([0.2, 0.2, 0.2, 0.2]);
  });
});

describe('the total variation', () => {
  const mass = (first: number, ...bySegment: number[]) => ({ first, bySegment });

  it('is 0 for the same, 1 for what has nothing in common, and the share that moves in between', () => {
    expect(totalVariation(mass(0.2, 0.5, 0.3), mass(0.2, 0.5, 0.3))).toBe(0);
    expect(totalVariation(mass(0, 1, 0), mass(0.25, 0, 0.75))).toBe(1);
    expect(totalVariation(mass(0.5, 0.5, 0), mass(0.4, 0.3, 0.3))).toBeCloseTo(0.3, 12);
  });
});
