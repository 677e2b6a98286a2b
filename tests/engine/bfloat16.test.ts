import type * as fs from 'node:fs';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { bfloat16IsSlow, hasBfloat16 } from '../../lib/engine/native/bfloat16';

/** What `/proc/cpuinfo` says; undefined where there is none. */
const processor = vi.hoisted(() => ({ says: undefined as string | undefined }));
vi.mock('node:fs', async (original) => {
  const actual = await original<typeof fs>();
  const readFileSync = ((path: string, ...rest: unknown[]) => {
    if (path !== '/proc/cpuinfo')
      return (actual.readFileSync as (...all: unknown[]) => unknown)(path, ...rest);
    if (processor.says === undefined) throw new Error('ENOENT');
    return processor.says;
  }) as typeof fs.readFileSync;
  return { ...actual, readFileSync, default: { ...actual, readFileSync } };
});

it.each([
  [
    'an x86 with AVX-512 for it',
    'processor\t: 0\nflags\t\t: fpu avx512f avx512_bf16 amx_tile\nbugs\t\t:\n',
    true,
  ],
  ['an x86 with AMX for it', 'flags\t\t: fpu amx_bf16\n', true],
  ['an x86 without', 'flags\t\t: fpu avx2 avx512f avx512_bitalg\n', false],
  ['an ARM with it', 'processor\t: 0\nFeatures\t: fp asimd i8mm bf16 dgh\n', true],
  ['an ARM without', 'Features\t: fp asimd svebf16\n', false],
  ['what does not say', 'processor\t: 0\nmodel name\t: bf16\n', undefined],
])('knows whether a processor multiplies bfloat16: %s', (_, cpuinfo, has) => {
  expect(hasBfloat16(cpuinfo)).toBe(has);
});

describe('bfloat16', () => {
  it.each([
    ['linux', 'flags\t: fpu avx2\n', true],
    ['linux', 'flags\t: fpu avx512_bf16\n', false],
    ['linux', 'model name\t: unknown\n', false],
    ['linux', undefined, false],
    ['darwin', 'flags\t: fpu avx2\n', false],
  ])('is known to be slow on %s with a processor that says %j: %j', (platform, says, isSlow) => {
    const here = vi.spyOn(process, 'platform', 'get').mockReturnValue(platform as NodeJS.Platform);
    onTestFinished(() => {
      here.mockRestore();
    });
    processor.says = says;
    expect(bfloat16IsSlow()).toBe(isSlow);
  });
});
