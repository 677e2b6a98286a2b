// The table of SCROLLS as a table, a picture and findings. Scores of quick tasks stand in rows of
// their own, and no mean has them.

import { type Range } from '../../../base/format';
import { present } from '../../../base/present';
import { type Interval } from '../../../base/statistics';
import { quickTasks } from '../../../data/scrolls/quick';
import { scrollsTaskNames, scrollsTasks } from '../../../data/scrolls/tasks';
import { roundedScore, type TextMetricName } from '../../../evaluate/metrics/text-metrics';
import { swaps } from '../../../evaluate/prompted';
import { scrollsMetrics, scrollsScore } from '../../../evaluate/scrolls';
import { barTrace, type Figure, inPanel, makeFigure, type PlotlyObject } from '../../../report/figure';
import { paperValue } from '../../paper/values';
import { encodingStyle, figureWidth, fontSize, ink, type SeriesStyle } from '../../../report/style';
import { type Cell, type Column, measuredCells, measuredColumn, type Table } from '../../../report/tables';
import { whiskers } from '../../../report/whiskers';
import { bilevelPairs, ownPairs } from '../../charts/encoding-pairs';
import { type Drawing, type Finding } from '../../run/report';
import { type PromptedRun } from './runs';
import { differenceInterval, isKnown, type PairedScores, scoreInterval } from './score-intervals';
import { seedsWord, whiskersWord } from '../../charts/seed-groups';
import { liesBelow } from '../../charts/verdicts';
import { mean, overSeeds } from '../../../report/over-seeds';

/** How many points the paper's BiPE-RoPE is above its RoPE, on the mean of the seven tasks. */
export const paperGain = present(
  paperValue('scrolls-gain', 'bipe_rope'),
  "the paper's gain on SCROLLS",
).value;

/** All models that were finetuned. */
export interface TableScrollsResult {
  readonly runs: readonly PromptedRun[];
}

const metricNames: Readonly<Record<TextMetricName, string>> = {
  rouge: 'ROUGE, geometric mean',
  f1: 'F1',
  exact_match: 'Exact match',
};

const titles: Readonly<Record<string, { readonly title: string } | undefined>> = {
  ...quickTasks,
  ...scrollsTasks,
};

function titleOf(task: string): string {
  return titles[task]?.title ?? task;
}

const isQuick = (task: string): boolean => task in quickTasks;

/** Everything that is shown of a result. */
export function drawTableScrolls(result: TableScrollsResult): Drawing {
  const comparison = new Comparison(result);
  return {
    figures: [scoresFigure(comparison)],
    tables: [scoresTable(comparison), examplesTable(comparison)],
    findings: findings(comparison),
  };
}

/** The runs by task and encoding. */
class Comparison {
  readonly tasks: readonly string[];
  readonly encodings: readonly string[];
  readonly seeds: number;
  /** By task and encoding: an interval is thousands of samples, and is asked for several times. */
  readonly #ranges = new Map<string, Range>();

  constructor(readonly result: TableScrollsResult) {
    this.tasks = [...new Set(result.runs.map(({ task }) => task))];
    this.encodings = [...new Set(result.runs.map(({ encoding }) => encoding))];
    this.seeds = new Set(result.runs.map(({ seed }) => seed)).size;
  }

  runsOf(task: string, encoding: string): readonly PromptedRun[] {
    return this.result.runs.filter((run) => run.task === task && run.encoding === encoding);
  }

  /** How a task was scored. */
  metricOf(task: string): TextMetricName {
    return present(
      this.result.runs.find((run) => run.task === task),
      `a run on ${task}`,
    ).metric;
  }

  /** The mean over the seeds; null where it was not measured. */
  scoreOf(task: string, encoding: string): number | null {
    return meanOf(this.runsOf(task, encoding).map(({ score }) => score));
  }

  /** The same of answers handed to other instances. */
  swappedOf(task: string, encoding: string): number | null {
    return meanOf(this.runsOf(task, encoding).map(({ swapped }) => swapped.score));
  }

