// Figure 3 as pictures, a table and findings.

import { formatPercent, formatRange, type Range } from '../../../base/format';
import { explainSources, formatPaperValue, paperValue } from '../../paper/values';
import { encodingStyle, ink } from '../../../report/style';
import {
  axes,
  barTrace,
  type Figure,
  inPanel,
  makeFigure,
  type PanelSpec,
  type PlotlyObject,
} from '../../../report/figure';
import { type Cell, measuredCells, measuredColumn, type Table } from '../../../report/tables';
import { whiskers } from '../../../report/whiskers';
import { type ArithmeticRun, type OperatorsAccuracy } from './runs';
import { ownPairs } from '../../charts/encoding-pairs';
import { type Drawing, type Finding } from '../../run/report';
import {
  groupsOf,
  lossAxis,
  lossTrace,
  type SeedGroup,
  seedsOf,
  whiskeredLine,
  whiskersWord,
} from '../../charts/seed-groups';
import { liesBelow } from '../../charts/verdicts';
import { mean, overSeeds } from '../../../report/over-seeds';

/** All models that were trained. */
export interface Fig3Result {
  readonly runs: readonly ArithmeticRun[];
}

type Group = SeedGroup<ArithmeticRun>;

const countOf = (operators: number): string => (operators === 1 ? '1 operator' : `${operators} operators`);

/**
 * What is known of a share: over several seeds the least and the most, of one its 95 % interval.
 */
function rangeOf(accuracies: readonly OperatorsAccuracy['accuracy'][]): Range {
  return overSeeds(accuracies.map(({ share, low, high }) => ({ centre: share, low, high })));
}

/** Everything Figure 3 shows of its result. */
export function drawFig3(result: Fig3Result): Drawing {
  const groups = groupsOf(result.runs);
  return {
    figures: [accuracyFigure(groups), curvesFigure(groups)],
    tables: [accuracyTable(groups)],
    findings: findings(groups),
  };
}

function seedsWord(groups: readonly Group[]): string {
  return whiskersWord(seedsOf(groups), '95 % interval of the questions');
}

/**
 * Accuracy over size where there are several sizes, as bars where there is one; and by number of
 * operators.
 */
function accuracyFigure(groups: readonly Group[]): Figure {
  const sizes = [...new Set(groups.map(({ hiddenSize }) => hiddenSize))].sort((a, b) => a - b);
  const trained = Math.max(...groups.flatMap(({ runs }) => runs.map((run) => run.trainedOperators)));
  const modulus = groups[0]?.runs[0]?.modulus ?? 1;
  const chance = 1 / modulus;
  const largest = sizes.at(-1);
  const byOperators = groups.filter(({ hiddenSize }) => hiddenSize === largest).map(operatorsTrace);
  const single = sizes.length === 1;
  const bySize = single ? groups.map(barOf) : sizeTraces(groups, sizes);
  const panels: PanelSpec[] = [
    {
      title: single ? `At ${countOf(trained)}` : `At ${countOf(trained)}, by size`,
      x: single
        ? { type: 'category', tickangle: -25 }
        : { title: 'Hidden size', type: 'log', tickvals: sizes, ticktext: sizes.map(String) },
      y: { ...axes.share('Right answers'), range: [0, 1.12] },
    },
    {
      title: single ? 'By number of operators' : `By number of operators, hidden size ${largest ?? 0}`,
      x: { title: `Operators (trained on at most ${trained})`, dtick: 1 },
      y: axes.share('Right answers'),
    },
  ];
  return makeFigure({
    id: 'fig3',
    title: 'Accuracy on arithmetic, by positional encoding',
    subtitle: `Greedy solutions, hidden size ${sizes.join(', ')}; ${seedsWord(groups)}`,
    caption:
      'Left: share of test questions whose last number is the answer, at the largest number of operators of training. Right: by number of ' +
      'operators; those right of the dotted line are longer than any of training. Broken line: a guess among the ' +
      `${modulus} numbers.`,
    alt: groups
      .map(({ style, hiddenSize, runs }) => {
        const { centre } = rangeOf(runs.map(({ accuracy }) => accuracy));
        return `${style.name} at hidden size ${hiddenSize}: ${formatPercent(centre, 0)}`;
      })
      .join('; '),
    data: [...bySize, ...byOperators, guessingKey(modulus)],
    columns: 2,
    panelHeight: 260,
    panels,
    layout: {
      shapes: [beyondTraining(trained), ...[0, 1].map((panel) => guessing(chance, panel))],
      annotations: single ? groups.map(barLabel) : [],
      showlegend: true,
    },
  });
}

