// Runs on SCROLLS' tasks by task and encoding: what tables, pictures and findings ask of them.

import { type Range } from '../../../base/format';
import { ownEntry } from '../../../base/own';
import { present } from '../../../base/present';
import { quickTasks } from '../../../data/scrolls/quick';
import { scrollsTaskNames, scrollsTasks } from '../../../data/scrolls/tasks';
import { type TextMetricName } from '../../../evaluate/metrics/text-metrics';
import { scrollsMetrics, scrollsScore } from '../../../evaluate/scrolls';
import { measured, type Measure } from '../../../report/measures';
import { mean, overSeeds } from '../../../report/over-seeds';
import { encodingStyle, type SeriesStyle } from '../../../report/style';
import { liesBelow } from '../../charts/verdicts';
import { type PromptedRun } from './runs';
import {
  differenceInterval,
  type InstanceParts,
  isKnown,
  type PairedScores,
  scoreInterval,
} from './score-intervals';

/** All models that were finetuned. */
export interface TableScrollsResult {
  readonly runs: readonly PromptedRun[];
}

/**
 * The results by length, that of the finetuning first: each as if its length were the only one.
 */
export function byLength({ runs }: TableScrollsResult): TableScrollsResult[] {
  const [first] = runs;
  const count = first === undefined ? 1 : 1 + first.longer.length;
  return Array.from({ length: count }, (_, place) => ({
    runs: runs.map((run) => ({ ...run, ...run.longer[place - 1], longer: [] })),
  }));
}

/** The metrics as readers know them. */
export const metricNames: Readonly<Record<TextMetricName, string>> = {
  rouge: 'ROUGE, geometric mean',
  f1: 'F1',
  exact_match: 'Exact match',
};

const titles: Readonly<Record<string, { readonly title: string } | undefined>> = {
  ...quickTasks,
  ...scrollsTasks,
};

/** The name of a task. */
export function titleOf(task: string): string {
  return titles[task]?.title ?? task;
}

/** A quick task: not part of SCROLLS. */
export const isQuick = (task: string): boolean => task in quickTasks;

/** The runs by task and encoding. */
export class Comparison {
  readonly tasks: readonly string[];
  readonly encodings: readonly string[];
  readonly seeds: number;
  /** By what is scored: an interval is thousands of samples, and is asked for several times. */
  readonly #ranges = new Map<string, Range>();

  constructor(readonly result: TableScrollsResult) {
    this.tasks = [...new Set(result.runs.map(({ task }) => task))];
    this.encodings = [...new Set(result.runs.map(({ encoding }) => encoding))];
    this.seeds = new Set(result.runs.map(({ seed }) => seed)).size;
  }

  /** The longest sequences (tokens). */
  get tokens(): number {
    return this.result.runs[0]?.tokens ?? Number.NaN;
  }

  runsOf(task: string, encoding: string): readonly PromptedRun[] {
    return this.result.runs.filter((run) => run.task === task && run.encoding === encoding);
  }

  /** The score of an encoding, in the column that tables have of it. */
  scoreMeasure(encoding: string): Measure<string> {
    const column = {
      key: encoding,
      label: this.styleOf(encoding).name,
      unit: '%',
      format: 'fixed1',
    } as const;
    return measured(column, (task) =>
      this.runsOf(task, encoding).length === 0 ? undefined : this.rangeOf(task, encoding),
    );
  }

  /** How a task is scored. */
  metricOf(task: string): TextMetricName {
    const run = this.result.runs.find((one) => one.task === task);
    return run?.metric ?? present(ownEntry(scrollsMetrics, task), `a metric of ${task}`);
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
    return this.#range('own', task, encoding, ({ byInstance }) => [byInstance]);
  }

  /** The same of answers handed to other instances. */
  swappedRangeOf(task: string, encoding: string): Range {
    return this.#range('swapped', task, encoding, ({ swapped }) => swapped.rounds);
  }

  #range(
    answers: 'own' | 'swapped',
    task: string,
    encoding: string,
    scoresOf: (run: PromptedRun) => readonly InstanceParts[],
  ): Range {
    const key = JSON.stringify([answers, task, encoding]);
    const known = this.#ranges.get(key);
    if (known !== undefined) return known;
    const range = overSeeds(
      this.runsOf(task, encoding).map((run) => {
        const { estimate: centre, low, high } = scoreInterval(run.metric, scoresOf(run), run.groups);
        return isKnown({ low, high }) ? { centre, low, high } : { centre, low: centre, high: centre };
      }),
    );
    this.#ranges.set(key, range);
    return range;
  }

  /** A task is learnt where answers are better in their own places than in others'. */
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

  /** The answers of two encodings to a task. */
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

/** The units that an interval draws anew. */
export function groupsWord(tasks: readonly string[]): string {
  if (tasks.every(isQuick)) return 'chapters';
  return tasks.some(isQuick) ? 'chapters or documents' : 'documents';
}

/** The task, and whether it was learnt, by the test that the findings go by. */
export function taskTitle(comparison: Comparison, task: string): string {
  const { encodings } = comparison;
  const failed = encodings.filter((encoding) => !comparison.isLearnt(task, encoding));
  if (failed.length === 0) return titleOf(task);
  const names = failed.map((encoding) => comparison.styleOf(encoding).name).join(', ');
  return `${titleOf(task)}\nnot learnt${failed.length === encodings.length ? '' : ` by ${names}`}`;
}