  styleOf(encoding: string): SeriesStyle {
    return encodingStyle(encoding, this.encodings);
  }

  /**
   * Over several seeds the least and the most, of one its interval over chapters or documents, if
   * they can tell.
   */
  rangeOf(task: string, encoding: string): Range {
    const key = JSON.stringify([task, encoding]);
    const range = this.#ranges.get(key) ?? this.#measureRange(task, encoding);
    this.#ranges.set(key, range);
    return range;
  }

  #measureRange(task: string, encoding: string): Range {
    return overSeeds(
      this.runsOf(task, encoding).map(({ metric, byInstance, groups }) => {
        const { estimate: centre, low, high } = scoreInterval(metric, byInstance, groups);
        return isKnown({ low, high }) ? { centre, low, high } : { centre, low: centre, high: centre };
      }),
    );
  }

  /**
   * Whether answers are better where they belong than where they do not: what is meant by having
   * learnt a task.
   */
  isLearnt(task: string, encoding: string): boolean {
    const runs = this.runsOf(task, encoding);
    const [run] = runs;
    if (run === undefined) return false;
    const first = runs.map(({ byInstance }) => byInstance);
    const second = runs.flatMap(({ swapped }) => swapped.rounds);
    const difference = differenceInterval([{ metric: run.metric, groups: run.groups, first, second }]);
    return liesBelow(0, difference) === true;
  }

  /**
   * The benchmark's score of an encoding, the mean over seeds; null where not all seven tasks were
   * measured.
   */
  scrollsMean(encoding: string): number | null {
    const scores = scrollsTaskNames.map((task) => [task, this.scoreOf(task, encoding)] as const);
    if (scores.some(([, score]) => score === null)) return null;
    return scrollsScore(Object.fromEntries(scores));
  }

  /** What two encodings wrote for a task. */
  pairOf(task: string, first: string, second: string): PairedScores | undefined {
    const [one, two] = [this.runsOf(task, first), this.runsOf(task, second)];
    const [run] = one;
    if (run === undefined || two.length === 0) return undefined;
    return {
      metric: run.metric,
      groups: run.groups,
      first: one.map(({ byInstance }) => byInstance),
      second: two.map(({ byInstance }) => byInstance),
    };
  }
}

function meanOf(values: readonly number[]): number | null {
  return values.length === 0 ? null : mean(values);
}

const notMeasured = 'not measured here';

function scoresTable(comparison: Comparison): Table {
  const { encodings, tasks } = comparison;
  const quick = tasks.filter(isQuick);
  const columns: Column[] = [
    { key: 'task', label: 'Task' },
    { key: 'benchmark', label: 'Of' },
    { key: 'metric', label: 'Score' },
    { key: 'measured', label: 'Measured here' },
    { key: 'instances', label: 'Instances', format: 'integer' },
    ...encodings.map((encoding) =>
      measuredColumn({
        key: encoding,
        label: comparison.styleOf(encoding).name,
        unit: '%',
        format: 'fixed1',
      }),
    ),
    ...encodings.map((encoding): Column => ({
      key: swappedKey(encoding),
      label: `${comparison.styleOf(encoding).name}, swapped`,
      unit: '%',
      format: 'fixed1',
    })),
  ];
  return {
    id: 'table-scrolls',
    title: 'SCROLLS',
    caption:
      `Scores of greedy answers on validation instances, in percent${comparison.seeds > 1 ? `, ${seedsWord(comparison.seeds)}` : ''}. ` +
      'Swapped: what the same answers score when they are handed to other instances, as they would without reading. ' +
      belowSwapped(comparison) +
      (quick.length === 0
        ? ''
        : `Quick tasks are made from the bundled books and have the shape of SCROLLS' tasks; their scores say nothing about SCROLLS'. `) +
      `The mean over SCROLLS is that of all seven, and is not made of fewer. Of the paper one number is at hand: BiPE-RoPE is ${paperGain} points above RoPE on average (public notes on the paper).`,
    columns,
    rows: [
      ...quick.map((task) => measuredRow(comparison, task, 'quick task')),
      ...scrollsTaskNames.map((task) =>
        tasks.includes(task)
          ? measuredRow(comparison, task, 'SCROLLS')
          : {
              task: titleOf(task),
              benchmark: 'SCROLLS',
              metric: metricNames[scrollsMetrics[task]],
              measured: notMeasured,
            },
      ),
      meanRow(comparison),
    ],
  };
}

