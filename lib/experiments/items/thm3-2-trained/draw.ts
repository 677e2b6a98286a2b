// The trained counterpart of Theorem 3.2 as pictures, a table and findings.

import { formatPercent, type Range } from '../../../base/format';
import { present } from '../../../base/present';
import { type Mean } from '../../../evaluate/intervals';
import { type StateSetGuesses } from '../../../evaluate/state-sets';
import { axes, stepsAxisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { broken, horizontalLine, textAt, verticalLine } from '../../../report/marks';
import { linesPanel, makeTable, type Measure, measured } from '../../../report/measures';
import { mean, overSeeds } from '../../../report/over-seeds';
import { type PanelSpec, type PlotlyObject } from '../../../report/spec';
import { fontSize, ink } from '../../../report/style';
import { type Cell, type Table } from '../../../report/tables';
import { lineTrace } from '../../../report/traces';
import { type BiNfa } from '../../../theory/automata/automaton';
import { type SetStatistics } from '../../../theory/automata/informative';
import {
  groupsOf,
  hiddenSize,
  type SeedGroup,
  seedsOf,
  sizesOf,
  trainingMeasures,
  whiskersWord,
} from '../../charts/seed-groups';
import { trainingLossFigure } from '../../charts/training-loss';
import { moreFinding } from '../../charts/verdicts';
import { type Drawing, type Finding } from '../../run/report';
import { type StateSetRun } from './runs';

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
    figures: [
      widthFigure(result, groups),
      prefixFigure(result, groups),
      trainingLossFigure(groups, {
        id: 'thm3-2-trained-loss',
        title: 'Training loss on the state-set task',
        subtitle:
          'Cross-entropy of a set, summed over its states; a model that predicts every set exactly has 0',
        caption: 'Words are new at every step, so training and test are alike.',
        fromZero: true,
      }),
    ],
    tables: [accuracyTable(result, groups), automatonTable(result)],
    findings: findings(result, groups),
  };
}

function lengthsOf({ runs }: Thm32TrainedResult): number[] {
  return present(runs[0], 'run').byLength.map(({ length }) => length);
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

/** Whole sets that are right, for words of the `place`-th length. */
function rightSets(place: number): Measure<Group> {
  return measured({ key: 'exact', label: 'Right sets', format: 'percent' }, (group) =>
    exactness(group, place),
  );
}

/** Accuracy over width, a panel for each length of words. */
function widthFigure(result: Thm32TrainedResult, groups: readonly Group[]): Figure {
  const [lengths, sizes] = [lengthsOf(result), sizesOf(groups)];
  const encodings = groups.filter(({ hiddenSize }) => hiddenSize === sizes[0]);
  const widths = stepsAxisOf(hiddenSize, sizes);
  return makeFigure({
    id: 'thm3-2-trained',
    title: 'State sets of a Bi-NFA, learnt: accuracy by width',
    subtitle: `Prefixes after which the whole state set is right; ${restsOn(groups)}`,
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
    panels: lengths.map((length, place): PanelSpec => {
      const series = encodings.map(({ encoding, style }) => {
        const own = groups.filter((one) => one.encoding === encoding);
        return { style, rows: sizes.flatMap((size) => own.filter((one) => one.hiddenSize === size)) };
      });
      return linesPanel({ x: hiddenSize, y: rightSets(place) }, series, {
        title: place === 0 ? `${length} symbols, as trained` : `${length} symbols`,
        xAxis: widths,
        marks: guessMarks(result.guesses[place], place === 0),
      });
    }),
  });
}

/** Lines at what guesses get right, with their names in the first panel. */
function guessMarks(guesses: StateSetGuesses | undefined, named: boolean): PlotlyObject[] {
  if (guesses === undefined) return [];
  const { commonest, ownSegment } = guesses;
  return [
    horizontalLine(commonest, { dash: broken }),
    horizontalLine(ownSegment),
    ...(named
      ? [levelName('most frequent set', commonest), levelName('open segment alone', ownSegment)]
      : []),
  ];
}

function levelName(text: string, y: number): PlotlyObject {
  const font = { color: ink.muted, size: fontSize.tick };
  return textAt(text, { xref: 'x domain', x: 1, xanchor: 'right', y, yanchor: 'bottom', font });
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
    panels: sizes.map((size, panel) => ({
      title: `Hidden size ${size}`,
      x: { title: 'Symbols read', rangemode: 'tozero' },
      y: axes.share(rightSets(0).label),
      data: groups
        .filter((group) => group.hiddenSize === size)
        .map(({ style, runs }) => {
          const curves = runs.map(({ byLength }) => coarse(byLength.at(-1)?.byPrefix ?? []));
          const points = curves[0] ?? [];
          return lineTrace({
            x: points.map(({ prefix }) => prefix),
            y: points.map((_, point) => mean(curves.flatMap((curve) => curve[point]?.share ?? []))),
            style,
          });
        }),
      marks: [verticalLine(trained), ...(panel === 0 ? [trainingEnd(trained)] : [])],
    })),
  });
}

