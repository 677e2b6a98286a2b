// The table of SCROLLS as a table, a picture and findings. Scores of quick tasks stand in rows of their own, and no mean has them.

import { present } from '../base/present';
import { quickTasks } from '../data/scrolls/quick';
import { scrollsTaskNames, scrollsTasks } from '../data/scrolls/tasks';
import { roundedScore, type TextMetricName } from '../evaluate/metrics/text-metrics';
import { scrollsMetrics, scrollsScore } from '../evaluate/scrolls';
import { barTrace, type Figure, inPanel, makeFigure, type PlotlyObject } from '../report/figure';
import { encodingStyle, fontSize, ink, type SeriesStyle } from '../report/style';
import { type Cell, type Column, type Table } from '../report/tables';
import { type Drawing, type Finding } from './experiment';
import { type BlindScore, type PromptedRun } from './prompted-runs';
import { differenceInterval, type PairedScores, scoreInterval } from './score-intervals';
import { mean, overSeeds, type Range, whiskers } from './seed-groups';

/** All models that were finetuned, and what somebody scores who reads nothing. */
export interface TableScrollsResult {
  readonly runs: readonly PromptedRun[];
  /** A score for each task that was measured. */
  readonly blind: readonly BlindScore[];
}

const metricNames: Readonly<Record<TextMetricName, string>> = {
  rouge: 'ROUGE, geometric mean',
  f1: 'F1',
  exact_match: 'exact match',
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

  constructor(readonly result: TableScrollsResult) {
    this.tasks = [...new Set(result.runs.map(({ task }) => task))];
    this.encodings = [...new Set(result.runs.map(({ encoding }) => encoding))];
    this.seeds = new Set(result.runs.map(({ seed }) => seed)).size;
  }

  runsOf(task: string, encoding: string): readonly PromptedRun[] {
    return this.result.runs.filter((run) => run.task === task && run.encoding === encoding);
  }

  blindOf(task: string): BlindScore {
    return present(
      this.result.blind.find((score) => score.task === task),
      `the blind score of ${task}`,
    );
  }

  styleOf(encoding: string): SeriesStyle {
    return encodingStyle(encoding, this.encodings);
  }

  /** Over several seeds the least and the most, of one its interval over instances. */
  rangeOf(task: string, encoding: string): Range {
    return overSeeds(
      this.runsOf(task, encoding).map(({ metric, byInstance }) => {
        const { estimate, low, high } = scoreInterval(metric, byInstance);
        return { centre: estimate, low, high };
      }),
    );
  }

  /** The benchmark's score of an encoding, the mean over seeds; null where not all seven tasks were measured. */
  scrollsMean(encoding: string): number | null {
    const scores = scrollsTaskNames.map((task) => {
      const runs = this.runsOf(task, encoding);
      return runs.length === 0 ? undefined : mean(runs.map(({ score }) => score));
    });
    if (scores.includes(undefined)) return null;
    return scrollsScore(Object.fromEntries(scrollsTaskNames.map((task, index) => [task, scores[index]])));
  }

  /** What two encodings wrote for a task. */
  pairOf(task: string, first: string, second: string): PairedScores | undefined {
    const [one, two] = [this.runsOf(task, first), this.runsOf(task, second)];
    const [run] = one;
    if (run === undefined || two.length === 0) return undefined;
    return {
      metric: run.metric,
      first: one.map(({ byInstance }) => byInstance),
      second: two.map(({ byInstance }) => byInstance),
    };
  }
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
    { key: 'blind', label: 'Commonest output', unit: '%', format: 'fixed1' },
    ...encodings.map((encoding): Column => ({
      key: encoding,
      label: comparison.styleOf(encoding).name,
      unit: '%',
      format: 'fixed1',
    })),
  ];
  return {
    id: 'table-scrolls',
    title: 'SCROLLS',
    caption:
      `Scores of greedy answers on validation instances, in percent${comparison.seeds > 1 ? `, mean of ${comparison.seeds} seeds` : ''}. ` +
      'Commonest output: what it scores to write always the same, the output that most of the training rows have. ' +
      (quick.length === 0
        ? ''
        : `Quick tasks are made from the bundled books and have the shape of SCROLLS' tasks; their scores say nothing about SCROLLS'. `) +
      'The mean over SCROLLS is that of all seven, and is not made of fewer. Of the paper one number is at hand: BiPE-RoPE is 3.98 points above RoPE on average (public notes on the paper).',
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

function measuredRow(comparison: Comparison, task: string, benchmark: string): Record<string, Cell> {
  const { metric, score, byInstance } = comparison.blindOf(task);
  const scores = comparison.encodings.map((encoding): [string, Cell] => {
    const runs = comparison.runsOf(task, encoding);
    return [encoding, runs.length === 0 ? null : mean(runs.map((run) => run.score))];
  });
  return {
    task: titleOf(task),
    benchmark,
    metric: metricNames[metric],
    measured: 'yes',
    instances: byInstance.length,
    blind: score,
    ...Object.fromEntries(scores),
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
    return (answered[0] ?? []).map((example, index) => ({
      task: titleOf(task),
      input: example.input,
      reference: example.references[0] ?? null,
      ...Object.fromEntries(
        encodings.map((encoding, place) => [encoding, answered[place]?.[index]?.answer ?? null]),
      ),
    }));
  });
  return {
    id: 'table-scrolls-examples',
    title: 'What the models wrote',
    caption: 'The first of the instances asked, with the beginning of their input and their first reference.',
    columns: [
      { key: 'task', label: 'Task' },
      { key: 'input', label: 'Input begins' },
      { key: 'reference', label: 'Reference' },
      ...encodings.map((encoding) => ({ key: encoding, label: comparison.styleOf(encoding).name })),
    ],
    rows,
  };
}

