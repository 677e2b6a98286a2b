// A notebook's cell as far as its stop button goes.

import { onTestFinished } from 'vitest';

const hook = Symbol.for('bipe.interrupt');

/** From now on, and until the test ends, what runs belongs to a cell; what is returned stops it. */
export function interruptibleCell(): (reason?: Error) => void {
  const controller = new AbortController();
  Object.defineProperty(globalThis, hook, { value: controller.signal, configurable: true });
  onTestFinished(() => {
    Reflect.deleteProperty(globalThis, hook);
  });
  return (reason = new DOMException('the cell was interrupted', 'AbortError')) => {
    controller.abort(reason);
  };
}
