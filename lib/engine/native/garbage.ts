// JavaScript values that nothing refers to. Node.js collects them when JavaScript allocates, which
// a program whose work is done by a native library may not do for a long time; then they lie beside
// what the library holds.

import { nodeProcess } from '../../base/node';

/** Frees JavaScript values that nothing refers to, now; a browser does so in its own time. */
export function collectGarbage(): void {
  const node = nodeProcess();
  if (node === undefined) return;
  node.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const collect = node.getBuiltinModule('node:vm').runInNewContext('gc') as () => void;
  collect();
  // The memory of arrays is given back in the background of a collection, and by the next one at
  // the latest.
  collect();
}

/** So much garbage is worth the hundredth of a second or two that collecting it takes. */
const muchGarbage = 1 << 26;

let garbage = 0;

/**
 * Says that nothing will refer to so many bytes of JavaScript arrays any more: 64 MB of them are
 * freed at once.
 */
export function countGarbage(bytes: number): void {
  garbage += bytes;
  if (garbage < muchGarbage) return;
  garbage = 0;
  collectGarbage();
}