function scoresFigure(comparison: Comparison): Figure {
  const { tasks, encodings, seeds } = comparison;
  // Tasks are scored in different ways, so each has an axis of its own.
  const highest = (task: string): number =>
    Math.max(
      1,
      comparison.blindOf(task).score,
      ...encodings.map((encoding) => comparison.rangeOf(task, encoding).high),
    );
  return makeFigure({
    id: 'table-scrolls-scores',
    title: tasks.every(isQuick) ? "Quick tasks of SCROLLS' shape" : 'SCROLLS by task',
    subtitle: `Score of greedy answers; ${seeds === 1 ? 'one seed; whiskers: 95 % interval over instances' : `mean of ${seeds} seeds; whiskers: least and most`}`,
    caption:
      'Broken line: what it scores to write always the commonest output of the training rows. ' +
      (tasks.some(isQuick) ? "Quick tasks are none of SCROLLS', and their scores say nothing about it." : ''),
    alt: tasks
      .map((task) => {
        const scores = encodings.map(
          (encoding) =>
            `${comparison.styleOf(encoding).name} ${comparison.rangeOf(task, encoding).centre.toFixed(1)}`,
        );
        return `${titleOf(task)}: ${scores.join(', ')}, commonest output ${comparison.blindOf(task).score.toFixed(1)}`;
      })
      .join('; '),
    columns: Math.min(3, tasks.length),
    panelHeight: 250,
    panels: tasks.map((task) => ({
      title: titleOf(task),
      x: { type: 'category', tickangle: -25 },
      y: { title: `${metricNames[comparison.blindOf(task).metric]} (%)`, range: [0, 1.15 * highest(task)] },
    })),
    data: tasks.flatMap((task, panel) =>
      encodings.map((encoding) => {
        const style = comparison.styleOf(encoding);
        const range = comparison.rangeOf(task, encoding);
        return {
          ...barTrace({ x: [style.name], y: [range.centre], style, panel, legend: false }),
          error_y: whiskers([range], 4),
        };
      }),
    ),
    layout: {
      shapes: tasks.map((task, panel) => blindLine(comparison.blindOf(task).score, panel)),
      annotations: tasks.flatMap((task, panel) =>
        encodings.map((encoding) => barLabel(comparison, task, encoding, panel)),
      ),
    },
  });
}

