// Tries a native library in a short child process first: its first use may end the whole process,
// by an instruction that this processor lacks or a driver that crashes. A success is remembered in
// .cache/engine-probe.json until the library or the machine changes; a failure is tried again every
// time, so that a repair takes effect at once.

import { execFile } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import { z } from 'zod';
import { writeFileAtomic } from '../../base/files';
import { projectRoot, workPath } from '../../base/paths';

/** The answer of a child process: a flat record. */
export type ProbeAnswer = Record<string, string | number | boolean | null>;

/** The answer, or one line about the failure. */
export type ProbeOutcome = { readonly answer: ProbeAnswer } | { readonly failure: string };

/** A trial to run in a child process. */
export interface Probe {
  /** The name under which its answer is remembered. */
  readonly name: string;
  /**
   * JavaScript (CommonJS, run in the project's root) that writes one line of JSON to standard
   * output.
   */
  readonly script: string;
  /** Files that make the answer invalid when they change. */
  readonly files: readonly string[];
  /** Additional environment variables of the child. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  /** File of remembered answers. */
  readonly cacheFile?: string;
}

const answerSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const cacheSchema = z.record(z.string(), z.object({ key: z.string(), answer: answerSchema }));
type Cache = z.infer<typeof cacheSchema>;

/**
 * Gives the remembered answer if nothing has changed since, otherwise the answer of a new trial.
 */
export async function probe(trial: Probe): Promise<ProbeOutcome> {
  const cacheFile = trial.cacheFile ?? workPath('.cache', 'engine-probe.json');
  const key = keyOf(trial);
  const remembered = readCache(cacheFile)[trial.name];
  if (remembered?.key === key) return { answer: remembered.answer };
  const outcome = await runInChild(trial);
  if ('answer' in outcome) {
    const cache: Cache = { ...readCache(cacheFile), [trial.name]: { key, answer: outcome.answer } };
    // An unwritable folder costs half a second at the next start, nothing more.
    await writeFileAtomic(cacheFile, `${JSON.stringify(cache, null, 2)}\n`).catch(() => undefined);
  }
  return outcome;
}

function keyOf({ script, files, environment }: Probe): string {
  return JSON.stringify([
    script,
    environment ?? {},
    files.map(stampOf),
    process.version,
    process.arch,
    // One checkout on a cluster's shared disk serves different nodes.
    cpus()[0]?.model ?? '',
    stampOf('/proc/driver/nvidia/version'),
    process.env['LD_LIBRARY_PATH'] ?? '',
    process.env['CUDA_VISIBLE_DEVICES'] ?? '',
  ]);
}

function stampOf(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats ? `${path} ${stats.size} ${path.startsWith('/proc/') ? '' : stats.mtimeMs}` : `${path} -`;
}

function readCache(file: string): Cache {
  try {
    return cacheSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return {};
  }
}

function runInChild({ script, environment, timeoutSeconds = 60 }: Probe): Promise<ProbeOutcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['-e', script],
      {
        cwd: projectRoot,
        env: { ...process.env, ...environment },
        timeout: timeoutSeconds * 1000,
        killSignal: 'SIGKILL',
        maxBuffer: 2 ** 24,
      },
      (error, stdout, stderr) => {
        if (error) resolve({ failure: failureOf(error, stderr, timeoutSeconds) });
        else resolve(parseAnswer(stdout));
      },
    );
  });
}

function parseAnswer(stdout: string): ProbeOutcome {
  const lastLine = stdout.trim().split('\n').at(-1) ?? '';
  try {
    return { answer: answerSchema.parse(JSON.parse(lastLine)) };
  } catch {
    return { failure: 'it gave no answer' };
  }
}

interface ChildError extends Error {
  readonly killed?: boolean;
  readonly signal?: NodeJS.Signals | null;
  readonly code?: string | number | null;
}

function failureOf(error: ChildError, stderr: string, timeoutSeconds: number): string {
  if (error.killed === true) return `it did not answer within ${timeoutSeconds} s`;
  if (error.signal === 'SIGILL')
    return 'it crashed (SIGILL: it was built for instructions that this processor lacks)';
  if (error.signal) return `it crashed (${error.signal})`;
  // The uncaught error of the child: `Error: libfoo.so.2: cannot open shared object file: No such
  // file or directory`.
  const uncaught = /^(?:\w*Error): (.+)$/m.exec(stderr)?.[1];
  return uncaught ?? `it ended with exit code ${error.code ?? 'unknown'}`;
}
