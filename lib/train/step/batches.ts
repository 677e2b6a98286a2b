// A batch's arrays as tensors.

import * as tf from '@tensorflow/tfjs';
import { type Batch } from '../../data/batches';

/** Makes a batch's tensors, the caller's to dispose. */
export function batchTensors({ arrays }: Batch): Record<string, tf.Tensor> {
  return Object.fromEntries(
    Object.entries(arrays).map(([name, { values, shape }]) => [
      name,
      tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32'),
    ]),
  );
}