function blindLine(score: number, panel: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  return {
    type: 'line',
    xref: `${xaxis} domain`,
    yref: yaxis,
    x0: 0,
    x1: 1,
    y0: score,
    y1: score,
    line: { color: ink.muted, width: 1, dash: '6px,4px' },
  };
}

/** The height of a bar, written above its whisker. */
function barLabel(comparison: Comparison, task: string, encoding: string, panel: number): PlotlyObject {
  const { centre, high } = comparison.rangeOf(task, encoding);
  const { xaxis, yaxis } = inPanel(panel);
  return {
    text: centre.toFixed(1),
    xref: xaxis,
    x: comparison.styleOf(encoding).name,
    yref: yaxis,
    y: high,
    yanchor: 'bottom',
    showarrow: false,
    font: { size: fontSize.tick },
  };
}

const comparisons = [
  ['bipe_rope', 'rope'],
  ['bipe_alibi', 'alibi'],
] as const;

function findings(comparison: Comparison): Finding[] {
  return comparisons.flatMap(([better, worse]) => [
    ...comparison.tasks.filter(isQuick).flatMap((task) => quickFinding(comparison, task, better, worse)),
    ...scrollsFinding(comparison, better, worse),
  ]);
}

const points = (value: number): string => `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}`;

/** What is said of two encodings on a quick task: nothing, where neither has learnt it. */
function quickFinding(comparison: Comparison, task: string, better: string, worse: string): Finding[] {
  const pair = comparison.pairOf(task, better, worse);
  if (pair === undefined) return [];
  const [a, b] = [comparison.styleOf(better).name, comparison.styleOf(worse).name];
  const { estimate, low, high } = differenceInterval([pair]);
  const blind = comparison.blindOf(task);
  const scores = [better, worse].map((encoding) => comparison.rangeOf(task, encoding));
  const learnt = [pair.first, pair.second].some(
    (seeds) =>
      differenceInterval([{ metric: pair.metric, first: seeds, second: seeds.map(() => blind.byInstance) }])
        .low > 0,
  );
  const measured =
    `${a} ${points(scores[0]?.centre ?? NaN)}, ${b} ${points(scores[1]?.centre ?? NaN)}: a difference of ${points(estimate)} points ` +
    `(95 % interval over instances ${points(low)} to ${points(high)}${comparison.seeds === 1 ? '; one seed' : ''})` +
    (learnt
      ? `; always the commonest output scores ${points(blind.score)}`
      : `; neither is clearly above the ${points(blind.score)} of always writing the commonest output, so neither has learnt the task`);
  return [
    {
      claim: `Quick task "${titleOf(task)}", which is none of SCROLLS': ${a} answers better than ${b}`,
      holds: learnt ? verdict(low, high) : null,
      measured,
    },
  ];
}

function scrollsFinding(comparison: Comparison, better: string, worse: string): Finding[] {
  const pairs = scrollsTaskNames.flatMap((task) => comparison.pairOf(task, better, worse) ?? []);
  if (pairs.length < scrollsTaskNames.length) return [];
  const [a, b] = [comparison.styleOf(better).name, comparison.styleOf(worse).name];
  const { low, high } = differenceInterval(pairs);
  const [first, second] = [better, worse].map((encoding) => comparison.scrollsMean(encoding) ?? NaN);
  const paper = better === 'bipe_rope' ? ' (the paper: by 3.98 points)' : '';
  return [
    {
      claim: `On the mean of SCROLLS' seven tasks, ${a} is above ${b}${paper}`,
      holds: verdict(low, high),
      measured: `${a} ${roundedScore(first ?? NaN)}, ${b} ${roundedScore(second ?? NaN)}; 95 % interval of the difference over instances ${points(low)} to ${points(high)} points`,
    },
  ];
}

/** Whether a difference is above 0; null where its interval holds 0. */
function verdict(low: number, high: number): boolean | null {
  if (low > 0) return true;
  return high < 0 ? false : null;
}
