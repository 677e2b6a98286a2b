// The trained counterpart of Theorem 3.2 as pictures, a table and findings.

import { formatPercent, formatRange, type Range } from '../../../base/format';
import { present } from '../../../base/present';
import { type Mean } from '../../../evaluate/intervals';
import { type StateSetGuesses } from '../../../evaluate/state-sets';
import {
  axes,
  type Figure,
  inPanel,
  lineTrace,
  makeFigure,
  type PanelSpec,
  type PlotlyObject,
} from '../../../report/figure';
import { fontSize, ink } from '../../../report/style';
import { type Cell, measuredCells, measuredColumn, type Table } from '../../../report/tables';
import { type BiNfa } from '../../../theory/automata/automaton';
import { type SetStatistics } from '../../../theory/automata/informative';
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
import { type StateSetRun } from './runs';
import { liesBelow } from '../../charts/verdicts';
import { mean, overSeeds } from '../../../report/over-seeds';

/** The automaton, and all models that were trained on it. */
export interface Thm32TrainedResult {
  readonly automaton: BiNfa;
  readonly statistics: SetStatistics;
  /** By the length of words, as the runs have them. */
  readonly guesses: readonly StateSetGuesses[];
  readonly runs: readonly StateSetRun[];
}

type Group = SeedGroup<StateSetRun>;

/** Prefixes that are one point of a curve over the prefix. */
const prefixesAPoint = 8;

/** Everything that is shown of the result. */
export function drawThm32Trained(result: Thm32TrainedResult): Drawing {
  const groups = groupsOf(result.runs);
  return {
    figures: [widthFigure(result, groups), prefixFigure(result, groups), curvesFigure(groups)],
    tables: [accuracyTable(result, groups), automatonTable(result)],
    findings: findings(result, groups),
  };
}

function lengthsOf({ runs }: Thm32TrainedResult): number[] {
  return present(runs[0], 'run').byLength.map(({ length }) => length);
}

function sizesOf(groups: readonly Group[]): number[] {
  return [...new Set(groups.map(({ hiddenSize }) => hiddenSize))].sort((a, b) => a - b);
}

const restsOn = (groups: readonly Group[]): string =>
  whiskersWord(seedsOf(groups), '95 % interval over the words');

/** Whole sets that are right on words of the `place`-th length. */
function exactness({ runs }: Group, place: number): Range {
  return overSeeds(runs.map(({ byLength }) => rangeOf(present(byLength[place], 'a length').exact)));
}

function rangeOf({ mean: centre, low, high }: Mean): Range {
  return { centre, low, high };
}

/** Accuracy over width, a panel for each length of words. */
function widthFigure(result: Thm32TrainedResult, groups: readonly Group[]): Figure {
  const [lengths, sizes] = [lengthsOf(result), sizesOf(groups)];
  const encodings = groups.filter(({ hiddenSize }) => hiddenSize === sizes[0]);
  const widths = { title: 'Hidden size', type: 'log', tickvals: sizes, ticktext: sizes.map(String) };
  return makeFigure({
    id: 'thm3-2-trained',
    title: 'State sets of a Bi-NFA, learnt: accuracy by width',
    subtitle: `Prefixes after which every state is told right; ${restsOn(groups)}`,
    caption:
      `Models trained on words of ${lengths[0] ?? 0} symbols of the same random Bi-NFA (${result.automaton.segmentStates.length} segment states, ${result.automaton.subStates.length} sub-states), asked after every ` +
      'prefix which states are reachable. Broken line: always the most frequent set. Dotted line: the sub-states of the open segment known, the segments before it not.',
    alt: lengths
      .map((length, place) => {
        const parts = encodings.map(({ encoding, style }) => {
          const own = groups.filter((group) => group.encoding === encoding);
          const shares = own.map(
            (group) => `${formatPercent(exactness(group, place).centre)} at ${group.hiddenSize}`,
          );
          return `${style.name} ${shares.join(', ')}`;
        });
        return `${length} symbols: ${parts.join('; ')}`;
      })
      .join('. '),
    columns: lengths.length,
    sharedY: true,
    panelHeight: 260,
    panels: lengths.map((length, place): PanelSpec => ({
      title: place === 0 ? `${length} symbols, as trained` : `${length} symbols`,
      x: widths,
      y: axes.share('Right sets'),
    })),
    data: lengths.flatMap((_, place) =>
      encodings.map(({ encoding, style }) => {
        const own = sizes.flatMap(
          (size) => groups.find((one) => one.encoding === encoding && one.hiddenSize === size) ?? [],
        );
        const x = own.map(({ hiddenSize }) => hiddenSize);
        const ranges = own.map((group) => exactness(group, place));
        const words = {
          at: (size: number) => `of hidden size ${size}`,
          quantity: 'right sets',
          format: (share: number) => formatPercent(share),
        };
        return whiskeredLine(style, x, ranges, words, { panel: place, legend: place === 0 });
      }),
    ),
    layout: {
      shapes: result.guesses.flatMap(({ commonest, ownSegment }, panel) => [
        level(commonest, panel, '6px,4px'),
        level(ownSegment, panel, 'dot'),
      ]),
      annotations: result.guesses
        .slice(0, 1)
        .flatMap(({ commonest, ownSegment }) => [
          levelName('most frequent set', commonest),
          levelName('open segment alone', ownSegment),
        ]),
    },
  });
}

