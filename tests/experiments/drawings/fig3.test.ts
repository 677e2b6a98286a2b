import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { type ArithmeticRun } from '../../../lib/experiments/items/fig3/runs';
import { drawFig3 } from '../../../lib/experiments/items/fig3/draw';
import { formatPaperValue, paperValue } from '../../../lib/experiments/paper/values';
import { encodingStyles, ink } from '../../../lib/report/style';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure, tidy } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';

const some = new Differing();
const trials = 1000;

function proportion() {
  const { centre: share, low, high } = some.range();
  return { successes: Math.round(share * trials), trials, share, low, high };
}

function run(encoding: string, hiddenSize: number, seed = 1): ArithmeticRun {
  return {
    encoding,
    hiddenSize,
    seed,
    trainedOperators: 2,
    modulus: 5,
    accuracy: proportion(),
    soundness: proportion(),
    byOperators: [1, 2, 3].map((operators) => ({
      operators,
      accuracy: proportion(),
      soundness: proportion(),
    })),
    byInstances: [2000, 4000, 6000].map((instances) => ({ instances, accuracy: proportion() })),
    parameters: some.count(),
    curve: some.curve(),
    tokensPerSecond: some.count(),
    seconds: some.count(),
  };
}

const names = { bipe_rope: 'BiPE-RoPE', rope: 'RoPE', bipe_alibi: 'BiPE-ALiBi', alibi: 'ALiBi' } as const;
const encodings = Object.keys(names) as (keyof typeof names)[];
const nameOf = (encoding: string): string => names[encoding as keyof typeof names];
const styles = Object.fromEntries(encodings.map((name) => [names[name], encodingStyles[name]]));
const words = ({ share, low, high }: ArithmeticRun['accuracy']): string =>
  `right answers ${cells.percent(share)} (${cells.percent(low)} to ${cells.percent(high)})`;
const operatorWords = ['1 operator', '2 operators', '3 operators'];

/** The points of accuracy during training. */
const byInstances = (runs: readonly ArithmeticRun[]) =>
  runs.flatMap((one) =>
    one.byInstances.map(({ instances, accuracy }) => ({
      panel: 1,
      series: nameOf(one.encoding),
      x: instances,
      y: accuracy.share,
      low: accuracy.low,
      high: accuracy.high,
      hover: `${nameOf(one.encoding)} at ${cells.integer(instances)} instances: ${words(accuracy)}`,
    })),
  );

/** The points of accuracy by operators. */
const byOperators = (runs: readonly ArithmeticRun[]) =>
  runs.flatMap((one) =>
    one.byOperators.map(({ operators, accuracy }) => ({
      panel: 2,
      series: nameOf(one.encoding),
      x: operators,
      y: accuracy.share,
      low: accuracy.low,
      high: accuracy.high,
      hover: `${nameOf(one.encoding)} at ${operatorWords[operators - 1] ?? ''}: ${words(accuracy)}`,
    })),
  );
const guess = { y: 0.2, dash: '6px,4px' };
const lines = [
  { panel: 0, ...guess },
  { panel: 1, ...guess },
  { panel: 2, x: 2.5, dash: 'dot' },
  { panel: 2, ...guess },
];
const guessing = 'Guessing: 1/5';
const guessingStyle = { name: guessing, color: ink.muted, dash: guess.dash, symbol: '', pattern: '' };
const instancesAxis = { title: 'Instances seen', type: 'linear', format: '~s' };
const operatorsAxis = { title: 'Operators (trained on at most 2)' };
const accuracyAxis = (most: number) => ({ title: 'Right answers', format: '.0%', range: [0, most] });

