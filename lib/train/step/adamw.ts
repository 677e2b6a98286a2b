// AdamW (Loshchilov and Hutter 2019, as PyTorch computes it) as a pure function of tensors, so that
// an update can be captured as a graph. Small parameters with the same settings are updated as one
// long vector: a model has dozens of them, and starting the sixteen operations of an update takes
// longer than computing them.

import * as tf from '@tensorflow/tfjs';
import { nodeProcess } from '../../base/node';
import { ConfigError, systemCode } from '../../base/errors';
import { adamInPlace } from '../../engine/graph/adam';
import { sumOfSquares } from '../../engine/products';
import { present } from '../../base/present';

/** Settings that some parameters have instead of the common ones. */
export interface ParameterGroup {
  /** A regular expression; the first group that matches a parameter's name applies to it. */
  readonly match: string;
  readonly weightDecay?: number;
  /** Multiplies the learning rate. Default 1. */
  readonly learningRateFactor?: number;
}

/** Settings of AdamW. The learning rate belongs to the schedule. */
export interface AdamWSettings {
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** The share of a parameter that decays in a step, in units of the learning rate. */
  readonly weightDecay: number;
  readonly groups: readonly ParameterGroup[];
}

/** PyTorch's defaults. */
export const defaultAdamW: AdamWSettings = {
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0.01,
  groups: [],
};