/** A line across a panel. */
function level(share: number, panel: number, dash: string): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  const line = { color: ink.muted, width: 1, dash };
  return { type: 'line', xref: `${xaxis} domain`, yref: yaxis, x0: 0, x1: 1, y0: share, y1: share, line };
}

/** The name of a line, in the first panel. */
function levelName(text: string, share: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(0);
  return {
    text,
    xref: `${xaxis} domain`,
    x: 1,
    xanchor: 'right',
    yref: yaxis,
    y: share,
    yanchor: 'bottom',
    showarrow: false,
    font: { color: ink.muted, size: fontSize.tick },
  };
}

/** Accuracy over the prefix of the longest words, a panel for each width. */
function prefixFigure(result: Thm32TrainedResult, groups: readonly Group[]): Figure {
  const [lengths, sizes] = [lengthsOf(result), sizesOf(groups)];
  const [trained, longest] = [lengths[0] ?? 0, lengths.at(-1) ?? 0];
  return makeFigure({
    id: 'thm3-2-trained-prefixes',
    title: 'State sets of a Bi-NFA, learnt: accuracy along a word',
    subtitle: `Words of ${longest} symbols; right of the dotted line nothing was trained`,
    caption: `The share of words whose set is right, mean over ${prefixesAPoint} prefixes and over the seeds. Models were trained on words of ${trained} symbols.`,
    alt: `Falling curves for ${[...new Set(groups.map(({ style }) => style.name))].join(', ')} at hidden size ${sizes.join(', ')}.`,
    columns: Math.min(3, sizes.length),
    sharedY: true,
    panelHeight: 220,
    panels: sizes.map((size) => ({
      title: `Hidden size ${size}`,
      x: { title: 'Symbols read', rangemode: 'tozero' },
      y: axes.share('Right sets'),
    })),
    data: groups.map(({ style, hiddenSize, runs }) => {
      const curves = runs.map(({ byLength }) => coarse(byLength.at(-1)?.byPrefix ?? []));
      const points = curves[0] ?? [];
      return lineTrace({
        x: points.map(({ prefix }) => prefix),
        y: points.map((_, point) => mean(curves.flatMap((curve) => curve[point]?.share ?? []))),
        style,
        panel: sizes.indexOf(hiddenSize),
        legend: hiddenSize === sizes[0],
      });
    }),
    layout: {
      shapes: sizes.map((_, panel) => {
        const { xaxis, yaxis } = inPanel(panel);
        const line = { color: ink.muted, width: 1, dash: 'dot' };
        return {
          type: 'line',
          xref: xaxis,
          yref: `${yaxis} domain`,
          x0: trained,
          x1: trained,
          y0: 0,
          y1: 1,
          line,
        };
      }),
      annotations: [trainingEnd(trained)],
    },
  });
}

