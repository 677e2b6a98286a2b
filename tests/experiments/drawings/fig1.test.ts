import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { type Modality } from '../../../lib/data/sources/source';
import { drawFig1, type ModalityStatistics } from '../../../lib/experiments/items/fig1/draw';
import {
  type Distribution,
  type SegmentStatistics,
} from '../../../lib/experiments/items/fig1/segment-statistics';
import { orderedStyles, separatorStyles } from '../../../lib/report/style';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure, tidy } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';

const some = new Differing();
const sequenceLengths = [512, 2048, 120_000];

/** A distribution whose summary says nothing of its histogram. */
function distribution(values: readonly number[]): Distribution {
  const histogram = values.map((value) => [value, some.count()] as const);
  const [p5 = 0, p25 = 0, median = 0, p75 = 0, p95 = 0, max = 0] = Array.from({ length: 6 }, () =>
    some.count(),
  );
  const total = histogram.reduce((sum, [, count]) => sum + count, 0);
  return { total, mean: some.count(), histogram, p5, p25, median, p75, p95, max };
}

function statistics(separators: string): SegmentStatistics {
  return {
    separators,
    tokensPerSegment: distribution([1, 3, 17, 40]),
    shareShort: some.share(),
    sequences: sequenceLengths.map((sequenceLength) => ({
      sequenceLength,
      sequences: some.count(),
      tokensPerSegment: distribution([2, 5, 1000, 1005, 1008]),
      segmentsPerSequence: distribution([4, 9]),
      shareShort: some.share(),
    })),
    growthExponent: some.share(),
  };
}

const modality = (kind: Modality): ModalityStatistics => ({
  modality: kind,
  sources: [],
  documents: some.count(),
  tokens: 1000 * some.count(),
  longestDocument: some.count(),
  longDocuments: some.count(),
  bySeparators: [statistics('paper'), statistics('released')],
});
const modalities = [modality('books'), modality('papers'), modality('code')];
const names = { books: 'Books', papers: 'Papers', code: 'Code' } as const;
const separatorNames: Readonly<Record<string, string>> = {
  paper: 'Full stop and newline',
  released: 'Newline (released code)',
};
const seriesOf = ({ separators }: SegmentStatistics): string =>
  present(separatorNames[separators], separators);
const drawing = drawFig1({ modalities });
const [main, distributions] = drawing.figures.map(readFigure);

/** For each kind of text, and each set of separators on it. */
function each<T>(pick: (one: SegmentStatistics, column: number) => T[]): T[] {
  return modalities.flatMap(({ bySeparators }, column) => bySeparators.flatMap((one) => pick(one, column)));
}

