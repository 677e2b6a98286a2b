// A training step as one pure function of tensors: no value is read back and no decision depends on
// one, so it runs as one native graph where the backend supports that (lib/engine/graph) and
// operation by operation elsewhere.

import * as tf from '@tensorflow/tfjs';
import { present } from '../../base/present';
import { valueAndGradients } from '../../engine/gradients';
import { availableAfter } from '../../engine/native/order';
import { type NamedTensors, type StepResult } from '../../engine/graph/specs';
import {
  adamwUpdate,
  type AdamWSettings,
  biasCorrections,
  type Bundle,
  type BundleState,
  clipFactor,
  globalNorm,
  joinBundle,
  type ParameterShape,
  splitBundle,
} from './adamw';

/** Trained tensors by name. */
export type Parameters = ReadonlyMap<string, tf.Tensor>;

/**
 * The loss *summed* over a batch's predictions, a scalar; the trainer divides by the batch's
 * weight. So gradients accumulated over several batches equal those of one large batch, however the
 * predictions are divided.
 */
export type LossFunction = (parameters: Parameters, batch: NamedTensors) => tf.Scalar;

/** The parts of a training step. */
export interface StepDesign {
  readonly loss: LossFunction;
  readonly parameters: readonly ParameterShape[];
  readonly bundles: readonly Bundle[];
  readonly optimizer: AdamWSettings;
  /** The largest global norm of the gradient; undefined: no clipping. */
  readonly clipNorm: number | undefined;
  /** Batches whose gradients make one update. */
  readonly accumulation: number;
}

// Names of the state's tensors, beside the parameters, which have their own.
/** The sum of all losses since it was last reset. */
export const runningLossKey = 'training.running_loss';
/** The running mean of the gradient of a bundle. */
export const firstMomentKey = (bundle: number): string => `training.first_moment.${bundle}`;
/** The running mean of the square of a bundle's gradient. */
export const secondMomentKey = (bundle: number): string => `training.second_moment.${bundle}`;
/** The sum of a bundle's gradients since the last update; only with an accumulation over 1. */
const gradientKey = (bundle: number): string => `training.gradient.${bundle}`;

/**
 * The state before the first step without the parameters, and without tensors that are `known`: all
 * zero. (`tf.zeros` would make it in JavaScript first.)
 */
export function zeroState(
  { bundles, accumulation }: StepDesign,
  known: NamedTensors = {},
): Record<string, tf.Tensor> {
  const keys = [firstMomentKey, secondMomentKey, ...(accumulation > 1 ? [gradientKey] : [])];
  const vectors = keys.flatMap((key) =>
    bundles.map(({ size }, index) => ({ key: key(index), shape: [size] })),
  );
  return Object.fromEntries(
    [...vectors, { key: runningLossKey, shape: [] }]
      .filter(({ key }) => known[key] === undefined)
      .map(({ key, shape }) => [key, tf.fill(shape, 0)]),
  );
}

/** Scalars of an update beside its batches. */
export interface UpdateScalars {
  /** 1 / predictions in all batches of the update. */
  readonly inverseWeight: tf.Scalar;
  readonly learningRate: tf.Scalar;
  readonly firstCorrection: tf.Scalar;
  readonly secondCorrection: tf.Scalar;
}

/** Makes the scalars of update number `step`, counted from 1. */
export function updateScalars(
  { optimizer }: StepDesign,
  {
    step,
    weight,
    learningRate,
  }: { readonly step: number; readonly weight: number; readonly learningRate: number },
): Record<keyof UpdateScalars, tf.Scalar> {
  const { first, second } = biasCorrections(step, optimizer);
  return {
    inverseWeight: tf.scalar(1 / weight),
    learningRate: tf.scalar(learningRate),
    firstCorrection: tf.scalar(first),
    secondCorrection: tf.scalar(second),
  };
}

/**
 * Makes the training step. Its inputs are a batch's tensors and, with the last batch of an update,
 * the update's scalars; without these it adds the batch's gradient to those before. After an update
 * the output `gradientNorm` is the norm before clipping.
 */
