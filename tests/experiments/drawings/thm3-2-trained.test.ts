import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { drawThm32Trained } from '../../../lib/experiments/items/thm3-2-trained/draw';
import { type StateSetRun } from '../../../lib/experiments/items/thm3-2-trained/runs';
import { encodingStyles } from '../../../lib/report/style';
import { type BiNfa } from '../../../lib/theory/automata/automaton';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure, tidy } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';

const some = new Differing();
const lengths = [15, 31];
const sizes = [8, 16];

function mean() {
  const { centre, low, high } = some.range();
  return { mean: centre, low, high };
}

function run(encoding: string, hiddenSize: number): StateSetRun {
  return {
    encoding,
    hiddenSize,
    seed: 1,
    byLength: lengths.map((length) => ({
      length,
      words: some.count(),
      exact: mean(),
      segmentLevel: mean(),
      subLevel: mean(),
      byPrefix: Array.from({ length: length + 1 }, () => some.share()),
    })),
    parameters: some.count(),
    curve: some.curve(),
    tokensPerSecond: some.count(),
    seconds: some.count(),
  };
}

const names = {
  bipe_rope: 'BiPE-RoPE',
  rope: 'RoPE',
  bipe_alibi: 'BiPE-ALiBi',
  alibi: 'ALiBi',
  learned: 'Learned APE',
  sinusoidal: 'Sinusoidal',
} as const;
type Name = keyof typeof names;
const encodings = Object.keys(names) as Name[];
const nameOf = (encoding: string): string => names[encoding as Name];
const styles = Object.fromEntries(encodings.map((name) => [names[name], encodingStyles[name]]));

const automaton: BiNfa = {
  type: 'bi-nfa',
  segmentStates: ['s', 't'],
  segmentStart: 's',
  accept: ['s'],
  subStates: ['k', 'l', 'm'],
  subStart: 'k',
  symbols: ['a', 'b', 'c', 'd'],
  separators: [';', ',', '.', '!', '?'],
  subTransitions: [['k', 'a', 'l']],
  segmentTransitions: [
    ['s', 'k', ';', 't'],
    ['t', 'l', ',', 's'],
  ],
};
const statistics = { entropy: 3.456, sets: 789, commonest: 0.123, memory: 0.321 };
const guesses = lengths.map(() => ({ commonest: some.share(), ownSegment: some.share() }));
const runs = encodings.flatMap((encoding) => sizes.map((size) => run(encoding, size)));
const drawing = drawThm32Trained({ automaton, statistics, guesses, runs });
const [byWidth, byPrefix, training] = drawing.figures.map(readFigure);

const words = ({ mean: centre, low, high }: ReturnType<typeof mean>): string =>
  `${cells.percent(centre)} (${cells.percent(low)} to ${cells.percent(high)})`;
const shareAxis = { title: 'Right sets', format: '.0%', range: [0, 1.02] };
/** A shared axis is labelled once. */
const once = (axis: object, panel: number): object => (panel === 0 ? axis : { ...axis, title: '' });