/** Why a score can be below what chance gives; nothing where none is. */
function belowSwapped(comparison: Comparison): string {
  const { tasks, encodings } = comparison;
  const isBelow = (task: string): boolean =>
    encodings.some(
      (encoding) =>
        comparison.scoreOf(task, encoding) === 0 && (comparison.swappedOf(task, encoding) ?? 0) > 0,
    );
  return tasks.some((task) => comparison.metricOf(task) === 'rouge' && isBelow(task))
    ? `ROUGE's mean is geometric: it is 0 unless an answer has two words in a row right. Answers are swapped in ${swaps} ways, so chance has ${swaps} times as many tries, and one hit lifts the swapped score above 0. `
    : '';
}

const swappedKey = (encoding: string): string => `${encoding}_swapped`;

function measuredRow(comparison: Comparison, task: string, benchmark: string): Record<string, Cell> {
  const { encodings } = comparison;
  const [run] = encodings.flatMap((encoding) => comparison.runsOf(task, encoding));
  return {
    task: titleOf(task),
    benchmark,
    metric: metricNames[comparison.metricOf(task)],
    measured: 'yes',
    instances: run?.byInstance.length ?? null,
    ...Object.fromEntries(
      encodings.flatMap((encoding) =>
        Object.entries({
          ...(comparison.runsOf(task, encoding).length > 0 &&
            measuredCells(encoding, {
              ...comparison.rangeOf(task, encoding),
              centre: comparison.scoreOf(task, encoding) ?? Number.NaN,
            })),
          [swappedKey(encoding)]: comparison.swappedOf(task, encoding),
        }),
      ),
    ),
  };
}

function meanRow(comparison: Comparison): Record<string, Cell> {
  const means = comparison.encodings.map((encoding): [string, Cell] => [
    encoding,
    comparison.scrollsMean(encoding),
  ]);
  const measured = means.some(([, value]) => value !== null);
  return {
    task: 'Mean of the seven',
    benchmark: 'SCROLLS',
    measured: measured ? 'yes' : notMeasured,
    ...Object.fromEntries(means),
  };
}

/** A few questions and what each model wrote, so that a score can be seen for what it is. */
function examplesTable(comparison: Comparison): Table {
  const { encodings, tasks } = comparison;
  const rows = tasks.flatMap((task) => {
    const answered = encodings.map((encoding) => comparison.runsOf(task, encoding)[0]?.examples ?? []);
    return (answered[0] ?? []).map(({ query, text, references }, index) => ({
      task: titleOf(task),
      query,
      text,
      reference: references[0] ?? null,
      ...Object.fromEntries(
        encodings.map((encoding, place) => [encoding, answered[place]?.[index]?.answer ?? null]),
      ),
    }));
  });
  return {
    id: 'table-scrolls-examples',
    title: 'What the models wrote',
    caption:
      'A few of the instances asked, at even distances among them. The query is what stands before the text, where a task has one; of the references the first is shown.',
    columns: [
      { key: 'task', label: 'Task' },
      { key: 'query', label: 'Query' },
      { key: 'text', label: 'Text begins' },
      { key: 'reference', label: 'Reference' },
      ...encodings.map((encoding) => ({ key: encoding, label: comparison.styleOf(encoding).name })),
    ],
    rows,
  };
}

