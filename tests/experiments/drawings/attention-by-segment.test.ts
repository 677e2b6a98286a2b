import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { type AttentionMass } from '../../../lib/evaluate/attention-mass';
import { drawAttentionBySegment } from '../../../lib/experiments/items/attention-by-segment/draw';
import {
  type AttentionBySegmentResult,
  evenlyStyle,
} from '../../../lib/experiments/items/attention-by-segment/result';
import {
  type HeadAttention,
  type ModelAttention,
} from '../../../lib/experiments/items/attention-by-segment/contexts';
import { encodingStyles, orderedStyles } from '../../../lib/report/style';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure, type ReadPoint, tidy } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';

const some = new Differing();
const bins = { segments: 3, offsets: 1, places: 2, distances: [1, 2, 4, 8, 16] };
const lengths = [8, 32];

function mass(): AttentionMass {
  const shares = (count: number): number[] => Array.from({ length: count }, () => some.share());
  return {
    first: some.share(),
    separators: some.share(),
    bySegment: shares(4),
    joint: Array.from({ length: 4 }, () => shares(3)),
    byDistance: shares(6),
    byPlace: shares(3),
    entropy: 1 + some.share(),
    reach: 5 + some.share(),
  };
}

function head(): HeadAttention {
  const { first, bySegment, byDistance } = mass();
  return { first, bySegment, byDistance, samePlace: some.share() };
}

function interval() {
  const { centre: estimate, low, high } = some.range();
  return { estimate, low, high };
}

const uniform = lengths.map(mass);
const model = (encoding: string): ModelAttention => ({
  encoding,
  contexts: lengths.map((length, index) => ({
    times: index === 0 ? 1 : 4,
    length,
    mean: mass(),
    uniform: present(uniform[index], 'uniform'),
    heads: [0, 1].map(() => [head(), head()]),
  })),
  // Its whisker is what goes lowest in its panel.
  measures: { moved: interval(), far: interval(), samePlace: { ...interval(), low: 0.01 * some.share() } },
});
const models = [model('bipe_rope'), model('rope')];
const names = ['BiPE-RoPE', 'RoPE'];
const evenly = { moved: interval(), far: interval(), samePlace: interval() };
const result: AttentionBySegmentResult = {
  trainLength: 8,
  documents: 5,
  queries: 4,
  bins,
  models,
  evenly,
  differences: [
    { measure: 'moved', first: 'bipe_rope', second: 'rope', times: 1, difference: interval() },
    { measure: 'moved', first: 'bipe_rope', second: 'evenly spread', times: 0.5, difference: interval() },
    { measure: 'far', first: 'rope', second: 'evenly spread', times: 1, difference: interval() },
    { measure: 'samePlace', first: 'bipe_rope', second: 'rope', times: 1, difference: interval() },
  ],
};
const drawing = drawAttentionBySegment(result);
const [distances, map, places, heads, headsByToken] = drawing.figures.map(readFigure);
const contextTitles = ['8 tokens, as in training', '32 tokens, 4 times as many'];
const looks = {
  'BiPE-RoPE': encodingStyles.bipe_rope,
  RoPE: encodingStyles.rope,
  'Evenly spread': evenlyStyle,
};
const shareTicks = [
  [1e-5, '0.001 %'],
  [1e-4, '0.01 %'],
  [1e-3, '0.1 %'],
  [1e-2, '1 %'],
  [1e-1, '10 %'],
  [1, '100 %'],
];

/** Evenly spread attention, then each model, in a context. */
const inContext = (context: number): [string, AttentionMass][] => [
  ['Evenly spread', present(uniform[context], 'uniform')],
  ...models.map(({ contexts }, index): [string, AttentionMass] => [
    names[index] ?? '',
    present(contexts[context], 'context').mean,
  ]),
];

