import { describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { items } from '../../lib/experiments/registry';
import { RunStore } from '../../lib/experiments/run/store';
import { temporaryFolder } from '../support/command';
import { distanceAxis } from '../../lib/experiments/items/attention-by-segment/axes';
import { parseWith } from '../../lib/base/schema';
import { type AttentionMass } from '../../lib/evaluate/attention-mass';
import { type ContextAttention } from '../../lib/experiments/items/attention-by-segment/contexts';
import {
  attentionBySegmentPresets,
  attentionBySegmentSchema,
} from '../../lib/experiments/items/attention-by-segment/item';
import { drawAttentionBySegment } from '../../lib/experiments/items/attention-by-segment/draw';
import { type AttentionBySegmentResult } from '../../lib/experiments/items/attention-by-segment/result';
import {
  evenlySpread,
  type MeasureDifference,
  type MeasuredInterval,
  type MeasureName,
} from '../../lib/experiments/items/attention-by-segment/statistics';
import { fig4Presets } from '../../lib/experiments/items/fig4/item';
import { type Figure } from '../../lib/report/figure';
import { tintedHeatScale } from '../../lib/report/style';

const bins = { segments: 3, offsets: 1, places: 2, distances: [1, 2, 4, 8] };

/**
 * A mass with these shares by segment, of which a tenth lies on the query's own place, the rest
 * before it.
 */
function mass(first: number, ...bySegment: number[]): AttentionMass {
  return {
    first,
    separators: 0.05,
    bySegment,
    joint: bySegment.map((share) => [0.9 * share, 0.1 * share, 0]),
    byDistance: [0.1, 0.2, 0.3, 0, 0.4 - first],
    byPlace: [1 - first, 0, 0],
    entropy: 2,
    reach: 3,
  };
}

const interval = (estimate: number, reach = 0.01): MeasuredInterval => ({
  estimate,
  low: estimate - reach,
  high: estimate + reach,
});

function difference(
  measure: MeasureName,
  second: string,
  value: MeasuredInterval,
  times = 1,
): MeasureDifference {
  return { measure, first: 'bipe_rope', second, times, difference: value };
}

/**
 * Two models at 8 and 32 tokens, of which evenly spread attention gives a key a tenth and a
 * fortieth.
 */
function result(changes: Partial<AttentionBySegmentResult> = {}): AttentionBySegmentResult {
  const short = { ...mass(0.1, 0.4, 0.3, 0.1, 0.1), byDistance: [0.1, 0.1, 0.2, 0.5, 0] };
  const long = { ...mass(0.025, 0.1, 0.1, 0.1, 0.675), byDistance: [0.025, 0.025, 0.05, 0.1, 0.775] };
  const model = (encoding: string, ...means: [AttentionMass, AttentionMass]) => ({
    encoding,
    contexts: means.map((mean, index) => ({
      times: index === 0 ? 1 : 4,
      length: index === 0 ? 8 : 32,
      mean,
      uniform: index === 0 ? short : long,
      heads: [
        [
          { ...mean, samePlace: 1 },
          { ...mass(0, 1, 0, 0, 0), samePlace: 2 },
        ],
        [
          { ...mean, samePlace: 1 },
          { ...mean, samePlace: 1 },
        ],
      ],
    })),
    measures: { moved: interval(0.1), far: interval(0.4), samePlace: interval(1.5) },
  });
  return {
    trainLength: 8,
    documents: 5,
    queries: 4,
    bins,
    models: [
      model('bipe_rope', mass(0.1, 0.6, 0.2, 0.1, 0), mass(0.05, 0.6, 0.2, 0.1, 0.05)),
      model('rope', mass(0, 0.9, 0.1, 0, 0), mass(0, 0.2, 0.2, 0.2, 0.4)),
    ],
    evenly: { moved: interval(0.5), far: interval(0.7), samePlace: interval(1, 0) },
    differences: [],
    ...changes,
  };
}

/** The same without the longer context. */
function inTraining(whole: AttentionBySegmentResult): AttentionBySegmentResult {
  const models = whole.models.map((model) => ({ ...model, contexts: model.contexts.slice(0, 1) }));
  return { ...whole, models };
}

interface Trace {
  readonly name: string;
  readonly mode: string;
  readonly x: (number | null)[];
  readonly y: (number | null)[];
  readonly z: (number | null)[][];
  readonly customdata: (number | null)[][];
  readonly xaxis: string;
}

function traces(figure: Figure | undefined, name: string, axis: string): Trace[] {
  const data = figure?.data as unknown as Trace[];
  return data.filter((trace) => trace.name === name && trace.xaxis === axis);
}

function axisOf(figure: Figure | undefined, axis: string): { readonly ticktext: string[] } {
  return figure?.layout[axis] as { ticktext: string[] };
}

/** Names of what is in the legend alone. */
function keyNames(figure: Figure | undefined): string[] {
  return (figure?.data as unknown as Trace[]).filter(({ x }) => x[0] === null).map(({ name }) => name);
}

it('an axis of distances labels groups: one number, from and to, and long ones on two lines', () => {
  const bins = { segments: 3, offsets: 1, places: 2, distances: [1, 2, 4, 64, 100, 102, 3000, 9000] };
  const context = (length: number) => ({ length }) as ContextAttention;
  const axis = distanceAxis(bins, [context(50), context(9000)], 1);
  const labels = ['0', '1', '2–3', '4–63', '64–99', '100–<br>101', '102–<br>2,999', '≥ 3,000'];
  expect(axis['ticktext']).toEqual([...labels.slice(0, -1), '3,000–<br>8,999']);
  expect(
    distanceAxis({ ...bins, distances: bins.distances.slice(0, -1) }, [context(9000)], 1)['ticktext'],
  ).toEqual(labels);
  expect(axis['tickvals']).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(axis['range']).toEqual([-0.6, 7.6]);
  // Where there is room for less, the last is labelled.
  expect(distanceAxis(bins, [context(9000)], 6)['tickvals']).toEqual([1, 3, 5, 7]);
  expect(distanceAxis(bins, [context(9000)], 8)['tickvals']).toEqual([1, 4, 7]);
});

describe('attention by segment, drawn', () => {
  const drawing = drawAttentionBySegment(result());
  const [distances, map, places, heads, headsByTokens] = drawing.figures;

  it('shows shares by segment distance, a panel for each context, and apart what is far and the first token', () => {
    const [line, points] = traces(distances, 'BiPE-RoPE', 'x');
    expect(line).toMatchObject({ x: [0, 1, 2], y: [0.6, 0.2, 0.1] });
    // Nothing lies three segments back and more: a logarithmic axis has no place for it.
    expect(points).toMatchObject({ mode: 'markers', x: [4, 7.5], y: [null, 0.1] });
    const [far] = traces(distances, 'RoPE', 'x2').slice(1);
    expect(far?.y).toEqual([0.4, null]);
    expect(traces(distances, 'Evenly spread', 'x2')[0]?.y).toEqual([0.1, 0.1, 0.1]);
    expect(axisOf(distances, 'xaxis').ticktext).toEqual(['0', '≥ 3', 'first']);
  });

  it('says with a triangle at the foot where there are keys but too small a share', () => {
    const feet = (name: string, axis: string) =>
      (traces(distances, name, axis) as (Trace & { marker: { symbol: string } })[])
        .filter(({ marker }) => marker.symbol === 'triangle-down')
        .map(({ x }) => x.map((place) => Math.round(place ?? Number.NaN)));
    // BiPE-RoPE lays nothing three segments back at 8 tokens; RoPE nothing two segments back
    // either, nor on the first token.
    expect(feet('BiPE-RoPE', 'x')).toEqual([[4]]);
    expect(feet('RoPE', 'x')).toEqual([[2, 4, 8]]);
    expect(feet('BiPE-RoPE', 'x2')).toEqual([]);
    // No key is 8 tokens back at 8 tokens: that is not said to be a small share.
    expect(traces(distances, 'Evenly spread', 'x3')[0]?.y).toEqual([0.1, 0.1, 0.2, 0.5, null]);
    expect(feet('Evenly spread', 'x3')).toEqual([]);
    // Nor do two triangles hide each other.
    const [one, other] = ['BiPE-RoPE', 'RoPE'].map((name) => traces(distances, name, 'x4').at(-1)?.x[0] ?? 0);
    expect(one).not.toBe(other);
    expect(keyNames(distances)).toContain('Below 0.001 %');
  });

  it('shows shares by token distance, and where training ends', () => {
    expect(traces(distances, 'RoPE', 'x4')[0]?.y).toEqual([0.1, 0.2, 0.3, null, 0.4]);
    expect(axisOf(distances, 'xaxis4').ticktext).toEqual(['0', '1', '2–3', '4–7', '≥ 8']);
    expect(keyNames(distances)).toContain('Training length');
    const shapes = distances?.layout['shapes'] as Record<string, unknown>[];
    // Between the group from 4 and the one from 8, which training at 8 tokens does not have.
    expect(shapes.map(({ xref, x0 }) => [xref, x0])).toEqual([
      ['x3', 3.5],
      ['x4', 3.5],
    ]);
  });

  it('shows what keys get as multiples of evenly spread attention in training, from 0.03 to thirty times', () => {
    const maps = (map?.data as unknown as (Trace & { type: string })[]).filter(
      ({ type }) => type === 'heatmap',
    );
    expect(maps.map(({ xaxis }) => xaxis)).toEqual(['x', 'x2', 'x3', 'x4']);
    const [short, long, other] = maps;
    expect(short?.x).toEqual([-1, 0, 1]);
    // The own segment has 0.6 of 0.4 evenly spread; no key stands behind the query's place.
    expect(short?.customdata[0]?.[1]).toBeCloseTo(1.5, 12);
    expect(short?.customdata[0]?.[2]).toBeNull();
    const shade = Math.log(1.5 / 0.03) / Math.log(30 / 0.03);
    expect(short?.z[0]?.[1]).toBeCloseTo(shade, 12);
    // A longer context has four times as many keys, so a quarter for each is as even: as much on as
    // many keys is as dark.
    expect(long?.customdata[0]?.[1]).toBeCloseTo(0.6 / 0.1 / 4, 12);
    // A segment without mass is the lightest, not white; what is farther than those told apart is
    // not shown.
    expect(other?.z[2]?.[1]).toBe(0);
    expect(other?.z).toHaveLength(3);
    const titles = (map?.layout['annotations'] as { text: string }[]).map(({ text }) => text);
    expect(titles.slice(0, 2)).toEqual(['<b>BiPE-RoPE, 8 tokens</b>', '<b>BiPE-RoPE, 32 tokens</b>']);
  });

  it('names the colours of its map in the legend, those of evenly spread attention in each context among them', () => {
    const keys = (map?.data as unknown as (Trace & { marker?: { color: string } })[]).filter(
      ({ name }) => typeof name === 'string',
    );
    expect(keys.map(({ name }) => name)).toEqual([
      '≤ 0.03',
      '0.1',
      '0.25 (evenly spread, 32 tokens)',
      '0.3',
      '1 (evenly spread, 8 tokens)',
      '3',
      '10',
      '≥ 30',
    ]);
    expect(keys[0]?.marker?.color).toBe(tintedHeatScale[0]?.[1]);
    expect(keys.at(-1)?.marker?.color).toBe(tintedHeatScale.at(-1)?.[1]);
  });

  it('shows which places of earlier segments attention prefers, with the interval of the same place in training', () => {
    const [line, ends, whisker] = traces(places, 'BiPE-RoPE', 'x') as (Trace & {
      error_y: { array: number[] };
    })[];
    // A tenth of every segment's mass, evenly spread or not, is on the same place.
    expect(line?.x).toEqual([0]);
    expect(line?.y[0]).toBeCloseTo(1, 12);
    expect(ends?.x).toEqual([-1, 1]);
    expect(ends?.y[0]).toBeCloseTo(1, 12);
    expect(ends?.y[1]).toBeNull();
    expect(whisker?.y).toEqual([1.5]);
    expect(whisker?.error_y.array[0]).toBeCloseTo(0.01, 12);
    expect(traces(places, 'BiPE-RoPE', 'x2')).toHaveLength(2);
    expect(axisOf(places, 'xaxis').ticktext).toEqual(['≤ −1', '0', '≥ 1']);
  });

  it('shows each head of the first, a middle and the last layer', () => {
    expect(traces(heads, 'Head 1', 'x')[0]?.y).toEqual([1, null, null]);
    expect(traces(headsByTokens, 'Head 0', 'x4')[0]?.y).toEqual([0.1, 0.2, 0.3, null]);
    // Two models, two layers, and evenly spread attention in each panel.
    expect(heads?.data).toHaveLength(12);
    expect(traces(heads, 'Evenly spread', 'x4')[0]?.y).toEqual([0.4, 0.3, 0.1]);
  });

  it('has its numbers in a table, evenly spread attention among them', () => {
    const [table] = drawing.tables;
    expect(table?.rows[0]).toMatchObject({
      encoding: 'BiPE-RoPE',
      context: 8,
      itself: 0.1,
      neighbour: 0.2,
      own: 0.6,
      before: 0.2,
      first: 0.1,
      distance: 3 / 0.9,
    });
    expect(table?.rows.map(({ context }) => context)).toEqual([8, 32, 8, 32, 8, 32]);
    expect(table?.rows[4]).toMatchObject({ encoding: 'Evenly spread', own: 0.4 });
  });

  it('has its measures in another, with their intervals', () => {
    const [, table] = drawing.tables;
    const low = expect.closeTo(0.09) as number;
    expect(table?.rows).toMatchObject([
      { encoding: 'BiPE-RoPE', samePlace: 1.5, moved: 0.1, movedLow: low, far: 0.4 },
      { encoding: 'RoPE' },
      { encoding: 'Evenly spread', samePlace: 1, moved: 0.5, far: 0.7 },
    ]);
    // With the context of training alone, nothing can move, and nothing is farther.
    const keys = drawAttentionBySegment(inTraining(result())).tables[1]?.columns.map(({ key }) => key);
    expect(keys).toEqual(['encoding', 'samePlace', 'samePlaceLow', 'samePlaceHigh']);
  });
});

describe('the findings of attention by segment', () => {
  const said = (one: MeasureDifference) =>
    drawAttentionBySegment(result({ differences: [one] })).findings.map(({ claim, holds }) => [claim, holds]);

  it.each<[value: MeasuredInterval, holds: boolean | null]>([
    [interval(-0.2), true],
    [interval(0.2), false],
    [interval(0.005), null],
  ])('tell of two models by the whole interval of their difference: %o', (value, holds) => {
    expect(said(difference('moved', 'rope', value))).toEqual([
      [
        'At 4 times the training length: less attention moves, by segment distance, with BiPE-RoPE than with RoPE',
        holds,
      ],
    ]);
  });

  it('ask for more of what is wanted more', () => {
    expect(said(difference('samePlace', evenlySpread, interval(0.5)))).toEqual([
      [
        "At the training length: attention to earlier segments lies more on the query's own place there with BiPE-RoPE than if evenly spread",
        true,
      ],
    ]);
  });

  it('count differences of shares in points', () => {
    const [finding] = drawAttentionBySegment(
      result({ differences: [difference('far', 'rope', interval(-0.05, 0.1))] }),
    ).findings;
    expect(finding?.measured).toBe(
      'BiPE-RoPE 40.0 % (39.0 % to 41.0 %), RoPE 40.0 % (39.0 % to 41.0 %); difference −5.0 points (−15.0 to 5.0)',
    );
  });

  it('say how many times the other is compared with', () => {
    const [finding] = drawAttentionBySegment(
      result({ differences: [difference('moved', evenlySpread, interval(-0.15), 0.5)] }),
    ).findings;
    expect(finding).toEqual({
      claim:
        'At 4 times the training length: less than 0.5 times as much attention moves, by segment distance, with BiPE-RoPE as if evenly spread',
      holds: true,
      measured: 'BiPE-RoPE 10.0 % (9.0 % to 11.0 %), evenly spread 50.0 % (49.0 % to 51.0 %)',
    });
  });

  it('are not made of what too few documents tell, nor of a longer context where there is none', () => {
    expect(said(difference('moved', 'rope', null))).toEqual([]);
    const one = result({ differences: [difference('moved', 'rope', interval(-0.2))] });
    expect(drawAttentionBySegment(inTraining(one)).findings).toEqual([]);
  });
});

describe.each(Object.entries(attentionBySegmentPresets))('the preset %s', (name, { settings }) => {
  it('reads models that Figure 4 trains, without one of its own', () => {
    const theirs = fig4Presets[name as keyof typeof fig4Presets].settings;
    const { times, modality, documents, encodings, seeds, ...others } = settings;
    expect({ ...others, encodings: theirs.encodings, seeds: theirs.seeds }).toEqual(theirs);
    expect(theirs.encodings).toEqual(expect.arrayContaining([...encodings]));
    expect(theirs.seeds).toEqual(expect.arrayContaining([...seeds]));
    expect(parseWith(attentionBySegmentSchema, settings, name)).toEqual(settings);
    expect([times[0], modality, documents > 0]).toEqual([1, 'books', true]);
  });
});

describe('the settings of attention by segment', () => {
  const parse = (times: readonly number[]) => () =>
    parseWith(attentionBySegmentSchema, { ...attentionBySegmentPresets.quick.settings, times }, 'settings');

  it('must begin with the context of training, ascend, and fit the validation documents', () => {
    const order = 'must begin with 1, the context of training, and ascend, e.g. 1, 4';
    expect(parse([4])).toThrow(`settings: times: 4 ${order}`);
    expect(parse([1, 4, 4])).toThrow(`settings: times: 1, 4, 4 ${order}`);
    const { lengths, trainLength } = attentionBySegmentPresets.quick.settings;
    const most = Math.max(...lengths) / trainLength;
    expect(parse([1, most])).not.toThrow();
    expect(parse([1, 2 * most])).toThrow(
      `${2 * most} is too many: validation documents are as long as the longest of the lengths, ${most} times the training length`,
    );
  });
});

it(
  'the item says of a kind of text that has no document, how long one must be',
  { timeout: 120_000 },
  async () => {
    const { lengths, sources } = attentionBySegmentPresets.smoke.settings;
    const settings = { modality: 'code' as const };
    const store = new RunStore(temporaryFolder());
    const asked = items.attentionBySegment.execute({
      preset: 'smoke',
      settings,
      reporter: silentReporter,
      store,
    });
    await expect(asked).rejects.toThrow(
      `modality code: no validation document of ${Math.max(...lengths)} tokens in ${sources.join(', ')}; give another modality, or sources with more of it`,
    );
  },
);