describe('Figure 1, read back', () => {
  const figure = present(main, 'figure');

  it('says what its page has', () => expectPage('fig1', drawing));

  it('names its axes and their units', () => {
    const columns = [0, 1, 2];
    const log = { type: 'log', format: '~s' };
    expect(figure.panels.map(({ title }) => title)).toEqual([
      ...modalities.map((one) => `${names[one.modality]} (${(one.tokens / 1e6).toFixed(1)} M tokens)`),
      ...Array.from({ length: 6 }, () => ''),
    ]);
    expect(figure.panels.map(({ x }) => x)).toEqual([
      ...columns.map(() => ({ title: 'Tokens per segment', ...log })),
      ...Array.from({ length: 6 }, () => ({ title: 'Sequence length (tokens)', ...log })),
    ]);
    expect(figure.panels.map(({ y: { title, format, type } }) => [title, format, type])).toEqual([
      ...columns.map((column) => [column === 0 ? 'Share of segments' : '', '.0%', undefined]),
      ...columns.map((column) => [column === 0 ? 'Under 50 tokens' : '', '.0%', undefined]),
      ...columns.map((column) => [column === 0 ? 'Segments per sequence' : '', '~s', 'log']),
    ]);
    expect(figure.legend).toEqual(Object.values(separatorNames));
    expectLooks(figure, {
      'Full stop and newline': separatorStyles.paper,
      'Newline (released code)': separatorStyles.released,
    });
  });

  it('shows the shares of lengths in bins, the shares of short segments, and the segments of a sequence', () => {
    expectPoints(
      figure.points.filter(({ panel, y }) => panel >= 3 || y !== 0),
      each((one, column) => {
        const series = seriesOf(one);
        const { histogram, total } = one.tokensPerSegment;
        return [
          // 1, 3, 17 and 40 lie in the bins from 1, 3, 16 and 32: powers of the root of 2.
          ...[1, 3, 16, 32].map((x, index) => ({
            panel: column,
            series,
            x,
            y: (histogram[index]?.[1] ?? NaN) / total,
          })),
          ...one.sequences.flatMap(({ sequenceLength: x, shareShort, segmentsPerSequence }) => [
            { panel: 3 + column, series, x, y: shareShort },
            { panel: 6 + column, series, x, y: segmentsPerSequence.median },
          ]),
        ];
      }),
    );
    // A bin's share holds from its start on.
    const steps = drawing.figures[0]?.data.filter(({ xaxis }) => ['x', 'x2', 'x3'].includes(String(xaxis)));
    expect(steps?.map(({ line }) => (line as { shape?: string }).shape)).toEqual(each(() => ['hv']));
    expect(figure.bands).toEqual(
      each((one, column) =>
        one.sequences.map(({ sequenceLength: x, segmentsPerSequence: { p5, p95 } }) => ({
          panel: 6 + column,
          series: seriesOf(one),
          x,
          low: p5,
          high: p95,
        })),
      ),
    );
    expect(figure.lines).toEqual([0, 1, 2].map((panel) => ({ panel, x: 50, dash: 'dot' })));
    expect(figure.labels).toEqual([0, 1, 2].map((panel) => ({ panel, x: 50, y: 1, text: '50 tokens' })));
  });

  it('says in its subtitle what share of segments is short', () => {
    for (const one of modalities)
      expect(figure.title.join(' ')).toContain(
        `${one.modality} ${cells.percent(one.bySeparators[0]?.shareShort ?? NaN)}`,
      );
    const exponents = modalities.map(({ bySeparators }) => bySeparators[0]?.growthExponent ?? NaN);
    const [least, most] = [Math.min(...exponents), Math.max(...exponents)].map((one) => one.toFixed(2));
    expect(figure.title.join(' ')).toContain(`length^${least ?? ''} to ${most ?? ''}`);
    expect(drawing.figures[0]?.caption).toContain(
      modalities.map((one) => `${cells.integer(one.longDocuments)} documents of ${one.modality}`).join(', '),
    );
  });
});

describe("Figure 1's distributions, read back", () => {
  const figure = present(distributions, 'figure');

  it('are cumulative, of segments above and of sequences below, per 1,000 tokens', () => {
    expect(figure.panels.map(({ title, x, y: { title: up, format } }) => [title, x, up, format])).toEqual([
      ...modalities.map((one, column) => [
        names[one.modality],
        { title: 'Tokens per segment', type: 'log', format: '~s' },
        column === 0 ? 'Share of segments' : '',
        '.0%',
      ]),
      ...modalities.map((_, column) => [
        '',
        { title: 'Segments per 1,000 tokens', type: 'linear', format: '~s' },
        column === 0 ? 'Share of sequences' : '',
        '.0%',
      ]),
    ]);
    const series = sequenceLengths.map((length) => `${cells.integer(length)} tokens`);
    expect(figure.legend).toEqual(series);
    expectLooks(figure, Object.fromEntries(orderedStyles(series).map((style) => [style.name, style])));
    const cumulative = ({ histogram, total }: Distribution, factor: number) => {
      let below = 0;
      const points = histogram.map(([value, count]) => ({ x: value * factor, y: (below += count) / total }));
      // Within a hundredth of the one before; the last is drawn always.
      return points.filter(({ x }) => x !== 1005);
    };
    expectPoints(
      figure.points,
      modalities.flatMap(({ bySeparators }, column) =>
        (bySeparators[0]?.sequences ?? []).flatMap((one, index) =>
          [
            ...cumulative(one.tokensPerSegment, 1).map((point) => ({ ...point, panel: column })),
            ...cumulative(one.segmentsPerSequence, 1000 / one.sequenceLength).map((point) => ({
              ...point,
              panel: 3 + column,
            })),
          ].map((point) => ({ ...point, series: series[index] ?? '' })),
        ),
      ),
    );
  });
});

