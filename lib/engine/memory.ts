// Memory of tensors and of the process. Counts come from TensorFlow.js's own bookkeeping, which
// every backend shares; memory that a native library allocates beyond its tensors shows in the
// resident size alone.

import * as tf from '@tensorflow/tfjs';
import { formatBytes, formatCount } from '../base/format';

/** Memory in use at one moment. */
export interface MemoryReport {
  /** Tensors that were created and not disposed. */
  readonly numTensors: number;
  /** Bytes of their values. */
  readonly tensorBytes: number;
  /** Physical memory of this process, in bytes (on a GPU, device memory is not in it). */
  readonly residentBytes: number;
  /** The highest resident size so far. */
  readonly peakResidentBytes: number;
}

/** The result of a piece of work, and the tensors that it left. */
export interface TensorAccount<T> {
  readonly result: T;
  /** Tensors it created and did not dispose (negative: it disposed tensors of others). */
  readonly tensors: number;
  readonly bytes: number;
}

/** The memory in use now. Starts no backend, so it may be called before `startEngine`. */
export function memoryReport(): MemoryReport {
  const { numTensors, numBytes } = tf.engine().state;
  const resident = process.memoryUsage.rss();
  return {
    numTensors,
    tensorBytes: numBytes,
    residentBytes: resident,
    peakResidentBytes: Math.max(resident, process.resourceUsage().maxRSS * 1024),
  };
}

/** Formats a memory report in one line. */
export function formatMemory(report: MemoryReport = memoryReport()): string {
  const { numTensors, tensorBytes, residentBytes, peakResidentBytes } = report;
  return `${formatCount(numTensors)} tensors (${formatBytes(tensorBytes)}), process ${formatBytes(residentBytes)}, at most ${formatBytes(peakResidentBytes)}`;
}

/** Runs `work` and counts the tensors that it left. A tensor in its result counts. */
export async function withTensorAccount<T>(work: () => T | Promise<T>): Promise<TensorAccount<T>> {
  const before = memoryReport();
  const result = await work();
  const after = memoryReport();
  return {
    result,
    tensors: after.numTensors - before.numTensors,
    bytes: after.tensorBytes - before.tensorBytes,
  };
}

/**
 * Runs `work`, which must dispose every tensor it makes, and returns its result.
 *
 * @throws Error if the number of tensors has changed: a mistake in the program
 */
export async function assertNoLeak<T>(work: () => T | Promise<T>): Promise<T> {
  const { result, tensors, bytes } = await withTensorAccount(work);
  if (tensors !== 0) {
    throw new Error(
      tensors > 0
        ? `tensors created and not disposed: ${tensors} (${formatBytes(bytes)})`
        : `tensors disposed that were not created here: ${-tensors}`,
    );
  }
  return result;
}
