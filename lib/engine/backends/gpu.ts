// Finds an NVIDIA GPU without loading any of its libraries.

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';

/** The result of the search. */
export type GpuPresence =
  | { readonly state: 'visible'; readonly evidence: string }
  | { readonly state: 'hidden'; readonly evidence: string }
  | { readonly state: 'absent' };

/**
 * Looks for the driver's device files, then for a GPU that `nvidia-smi` lists (Windows, WSL).
 * `CUDA_VISIBLE_DEVICES` set to nothing or to -1 hides every GPU from this process.
 */
export function findGpu(): GpuPresence {
  const evidence = evidenceOfGpu();
  if (evidence === undefined) return { state: 'absent' };
  const chosen = process.env['CUDA_VISIBLE_DEVICES']?.trim();
  if (chosen === '' || chosen === '-1') return { state: 'hidden', evidence };
  return { state: 'visible', evidence };
}

function evidenceOfGpu(): string | undefined {
  const device = namesIn('/dev').find((name) => /^nvidia\d+$/.test(name));
  if (device !== undefined) return `/dev/${device}`;
  if (namesIn('/proc/driver/nvidia/gpus').length > 0) return '/proc/driver/nvidia/gpus';
  if (process.platform === 'linux' && !existsSync('/dev/dxg')) return undefined;
  const listing = spawnSync('nvidia-smi', ['-L'], { encoding: 'utf8', timeout: 5000, windowsHide: true });
  if (listing.status !== 0) return undefined;
  const first = /^GPU 0: ([^(\n]+)/m.exec(listing.stdout)?.[1];
  return first === undefined ? undefined : `nvidia-smi: ${first.trim()}`;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
