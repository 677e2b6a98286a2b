// Gradients by TensorFlow.js's tape, with two additions: a parameter that the result does not
// depend on gets zeros instead of an error, and a part of the computation may be repeated in the
// backward pass instead of being kept in memory (gradient checkpointing; Chen et al. 2016,
// "Training Deep Nets with Sublinear Memory Cost").

import * as tf from '@tensorflow/tfjs';
import { availableAfter } from './native/order';

/** A scalar and its gradients, the caller's to dispose. */
export interface ValueAndGradients {
  readonly value: tf.Scalar;
  /** One for each parameter, in its shape. */
  readonly gradients: tf.Tensor[];
}

/**
 * Computes the scalar `f()` and its gradient with respect to each of `parameters`: tensors or
 * variables that `f` uses.
 */
export function valueAndGradients(f: () => tf.Scalar, parameters: readonly tf.Tensor[]): ValueAndGradients {
  return tf.tidy(() => {
    const { value, grads } = tf.engine().gradients(f, [...parameters], undefined, true);
    return { value, gradients: zerosWhereAbsent(grads, parameters) };
  });
}

/**
 * Applies a function whose gradient is given explicitly.
 *
 * @param forward  from the inputs: the value, and the tensors to keep for the backward pass
 * @param backward from the gradient of the value and the kept tensors: the gradient of each input
 */
export function withGradient<
  Inputs extends readonly tf.Tensor[],
  Value extends tf.Tensor,
  Saved extends readonly tf.Tensor[],
>(
  inputs: readonly [...Inputs],
  forward: (...inputs: Inputs) => { readonly value: Value; readonly saved: readonly [...Saved] },
  backward: (upstream: Value, ...saved: Saved) => { readonly [Index in keyof Inputs]: tf.Tensor },
): Value {
  const once = tf.customGrad((...inputsAndSave) => {
    const save = inputsAndSave.at(-1) as unknown as tf.GradSaveFunc;
    const { value, saved } = forward(...(inputsAndSave.slice(0, -1) as unknown as Inputs));
    save([...saved]);
    const gradFunc = (upstream: tf.Tensor, kept: tf.Tensor[]): tf.Tensor[] => [
      ...backward(upstream as Value, ...(kept as unknown as Saved)),
    ];
    return { value, gradFunc };
  });
  return once(...inputs);
}

/**
 * Splits one tensor into several, with an explicit gradient.
 *
 * @param forward  the parts of `x`
 * @param backward from the gradients of the parts: that of `x`; nothing is kept for it
 */
export function separated<T extends tf.Tensor, Parts extends readonly tf.Tensor[]>(
  x: T,
  forward: (x: T) => Parts,
  backward: (upstreams: Parts) => T,
): Parts {
  // `tf.customGrad` is built on this, and allows a single result only.
  const { runKernelFunc } = tf.engine() as unknown as MultipleResults;
  const backwardsFunc = (upstreams: tf.Tensor[]): Record<string, () => tf.Tensor> => {
    const ofX = backward(upstreams as unknown as Parts);
    return { x: () => ofX };
  };
  const forwardFunc = (): tf.Tensor[] => [...forward(x)];
  return runKernelFunc.call(tf.engine(), { forwardFunc, backwardsFunc, inputs: { x } }) as unknown as Parts;
}

interface MultipleResults {
  readonly runKernelFunc: (kernel: {
    readonly forwardFunc: () => tf.Tensor[];
    readonly backwardsFunc: (upstreams: tf.Tensor[]) => Record<string, () => tf.Tensor>;
    readonly inputs: Readonly<Record<string, tf.Tensor>>;
  }) => tf.Tensor[];
}

/**
 * Computes `f(...inputs)` and keeps only the inputs for the backward pass, which computes `f`
 * again. So `f` must give the same each time, and every tensor that needs a gradient must be among
 * its inputs.
 */
export function recomputed<T extends tf.Tensor>(
  f: (...inputs: tf.Tensor[]) => T,
  inputs: readonly tf.Tensor[],
): T {
  return withGradient(
    inputs,
    (...own: tf.Tensor[]) => ({ value: f(...own), saved: own }),
    (upstream: T, ...saved: tf.Tensor[]) =>
      withTapePutAside(() => {
        // A graph would otherwise recognize the computation and remember its values after all.
        const own = availableAfter(upstream, saved);
        const { grads } = tf.engine().gradients(() => f(...own), own, upstream, true);
        return zerosWhereAbsent(grads, own);
      }),
  );
}

/**
 * Delays `x` in a graph until `trigger` exists (see `availableAfter`). Gradients pass through to
 * `x`.
 */
export function after<T extends tf.Tensor>(trigger: tf.Tensor, x: T): T {
  return withGradient(
    [x],
    (own: T) => {
      const [later] = availableAfter(trigger, [own]);
      // Outside a graph `later` is `own` itself, and a value must not be its own input.
      return { value: tf.clone(later), saved: [] };
    },
    (upstream) => [upstream],
  );
}

/**
 * Runs work without the current tape: a gradient within a backward pass would otherwise replace the
 * outer tape, which is still needed.
 */
function withTapePutAside<T>(work: () => T): T {
  const { state } = tf.engine();
  const outer = state.activeTape;
  try {
    return work();
  } finally {
    state.activeTape = outer;
  }
}

function zerosWhereAbsent(
  gradients: readonly (tf.Tensor | null | undefined)[],
  of: readonly tf.Tensor[],
): tf.Tensor[] {
  return of.map((parameter, index) => gradients[index] ?? tf.zeros(parameter.shape));
}