function trainingEnd(trained: number): PlotlyObject {
  const font = { color: ink.muted, size: fontSize.tick };
  const place = { x: trained, xanchor: 'left', xshift: 4, yref: 'y domain', y: 1, yanchor: 'top' };
  return textAt('training', { ...place, font });
}

/** A curve over prefixes, several prefixes a point. */
function coarse(byPrefix: readonly number[]): { readonly prefix: number; readonly share: number }[] {
  return Array.from({ length: Math.ceil(byPrefix.length / prefixesAPoint) }, (_, point) => {
    const shares = byPrefix.slice(point * prefixesAPoint, (point + 1) * prefixesAPoint);
    return { prefix: point * prefixesAPoint + (shares.length - 1) / 2, share: mean(shares) };
  });
}

/** A row of the table: a group, or a guess with its shares by length. */
type Row = Group | Guess;

interface Guess {
  readonly name: string;
  readonly share: (guesses: StateSetGuesses) => number;
}

const guessRows: readonly Guess[] = [
  { name: 'guess: the most frequent set', share: ({ commonest }) => commonest },
  { name: 'guess: the open segment known', share: ({ ownSegment }) => ownSegment },
];

/** A measure of groups that guesses have nothing of. */
function ofGroups(measure: Measure<Group>): Measure<Row> {
  return { ...measure, of: (row) => ('runs' in row ? measure.of(row) : null) };
}

function accuracyTable(result: Thm32TrainedResult, groups: readonly Group[]): Table {
  const [parameters, speed] = trainingMeasures;
  const levelOf = (key: 'segmentLevel' | 'subLevel', label: string): Measure<Row> =>
    ofGroups(
      measured({ key, label, format: 'percent' }, ({ runs }) =>
        overSeeds(runs.map(({ byLength }) => rangeOf(present(byLength[0], 'a length')[key]))),
      ),
    );
  const endOf = (end: 'low' | 'high', label: string): Measure<Row> =>
    ofGroups({ key: end, label, format: 'percent', of: (group) => exactness(group, 0)[end] });
  return makeTable<Row>(
    {
      id: 'thm3-2-trained-accuracy',
      title: 'Right state sets in numbers',
      caption: `Shares of prefixes; ${restsOn(groups)}. Low, high and the two levels, each alone, belong to the length of training.`,
    },
    [
      { key: 'encoding', label: 'Encoding', of: (row) => ('runs' in row ? row.style.name : row.name) },
      ofGroups(hiddenSize),
      ofGroups(parameters),
      endOf('low', 'Low'),
      endOf('high', 'High'),
      ...lengthsOf(result).map((length, place): Measure<Row> => {
        const column = { key: `length${length}`, label: `${length} symbols`, format: 'percent' } as const;
        const ofGuess = ({ share }: Guess): number => share(present(result.guesses[place], 'guesses'));
        return {
          ...measured<Row>(column, () => undefined),
          of: (row) => ('runs' in row ? exactness(row, place) : ofGuess(row)),
        };
      }),
      levelOf('segmentLevel', 'Segment states'),
      levelOf('subLevel', 'Sub-states'),
      ofGroups(speed),
    ],
    [...groups, ...guessRows],
  );
}

function automatonTable({ automaton, statistics }: Thm32TrainedResult): Table {
  const { segmentStates, subStates, symbols, separators, subTransitions, segmentTransitions } = automaton;
  return makeTable<readonly [what: string, value: Cell]>(
    {
      id: 'thm3-2-trained-automaton',
      title: 'The automaton',
      caption:
        'Of random ones, the one whose state sets have the most entropy among those with a memory of a quarter at least, chosen before any training. Memory: ' +
        'the share of words that lead to another set if the automaton begins in their middle. A model predicts as many bits as there are states of both levels.',
    },
    [
      { key: 'what', label: 'Property', of: ([what]) => what },
      { key: 'value', label: 'Value', of: ([, value]) => value },
    ],
    [
      ['Segment states, sub-states', `${segmentStates.length}, ${subStates.length}`],
      ['Symbols, separators', `${symbols.length}, ${separators.length}`],
      ['Arrows inside segments, between segments', `${subTransitions.length}, ${segmentTransitions.length}`],
      ['Entropy of the state set', `${statistics.entropy.toFixed(2)} bits`],
      ['Different sets', String(statistics.sets)],
      ['Share of the most frequent set', formatPercent(statistics.commonest)],
      ['Memory', formatPercent(statistics.memory)],
    ],
  );
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
      const named = ({ style, hiddenSize: width }: Group): string => `${style.name} of width ${width}`;
      return [
        moreFinding(
          `Words of ${lengths[place] ?? 0} symbols: ${named(first)} has more state sets right than ${named(second)}`,
          [first.style.name, exactness(first, place)],
          [second.style.name, exactness(second, place)],
          'percent',
        ),
      ];
    }),
  );
}
