// How much memory there is, so that work that would not fit is refused before it begins. No
// dependency, so that a page can use it.

/**
 * Bytes that this process may still take, of the machine's or of what a container allows; without a
 * limit in a browser.
 */
export function availableMemory(): number {
  const { process } = globalThis as { process?: { availableMemory?: () => number } };
  return process?.availableMemory?.() ?? Number.POSITIVE_INFINITY;
}
