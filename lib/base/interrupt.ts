// A notebook's stop button, for work that lasts: it ends, and what it holds is released, instead of
// running on unseen. Elsewhere nothing here does anything: a signal ends the process.

import { performance } from 'node:perf_hooks';

const interruptKey = Symbol.for('bipe.interrupt');

/**
 * Aborted when the reader stops the cell to which the work that asks belongs; undefined outside the
 * workbench's notebook kernel and of processes that compute for another one.
 */
export function cellInterrupt(): AbortSignal | undefined {
  const signal = (globalThis as Record<symbol, unknown>)[interruptKey];
  return signal instanceof AbortSignal ? signal : undefined;
}

/** Lets a signal stop what this process computes, as a notebook's stop button does. */
export function heedSignal(signal: AbortSignal): void {
  Object.assign(globalThis, { [interruptKey]: signal });
}

const adviceKey = Symbol.for('bipe.advice');

/**
 * Does work that a stop does not lose: whoever stops the cell meanwhile is told so by the kernel,
 * which ends the cell before the work has ended. Of works inside each other the outer one knows
 * what the cell does, and its advice stands.
 *
 * @param advice what is kept, and how to go on
 */
export async function withStopAdvice<T>(advice: string, work: () => Promise<T>): Promise<T> {
  const signal: (AbortSignal & { [adviceKey]?: string }) | undefined = cellInterrupt();
  if (signal?.[adviceKey] !== undefined || signal === undefined) return work();
  signal[adviceKey] = advice;
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(signal, adviceKey);
  }
}

const mostMs = 50;
let heardAt = 0;

/**
 * Between two pieces of long work: lets a stop be heard now and then, and ends the work after one.
 *
 * @throws DOMException `AbortError` if the cell was stopped
 */
export async function heedStop(): Promise<void> {
  const signal = cellInterrupt();
  if (signal === undefined) return;
  if (performance.now() - heardAt >= mostMs) {
    await new Promise(setImmediate);
    heardAt = performance.now();
  }
  signal.throwIfAborted();
}