function scoresFigure(comparison: Comparison): Figure {
  const { tasks, encodings, seeds } = comparison;
  const columns = Math.min(3, tasks.length);
  return makeFigure({
    id: 'table-scrolls-scores',
    title: tasks.every(isQuick) ? "Quick tasks of SCROLLS' shape" : 'SCROLLS by task',
    subtitle: [
      'Scores of greedy answers; line across a bar: of the same answers, handed to other instances, so without reading',
      `Not learnt: not clearly above that line; ${whiskersWord(seeds, `95 % interval over ${groupsWord(tasks)}`)}`,
    ].join('\n'),
    caption:
      'Line across a bar: what the same answers score when they are handed to other instances, as they would without reading. ' +
      belowSwapped(comparison) +
      (tasks.some(isQuick) ? "Quick tasks are none of SCROLLS', and their scores say nothing about it." : ''),
    alt: tasks
      .map((task) => {
        const scores = encodings.map(
          (encoding) =>
            `${comparison.styleOf(encoding).name} ${comparison.rangeOf(task, encoding).centre.toFixed(1)}, swapped ${(comparison.swappedOf(task, encoding) ?? NaN).toFixed(1)}`,
        );
        return `${panelTitle(comparison, task).replace('\n', ', ')}: ${scores.join('; ')}`;
      })
      .join('; '),
    columns,
    panelHeight: 250,
    panels: tasks.map((task) => ({
      title: panelTitle(comparison, task),
      // The legend names the bars.
      x: { type: 'category', showticklabels: false, ticks: '' },
      // All percentages on one scale, so that a failure looks like one; with room for a number
      // above 100.
      y: { title: `${metricNames[comparison.metricOf(task)]} (%)`, range: [0, 112], dtick: 20 },
    })),
    data: tasks.flatMap((task, panel) => [
      ...encodings.map((encoding) => {
        const style = comparison.styleOf(encoding);
        const range = comparison.rangeOf(task, encoding);
        const words = { quantity: metricNames[comparison.metricOf(task)], format: percents };
        return {
          ...barTrace({ x: [style.name], y: [range.centre], style, panel, legend: panel === 0 }),
          ...whiskers([range], { ...words, points: [style.name] }, { width: 4 }),
        };
      }),
      ...swappedMarks(comparison, task, panel, figureWidth.page / columns / encodings.length),
    ]),
    layout: {
      annotations: tasks.flatMap((task, panel) =>
        encodings.map((encoding) => barLabel(comparison, task, encoding, panel)),
      ),
    },
  });
}

/** The task, and whether it was learnt, by the test that the findings go by. */
function panelTitle(comparison: Comparison, task: string): string {
  const { encodings } = comparison;
  const failed = encodings.filter((encoding) => !comparison.isLearnt(task, encoding));
  if (failed.length === 0) return titleOf(task);
  const names = failed.map((encoding) => comparison.styleOf(encoding).name).join(', ');
  return `${titleOf(task)}\nnot learnt${failed.length === encodings.length ? '' : ` by ${names}`}`;
}

const percents = (score: number): string => `${score.toFixed(1)} %`;

/**
 * A line across each bar of a task, light around dark, so that it is seen on any bar; in the legend
 * once.
 */
function swappedMarks(
  comparison: Comparison,
  task: string,
  panel: number,
  roomForBar: number,
): PlotlyObject[] {
  const { encodings } = comparison;
  const name = 'Same answers, other instances';
  const line = (color: string, width: number): PlotlyObject => ({
    type: 'scatter',
    mode: 'markers',
    name,
    showlegend: false,
    x: encodings.map((encoding) => comparison.styleOf(encoding).name),
    y: encodings.map((encoding) => comparison.swappedOf(task, encoding)),
    marker: { symbol: 'line-ew', size: Math.round(0.4 * roomForBar), line: { color, width } },
    ...inPanel(panel),
  });
  const legend = {
    type: 'scatter',
    mode: 'lines',
    name,
    x: [null],
    y: [null],
    line: { color: ink.text, width: 2 },
    ...inPanel(panel),
  };
  return [line(ink.paper, 4), line(ink.text, 2), ...(panel === 0 ? [legend] : [])];
}

