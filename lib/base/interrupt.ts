// A notebook's stop button, for work that lasts: it ends well, with what it has so far, instead of running on unseen.

/** Aborted when the reader interrupts the cell that runs now; undefined outside the workbench's notebook kernel. */
export function cellInterrupt(): AbortSignal | undefined {
  const signal = (globalThis as Record<symbol, unknown>)[Symbol.for('bipe.interrupt')];
  return signal instanceof AbortSignal ? signal : undefined;
}