describe('attention by segment, read back', () => {
  it('says what its page has', () => expectPage('attention-by-segment', drawing));

  it('shows shares by the distance in segments and in tokens', () => {
    const figure = present(distances, 'figure');
    expect(figure.panels.map(({ title, x, y }) => [title, x.title, y.title, y.type, y.ticks])).toEqual(
      [0, 1, 2, 3].map((panel) => [
        contextTitles[panel] ?? '',
        panel < 2 ? 'Segments back (0 = own; "first" = first token)' : 'Tokens back (0: the token itself)',
        panel % 2 === 0 ? 'Share of attention' : '',
        'log',
        shareTicks,
      ]),
    );
    expect(figure.panels.slice(1, 3).map(({ x }) => x.ticks)).toEqual([
      [
        [0, '0'],
        [4, '≥ 3'],
        [7.5, 'first'],
      ],
      [
        [0, '0'],
        [1, '1'],
        [2, '2–3'],
        [3, '4–7'],
        [4, '8–15'],
        [5, '≥ 16'],
      ],
    ]);
    expect(figure.title.join(' ')).toContain('The same 4 queries in each of 5 documents');
    expect(drawing.figures[0]?.caption).toContain('all keys 3 segments back and more');
    expect(figure.legend).toEqual(['Evenly spread', ...names, 'Training length']);
    expectLooks(
      { ...figure, looks: new Map([...figure.looks].filter(([name]) => name !== 'Training length')) },
      looks,
    );
    expectPoints(
      figure.points,
      [0, 1].flatMap((context) =>
        inContext(context).flatMap(([series, { bySegment, first, byDistance }]) => [
          ...[...bySegment, first].map((y, index) => ({
            panel: context,
            series,
            x: [0, 1, 2, 4, 7.5][index] ?? NaN,
            y,
          })),
          ...byDistance.map((y, x) => ({ panel: 2 + context, series, x, y })),
        ]),
      ),
    );
    // Distances of 8 tokens and more begin in the fifth group.
    expect(figure.lines).toEqual([2, 3].map((panel) => ({ panel, x: 3.5 })));
  });

  it('marks a share that is below the axis by a triangle at its foot', () => {
    const [first, second] = models;
    if (first === undefined || second === undefined) throw new Error('no models');
    const faint = first.contexts.map((context) => ({
      ...context,
      // Three segments back there is no key, which is no faint share.
      uniform: { ...context.uniform, bySegment: [0.5, 0.5, 0.5, 0] },
      mean: {
        ...context.mean,
        bySegment: [0.5, 9e-6, 0.5, 0],
        byDistance: [0.5, 0.5, 0.5, 0.5, 0.5, 9e-6],
      },
    }));
    const figure = readFigure(
      present(
        drawAttentionBySegment({ ...result, models: [{ ...first, contexts: faint }, second] }).figures[0],
        'figure',
      ),
    );
    const hover = 'below 0.001 % | BiPE-RoPE';
    expect(figure.points.filter((point) => point.hover !== undefined)).toEqual(
      tidy(
        [
          [0, 1],
          [1, 1],
          [2, 5],
          [3, 5],
        ].map(([panel = 0, place = 0]): ReadPoint => ({
          panel,
          series: 'BiPE-RoPE',
          x: place - 0.15,
          y: 1.35e-5,
          hover,
        })),
      ),
    );
    expect(figure.legend).toContain('Below 0.001 %');
  });

  it('maps the weight of a key as a multiple of evenly spread attention in training', () => {
    const figure = present(map, 'figure');
    const evenlyAt = lengths.map(
      (_, context) => (uniform[context]?.byDistance[0] ?? NaN) / (uniform[0]?.byDistance[0] ?? NaN),
    );
    expect(figure.panels.map(({ title }) => title)).toEqual(
      names.flatMap((name) => lengths.map((length) => `${name}, ${length} tokens`)),
    );
    expect(figure.panels[2]?.x.title).toBe('Place of key − place of query');
    expect(figure.panels[2]?.y.title).toBe('Segments back');
    expect(figure.panels[2]?.x.ticks).toEqual([
      [-1, '≤ −1'],
      [0, '0'],
      [1, '≥ 1'],
    ]);
    expectPoints(
      figure.points,
      models.flatMap(({ contexts }, row) =>
        contexts.flatMap(({ mean, uniform: even }, context) =>
          [0, 1, 2].flatMap((y) =>
            [0, 1, 2].map((column) => {
              const share = (mean.joint[y]?.[column] ?? NaN) / (even.joint[y]?.[column] ?? NaN);
              const times = share * (evenlyAt[context] ?? NaN);
              return {
                panel: 2 * row + context,
                x: column - 1,
                y,
                z: Math.min(1, Math.max(0, Math.log(times / 0.03) / Math.log(1000))),
                hover: `${y} segments back, place ${['≤ −1', '0', '≥ 1'][column] ?? ''}: ${times.toFixed(2)}`,
              };
            }),
          ),
        ),
      ),
    );
    // The outermost places are set apart.
    expect(figure.lines).toEqual([0, 1, 2, 3].flatMap((panel) => [-0.5, 0.5].map((x) => ({ panel, x }))));
    expect(figure.legend).toContain('1 (evenly spread, 8 tokens)');
    expect(figure.legend).toContain(
      `${Number((evenlyAt[1] ?? NaN).toPrecision(2))} (evenly spread, 32 tokens)`,
    );
  });

  it('shows which places of earlier segments are preferred, with the interval at the same place', () => {
    const figure = present(places, 'figure');
    expect(figure.panels.map(({ title, x, y }) => [title, x.title, y.title])).toEqual([
      [contextTitles[0], 'Place of key − place of query', 'Times evenly spread'],
      [contextTitles[1], 'Place of key − place of query', ''],
    ]);
    expect(figure.legend).toEqual(['Evenly spread', ...names]);
    const earlier = ({ joint }: AttentionMass, column: number): number =>
      joint.slice(1).reduce((sum, row) => sum + (row[column] ?? NaN), 0);
    const share = (one: AttentionMass, column: number): number =>
      earlier(one, column) / [0, 1, 2].reduce((sum, each) => sum + earlier(one, each), 0);
    expectPoints(
      figure.points,
      lengths.flatMap((_, panel): ReadPoint[] => [
        ...[-1, 1].map((x) => ({ panel, series: 'Evenly spread', x, y: 1 })),
        ...models.flatMap(({ contexts, measures: { samePlace } }, index) => {
          const series = names[index] ?? '';
          const { mean, uniform: even } = present(contexts[panel], 'context');
          const points = [0, 1, 2].map((column) => ({
            panel,
            series,
            x: column - 1,
            y: share(mean, column) / share(even, column),
          }));
          if (panel > 0 || samePlace === null) return points;
          const { estimate: y, low, high } = samePlace;
          const [a, b, c] = [y, low, high].map((value) => value.toFixed(2));
          const hover = `${series} at the same place: times evenly spread ${a ?? ''} (${b ?? ''} to ${c ?? ''})`;
          return [...points, { panel, series, x: index === 0 ? -0.15 : 0.15, y, low, high, hover }];
        }),
      ]),
    );
  });

  it.each([
    ['segments', heads, 'Segments back', 3, ({ bySegment }: HeadAttention | AttentionMass) => bySegment],
    [
      'tokens',
      headsByToken,
      'Tokens back (0: the token itself)',
      4,
      ({ byDistance }: HeadAttention | AttentionMass) => byDistance,
    ],
  ] as const)(
    'shows each head by the distance in %s, in the context of training',
    (_, read, title, shown, of) => {
      const figure = present(read, 'figure');
      // Axes are shared: x is labelled at the foot, y at the left.
      expect(
        figure.panels.map((panel) => [panel.title, panel.x.title, panel.y.title, panel.y.ticks]),
      ).toEqual(
        names.flatMap((name, row) =>
          [0, 1].map((layer) => [
            `${name}, layer ${layer}`,
            row === 0 ? '' : title,
            layer === 0 ? 'Share' : '',
            shareTicks,
          ]),
        ),
      );
      expect(figure.legend).toEqual(['Head 0', 'Head 1', 'Evenly spread']);
      const [zero, one] = orderedStyles(['Head 0', 'Head 1']);
      expectLooks(figure, {
        'Head 0': present(zero, 'style'),
        'Head 1': present(one, 'style'),
        'Evenly spread': evenlyStyle,
      });
      expectPoints(
        figure.points,
        models.flatMap(({ contexts }, row) =>
          [0, 1].flatMap((layer) => {
            const own = present(contexts[0]?.heads[layer], 'layer');
            const panel = 2 * row + layer;
            const curve = (series: string, which: HeadAttention | AttentionMass): ReadPoint[] =>
              of(which)
                .slice(0, shown)
                .map((y, x) => ({ panel, series, x, y }));
            return [
              ...own.flatMap((which, index) => curve(`Head ${index}`, which)),
              ...curve('Evenly spread', present(uniform[0], 'uniform')),
            ];
          }),
        ),
      );
    },
  );

  it('says in words what it shows', () => {
    const alts = drawing.figures.map(({ alt }) => alt);
    for (const [index, { contexts }] of models.entries())
      for (const { length, mean } of contexts) {
        const [own, before] = mean.bySegment.map(cells.percent);
        expect(alts[0]).toContain(
          `${names[index] ?? ''} at ${length} tokens: ${own ?? ''} on the own segment, ${before ?? ''} on the one before`,
        );
      }
    const [first] = uniform;
    const short = (value: number): string => String(Number(value.toPrecision(3)));
    for (const [index, { contexts }] of models.entries()) {
      const times = contexts.map(({ length, mean, uniform: even }) => {
        const evenlyAs = (even.byDistance[0] ?? NaN) / (first?.byDistance[0] ?? NaN);
        const [own, before] = [0, 1].map((segment) =>
          short((evenlyAs * (mean.bySegment[segment] ?? NaN)) / (even.bySegment[segment] ?? NaN)),
        );
        return `${own ?? ''} and ${before ?? ''} times at ${length} tokens`;
      });
      expect(alts[1]).toContain(`${names[index] ?? ''}, own segment and the one before: ${times.join(', ')}`);
      const place = places?.points.find(
        ({ panel, series, x, low }) => panel === 1 && series === names[index] && x === 0 && low === undefined,
      );
      expect(alts[2]).toContain(
        `${Number(place?.y).toFixed(2)} times evenly spread attention on the query's own place at 32 tokens`,
      );
      const shares = contexts[0]?.heads[1]?.map(({ bySegment }) => cells.percent(bySegment[0] ?? NaN)) ?? [];
      expect(alts[3]).toContain(`${names[index] ?? ''}, layer 1: ${shares.join(', ')} at distance 0`);
    }
    expect(drawing.figures[2]?.caption).toContain('95 % intervals over the 5 documents');
    const [numbers, measures] = drawing.tables;
    expect(numbers?.caption).toContain('over 4 queries in each of 5 documents');
    expect(numbers?.caption).toContain('in nats');
    expect(measures?.caption).toContain('with 32 tokens of context than with 8');
    expect(measures?.caption).toContain('95 % interval over 5 documents');
  });

  it('has the means in a table', () => {
    const row = (name: string, context: number, one: AttentionMass) => ({
      Encoding: name,
      Context: String(lengths[context]),
      Itself: cells.percent(one.byDistance[0] ?? NaN),
      'Token before': cells.percent(one.byDistance[1] ?? NaN),
      'Own segment': cells.percent(one.bySegment[0] ?? NaN),
      'Segment before': cells.percent(one.bySegment[1] ?? NaN),
      'First token': cells.percent(one.first),
      Separators: cells.percent(one.separators),
      Distance: cells.fixed(one.reach / (1 - one.first), 1),
      Entropy: cells.fixed(one.entropy, 2),
    });
    expect(recordsOf(readTable(present(drawing.tables[0], 'table')))).toEqual([
      ...models.flatMap(({ contexts }, index) =>
        contexts.map(({ mean }, context) => row(names[index] ?? '', context, mean)),
      ),
      ...uniform.map((one, context) => row('Evenly spread', context, one)),
    ]);
  });

  it('has the measures with their intervals in a table', () => {
    const ends = (one: ReturnType<typeof interval> | null, write: (value: number) => string): string[] =>
      one === null ? [] : [one.estimate, one.low, one.high].map(write);
    const measures = [...models.map((one) => one.measures), evenly];
    expect(readTable(present(drawing.tables[1], 'table'))).toEqual({
      headers: [
        'Encoding',
        ...['Same place', 'Low', 'High'],
        ...['Moved', 'Low', 'High'],
        ...['Farther than in training', 'Low', 'High'],
      ],
      rows: [...names, 'Evenly spread'].map((name, index) => {
        const { samePlace, moved, far } = present(measures[index], 'measures');
        return [
          name,
          ...ends(samePlace, (value) => cells.fixed(value, 2)),
          ...ends(moved, cells.percent),
          ...ends(far, cells.percent),
        ];
      }),
    });
  });

  it('has no measures of a longer context where there is none', () => {
    const short = models.map((one) => ({ ...one, contexts: one.contexts.slice(0, 1) }));
    const table = present(drawAttentionBySegment({ ...result, models: short }).tables[1], 'table');
    expect(readTable(table).headers).toEqual(['Encoding', 'Same place', 'Low', 'High']);
    expect(table.caption).not.toMatch(/Moved|Farther/);
  });

  it('gives with each claim the measures of those that it names, and their difference', () => {
    const write = (
      { estimate, low, high }: { estimate: number; low: number; high: number },
      format: (value: number) => string,
      unit = '',
    ) => `${format(estimate)}${unit} (${format(low)} to ${format(high)})`;
    const points = (value: number): string => (100 * value).toFixed(1);
    const fixed = (value: number): string => value.toFixed(2);
    const [bipe, rope] = models.map(({ measures }) => measures);
    const known = <T>(one: T | null | undefined): T => present(one ?? undefined, 'interval');
    const difference = (index: number) => known(result.differences[index]?.difference);
    expect(drawing.findings.map(({ claim, measured }) => [claim, measured])).toEqual([
      [
        'At 4 times the training length: less attention moves, by segment distance, with BiPE-RoPE than with RoPE',
        `BiPE-RoPE ${write(known(bipe?.moved), cells.percent)}, RoPE ${write(known(rope?.moved), cells.percent)}; difference ${write(difference(0), points, ' points')}`,
      ],
      [
        'At 4 times the training length: less than 0.5 times as much attention moves, by segment distance, with BiPE-RoPE as if evenly spread',
        `BiPE-RoPE ${write(known(bipe?.moved), cells.percent)}, evenly spread ${write(evenly.moved, cells.percent)}`,
      ],
      [
        'At 4 times the training length: less attention lies farther back than any token in training with RoPE than if evenly spread',
        `RoPE ${write(known(rope?.far), cells.percent)}, evenly spread ${write(evenly.far, cells.percent)}; difference ${write(difference(2), points, ' points')}`,
      ],
      [
        "At the training length: attention to earlier segments lies more on the query's own place there with BiPE-RoPE than with RoPE",
        `BiPE-RoPE ${write(known(bipe?.samePlace), fixed)}, RoPE ${write(known(rope?.samePlace), fixed)}; difference ${write(difference(3), fixed)}`,
      ],
    ]);
  });
});
