// Figure 3 as pictures, a table and findings.

import { formatPercent, type Range } from '../../../base/format';
import { axisOf, stepsAxisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { broken, horizontalLine, lineLook, textAt, verticalLine } from '../../../report/marks';
import {
  linesPanel,
  makeTable,
  type Measure,
  measured,
  measuredBar,
  rangeOf,
} from '../../../report/measures';
import { type PanelSpec, type PlotlyObject } from '../../../report/spec';
import { encodingStyle } from '../../../report/style';
import { type Table } from '../../../report/tables';
import { lineKey } from '../../../report/traces';
import { ownPairs } from '../../charts/encoding-pairs';
import {
  groupsOf,
  hiddenSize,
  seedsOf,
  sizesOf,
  trainingMeasures,
  whiskersWord,
} from '../../charts/seed-groups';
import { trainingLossFigure } from '../../charts/training-loss';
import { moreFinding } from '../../charts/verdicts';
import { explainSources, formatPaperValue, paperValue } from '../../paper/values';
import { type Drawing, type Finding } from '../../run/report';
import { accuracy, accuracyAt, type Group, isOfPaper, operatorsWord, overRuns } from './accuracy';
import { instancesPanel, learningTable, paperFinding, soonerFinding } from './learning';
import { type ArithmeticRun } from './runs';

/** All models that were trained. */
export interface Fig3Result {
  readonly runs: readonly ArithmeticRun[];
}

/** Everything Figure 3 shows of its result. */
export function drawFig3(result: Fig3Result): Drawing {
  const groups = groupsOf(result.runs);
  return {
    figures: [
      accuracyFigure(groups),
      trainingLossFigure(groups, {
        id: 'fig3-training',
        title: 'Training loss on arithmetic',
        subtitle:
          'Training loss, averaged since the previous point; the order of operations is random, so it does not fall to 0',
        caption: 'Only the generated answers show if a model computes (Figure 3).',
        fromZero: true,
      }),
    ],
    tables: [accuracyTable(groups), ...learningTable(groups)],
    findings: findings(groups),
  };
}

function basis(groups: readonly Group[]): string {
  return whiskersWord(seedsOf(groups), '95 % interval of the questions');
}

/** Accuracy by size, as bars where there is one size; and by number of operators. */
function accuracyFigure(groups: readonly Group[]): Figure {
  const sizes = sizesOf(groups);
  const trained = Math.max(...groups.flatMap(({ runs }) => runs.map((run) => run.trainedOperators)));
  const modulus = groups[0]?.runs[0]?.modulus ?? 1;
  const guess = lineLook({ dash: broken });
  const marks = [horizontalLine(1 / modulus, guess)];
  const largest = groups.filter((group) => group.hiddenSize === sizes.at(-1));
  const atLargest = sizes.length === 1 ? '' : `, hidden size ${sizes.at(-1) ?? 0}`;
  const panels = [
    sizes.length === 1 ? oneSizePanel(groups, trained, marks) : sizesPanel(groups, sizes, trained, marks),
    instancesPanel(largest, `By instances seen${atLargest}`, marks),
    operatorsPanel(largest, trained, `By number of operators${atLargest}`, [
      verticalLine(trained + 0.5),
      ...marks,
    ]),
  ];
  return makeFigure({
    id: 'fig3',
    title: 'Accuracy on arithmetic, by positional encoding',
    subtitle: `Greedy solutions, hidden size ${sizes.join(', ')}; ${basis(groups)}`,
    caption:
      'Left: share of test questions whose last number is the answer, at the largest number of operators of training. Middle: the same during ' +
      'training, on other questions. Right: by number of operators; those right of the dotted line are longer than any of training. Broken line: a guess among the ' +
      `${modulus} numbers.`,
    alt: groups
      .map((group) => {
        const share = formatPercent(rangeOf(accuracy, group).centre, 0);
        return `${group.style.name} at hidden size ${group.hiddenSize}: ${share}`;
      })
      .join('; '),
    panelHeight: 260,
    panels,
    data: [lineKey(`Guessing: 1/${modulus}`, guess)],
    layout: { showlegend: true },
  });
}

type Marks = readonly PlotlyObject[];

/** A bar for each group, its height written above its whisker. */
function oneSizePanel(groups: readonly Group[], trained: number, marks: Marks): PanelSpec {
  return {
    title: `At ${operatorsWord(trained)}`,
    x: { type: 'category', tickangle: -25 },
    y: axisOf(accuracy, { range: [0, 1.12] }),
    data: groups.map((group) => ({ ...measuredBar(accuracy, group.style, group), showlegend: false })),
    marks: [
      ...marks,
      ...groups.map((group) => {
        const { centre, high } = rangeOf(accuracy, group);
        return textAt(formatPercent(centre, 0), { x: group.style.name, y: high, yanchor: 'bottom' });
      }),
    ],
  };
}

function sizesPanel(
  groups: readonly Group[],
  sizes: readonly number[],
  trained: number,
  marks: Marks,
): PanelSpec {
  const encodings = [...new Set(groups.map(({ encoding }) => encoding))];
  const series = encodings.map((encoding) => {
    const rows = groups.filter((group) => group.encoding === encoding);
    return {
      style: encodingStyle(encoding, encodings),
      rows: sizes.flatMap((size) => rows.filter((group) => group.hiddenSize === size)),
    };
  });
  return linesPanel({ x: hiddenSize, y: accuracy }, series, {
    title: `At ${operatorsWord(trained)}, by size`,
    xAxis: stepsAxisOf(hiddenSize, sizes),
    yAxis: axisOf(accuracy, { range: [0, 1.12] }),
    marks,
  });
}

function operatorsPanel(groups: readonly Group[], trained: number, title: string, marks: Marks): PanelSpec {
  const operators: Measure<AtOperators> = {
    key: 'operators',
    label: `Operators (trained on at most ${trained})`,
    place: operatorsWord,
    of: (row) => row.operators,
  };
  const y = { ...accuracy, of: (row: AtOperators) => row.accuracy };
  const series = groups.map((group) => ({
    style: group.style,
    rows: (group.runs[0]?.byOperators ?? []).map((entry) => ({
      operators: entry.operators,
      accuracy: accuracyAt(group, entry.operators),
    })),
  }));
  return linesPanel({ x: operators, y }, series, { title, xAxis: axisOf(operators, { dtick: 1 }), marks });
}

interface AtOperators {
  readonly operators: number;
  readonly accuracy: Range;
}

function accuracyTable(groups: readonly Group[]): Table {
  const asked = [
    ...new Set(
      groups.flatMap(({ runs }) => runs.flatMap((run) => run.byOperators.map(({ operators }) => operators))),
    ),
  ];
  const known = groups.some(isOfPaper);
  const others = formatPaperValue(paperValue('arithmetic-accuracy', 'others'));
  const ofPaper = (group: Group): string =>
    formatPaperValue(isOfPaper(group) ? paperValue('arithmetic-accuracy', group.encoding) : undefined);
  const [parameters, speed] = trainingMeasures;
  return makeTable<Group>(
    {
      id: 'fig3-accuracy',
      title: 'Figure 3 in numbers',
      caption:
        `Right answers; ${basis(groups)}. Low, high and the share with each step right, too, belong to the largest number of operators of training.` +
        (known ? ` In the paper, all others are ${others}: ${explainSources(['N'])}.` : ''),
    },
    [
      { key: 'encoding', label: 'Encoding', of: ({ style }) => style.name },
      hiddenSize,
      parameters,
      accuracy,
      ...(known ? [{ key: 'paper', label: 'Paper', of: ofPaper }] : []),
      { key: 'low', label: 'Low', format: 'percent', of: (group) => rangeOf(accuracy, group).low },
      { key: 'high', label: 'High', format: 'percent', of: (group) => rangeOf(accuracy, group).high },
      measured({ key: 'soundness', label: 'By right steps', format: 'percent' }, ({ runs }) =>
        overRuns(runs.map(({ soundness }) => soundness)),
      ),
      ...asked.map((operators) =>
        measured<Group>(
          { key: `operators${operators}`, label: operatorsWord(operators), format: 'percent' },
          (group) => accuracyAt(group, operators),
        ),
      ),
      speed,
    ],
    groups,
  );
}

/**
 * The paper's claim; then pairs that the paper compares, beyond what seeds or questions explain: at
 * each size, and at the largest also how soon they learn and beyond the operators of training.
 */
function findings(groups: readonly Group[]): Finding[] {
  const sizes = sizesOf(groups);
  const [first] = groups[0]?.runs ?? [];
  const longer = first?.byOperators.find(({ operators }) => operators > first.trainedOperators);
  const sooner = pairsAt(groups, sizes.at(-1) ?? 0);
  return [
    ...paperFinding(groups),
    ...sizes.flatMap((size) => pairsAt(groups, size).map((pair) => betterFinding(pair))),
    ...sooner.flatMap(([a, b]) => soonerFinding(a, b)),
    ...(longer === undefined ? [] : sooner.map((pair) => betterFinding(pair, longer.operators))),
  ];
}

type Pair = readonly [better: Group, worse: Group];

function pairsAt(groups: readonly Group[], size: number): Pair[] {
  const comparisons = [
    ['bipe_alibi', 'alibi'],
    ['bipe_alibi', 'rope'],
    ['bipe_rope', 'rope'],
    ...ownPairs(groups.map(({ encoding }) => encoding)),
  ] as const;
  return comparisons.flatMap((pair) => {
    const [better, worse] = pair.map((encoding) =>
      groups.find((one) => one.encoding === encoding && one.hiddenSize === size),
    );
    return better === undefined || worse === undefined ? [] : [[better, worse] as const];
  });
}

/** That one computes better than another; with `operators`, on questions beyond training. */
function betterFinding([better, worse]: Pair, operators?: number): Finding {
  const range = (group: Group): Range =>
    operators === undefined ? rangeOf(accuracy, group) : accuracyAt(group, operators);
  const where = operators === undefined ? '' : `, ${operatorsWord(operators)}, more than in training`;
  const [a, b] = [better.style.name, worse.style.name];
  return moreFinding(
    `Hidden size ${better.hiddenSize}${where}: ${a} computes better than ${b}`,
    [a, range(better)],
    [b, range(worse)],
    accuracy.format,
  );
}
