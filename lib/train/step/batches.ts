// What a task hands to the trainer: batches as plain arrays, from a source whose place can be saved
// and restored.

import * as tf from '@tensorflow/tfjs';

/** The values of one tensor of a batch. */
export interface BatchArray {
  readonly values: Int32Array | Float32Array;
  readonly shape: readonly number[];
}

/**
 * One batch. The shapes should be the same, or few, from batch to batch: a captured step is fixed
 * in them.
 */
export interface Batch {
  readonly arrays: Readonly<Record<string, BatchArray>>;
  /** How many predictions the loss is summed over. */
  readonly weight: number;
  /** How many tokens are computed, padding included: for the throughput. */
  readonly tokens: number;
}

/** An endless sequence of batches that can be continued exactly. */
export interface BatchSource {
  readonly next: () => Batch | Promise<Batch>;
  /** Where the source stands, as JSON, random generators included. */
  readonly state: () => unknown;
  /** Goes to where `state()` was taken. */
  readonly restore: (state: unknown) => void;
}

/** A batch's tensors, the caller's to dispose. */
export function batchTensors({ arrays }: Batch): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { values, shape }]) => [
      name,
      tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32'),
    ]),
  );
}
