// Available memory, so that work that would not fit is refused before it begins. A browser states
// no limit.

import { nodeProcess } from './node';

/**
 * Bytes that this process may still take, of the machine's memory or of a container's limit;
 * infinite in a browser.
 */
export function availableMemory(): number {
  return nodeProcess()?.availableMemory() ?? Number.POSITIVE_INFINITY;
}

/**
 * Bytes of main memory that this process may use at most: the machine's, or a container's limit;
 * infinite in a browser.
 */
export function machineMemory(): number {
  const total = nodeProcess()?.getBuiltinModule('node:os').totalmem() ?? Number.POSITIVE_INFINITY;
  // 0, or more than there is, where there is no limit.
  const limit = nodeProcess()?.constrainedMemory() ?? 0;
  return limit > 0 ? Math.min(limit, total) : total;
}
