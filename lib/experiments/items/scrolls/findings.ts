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

/** The findings of all pairs. */
export function scrollsFindings(comparison: Comparison): Finding[] {
  return [...bilevelPairs, ...ownPairs(comparison.encodings)].flatMap(([better, worse]) => [
    ...comparison.tasks.filter(isQuick).flatMap((task) => quickFinding(comparison, task, better, worse)),
    ...scrollsFinding(comparison, better, worse),
  ]);
}

const points = (value: number): string => `${value < 0 ? '−' : ''}${Math.abs(value).toFixed(1)}`;

/** Two encodings on a quick task: inconclusive where neither model answers by what it reads. */
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
      claim: `Quick task "${titleOf(task)}" (not part of SCROLLS): ${a} answers better than ${b}`,
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

function intervalWord({ low, high }: Interval, tasks: readonly string[]): string {
  const over = groupsWord(tasks);
  return isKnown({ low, high })
    ? `95 % interval over ${over} ${points(low)} to ${points(high)}`
    : `no interval: too few ${over} that differ`;
}

function seedWord({ seeds }: Comparison): string {
  return seeds === 1 ? '; one seed' : '';
}
