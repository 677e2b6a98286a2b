// The authors' models in tests/golden, against logits that were written to a file.

import { join } from 'node:path';
import { openSafetensors } from '../../lib/model/files/safetensors';
import { type StoredTensor } from '../../lib/model/files/tensor-file';

/** A tensor of a safetensors file. */
export async function tensorOf(path: string, name: string): Promise<StoredTensor> {
  const file = await openSafetensors(path);
  try {
    return await file.read(name);
  } finally {
    await file.close();
  }
}

/**
 * The largest difference between logits [3, 96, 1000] in a file and the authors', which are kept at
 * some times.
 */
export async function largestDifference(path: string, golden: string): Promise<number> {
  const { values } = await tensorOf(path, 'logits');
  const expected = await tensorOf(join(golden, 'expected.safetensors'), 'logits');
  const times = (await tensorOf(join(golden, 'expected.safetensors'), 'times')).values;
  let largest = 0;
  for (let row = 0; row < 3; row += 1) {
    for (const [place, time] of times.entries()) {
      for (let id = 0; id < 1000; id += 1) {
        const own = values[(row * 96 + time) * 1000 + id] ?? NaN;
        const wanted = expected.values[(row * times.length + place) * 1000 + id] ?? NaN;
        largest = Math.max(largest, Math.abs(own - wanted));
      }
    }
  }
  return largest;
}
