import { expect, it } from 'vitest';
import { hasBfloat16 } from '../../lib/engine/bfloat16';

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