/** The height of a bar, written above its whisker and the line across it. */
function barLabel(comparison: Comparison, task: string, encoding: string, panel: number): PlotlyObject {
  const { centre, high } = comparison.rangeOf(task, encoding);
  const { xaxis, yaxis } = inPanel(panel);
  return {
    text: centre.toFixed(1),
    xref: xaxis,
    x: comparison.styleOf(encoding).name,
    yref: yaxis,
    y: Math.max(high, comparison.swappedOf(task, encoding) ?? 0),
    yanchor: 'bottom',
    showarrow: false,
    font: { size: fontSize.tick },
  };
}

function findings(comparison: Comparison): Finding[] {
  return [...bilevelPairs, ...ownPairs(comparison.encodings)].flatMap(([better, worse]) => [
    ...comparison.tasks.filter(isQuick).flatMap((task) => quickFinding(comparison, task, better, worse)),
    ...scrollsFinding(comparison, better, worse),
  ]);
}

const points = (value: number): string => `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}`;

/**
 * What is said of two encodings on a quick task: nothing, where neither model answers by what it
 * reads.
 */
function quickFinding(comparison: Comparison, task: string, better: string, worse: string): Finding[] {
  const pair = comparison.pairOf(task, better, worse);
  if (pair === undefined) return [];
  const [a = '', b = ''] = [better, worse].map((encoding) => comparison.styleOf(encoding).name);
  const difference = differenceInterval([pair]);
  const said = [better, worse].map(
    (encoding) =>
      `${comparison.styleOf(encoding).name} ${points(comparison.scoreOf(task, encoding) ?? NaN)} (swapped ${points(comparison.swappedOf(task, encoding) ?? NaN)})`,
  );
  const learnt = [better, worse].some((encoding) => comparison.isLearnt(task, encoding));
  return [
    {
      claim: `Quick task "${titleOf(task)}", which is none of SCROLLS': ${a} answers better than ${b}`,
      holds: learnt ? liesBelow(0, difference) : null,
      measured:
        `${said.join(', ')}: a difference of ${points(difference.estimate)} points (${intervalWord(difference, [task])}${seedWord(comparison)})` +
        (learnt
          ? ''
          : '; neither is clearly above its swapped answers, so neither has learnt to read for this task'),
    },
  ];
}

function scrollsFinding(comparison: Comparison, better: string, worse: string): Finding[] {
  const pairs = scrollsTaskNames.flatMap((task) => comparison.pairOf(task, better, worse) ?? []);
  if (pairs.length < scrollsTaskNames.length) return [];
  const [a, b] = [comparison.styleOf(better).name, comparison.styleOf(worse).name];
  const difference = differenceInterval(pairs);
  const [first, second] = [better, worse].map((encoding) => comparison.scrollsMean(encoding) ?? NaN);
  const paper = better === 'bipe_rope' ? ` (the paper: by ${paperGain} points)` : '';
  return [
    {
      claim: `On the mean of SCROLLS' seven tasks, ${a} is above ${b}${paper}`,
      holds: liesBelow(0, difference),
      measured: `${a} ${roundedScore(first ?? NaN)}, ${b} ${roundedScore(second ?? NaN)}; the difference: ${intervalWord(difference, scrollsTaskNames)}${seedWord(comparison)}`,
    },
  ];
}

/** What is drawn for an interval. */
function groupsWord(tasks: readonly string[]): string {
  if (tasks.every(isQuick)) return 'chapters';
  return tasks.some(isQuick) ? 'chapters or documents' : 'documents';
}

function intervalWord({ low, high }: Interval, tasks: readonly string[]): string {
  const over = groupsWord(tasks);
  return isKnown({ low, high })
    ? `95 % interval over ${over} ${points(low)} to ${points(high)}`
    : `no interval: too few ${over} that differ`;
}

function seedWord({ seeds }: Comparison): string {
  return seeds === 1 ? '; one seed' : '';
}
