// A disk on which a run can be killed at any of its file operations, or find the disk full: what
// lib imports from Node.js in tests that mock its file systems with this. Only operations that
// change something inside one folder count.

import type * as fs from 'node:fs';
import type * as promises from 'node:fs/promises';

/**
 * What happens at an operation. After a kill nothing is written any more, not even what cleans up.
 */
export type Fault = 'killed' | 'disk full';

let folder = '/nowhere';
let fault: { readonly kind: Fault; readonly at: number } | undefined;
let operations = 0;
/** Files with something that a power failure would lose. */
const unflushed = new Set<string>();
let renames: Rename[] = [];

/** A file that took its name. */
export interface Rename {
  readonly from: string;
  readonly to: string;
  /** What a power failure would have lost then. */
  readonly unflushed: readonly string[];
}

/** Begins to count in a folder; the fault comes at operation `at`, counted from 1. */
export function watch(inside: string, kind?: Fault, at = Infinity): void {
  folder = inside;
  fault = kind && { kind, at };
  operations = 0;
  unflushed.clear();
  renames = [];
}

/** Files that took their names since `watch`, in order. */
export function renamesSeen(): readonly Rename[] {
  return renames;
}

/** Operations since `watch`. */
export function operationsSeen(): number {
  return operations;
}

/**
 * Counts an operation on a path, and throws where it is not to be done; `half` does half of it
 * then.
 */
function pass(path: unknown, half?: () => void): void {
  if (!String(path).startsWith(folder)) return;
  operations += 1;
  if (fault === undefined || operations < fault.at) return;
  if (operations === fault.at) half?.();
  if (fault.kind === 'killed') throw new Error('killed');
  if (operations === fault.at)
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
}

/** Deletes: a full disk lets go of files. */
function passDeletion(path: unknown): void {
  if (fault?.kind === 'killed') pass(path);
}

const isReading = (flags: unknown): boolean => flags === undefined || flags === 'r';

/** `node:fs/promises` on this disk. */
export function faultyPromises(actual: typeof promises): typeof promises {
  const changed = {
    open: async (path: string, flags?: string) => {
      if (!isReading(flags)) pass(path);
      return watched(await actual.open(path, flags), path);
    },
    mkdir: async (path: string, options?: fs.MakeDirectoryOptions) => {
      pass(path);
      return actual.mkdir(path, options);
    },
    rename: async (from: string, to: string) => {
      pass(from);
      await actual.rename(from, to);
      if (from.startsWith(folder)) renames.push({ from, to, unflushed: [...unflushed] });
    },
    link: async (from: string, to: string) => {
      pass(to);
      await actual.link(from, to);
    },
    rm: async (path: string, options?: fs.RmOptions) => {
      passDeletion(path);
      await actual.rm(path, options);
    },
    unlink: async (path: string) => {
      passDeletion(path);
      await actual.unlink(path);
    },
  };
  return { ...actual, ...changed, default: { ...actual, ...changed } } as unknown as typeof promises;
}

function watched(file: promises.FileHandle, path: unknown): promises.FileHandle {
  const write = file.write.bind(file) as (...content: unknown[]) => unknown;
  const [writeFile, sync] = [file.writeFile.bind(file), file.sync.bind(file)];
  file.write = ((...content: unknown[]) => {
    unflushed.add(String(path));
    return write(...content);
  }) as typeof file.write;
  file.writeFile = async (content, ...rest) => {
    const bytes = Buffer.from(content as Uint8Array);
    let half: Promise<void> | undefined;
    try {
      pass(path, () => {
        half = writeFile(bytes.subarray(0, bytes.length >> 1));
      });
    } finally {
      await half;
    }
    await writeFile(content, ...rest);
    unflushed.add(String(path));
  };
  file.sync = async () => {
    pass(path);
    await sync();
    unflushed.delete(String(path));
  };
  return file;
}

/** `node:fs` on this disk, as much of it as appends lines. */
export function faultySync(actual: typeof fs): typeof fs {
  const paths = new Map<number, unknown>();
  const openSync: typeof fs.openSync = (path, flags, mode) => {
    if (!isReading(flags)) pass(path);
    const descriptor = actual.openSync(path, flags, mode);
    paths.set(descriptor, path);
    return descriptor;
  };
  const writeSync = (descriptor: number, bytes: Uint8Array, offset = 0): number => {
    pass(paths.get(descriptor), () => {
      actual.writeSync(descriptor, bytes, offset, (bytes.length - offset) >> 1);
    });
    unflushed.add(String(paths.get(descriptor)));
    return actual.writeSync(descriptor, bytes, offset);
  };
  const fsyncSync: typeof fs.fsyncSync = (descriptor) => {
    pass(paths.get(descriptor));
    actual.fsyncSync(descriptor);
    unflushed.delete(String(paths.get(descriptor)));
  };
  const closeSync: typeof fs.closeSync = (descriptor) => {
    paths.delete(descriptor);
    actual.closeSync(descriptor);
  };
  const changed = { openSync, writeSync, fsyncSync, closeSync };
  return { ...actual, ...changed, default: { ...actual, ...changed } } as unknown as typeof fs;
}