it("Figure 1's table, read back, has a row for each kind of text and set of separators", () => {
  expect(recordsOf(readTable(present(drawing.tables[0], 'table')))).toEqual(
    each((one, column) => {
      const { modality: kind, documents, tokens, longDocuments } = present(modalities[column], 'modality');
      const { total, median, p95, max } = one.tokensPerSegment;
      const longest = present(one.sequences.at(-1), 'longest');
      return [
        {
          Text: names[kind],
          Separators: one.separators,
          Documents: cells.integer(documents),
          Tokens: cells.integer(tokens),
          Segments: cells.integer(total),
          'Median tokens': cells.integer(median),
          '95th percentile': cells.integer(p95),
          Longest: cells.integer(max),
          'Under 50 tokens': cells.percent(one.shareShort),
          'Longest sequence': '120,000',
          'Documents that reach it': cells.integer(longDocuments),
          'Sequences of it': cells.integer(longest.sequences),
          'Median segments in it': cells.integer(longest.segmentsPerSequence.median),
          Exponent: cells.fixed(one.growthExponent ?? NaN, 2),
        },
      ];
    }),
  );
});

describe("Figure 1's findings", () => {
  const first = present(modalities[0], 'modality');
  const paper = present(first.bySeparators[0], 'statistics');

  /**
   * The verdicts where the sequences of full stops and newlines have these shares, medians and
   * maxima.
   */
  function judged(
    sequences: readonly { length: number; short: number; median: number; max: number }[],
  ): (boolean | null)[] {
    const changed = sequences.map(({ length, short, median, max }) => ({
      ...present(paper.sequences[0], 'sequence'),
      sequenceLength: length,
      shareShort: short,
      segmentsPerSequence: { ...paper.tokensPerSegment, median, max },
    }));
    const bySeparators = [{ ...paper, sequences: changed }];
    return drawFig1({ modalities: [{ ...first, bySeparators }] }).findings.map(({ holds }) => holds);
  }
  const growing = { length: 512, short: 0.9, median: 9, max: 20 };
  const longest = { length: 120_000, short: 0.51, median: 10, max: 7500 };

  it('say of the longest sequences whether most segments are short', () => {
    for (const [short, holds] of [
      [0.51, true],
      [0.5, false],
      [0.49, false],
    ] as const)
      expect(judged([growing, { ...longest, short }])[0]).toBe(holds);
  });

  it('say that the number of segments grows where each length has more, with two lengths at least', () => {
    expect(judged([growing, longest])[1]).toBe(true);
    expect(judged([growing, { ...longest, median: 9 }])[1]).toBe(false);
    expect(judged([growing, { ...growing, length: 600, median: 8 }, longest])[1]).toBe(false);
    expect(judged([longest])[1]).toBeNull();
  });

  it('say whether 120,000 tokens hold 10,000 segments, to within a quarter, where there are such', () => {
    expect(judged([growing, longest])[2]).toBe(true);
    expect(judged([growing, { ...longest, max: 7499 }])[2]).toBe(false);
    expect(judged([growing, { ...longest, length: 119_999 }])[2]).toBeNull();
  });

  it('give the numbers of the text that they are about', () => {
    const measured = drawing.findings.map(({ measured: said }) => said);
    expect(measured).toEqual(
      each((one) => {
        const [shortest, , last] = one.sequences;
        if (shortest === undefined || last === undefined) return [];
        const medians = [shortest, last].map(({ segmentsPerSequence }) =>
          cells.integer(segmentsPerSequence.median),
        );
        const many = `${cells.integer(last.sequences)} sequences of 120,000 tokens`;
        return [
          `${cells.percent(last.shareShort)} of the segments in ${many}; ${cells.percent(one.shareShort)} over whole documents`,
          `median ${medians[0] ?? ''} segments in 512 tokens, ${medians[1] ?? ''} in 120,000; as length to the power ${cells.fixed(one.growthExponent ?? NaN, 2)}`,
          ...(one.separators === 'paper'
            ? [`at most ${cells.integer(last.segmentsPerSequence.max)} segments in ${many}`]
            : []),
        ];
      }),
    );
    expect(tidy(drawing.findings.map(({ claim }) => claim.split(':')[0]))).toEqual(
      each((one, column) => {
        const kind = names[present(modalities[column], 'modality').modality];
        const where = `${kind}, separators "${one.separators}"`;
        return one.separators === 'paper' ? [where, where, where] : [where, where];
      }),
    );
  });
});