function beyondTraining(trained: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(1);
  return {
    type: 'line',
    xref: xaxis,
    yref: `${yaxis} domain`,
    x0: trained + 0.5,
    x1: trained + 0.5,
    y0: 0,
    y1: 1,
    line: { color: ink.muted, width: 1, dash: 'dot' },
  };
}

const guessingLine = { color: ink.muted, width: 1, dash: '6px,4px' };

/** The share that a guess among all numbers gets right. */
function guessing(chance: number, panel: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  return {
    type: 'line',
    xref: `${xaxis} domain`,
    yref: yaxis,
    x0: 0,
    x1: 1,
    y0: chance,
    y1: chance,
    line: guessingLine,
  };
}

/** The name of that line, in the legend: beside it there may be points. */
function guessingKey(modulus: number): PlotlyObject {
  const name = `Guessing: 1/${modulus}`;
  return { type: 'scatter', mode: 'lines', name, x: [null], y: [null], line: guessingLine, ...inPanel(1) };
}

/** How the pointer gives an accuracy. */
const accuracyWords = { quantity: 'right answers', format: (share: number) => formatPercent(share) };

function barOf({ style, runs }: Group): PlotlyObject {
  const range = rangeOf(runs.map(({ accuracy }) => accuracy));
  return {
    ...barTrace({ x: [style.name], y: [range.centre], style, legend: false }),
    ...whiskers([range], { ...accuracyWords, points: [style.name] }, { width: 4 }),
  };
}

/** The height of a bar, written above its whisker. */
function barLabel({ style, runs }: Group): PlotlyObject {
  const { centre, high } = rangeOf(runs.map(({ accuracy }) => accuracy));
  const { xaxis, yaxis } = inPanel(0);
  return {
    text: formatPercent(centre, 0),
    xref: xaxis,
    x: style.name,
    yref: yaxis,
    y: high,
    yanchor: 'bottom',
    showarrow: false,
  };
}

function sizeTraces(groups: readonly Group[], sizes: readonly number[]): PlotlyObject[] {
  const atFirstSize = groups.filter(({ hiddenSize }) => hiddenSize === groups[0]?.hiddenSize);
  return atFirstSize.map(({ encoding, style }) => {
    const ranges = sizes.map((size) => {
      const group = groups.find((one) => one.encoding === encoding && one.hiddenSize === size);
      return rangeOf((group?.runs ?? []).map(({ accuracy }) => accuracy));
    });
    const words = { ...accuracyWords, at: (size: number) => `at hidden size ${size}` };
    return whiskeredLine(style, sizes, ranges, words, { panel: 0, legend: false });
  });
}

function operatorsTrace({ style, runs }: Group): PlotlyObject {
  const operators = (runs[0]?.byOperators ?? []).map((entry) => entry.operators);
  const ranges = operators.map((asked) =>
    rangeOf(
      runs.flatMap((run) =>
        run.byOperators.filter((entry) => entry.operators === asked).map(({ accuracy }) => accuracy),
      ),
    ),
  );
  const words = { ...accuracyWords, at: (asked: number) => `at ${countOf(asked)}` };
  return whiskeredLine(style, operators, ranges, words, { panel: 1, legend: true });
}

function curvesFigure(groups: readonly Group[]): Figure {
  const sizes = [...new Set(groups.map(({ hiddenSize }) => hiddenSize))].sort((a, b) => a - b);
  return makeFigure({
    id: 'fig3-training',
    title: 'Training loss on arithmetic',
    subtitle:
      'Mean cross-entropy of a predicted token; the order of operations is random, so it does not fall to 0',
    caption: 'Mean over the seeds. Only the generated answers tell whether a model computes (Figure 3).',
    alt: `Falling curves for ${[...new Set(groups.map(({ style }) => style.name))].join(', ')}.`,
    panels: sizes.map((size) => ({
      title: `Hidden size ${size}`,
      x: axes.count('Step'),
      y: { ...lossAxis, rangemode: 'tozero' },
    })),
    columns: Math.min(3, sizes.length),
    data: groups.map((group) =>
      lossTrace(group, {
        panel: sizes.indexOf(group.hiddenSize),
        legend: group.hiddenSize === sizes[0],
      }),
    ),
  });
}