function trainingEnd(trained: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(0);
  return {
    text: 'training',
    xref: xaxis,
    x: trained,
    xanchor: 'left',
    xshift: 4,
    yref: `${yaxis} domain`,
    y: 1,
    yanchor: 'top',
    showarrow: false,
    font: { color: ink.muted, size: fontSize.tick },
  };
}

/** A curve over prefixes, several prefixes a point. */
function coarse(byPrefix: readonly number[]): { readonly prefix: number; readonly share: number }[] {
  return Array.from({ length: Math.ceil(byPrefix.length / prefixesAPoint) }, (_, point) => {
    const shares = byPrefix.slice(point * prefixesAPoint, (point + 1) * prefixesAPoint);
    return { prefix: point * prefixesAPoint + (shares.length - 1) / 2, share: mean(shares) };
  });
}

function curvesFigure(groups: readonly Group[]): Figure {
  const sizes = sizesOf(groups);
  return makeFigure({
    id: 'thm3-2-trained-loss',
    title: 'Training loss on the state-set task',
    subtitle: 'Cross-entropy of a set, summed over its states; a model that tells every set has 0',
    caption: 'Mean over the seeds. Words are new at every step, so training and test are alike.',
    alt: `Falling curves for ${[...new Set(groups.map(({ style }) => style.name))].join(', ')}.`,
    columns: Math.min(3, sizes.length),
    sharedY: true,
    panels: sizes.map((size) => ({
      title: `Hidden size ${size}`,
      x: axes.count('Step'),
      y: { ...lossAxis, rangemode: 'tozero' },
    })),
    data: groups.map((group) =>
      lossTrace(group, {
        panel: sizes.indexOf(group.hiddenSize),
        legend: group.hiddenSize === sizes[0],
      }),
    ),
  });
}

function accuracyTable(result: Thm32TrainedResult, groups: readonly Group[]): Table {
  const lengths = lengthsOf(result);
  return {
    id: 'thm3-2-trained-accuracy',
    title: 'Right state sets in numbers',
    caption: `Shares of prefixes; ${restsOn(groups)}. Low, high and the two levels, each alone, belong to the length of training.`,
    columns: [
      { key: 'encoding', label: 'Encoding' },
      { key: 'hiddenSize', label: 'Hidden size', format: 'integer' },
      { key: 'parameters', label: 'Parameters', format: 'integer' },
      { key: 'low', label: 'Low', format: 'percent' },
      { key: 'high', label: 'High', format: 'percent' },
      ...lengths.map((length) =>
        measuredColumn({ key: `length${length}`, label: `${length} symbols`, format: 'percent' }),
      ),
      measuredColumn({ key: 'segmentLevel', label: 'Segment states', format: 'percent' }),
      measuredColumn({ key: 'subLevel', label: 'Sub-states', format: 'percent' }),
      { key: 'tokensPerSecond', label: 'Tokens/s', format: 'integer', ofMachine: true },
    ],
    rows: [
      ...groups.map((group) => {
        const { low, high } = exactness(group, 0);
        const levels = group.runs.map(({ byLength }) => present(byLength[0], 'a length'));
        const row: Record<string, Cell> = {
          encoding: group.style.name,
          hiddenSize: group.hiddenSize,
          parameters: group.runs[0]?.parameters ?? null,
          low,
          high,
          ...measuredCells(
            'segmentLevel',
            overSeeds(levels.map(({ segmentLevel }) => rangeOf(segmentLevel))),
          ),
          ...measuredCells('subLevel', overSeeds(levels.map(({ subLevel }) => rangeOf(subLevel)))),
          tokensPerSecond: mean(group.runs.map((run) => run.tokensPerSecond)),
        };
        for (const [place, length] of lengths.entries())
          Object.assign(row, measuredCells(`length${length}`, exactness(group, place)));
        return row;
      }),
      guessRow('guess: the most frequent set', lengths, result.guesses, ({ commonest }) => commonest),
      guessRow('guess: the open segment known', lengths, result.guesses, ({ ownSegment }) => ownSegment),
    ],
  };
}

