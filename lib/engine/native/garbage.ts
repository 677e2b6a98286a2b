// Frees unreachable JavaScript values. Node.js collects them when JavaScript allocates, which a
// program whose work is done by a native library may not do for a long time; until then they occupy
// memory beside the library's.

import { nodeProcess } from '../../base/node';

/** Frees JavaScript values that nothing refers to, now; a browser does so in its own time. */
export function collectGarbage(): void {
  const node = nodeProcess();
  if (node === undefined) return;
  node.getBuiltinModule('node:v8').setFlagsFromString('--expose-gc');
  const collect = node.getBuiltinModule('node:vm').runInNewContext('gc') as () => void;
  collect();
  // The memory of arrays is given back in the background of a collection, at the latest by the next
  // one.
  collect();
}

/** Bytes of garbage that are worth a collection, which takes a hundredth of a second or two. */
const muchGarbage = 1 << 26;

let garbage = 0;

/**
 * Counts bytes of JavaScript arrays that became unreachable, and collects garbage after every 64
 * MB.
 */
export function countGarbage(bytes: number): void {
  garbage += bytes;
  if (garbage < muchGarbage) return;
  garbage = 0;
  collectGarbage();
}
