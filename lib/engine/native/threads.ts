// Whether the number of threads changes what a training computes.

import { readFileSync } from 'node:fs';

/** With one of these, TensorFlow multiplies matrices by oneDNN, unless it is told not to. */
const ofOneDnn = /\b(avx512_vnni|avx512_bf16|avx_vnni|amx_tile)\b/;

/**
 * False on processors where products of matrices, and so trainings, were found to have the same
 * bits with any number of threads (tests/engine/products.test.ts). On one with AVX2 alone they were
 * found to differ in the last bits.
 *
 * @param cpuinfo Linux's `/proc/cpuinfo`; by default this machine's, or nothing on another system
 */
export function threadsChangeBits(cpuinfo = readCpuInfo()): boolean {
  return !ofOneDnn.test(cpuinfo);
}

/** This machine's `/proc/cpuinfo`; empty on a system without it. */
export function readCpuInfo(): string {
  try {
    return readFileSync('/proc/cpuinfo', 'utf8');
  } catch {
    return '';
  }
}
