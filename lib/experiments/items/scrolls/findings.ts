// The claims about pairs of encodings on SCROLLS and on quick tasks.

import { present } from '../../../base/present';
import { type Interval } from '../../../base/statistics';
import { scrollsTaskNames } from '../../../data/scrolls/tasks';
import { roundedScore } from '../../../evaluate/metrics/text-metrics';
import { bilevelPairs, ownPairs } from '../../charts/encoding-pairs';
import { liesBelow } from '../../charts/verdicts';
import { paperValue } from '../../paper/values';
import { type Finding } from '../../run/report';
import { type Comparison, groupsWord, isQuick, titleOf } from './comparison';
import { differenceInterval, isKnown } from './score-intervals';

/** How many points the paper's BiPE-RoPE is above its RoPE, on the mean of the seven tasks. */
export const paperGain = present(
  paperValue('scrolls-gain', 'bipe_rope'),
  "the paper's gain on SCROLLS",
).value;

/**
 * The findings of all pairs.
 *
 * @param longer the same models on longer inputs, the longest last
 */
export function scrollsFindings(comparison: Comparison, longer: readonly Comparison[]): Finding[] {
  const longest = longer.at(-1);
  return [...bilevelPairs, ...ownPairs(comparison.encodings)].flatMap(([better, worse]) => [
    ...comparison.tasks
      .filter(isQuick)
      .flatMap((task) => [
        ...quickFinding(comparison, task, better, worse),
        ...(longest === undefined ? [] : longerFinding(comparison, longest, task, better, worse)),
      ]),
    ...scrollsFinding(comparison, better, worse),
  ]);
}

const points = (value: number): string => `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}`;

/** Two encodings on a quick task: inconclusive where neither model answers by what it reads. */
function quickFinding(comparison: Comparison, task: string, better: string, worse: string): Finding[] {
  const pair = comparison.pairOf(task, better, worse);
  if (pair === undefined) return [];
  const difference = differenceInterval([pair]);
  const learnt = [better, worse].some((encoding) => comparison.isLearnt(task, encoding));
  return [
    {
      claim: `Quick task "${titleOf(task)}" (not part of SCROLLS): ${namesOf(comparison, better, worse)}`,
      holds: learnt ? liesBelow(0, difference) : null,
      measured:
        comparedScores(comparison, task, [better, worse], difference) +
        (learnt
          ? ''
          : '; neither is clearly above its swapped answers, so neither has learnt to read for this task'),
    },
  ];
}

/**
 * The same on longer inputs: inconclusive unless both models learnt the task at the length of the
 * finetuning.
 */
function longerFinding(
  comparison: Comparison,
  longest: Comparison,
  task: string,
  better: string,
  worse: string,
): Finding[] {
  const pair = longest.pairOf(task, better, worse);
  if (pair === undefined) return [];
  const failed = [better, worse].filter((encoding) => !comparison.isLearnt(task, encoding));
  const failedNames = failed.map((encoding) => comparison.styleOf(encoding).name).join(' and ');
  const multiple = longest.tokens / comparison.tokens;
  const difference = differenceInterval([pair]);
  return [
    {
      claim: `Quick task "${titleOf(task)}", ${multiple} times the length of the finetuning: ${namesOf(comparison, better, worse)}`,
      holds: failed.length === 0 ? liesBelow(0, difference) : null,
      measured:
        comparedScores(longest, task, [better, worse], difference) +
        (failed.length === 0 ? '' : `; not learnt at the length of the finetuning by ${failedNames}`),
    },
  ];
}

function namesOf(comparison: Comparison, better: string, worse: string): string {
  return `${comparison.styleOf(better).name} answers better than ${comparison.styleOf(worse).name}`;
}

/** Both scores, each beside that of its swapped answers, and their difference. */
function comparedScores(
  comparison: Comparison,
  task: string,
  encodings: readonly string[],
  difference: Interval,
): string {
  const said = encodings.map(
    (encoding) =>
      `${comparison.styleOf(encoding).name} ${points(comparison.scoreOf(task, encoding) ?? NaN)} (${swappedWord(comparison, task, encoding)})`,
  );
  return `${said.join(', ')}: a difference of ${points(difference.estimate)} points (${intervalWord(difference, [task])}${seedWord(comparison)})`;
}

/** The score of swapped answers with its interval; over several seeds, the least and the most. */
function swappedWord(comparison: Comparison, task: string, encoding: string): string {
  const { low, high } = comparison.swappedRangeOf(task, encoding);
  const score = `swapped ${points(comparison.swappedOf(task, encoding) ?? NaN)}`;
  const range = `${points(low)} to ${points(high)}`;
  if (low === high) return score;
  return `${score}, ${comparison.seeds === 1 ? `95 % interval ${range}` : `${range} over seeds`}`;
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

function intervalWord({ low, high }: Interval, tasks: readonly string[]): string {
  const over = groupsWord(tasks);
  return isKnown({ low, high })
    ? `95 % interval over ${over} ${points(low)} to ${points(high)}`
    : `no interval: too few ${over} that differ`;
}

function seedWord({ seeds }: Comparison): string {
  return seeds === 1 ? '; one seed' : '';
}
