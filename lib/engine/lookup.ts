// Rows of a table by index, for embeddings. Not `tf.gather`: on the native backend it reads its
// indices back to check them, which a captured graph cannot do, and `tf.gatherND`, which does not,
// has no gradient of its own.

import * as tf from '@tensorflow/tfjs';

/**
 * Looks up rows of a table. The gradient reaches the table alone: each row gets the sum over the
 * places where it was used.
 *
 * @param table  [rows, width]
 * @param ids    any shape, int32, each in [0, rows); the result for others depends on the backend
 * @param frozen a row that no gradient reaches (PyTorch's `padding_idx`); negative counts from the
 *   end; left out: none
 * @returns [...ids.shape, width]
 */
export function lookup(table: tf.Tensor2D, ids: tf.Tensor, frozen?: number): tf.Tensor {
  const [rows, width] = table.shape;
  const rowsOf = tf.customGrad((...inputs) => {
    const [source, save] = inputs as [tf.Tensor2D, tf.GradSaveFunc];
    save([ids]);
    const gradFunc = (upstream: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [places] = saved as [tf.Tensor];
      const flat: tf.Tensor1D = places.reshape([-1]);
      const gradients: tf.Tensor2D = upstream.reshape([-1, width]);
      if (frozen === undefined) return tf.unsortedSegmentSum(gradients, flat, rows);
      const counts = tf
        .notEqual(flat, tf.scalar(rowAt(frozen, rows), 'int32'))
        .toFloat()
        .expandDims(1);
      return tf.unsortedSegmentSum(tf.mul(gradients, counts), flat, rows);
    };
    return { value: tf.gatherND(source, ids.expandDims(-1)), gradFunc };
  });
  return rowsOf(table);
}

/** A row's index from the start; negative indices count from the end. */
export function rowAt(index: number, rows: number): number {
  return index < 0 ? rows + index : index;
}
