import { expect, it } from 'vitest';
import { collectGarbage } from '../../lib/engine/native/garbage';

it('gives back the memory of arrays that nothing refers to, at once', () => {
  const size = 1 << 26;
  const arrays = (): number => process.memoryUsage().arrayBuffers;
  const before = arrays();
  const make = (): number => new Uint8Array(size).length;
  expect(make()).toBe(size);
  const kept = new Uint8Array(size);
  collectGarbage();
  const after = arrays();
  expect(after - before).toBeGreaterThan(0.9 * kept.length);
  expect(after - before).toBeLessThan(1.5 * kept.length);
});
