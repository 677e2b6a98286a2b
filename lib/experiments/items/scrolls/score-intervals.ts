// How sure the scores of answers are. Instances of one chapter or document are not independent of
// each other: in a quick task all excerpts of a chapter may have one reference, SCROLLS asks many
// questions about a document. So groups of them are drawn, each with all its instances, by the
// symmetric bootstrap-t that perplexities have too; paired where two models were asked the same
// instances.

import { type Interval } from '../../../base/statistics';
import { Random } from '../../../engine/random/random';
import { type Estimated, studentizedIntervalOfKinds } from '../../../evaluate/intervals';
import { partNames, type TextMetricName, type TextScore } from '../../../evaluate/metrics/text-metrics';

/** Each instance's part in a score, in the order of the instances. */
export type InstanceParts = readonly TextScore['parts'][];

const resamples = 1000;

/**
 * The score of one model, or the mean of several scores, with its 95 % interval over groups.
 *
 * @param scores of one model's answers a list of parts; of swapped ones a list for each round
 * @param groups which group each instance is of
 * @returns as `differenceInterval`, within 0 and 100
 */
export function scoreInterval(
  metric: TextMetricName,
  scores: readonly InstanceParts[],
  groups: readonly string[],
): Interval {
  const { estimate, low, high } = differenceInterval([{ metric, groups, first: scores, second: [] }]);
  return isKnown({ low, high })
    ? { estimate, low: Math.max(0, low), high: Math.min(100, high) }
    : { estimate, low, high };
}

/** Answers to the same instances of a task, compared. */
export interface PairedScores {
  readonly metric: TextMetricName;
  /** The group of each instance. */
  readonly groups: readonly string[];
  /** Scores that are averaged, such as those of several seeds: a list of parts for each. */
  readonly first: readonly InstanceParts[];
  /** The scores subtracted from those; none: nothing. */
  readonly second: readonly InstanceParts[];
}

/**
 * How far the first is above the second, in points, the mean over the tasks, with its 95 %
 * interval. The interval is over groups alone; that another seed would have given other models is
 * not in it.
 *
 * @returns from -Infinity to Infinity where the groups cannot tell: a task has fewer than five, or
 *   all but a few are alike
 */
export function differenceInterval(tasks: readonly PairedScores[]): Interval {
  const grouped = tasks.map(groupedTask);
  const statistic = (places: readonly Int32Array[]): Estimated => {
    let [sum, variance] = [0, 0];
    grouped.forEach((task, index) => {
      const { mean, error } = differenceAt(task, places[index] ?? new Int32Array());
      sum += mean;
      variance += error ** 2;
    });
    return { mean: sum / grouped.length, error: Math.sqrt(variance) / grouped.length };
  };
  const numbers = grouped.map(({ counts }) => counts.length);
  const random = Random.fromSeed(0).fork('groups of instances');
  const known = studentizedIntervalOfKinds(statistic, numbers, { random, resamples });
  if (known !== undefined) return { estimate: known.mean, low: known.low, high: known.high };
  const all = numbers.map((count) => Int32Array.from({ length: count }, (_, place) => place));
  return { estimate: statistic(all).mean, low: -Infinity, high: Infinity };
}

/** True if there were groups enough for an interval. */
export function isKnown({ low, high }: Pick<Interval, 'low' | 'high'>): boolean {
  return Number.isFinite(low) && Number.isFinite(high);
}

/** The content of a task's groups. */
interface GroupedTask {
  /** Instances: [group] */
  readonly counts: Float64Array;
  readonly scores: readonly GroupedScore[];
}

/** One of the scores that a difference is made of. */
interface GroupedScore {
  /** How much of it the difference has; below 0 where it is taken away. */
  readonly weight: number;
  /** The sums of its parts, one for each of the metric's: [group] */
  readonly sums: readonly Float64Array[];
}

function groupedTask({ metric, groups, first, second }: PairedScores): GroupedTask {
  const places = new Map<string, number>();
  const placeOf = groups.map((group) => {
    const place = places.get(group) ?? places.size;
    places.set(group, place);
    return place;
  });
  const sumsOf = (value: (instance: number) => number): Float64Array => {
    const sums = new Float64Array(places.size);
    placeOf.forEach((place, instance) => {
      sums[place] = (sums[place] ?? 0) + value(instance);
    });
    return sums;
  };
  const scoresOf = (lists: readonly InstanceParts[], sign: 1 | -1): GroupedScore[] =>
    lists.map((parts) => ({
      weight: sign / lists.length,
      sums: partNames(metric).map((name) => sumsOf((instance) => parts[instance]?.[name] ?? 0)),
    }));
  return { counts: sumsOf(() => 1), scores: [...scoresOf(first, 1), ...scoresOf(second, -1)] };
}

/**
 * The difference of the groups at some places. Its error is the jackknife's (Tukey 1958), from the
 * differences without each one of them: it needs no derivative, and a geometric mean has none where
 * a part is 0.
 */
function differenceAt({ counts, scores }: GroupedTask, places: Int32Array): Estimated {
  let count = 0;
  const times = new Int32Array(counts.length); // how often each group was drawn
  for (const place of places) {
    count += counts[place] ?? 0;
    times[place] = (times[place] ?? 0) + 1;
  }
  let mean = 0;
  const without = new Float64Array(counts.length); // the difference if the group had been drawn once less
  for (const { weight, sums } of scores) {
    const totals = sums.map((column) => {
      let total = 0;
      for (const place of places) total += column[place] ?? 0;
      return total;
    });
    mean += weight * scoreOfSums(totals, count);
    for (let group = 0; group < counts.length; group += 1) {
      if (times[group] === 0) continue;
      const left = count - (counts[group] ?? 0);
      let product = 1;
      // Rounding must not leave less than nothing.
      for (let part = 0; part < sums.length; part += 1)
        product *= Math.max(0, (totals[part] ?? 0) - (sums[part]?.[group] ?? 0)) / left;
      without[group] = (without[group] ?? 0) + weight * product ** (1 / totals.length);
    }
  }
  const drawn = places.length;
  let [middle, squares] = [0, 0];
  times.forEach((often, group) => (middle += (often * (without[group] ?? 0)) / drawn));
  times.forEach((often, group) => (squares += often * ((without[group] ?? 0) - middle) ** 2));
  return { mean, error: Math.sqrt((squares * (drawn - 1)) / drawn) };
}

/** As `scoreOfParts`, of sums over so many instances. */
function scoreOfSums(sums: readonly number[], count: number): number {
  return sums.reduce((product, sum) => product * (sum / count), 1) ** (1 / sums.length);
}
