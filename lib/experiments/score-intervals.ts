// How sure the scores of answers are: intervals by the bootstrap over instances, paired where two models were asked the same ones.

import { type Interval, quantiles } from '../base/statistics';
import { Random } from '../engine/random';
import { partNames, type TextMetricName, type TextScore } from '../evaluate/metrics/text-metrics';

/** Each instance's part in a score, in the order of the instances. */
export type InstanceParts = readonly TextScore['parts'][];

const level = 0.95;
const resamples = 1000;

/** The score of one model, and where it lies in 95 % of the samples drawn from its instances with replacement. */
export function scoreInterval(metric: TextMetricName, parts: InstanceParts): Interval {
  return bootstrap([{ instances: parts.length, score: scorer(metric, parts) }]);
}

/** Two models' answers to the same instances of a task, each by several seeds: a list of parts for each. */
export interface PairedScores {
  readonly metric: TextMetricName;
  readonly first: readonly InstanceParts[];
  readonly second: readonly InstanceParts[];
}

/**
 * How far the first is above the second, in points: the mean over the seeds, and over the tasks. The interval is over instances alone; that
 * another seed would have given other models is not in it.
 */
export function differenceInterval(tasks: readonly PairedScores[]): Interval {
  return bootstrap(
    tasks.map(({ metric, first, second }) => {
      const [ours, theirs] = [first, second].map((seeds) => seeds.map((parts) => scorer(metric, parts)));
      const mean = (scorers: readonly Scorer[] = [], at: Int32Array): number =>
        scorers.reduce((sum, score) => sum + score(at), 0) / scorers.length;
      return { instances: first[0]?.length ?? 0, score: (at) => mean(ours, at) - mean(theirs, at) };
    }),
  );
}

interface Resampled {
  readonly instances: number;
  readonly score: Scorer;
}

/** The score of the instances at these places. */
type Scorer = (at: Int32Array) => number;

/** As `scoreOfParts`, of numbers side by side: a thousand samples are scored each time a result is drawn. */
function scorer(metric: TextMetricName, parts: InstanceParts): Scorer {
  const columns = partNames(metric).map((name) => Float64Array.from(parts, (part) => part[name] ?? 0));
  return (at) => {
    let product = 1;
    for (const column of columns) {
      let sum = 0;
      for (const place of at) sum += column[place] ?? 0;
      product *= sum / at.length;
    }
    return product ** (1 / columns.length);
  };
}

/** The mean of several scores, whose instances are drawn apart from each other's. */
function bootstrap(scores: readonly Resampled[]): Interval {
  const random = Random.fromSeed(0).fork('bootstrap over instances');
  const meanAt = (places: (instances: number) => Int32Array): number =>
    scores.reduce((sum, { instances, score }) => sum + score(places(instances)), 0) / scores.length;
  const estimates = Array.from({ length: resamples }, () =>
    meanAt((instances) => random.integerArray(instances, 0, instances)),
  );
  const [low = NaN, high = NaN] = quantiles(estimates, [(1 - level) / 2, (1 + level) / 2]);
  return {
    estimate: meanAt((instances) => Int32Array.from({ length: instances }, (_, at) => at)),
    low,
    high,
  };
}
