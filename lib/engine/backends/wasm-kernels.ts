// The kernel that training needs and TensorFlow.js 4.22's WASM backend lacks: the sum over
// segments, which computes the gradient of an embedding (a gather).

import type * as TensorFlow from '@tensorflow/tfjs';
import { elementCount } from '../../base/shape';

/** The part of a backend that a kernel in JavaScript uses. */
interface ValueBackend {
  readSync(dataId: object): Float32Array | Int32Array;
  write(values: Float32Array | Int32Array, shape: number[], dtype: string): object;
}

/** Registers the missing kernels, unless they are present. */
export function registerMissingWasmKernels(tf: typeof TensorFlow): void {
  if (tf.getKernelsForBackend('wasm').some((kernel) => kernel.kernelName === 'UnsortedSegmentSum')) return;
  tf.registerKernel({
    kernelName: 'UnsortedSegmentSum',
    backendName: 'wasm',
    kernelFunc: ({ inputs, attrs, backend }) => {
      const { x, segmentIds } = inputs as Record<'x' | 'segmentIds', TensorFlow.TensorInfo>;
      const { numSegments } = attrs as { numSegments: number };
      return unsortedSegmentSum(x, segmentIds, numSegments, backend as ValueBackend);
    },
  });
}

/**
 * Sums rows by segment: row s of the result is the sum of those rows of x whose segment id is s.
 * Ids outside [0, segments) are ignored.
 *
 * @param x   [rows, ...inner]
 * @param ids [rows] int32
 * @returns [segments, ...inner]
 */
function unsortedSegmentSum(
  x: TensorFlow.TensorInfo,
  ids: TensorFlow.TensorInfo,
  segments: number,
  backend: ValueBackend,
): TensorFlow.TensorInfo {
  const shape = [segments, ...x.shape.slice(1)];
  const inner = elementCount(shape.slice(1));
  const values = backend.readSync(x.dataId);
  const sums = x.dtype === 'int32' ? new Int32Array(segments * inner) : new Float32Array(segments * inner);
  backend.readSync(ids.dataId).forEach((segment, row) => {
    if (segment < 0 || segment >= segments) return;
    const [from, to] = [row * inner, segment * inner];
    for (let i = 0; i < inner; i++) sums[to + i] = (sums[to + i] ?? NaN) + (values[from + i] ?? NaN);
  });
  return { dataId: backend.write(sums, shape, x.dtype), shape, dtype: x.dtype };
}