describe('Figure 3 at one size, read back', () => {
  const runs = encodings.map((encoding) => run(encoding, 48));
  const drawing = drawFig3({ runs });
  const figure = readFigure(present(drawing.figures[0], 'figure'));

  it('says what its page has', () => expectPage('fig3', drawing));

  it('shows shares of right answers in per cent, with their intervals', () => {
    expect(figure.panels).toEqual([
      { title: 'At 2 operators', x: { title: '', type: 'category' }, y: accuracyAxis(1.12) },
      { title: 'By instances seen', x: instancesAxis, y: accuracyAxis(1.02) },
      { title: 'By number of operators', x: operatorsAxis, y: accuracyAxis(1.02) },
    ]);
    expect(figure.legend).toEqual([...Object.values(names), guessing]);
    expectLooks(figure, { ...styles, [guessing]: guessingStyle });
    const bars = runs.map(({ encoding, accuracy }) => {
      const series = nameOf(encoding);
      const { share: y, low, high } = accuracy;
      return { panel: 0, series, x: series, y, low, high, hover: `${series}: ${words(accuracy)}` };
    });
    expectPoints(figure.points, [...bars, ...byInstances(runs), ...byOperators(runs)]);
    expect(figure.lines).toEqual(lines);
    expect(figure.labels).toEqual(
      tidy([
        ...runs.map(({ encoding, accuracy }) => ({
          panel: 0,
          x: nameOf(encoding),
          y: accuracy.high,
          text: `${(100 * accuracy.share).toFixed(0)} %`,
        })),
      ]),
    );
    expect(figure.title[1]).toBe(
      'Greedy solutions, hidden size 48; one seed; whiskers: 95 % interval of the questions',
    );
    expect(drawing.figures[0]?.caption).toContain('a guess among the 5 numbers');
    expect(drawing.figures[0]?.alt).toBe(
      runs
        .map(
          ({ encoding, accuracy }) =>
            `${nameOf(encoding)} at hidden size 48: ${(100 * accuracy.share).toFixed(0)} %`,
        )
        .join('; '),
    );
  });

  it('shows the losses of training', () => {
    const training = readFigure(present(drawing.figures[1], 'figure'));
    expect(training.panels).toEqual([
      {
        title: 'Hidden size 48',
        x: { title: 'Step', type: 'linear', format: '~s' },
        y: { title: 'Loss (nats)' },
      },
    ]);
    expectLooks(training, styles);
    expectPoints(
      training.points,
      runs.flatMap(({ encoding, curve }) =>
        curve.map(({ step, loss }) => ({ panel: 0, series: nameOf(encoding), x: step, y: loss })),
      ),
    );
  });

  it('has the same numbers in its table', () => {
    expect(recordsOf(readTable(present(drawing.tables[0], 'table')))).toEqual(
      runs.map((one) => ({
        Encoding: nameOf(one.encoding),
        'Hidden size': '48',
        Parameters: cells.integer(one.parameters),
        'Right answers': cells.percent(one.accuracy.share),
        Low: cells.percent(one.accuracy.low),
        High: cells.percent(one.accuracy.high),
        'By right steps': cells.percent(one.soundness.share),
        ...Object.fromEntries(
          one.byOperators.map(({ accuracy }, index) => [
            operatorWords[index] ?? '',
            cells.percent(accuracy.share),
          ]),
        ),
        'Tokens/s': cells.integer(one.tokensPerSecond),
      })),
    );
  });

  it('gives with each claim the accuracies of the models that it names', () => {
    const runOf = (encoding: string): ArithmeticRun =>
      present(
        runs.find((one) => one.encoding === encoding),
        encoding,
      );
    const said = (encoding: string, { share, low, high }: ArithmeticRun['accuracy']): string =>
      `${nameOf(encoding)} ${cells.percent(share)} (${cells.percent(low)} to ${cells.percent(high)})`;
    const longest = (encoding: string) => present(runOf(encoding).byOperators[2], '3 operators').accuracy;
    const pairs = [
      ['bipe_alibi', 'alibi'],
      ['bipe_alibi', 'rope'],
      ['bipe_rope', 'rope'],
    ] as const;
    const claims = drawing.findings.map(({ claim, measured }) => [claim, measured]);
    expect(claims.slice(0, 3)).toEqual(
      pairs.map(([a, b]) => [
        `Hidden size 48: ${names[a]} computes better than ${names[b]}`,
        `${said(a, runOf(a).accuracy)}, ${said(b, runOf(b).accuracy)}`,
      ]),
    );
    expect(claims.slice(3, 6).map(([claim]) => claim)).toEqual(
      pairs.map(
        ([a, b]) =>
          `Hidden size 48: ${names[a]} needs fewer instances than ${names[b]} until 50 % of its answers are right`,
      ),
    );
    expect(claims.slice(6)).toEqual(
      pairs.map(([a, b]) => [
        `Hidden size 48, 3 operators, more than in training: ${names[a]} computes better than ${names[b]}`,
        `${said(a, longest(a))}, ${said(b, longest(b))}`,
      ]),
    );
  });
});

