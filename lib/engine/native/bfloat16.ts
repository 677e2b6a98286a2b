// Recognizes processors that multiply bfloat16 by instructions of their own. Without them, numbers
// are widened and rounded one by one, and a product takes several times as long as in float32.

import { nativeBackend } from './binding';
import { readCpuInfo } from './threads';

/** Names of the instruction sets of x86 and ARM in Linux. */
const instructions = /\s(avx512_bf16|amx_bf16|bf16)(\s|$)/;

/**
 * True if a processor has bfloat16 instructions; undefined if its description does not say.
 *
 * @param cpuinfo Linux's `/proc/cpuinfo`
 */
export function hasBfloat16(cpuinfo: string): boolean | undefined {
  const features = /^(flags|Features)\s*:(.*)$/m.exec(cpuinfo)?.[2];
  return features === undefined ? undefined : instructions.test(features);
}

/** True if bfloat16 products are slow here: on a processor without instructions for them. */
export function bfloat16IsSlow(): boolean {
  if (process.platform !== 'linux' || nativeBackend()?.isUsingGpuDevice === true) return false;
  return hasBfloat16(readCpuInfo()) === false;
}