/** A parameter as the optimizer sees it. */
export interface ParameterShape {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Parameters with the same settings that are updated as one vector: those at `members` of the
 * parameter list.
 */
export interface Bundle {
  readonly members: readonly number[];
  /** Numbers of each member, in the same order. */
  readonly sizes: readonly number[];
  /** The sum of the sizes. */
  readonly size: number;
  readonly weightDecay: number;
  readonly learningRateFactor: number;
}

/** Most numbers of a joined vector. */
const bundleLimit = 1 << 20;

/**
 * A parameter larger than this share of `bundleLimit` is not joined with others: alone it is
 * updated in place, and copying it would cost more than it saves.
 */
const aloneFrom = 1 / 16;

/**
 * Decides which parameters are updated together.
 *
 * @throws ConfigError if a group's `match` is no regular expression, takes too long, or matches no
 *   parameter
 */
export function planBundles(
  parameters: readonly ParameterShape[],
  settings: AdamWSettings,
  limit = bundleLimit,
): readonly Bundle[] {
  const names = parameters.map(({ name }) => name);
  const groups = settings.groups.map((group) => ({
    ...group,
    matches: matchesOf(group, names),
    used: false,
  }));
  const open = new Map<string, { members: number[]; sizes: number[]; size: number; key: string }>();
  const bundles: { members: number[]; sizes: number[]; size: number; key: string }[] = [];
  parameters.forEach(({ shape }, index) => {
    const group = groups.find(({ matches }) => matches[index]);
    if (group !== undefined) group.used = true;
    const key = JSON.stringify([group?.weightDecay ?? settings.weightDecay, group?.learningRateFactor ?? 1]);
    const size = tf.util.sizeFromShape([...shape]);
    const alone = size > limit * aloneFrom;
    let bundle = alone ? undefined : open.get(key);
    if (bundle === undefined || bundle.size + size > limit) {
      bundle = { members: [], sizes: [], size: 0, key };
      bundles.push(bundle);
      if (!alone) open.set(key, bundle);
    }
    bundle.members.push(index);
    bundle.sizes.push(size);
    bundle.size += size;
  });
  const unused = groups.find(({ used }) => !used);
  if (unused !== undefined) {
    throw new ConfigError(
      `optimizer.groups: '${unused.match}' applies to no parameter; names are such as ${names.slice(0, 3).join(', ')}`,
    );
  }
  return bundles.map(({ members, sizes, size, key }) => {
    const [weightDecay, learningRateFactor] = JSON.parse(key) as [number, number];
    return { members, sizes, size, weightDecay, learningRateFactor };
  });
}

/**
 * Milliseconds that matching a pattern may take: thousands of times the usual, unless it backtracks
 * forever.
 */
const patience = 2000;

/** Tells for each name whether a group's pattern matches it. */
function matchesOf({ match }: ParameterGroup, names: readonly string[]): readonly boolean[] {
  try {
    const vm = nodeProcess()?.getBuiltinModule('node:vm');
    if (vm === undefined) {
      const pattern = new RegExp(match, 'u');
      return names.map((name) => pattern.test(name));
    }
    // In a context of its own, which can be stopped: nested repetitions can take exponential time.
    return vm.runInNewContext(
      'const pattern = new RegExp(match, "u"); names.map((name) => pattern.test(name));',
      { match, names },
      { timeout: patience },
    ) as boolean[];
  } catch (error) {
    const what =
      systemCode(error) === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
        ? 'takes too long to match; write it without a repetition inside a repetition'
        : 'is not a regular expression; correct it';
    throw new ConfigError(`optimizer.groups: '${match}' ${what}`, { cause: error });
  }
}

/** A bundle's members of `tensors`, one after another. @returns [size] */
export function joinBundle(bundle: Bundle, tensors: readonly tf.Tensor[]): tf.Tensor1D {
  const vectors = bundle.members.map((member) => present(tensors[member], `parameter ${member}`).flatten());
  return vectors.length === 1 ? present(vectors[0], 'a vector') : tf.concat1d(vectors);
}

/** The members of a bundle's vector, each in its shape. */
export function splitBundle(
  { sizes }: Bundle,
  vector: tf.Tensor1D,
  members: readonly ParameterShape[],
): tf.Tensor[] {
  const pieces = sizes.length === 1 ? [vector] : tf.split(vector, [...sizes]);
  return pieces.map((piece, index) => piece.reshape([...present(members[index], 'a member').shape]));
}

/** Scalars that change from step to step, as tensors: a graph must not hold them as constants. */
export interface AdamWScalars {
  readonly learningRate: tf.Scalar;
  /** 1 / (1 - beta1^step): corrects for the first moment's start at zero. */
  readonly firstCorrection: tf.Scalar;
  /** 1 / sqrt(1 - beta2^step). */
  readonly secondCorrection: tf.Scalar;
}

/** The bias corrections of update number `step`, counted from 1, as numbers. */
export function biasCorrections(
  step: number,
  { beta1, beta2 }: AdamWSettings,
): { readonly first: number; readonly second: number } {
  return { first: 1 / (1 - beta1 ** step), second: 1 / Math.sqrt(1 - beta2 ** step) };
}

/** A bundle before or after an update: each [size]. */
export interface BundleState {
  readonly parameters: tf.Tensor1D;
  /** The running mean of the gradient, and of its square; both zero before the first step. */
  readonly firstMoment: tf.Tensor1D;
  readonly secondMoment: tf.Tensor1D;
}

/**
 * Computes one update of AdamW:
 *
 *     m' = m + (1 - beta1) (g - m)
 *     v' = beta2 v + (1 - beta2) g^2
 *     p' = p - lr (m' c1 / (sqrt(v') c2 + epsilon) + weightDecay p)
 *
 * with c1 = 1/(1 - beta1^t), c2 = 1/sqrt(1 - beta2^t). PyTorch subtracts first the decay and then
 * the rest, which is equal.
 *
 * @param gradient of the loss, [size]
 */
export function adamwUpdate(
  state: BundleState,
  gradient: tf.Tensor1D,
  bundle: Pick<Bundle, 'weightDecay' | 'learningRateFactor'>,
  settings: AdamWSettings,
  scalars: AdamWScalars,
): BundleState {
  const { beta1, beta2, epsilon } = settings;
  return tf.tidy(() => {
    const { parameters } = state;
    const learningRate = scalars.learningRate.mul<tf.Scalar>(bundle.learningRateFactor);
    const inPlace = adamInPlace({
      parameter: parameters,
      firstMoment: state.firstMoment,
      secondMoment: state.secondMoment,
      gradient,
      beta1,
      beta2,
      rate: learningRate.mul(scalars.firstCorrection).div(scalars.secondCorrection),
      epsilon: tf.scalar(epsilon).div(scalars.secondCorrection),
      ...(bundle.weightDecay !== 0 && { decay: learningRate.mul<tf.Scalar>(bundle.weightDecay) }),
    });
    if (inPlace) {
      const { parameter, firstMoment, secondMoment } = inPlace;
      return { parameters: parameter, firstMoment, secondMoment };
    }
    const firstMoment = state.firstMoment.add<tf.Tensor1D>(gradient.sub(state.firstMoment).mul(1 - beta1));
    const secondMoment = state.secondMoment.mul(beta2).add<tf.Tensor1D>(gradient.square().mul(1 - beta2));
    const scale = secondMoment.sqrt().mul(scalars.secondCorrection).add(epsilon);
    const step = firstMoment.mul(learningRate.mul(scalars.firstCorrection)).div<tf.Tensor1D>(scale);
    const change =
      bundle.weightDecay === 0 ? step : step.add(parameters.mul(learningRate.mul(bundle.weightDecay)));
    return { parameters: parameters.sub<tf.Tensor1D>(change), firstMoment, secondMoment };
  });
}

/** The Euclidean norm of all vectors together. */
export function globalNorm(vectors: readonly tf.Tensor1D[]): tf.Scalar {
  return tf.tidy(() => tf.addN(vectors.map(sumOfSquares)).sqrt<tf.Scalar>());
}

/**
 * The factor on gradients that keeps their global norm within `limit`: min(1, limit / (norm +
 * 1e-6)), as in PyTorch's `clip_grad_norm_`.
 */
export function clipFactor(norm: tf.Scalar, limit: number): tf.Scalar {
  return tf.tidy(() => tf.minimum<tf.Scalar>(tf.scalar(1), tf.scalar(limit).div(norm.add(1e-6))));
}