it("has the paper's accuracies beside ours at the size and the task of which they are known, and nowhere else", () => {
  const ofPaper = (encoding: string): ArithmeticRun => ({
    ...run(encoding, 48),
    trainedOperators: 6,
    modulus: 11,
  });
  const tableOf = (runs: readonly ArithmeticRun[]) => present(drawFig3({ runs }).tables[0], 'table');
  const known = tableOf([...encodings.map(ofPaper), run('rope', 96)]);
  expect(
    recordsOf(readTable(known)).map((row) => [row['Hidden size'], row['Encoding'], row['Paper']]),
  ).toEqual([
    ...encodings.map((encoding) => [
      '48',
      names[encoding],
      formatPaperValue(paperValue('arithmetic-accuracy', encoding)),
    ]),
    ['96', 'RoPE', formatPaperValue(undefined)],
  ]);
  expect(known.caption).toContain(
    `In the paper, all others are ${formatPaperValue(paperValue('arithmetic-accuracy', 'others'))}`,
  );
  const another = [
    { ...ofPaper('rope'), modulus: 5 },
    { ...ofPaper('rope'), trainedOperators: 2 },
    { ...ofPaper('rope'), hiddenSize: 96 },
  ];
  for (const one of another) {
    const { columns, caption } = tableOf([one]);
    expect(columns.map(({ key }) => key)).not.toContain('paper');
    expect(caption).not.toContain('In the paper');
  }
});

it('Figure 3 at several sizes, read back, shows accuracy by size, and by operators at the largest', () => {
  const runs = encodings.flatMap((encoding) => [48, 96].map((size) => run(encoding, size)));
  const drawing = drawFig3({ runs });
  const figure = readFigure(present(drawing.figures[0], 'figure'));
  expect(figure.panels).toEqual([
    {
      title: 'At 2 operators, by size',
      x: {
        title: 'Hidden size',
        type: 'log',
        ticks: [
          [48, '48'],
          [96, '96'],
        ],
      },
      y: accuracyAxis(1.12),
    },
    { title: 'By instances seen, hidden size 96', x: instancesAxis, y: accuracyAxis(1.02) },
    { title: 'By number of operators, hidden size 96', x: operatorsAxis, y: accuracyAxis(1.02) },
  ]);
  expectLooks(figure, { ...styles, [guessing]: guessingStyle });
  const bySize = runs.map(({ encoding, hiddenSize, accuracy }) => {
    const series = nameOf(encoding);
    const { share: y, low, high } = accuracy;
    const hover = `${series} at hidden size ${hiddenSize}: ${words(accuracy)}`;
    return { panel: 0, series, x: hiddenSize, y, low, high, hover };
  });
  const largest = runs.filter(({ hiddenSize }) => hiddenSize === 96);
  expectPoints(figure.points, [...bySize, ...byInstances(largest), ...byOperators(largest)]);
  expect(figure.title[1]).toContain('hidden size 48, 96; one seed');
  expect(figure.lines).toEqual(lines);
  expect(figure.labels).toEqual([]);
  const training = readFigure(present(drawing.figures[1], 'figure'));
  expectPoints(
    training.points,
    runs.flatMap(({ encoding, hiddenSize, curve }) =>
      curve.map(({ step, loss }) => ({
        panel: hiddenSize === 48 ? 0 : 1,
        series: nameOf(encoding),
        x: step,
        y: loss,
      })),
    ),
  );
});
