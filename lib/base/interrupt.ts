// A notebook's stop button, for long work: the work ends and releases what it holds, instead of
// running on unseen. Outside the notebook kernel nothing here has an effect: a signal ends the
// process.

import { performance } from 'node:perf_hooks';

const interruptKey = Symbol.for('bipe.interrupt');

/**
 * The signal that is aborted when the reader stops the current cell; undefined outside the
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
 * Does work that can be continued after a stop. If the cell is stopped meanwhile, the kernel shows
 * the advice and ends the cell before the work has ended. Of nested works, the outer one's advice
 * counts.
 *
 * @param advice what is kept, and how to continue
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
 * Lets a stop take effect between two pieces of long work, every now and then, and ends the work
 * after one.
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