describe('the trained counterpart of Theorem 3.2, read back', () => {
  it('says what its page has', () => expectPage('thm3-2-trained', drawing));

  it('shows the share of right sets by width, for each length of words', () => {
    const figure = present(byWidth, 'figure');
    expect(figure.panels).toEqual(
      ['15 symbols, as trained', '31 symbols'].map((title, panel) => ({
        title,
        x: {
          title: 'Hidden size',
          type: 'log',
          ticks: [
            [8, '8'],
            [16, '16'],
          ],
        },
        y: once(shareAxis, panel),
      })),
    );
    expect(figure.legend).toEqual(Object.values(names));
    expectLooks(figure, styles);
    expectPoints(
      figure.points,
      runs.flatMap(({ encoding, hiddenSize, byLength }) =>
        byLength.map(({ exact }, panel) => ({
          panel,
          series: nameOf(encoding),
          x: hiddenSize,
          y: exact.mean,
          low: exact.low,
          high: exact.high,
          hover: `${nameOf(encoding)} at hidden size ${hiddenSize}: right sets ${words(exact)}`,
        })),
      ),
    );
    expect(figure.lines).toEqual(
      tidy(
        guesses.flatMap(({ commonest, ownSegment }, panel) => [
          { panel, y: commonest, dash: '6px,4px' },
          { panel, y: ownSegment, dash: 'dot' },
        ]),
      ),
    );
    expect(figure.labels).toEqual(
      tidy([
        { panel: 0, x: 1, y: guesses[0]?.commonest, text: 'most frequent set' },
        { panel: 0, x: 1, y: guesses[0]?.ownSegment, text: 'open segment alone' },
      ]),
    );
    expect(drawing.figures[0]?.caption).toMatch(
      /trained on words of 15 symbols.*\(2 segment states, 3 sub-states\)/,
    );
    for (const { encoding, hiddenSize, byLength } of runs)
      expect(drawing.figures[0]?.alt).toContain(
        `${hiddenSize === 8 ? `${nameOf(encoding)} ` : ', '}${cells.percent(byLength[1]?.exact.mean ?? NaN)} at ${hiddenSize}`,
      );
  });

  it('shows the share along the longest words, eight prefixes a point, in their middle', () => {
    const figure = present(byPrefix, 'figure');
    expect(figure.panels).toEqual(
      sizes.map((size, panel) => ({
        title: `Hidden size ${size}`,
        x: { title: 'Symbols read' },
        y: once(shareAxis, panel),
      })),
    );
    expectLooks(figure, styles);
    expectPoints(
      figure.points,
      runs.flatMap(({ encoding, hiddenSize, byLength }) =>
        [0, 8, 16, 24].map((start) => {
          const shares = (byLength[1]?.byPrefix ?? []).slice(start, start + 8);
          return {
            panel: sizes.indexOf(hiddenSize),
            series: nameOf(encoding),
            x: start + 3.5,
            y: shares.reduce((sum, share) => sum + share, 0) / 8,
          };
        }),
      ),
    );
    expect(figure.lines).toEqual(sizes.map((_, panel) => ({ panel, x: 15, dash: 'dot' })));
    expect(figure.labels).toEqual([{ panel: 0, x: 15, y: 1, text: 'training' }]);
    expect(figure.title.join(' ')).toContain('Words of 31 symbols');
    expect(drawing.figures[1]?.caption).toMatch(/mean over 8 prefixes.*trained on words of 15 symbols/);
  });

  it('shows the losses of training', () => {
    const figure = present(training, 'figure');
    expect(figure.panels).toEqual(
      sizes.map((size, panel) => ({
        title: `Hidden size ${size}`,
        x: { title: 'Step', type: 'linear', format: '~s' },
        y: once({ title: 'Loss (nats)' }, panel),
      })),
    );
    expectLooks(figure, styles);
    expectPoints(
      figure.points,
      runs.flatMap(({ encoding, hiddenSize, curve }) =>
        curve.map(({ step, loss }) => ({
          panel: sizes.indexOf(hiddenSize),
          series: nameOf(encoding),
          x: step,
          y: loss,
        })),
      ),
    );
  });

  it('has the same numbers in its table, and what guessing comes to', () => {
    const guess = (name: string, shares: readonly number[]) => ({
      Encoding: `guess: ${name}`,
      'Hidden size': '–',
      Parameters: '–',
      Low: '–',
      High: '–',
      '15 symbols': cells.percent(shares[0] ?? NaN),
      '31 symbols': cells.percent(shares[1] ?? NaN),
      'Segment states': '–',
      'Sub-states': '–',
      'Tokens/s': '–',
    });
    expect(recordsOf(readTable(present(drawing.tables[0], 'table')))).toEqual([
      ...runs.map((one) => {
        const [short, long] = one.byLength;
        if (short === undefined || long === undefined) throw new Error('no lengths');
        return {
          Encoding: nameOf(one.encoding),
          'Hidden size': String(one.hiddenSize),
          Parameters: cells.integer(one.parameters),
          Low: cells.percent(short.exact.low),
          High: cells.percent(short.exact.high),
          '15 symbols': cells.percent(short.exact.mean),
          '31 symbols': cells.percent(long.exact.mean),
          'Segment states': cells.percent(short.segmentLevel.mean),
          'Sub-states': cells.percent(short.subLevel.mean),
          'Tokens/s': cells.integer(one.tokensPerSecond),
        };
      }),
      guess(
        'the most frequent set',
        guesses.map(({ commonest }) => commonest),
      ),
      guess(
        'the open segment known',
        guesses.map(({ ownSegment }) => ownSegment),
      ),
    ]);
  });

  it('says what the automaton is', () => {
    expect(readTable(present(drawing.tables[1], 'table'))).toEqual({
      headers: ['Property', 'Value'],
      rows: [
        ['Segment states, sub-states', '2, 3'],
        ['Symbols, separators', '4, 5'],
        ['Arrows inside segments, between segments', '1, 2'],
        ['Entropy of the state set', '3.46 bits'],
        ['Different sets', '789'],
        ['Share of the most frequent set', '12.3 %'],
        ['Memory', '32.1 %'],
      ],
    });
  });

  it('gives with each claim the shares of the models, widths and lengths that it names', () => {
    const of = (encoding: Name, size: number, place: number): string => {
      const one = present(
        runs.find((each) => each.encoding === encoding && each.hiddenSize === size),
        encoding,
      );
      return `${names[encoding]} ${words(present(one.byLength[place], 'length').exact)}`;
    };
    const pairs = [
      ['bipe_rope', 'learned'],
      ['bipe_rope', 'sinusoidal'],
      ['bipe_rope', 'rope'],
      ['bipe_alibi', 'learned'],
      ['bipe_alibi', 'alibi'],
    ] as const;
    const places = [
      [8, 8, 0],
      [16, 16, 0],
      [8, 16, 0],
      [16, 16, 1],
    ] as const;
    expect(drawing.findings.map(({ claim, measured }) => [claim, measured])).toEqual(
      pairs.flatMap(([a, b]) =>
        places.map(([size, against, place]) => [
          `Words of ${lengths[place] ?? 0} symbols: ${names[a]} of width ${size} has more state sets right than ${names[b]} of width ${against}`,
          `${of(a, size, place)}, ${of(b, against, place)}`,
        ]),
      ),
    );
  });
});