export function trainingStep(
  design: StepDesign,
): (state: NamedTensors, inputs: NamedTensors) => StepResult<NamedTensors, NamedTensors> {
  return (state, { inverseWeight, learningRate, firstCorrection, secondCorrection, ...batch }) => {
    const parameters = design.parameters.map(({ name }) => named(state, name));
    const byName = new Map(design.parameters.map(({ name }) => [name, named(state, name)]));
    const { value, gradients } = valueAndGradients(() => design.loss(byName, batch), parameters);
    const sums = design.bundles.map((bundle, index) => {
      const gradient = joinBundle(bundle, gradients);
      return design.accumulation > 1 ? gradient.add<tf.Tensor1D>(named(state, gradientKey(index))) : gradient;
    });
    const running = { [runningLossKey]: named(state, runningLossKey).add(value) };
    if (!inverseWeight || !learningRate || !firstCorrection || !secondCorrection) {
      const sumsByKey = Object.fromEntries(sums.map((sum, index) => [gradientKey(index), sum]));
      return { outputs: {}, state: { ...running, ...sumsByKey } };
    }
    const scalars = { inverseWeight, learningRate, firstCorrection, secondCorrection } as UpdateScalars;
    const updated = update(design, state, parameters, sums, scalars);
    return { outputs: updated.outputs, state: { ...running, ...updated.state } };
  };
}

/** Scales, clips and applies summed gradients. */
function update(
  { parameters: shapes, bundles, optimizer, clipNorm, accumulation }: StepDesign,
  state: NamedTensors,
  parameters: readonly tf.Tensor[],
  sums: readonly tf.Tensor1D[],
  { inverseWeight, ...scalars }: UpdateScalars,
): { readonly outputs: NamedTensors; readonly state: NamedTensors } {
  const gradientNorm = globalNorm(sums).mul<tf.Scalar>(inverseWeight);
  const factor =
    clipNorm === undefined ? inverseWeight : inverseWeight.mul(clipFactor(gradientNorm, clipNorm));
  const next: Record<string, tf.Tensor> = {};
  for (const [index, bundle] of bundles.entries()) {
    const sum = present(sums[index], `the gradient of bundle ${index}`);
    const before = beforeUpdate(sum, {
      members: bundle.members.map((member) => present(parameters[member], `parameter ${member}`)),
      firstMoment: named(state, firstMomentKey(index)) as tf.Tensor1D,
      secondMoment: named(state, secondMomentKey(index)) as tf.Tensor1D,
    });
    const after = adamwUpdate(before, sum.mul(factor), bundle, optimizer, scalars);
    next[firstMomentKey(index)] = after.firstMoment;
    next[secondMomentKey(index)] = after.secondMoment;
    if (accumulation > 1) next[gradientKey(index)] = tf.zeros([bundle.size]);
    const members = bundle.members.map((member) => present(shapes[member], `parameter ${member}`));
    const tensors = splitBundle(bundle, after.parameters, members);
    members.forEach(({ name }, place) => {
      next[name] = present(tensors[place], name);
    });
  }
  return { outputs: { gradientNorm }, state: next };
}

/**
 * A bundle before its update. One of several members is updated in copies, which wait for its
 * gradient: otherwise a graph makes them first and keeps them through the whole step.
 */
function beforeUpdate(
  gradient: tf.Tensor1D,
  own: {
    readonly members: readonly tf.Tensor[];
    readonly firstMoment: tf.Tensor1D;
    readonly secondMoment: tf.Tensor1D;
  },
): BundleState {
  const { firstMoment, secondMoment, members } = own;
  const vectors = [firstMoment, secondMoment, ...members.map((member) => member.flatten())] as tf.Tensor1D[];
  const [first, second, ...rest] = members.length === 1 ? vectors : availableAfter(gradient, vectors);
  return {
    firstMoment: present(first, 'first moment'),
    secondMoment: present(second, 'second moment'),
    parameters: rest.length === 1 ? present(rest[0], 'a parameter') : tf.concat1d(rest),
  };
}

function named(tensors: NamedTensors, name: string): tf.Tensor {
  return present(tensors[name], name);
}
