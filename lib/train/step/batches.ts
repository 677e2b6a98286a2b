// Batches that a task gives to the trainer: plain arrays, from a source whose state can be saved
// and restored.

import * as tf from '@tensorflow/tfjs';

/** The values of one tensor of a batch. */
export interface BatchArray {
  readonly values: Int32Array | Float32Array;
  readonly shape: readonly number[];
}

/** A batch. Shapes should be the same, or few, from batch to batch: each is a graph of its own. */
export interface Batch {
  readonly arrays: Readonly<Record<string, BatchArray>>;
  /** Number of predictions that the loss is summed over. */
  readonly weight: number;
  /** Number of tokens computed, padding included: for the throughput. */
  readonly tokens: number;
}

/** An endless sequence of batches that can be continued exactly. */
export interface BatchSource {
  readonly next: () => Batch | Promise<Batch>;
  /** The state of the source as JSON, including random generators. */
  readonly state: () => unknown;
  /** Restores a `state()`. */
  readonly restore: (state: unknown) => void;
}

/** Makes a batch's tensors, the caller's to dispose. */
export function batchTensors({ arrays }: Batch): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { values, shape }]) => [
      name,
      tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32'),
    ]),
  );
}
