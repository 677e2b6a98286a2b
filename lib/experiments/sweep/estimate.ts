// What a sweep will take: time from trainings that were measured, storage from the sizes of models.

import { sum } from 'simple-statistics';
import { canonicalJson } from '../../base/json';
import { createDecoder } from '../../model/config';
import { parameterCount } from '../../model/parameters';
import { parseTrainingConfig } from '../../train/config';
import { type PlannedJob } from '../run/definition';

/** What the jobs that are not done will take. */
export interface Estimate {
  readonly jobs: number;
  readonly done: number;
  /** Of all jobs one after the other; null without a training that was measured. */
  readonly seconds: number | null;
  /** Of the longest job. */
  readonly longest: number | null;
  /** Trainings by which it is estimated. */
  readonly measured: number;
  /** Bytes of checkpoints of the trainings that are still to do. */
  readonly bytes: number;
  readonly files: number;
}

/** Bytes of a parameter in a training's state (itself and two moments), and in its model. */
const bytesOfParameter = 4 * (1 + 2) + 4;

/**
 * Files of a training: configuration, metrics, events, sessions, state, the model's weights and
 * its configuration; and of its answers: configuration and result.
 */
const filesOfTraining = 9;

/**
 * Estimates the jobs of a plan.
 *
 * @param others jobs of other plans of the item, by which it is estimated if none of its own is
 *   done
 */
export function estimate(jobs: readonly PlannedJob[], others: readonly PlannedJob[] = []): Estimate {
  const isMeasured = ({ seconds, cost }: PlannedJob): boolean => seconds !== null && cost > 0;
  const own = jobs.filter(isMeasured);
  const measured = own.length > 0 ? own : others.filter(isMeasured);
  const open = jobs.filter(({ isDone }) => !isDone);
  const pace = sum(measured.map(({ seconds }) => seconds ?? 0)) / sum(measured.map(({ cost }) => cost));
  const costs = open.map(({ cost }) => cost);
  const isKnown = measured.length > 0;
  return {
    jobs: jobs.length,
    done: jobs.length - open.length,
    seconds: isKnown ? pace * sum(costs) : null,
    longest: isKnown ? pace * Math.max(0, ...costs) : null,
    measured: measured.length,
    ...storageOf(open),
  };
}

function storageOf(open: readonly PlannedJob[]): Pick<Estimate, 'bytes' | 'files'> {
  const trainings = open.flatMap(({ next }) => trainingIn(next?.settings) ?? []);
  const sizes = new Map<string, number>();
  const parameters = trainings.map((training) => {
    const key = canonicalJson(training.model);
    const known = sizes.get(key);
    if (known !== undefined) return known;
    const { model } = parseTrainingConfig(training, 'training of the plan');
    const count = parameterCount(createDecoder(model).parameters);
    sizes.set(key, count);
    return count;
  });
  return { bytes: bytesOfParameter * sum(parameters), files: filesOfTraining * parameters.length };
}

/** The training that a run is of, if it is of one. */
function trainingIn(settings: unknown): { readonly model: unknown } | undefined {
  if (typeof settings !== 'object' || settings === null || !('training' in settings)) return undefined;
  const { training } = settings;
  return typeof training === 'object' && training !== null && 'model' in training ? training : undefined;
}