/** Whether it is the paper's task at the size of which the paper's accuracies are known. */
function isOfPaper({ hiddenSize, runs }: Group): boolean {
  return hiddenSize === 48 && runs.every((run) => run.trainedOperators === 6 && run.modulus === 11);
}

function accuracyTable(groups: readonly Group[]): Table {
  const asked = [
    ...new Set(
      groups.flatMap(({ runs }) => runs.flatMap((run) => run.byOperators.map(({ operators }) => operators))),
    ),
  ];
  const known = groups.some(isOfPaper);
  const others = formatPaperValue(paperValue('arithmetic-accuracy', 'others'));
  return {
    id: 'fig3-accuracy',
    title: 'Figure 3 in numbers',
    caption:
      `Right answers; ${seedsWord(groups)}. Low, high and the share with each step right, too, belong to the largest number of operators of training.` +
      (known ? ` In the paper, all others are ${others}: ${explainSources(['N'])}.` : ''),
    columns: [
      { key: 'encoding', label: 'Encoding' },
      { key: 'hiddenSize', label: 'Hidden size', format: 'integer' },
      { key: 'parameters', label: 'Parameters', format: 'integer' },
      { key: 'accuracy', label: 'Accuracy', format: 'percent', interval: ['low', 'high'] },
      ...(known ? [{ key: 'paper', label: 'Paper' }] : []),
      { key: 'low', label: 'Low', format: 'percent' },
      { key: 'high', label: 'High', format: 'percent' },
      measuredColumn({ key: 'soundness', label: 'By right steps', format: 'percent' }),
      ...asked.map((operators) =>
        measuredColumn({ key: `operators${operators}`, label: countOf(operators), format: 'percent' }),
      ),
      { key: 'tokensPerSecond', label: 'Tokens/s', format: 'integer', ofMachine: true },
    ],
    rows: groups.map((group) => {
      const { encoding, style, hiddenSize, runs } = group;
      const ofPaper = isOfPaper(group) ? paperValue('arithmetic-accuracy', encoding) : undefined;
      const { centre, low, high } = rangeOf(runs.map(({ accuracy }) => accuracy));
      const row: Record<string, Cell> = {
        encoding: style.name,
        hiddenSize,
        parameters: runs[0]?.parameters ?? null,
        accuracy: centre,
        low,
        high,
        ...(known ? { paper: formatPaperValue(ofPaper) } : {}),
        ...measuredCells('soundness', rangeOf(runs.map(({ soundness }) => soundness))),
        tokensPerSecond: mean(runs.map((run) => run.tokensPerSecond)),
      };
      for (const operators of asked) {
        const accuracies = runs.flatMap((run) =>
          run.byOperators.filter((entry) => entry.operators === operators).map(({ accuracy }) => accuracy),
        );
        Object.assign(row, measuredCells(`operators${operators}`, rangeOf(accuracies)));
      }
      return row;
    }),
  };
}

/**
 * A comparison the paper makes, at each size: is the first above the second, beyond what seeds or
 * questions explain?
 */
function findings(groups: readonly Group[]): Finding[] {
  const comparisons = [
    ['bipe_alibi', 'alibi'],
    ['bipe_alibi', 'rope'],
    ['bipe_rope', 'rope'],
    ...ownPairs(groups.map(({ encoding }) => encoding)),
  ] as const;
  return [...new Set(groups.map(({ hiddenSize }) => hiddenSize))].flatMap((hiddenSize) =>
    comparisons.flatMap(([better, worse]) => {
      const rangeFor = (encoding: string) => {
        const group = groups.find((one) => one.encoding === encoding && one.hiddenSize === hiddenSize);
        return group && rangeOf(group.runs.map(({ accuracy }) => accuracy));
      };
      const [first, second] = [rangeFor(better), rangeFor(worse)];
      if (first === undefined || second === undefined) return [];
      const [a, b] = [encodingStyle(better).name, encodingStyle(worse).name];
      return [
        {
          claim: `Hidden size ${hiddenSize}: ${a} computes better than ${b}`,
          holds: liesBelow(second, first),
          measured: `${a} ${formatRange(first, formatPercent)}, ${b} ${formatRange(second, formatPercent)}`,
        },
      ];
    }),
  );
}