function guessRow(
  name: string,
  lengths: readonly number[],
  guesses: readonly StateSetGuesses[],
  share: (guesses: StateSetGuesses) => number,
): Record<string, Cell> {
  const shares = lengths.map((length, place) => [
    `length${length}`,
    share(present(guesses[place], 'guesses')),
  ]);
  return {
    encoding: name,
    hiddenSize: null,
    parameters: null,
    low: null,
    high: null,
    segmentLevel: null,
    subLevel: null,
    tokensPerSecond: null,
    ...(Object.fromEntries(shares) as Record<string, number>),
  };
}

function automatonTable({ automaton, statistics }: Thm32TrainedResult): Table {
  const { segmentStates, subStates, symbols, separators, subTransitions, segmentTransitions } = automaton;
  return {
    id: 'thm3-2-trained-automaton',
    title: 'The automaton',
    caption:
      'Of random ones, the one whose state sets have the most entropy among those with a memory of a quarter at least, chosen before any training. Memory: ' +
      'the share of words that lead to another set if the automaton begins in their middle. A model needs as many bits as there are states of both levels; flattened, it would be their product.',
    columns: [
      { key: 'what', label: 'What' },
      { key: 'value', label: 'Value' },
    ],
    rows: [
      ['Segment states, sub-states', `${segmentStates.length}, ${subStates.length}`],
      ['Symbols, separators', `${symbols.length}, ${separators.length}`],
      ['Arrows inside segments, between segments', `${subTransitions.length}, ${segmentTransitions.length}`],
      ['Entropy of the state set', `${statistics.entropy.toFixed(2)} bits`],
      ['Different sets', String(statistics.sets)],
      ['Share of the most frequent set', formatPercent(statistics.commonest)],
      ['Memory', formatPercent(statistics.memory)],
    ].map(([what = '', value = '']) => ({ what, value })),
  };
}

/** Bilevel encodings, and those of one level that each is compared with. */
const comparisons = [
  ['bipe_rope', 'learned'],
  ['bipe_rope', 'sinusoidal'],
  ['bipe_rope', 'rope'],
  ['bipe_alibi', 'learned'],
  ['bipe_alibi', 'alibi'],
] as const;

/**
 * At each width, and of the next smaller width against it, at the length of training; at the
 * largest width, on the longest words too.
 */
function findings(result: Thm32TrainedResult, groups: readonly Group[]): Finding[] {
  const [lengths, sizes] = [lengthsOf(result), sizesOf(groups)];
  const [largest] = sizes.slice(-1);
  const compared = [
    ...sizes.map((size) => ({ size, against: size, place: 0 })),
    ...sizes.slice(1).map((against, index) => ({ size: sizes[index], against, place: 0 })),
    ...(lengths.length > 1 ? [{ size: largest, against: largest, place: lengths.length - 1 }] : []),
  ];
  return comparisons.flatMap(([better, worse]) =>
    compared.flatMap(({ size, against, place }) => {
      const first = groups.find((one) => one.encoding === better && one.hiddenSize === size);
      const second = groups.find((one) => one.encoding === worse && one.hiddenSize === against);
      if (first === undefined || second === undefined) return [];
      const [a, b] = [exactness(first, place), exactness(second, place)];
      const say = ({ style }: Group, range: Range): string =>
        `${style.name} ${formatRange(range, formatPercent)}`;
      return [
        {
          claim: `Words of ${lengths[place] ?? 0} symbols: ${first.style.name} of width ${first.hiddenSize} tells more state sets than ${second.style.name} of width ${second.hiddenSize}`,
          holds: liesBelow(b, a),
          measured: `${say(first, a)}, ${say(second, b)}`,
        },
      ];
    }),
  );
}
