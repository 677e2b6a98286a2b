// Time of native work by operation, also within captured steps, whose operations TensorFlow.js
// never sees. The native module records when each operation ran and on which thread
// (native/profile.cc); here the times are added up.

import { performance } from 'node:perf_hooks';
import { MachineError, UsageError } from '../base/errors';
import { present } from '../base/present';
import { nativeBackend } from './native/binding';
import { type OperationRecorder, operationRecorder, type Recording } from './native/kernel-library';

/** Total time of some runs. */
export interface RunTime {
  readonly count: number;
  /**
   * Seconds on its own threads, without operations that ran inside it. Threads that help it are not
   * counted.
   */
  readonly seconds: number;
  /**
   * Share of the wall time. A moment in which several operations ran is divided among them, so that
   * shares add up to at most 1.
   */
  readonly share: number;
}

/** Total time of one operation. */
export interface OperationTime extends RunTime {
  /**
   * TensorFlow's name, e.g. `MatMul`; `_FusedMatMul` and the like are several operations that
   * TensorFlow joined.
   */
  readonly operation: string;
  /**
   * The runs by types and shapes of the inputs, e.g. `float[2,3];float[3,4]`; the largest share
   * first.
   */
  readonly byInputs: readonly (RunTime & { readonly inputs: string })[];
}

/** Time of a piece of work by operation. */
export interface OperationProfile {
  readonly wallSeconds: number;
  /** The largest share first. */
  readonly operations: readonly OperationTime[];
  /**
   * Share of the wall time in which a captured step ran, but none of its operations: TensorFlow
   * chose the next one.
   */
  readonly scheduling: number;
  /**
   * Share of the wall time outside of operations and captured steps: JavaScript and the binding.
   */
  readonly outside: number;
}

/**
 * Runs work and measures the time of each native operation in it, captured or not. Let the work run
 * once before: the first run of a captured step traces and compiles it. Recording costs a few
 * microseconds for each operation, and includes everything else that the process computes
 * meanwhile.
 *
 * @throws MachineError if the engine is not the native one on the processor, or the native kernels
 *   are not built
 * @throws UsageError inside the work of another profile
 */
export async function profileOperations(work: () => unknown): Promise<OperationProfile> {
  const recorder = recorderHere();
  if (!recorder.startRecording())
    throw new UsageError('profile: another profile is under way in this process; wait for its end');
  const start = performance.now();
  let recording: Recording;
  let wallSeconds: number;
  try {
    await work();
  } finally {
    wallSeconds = (performance.now() - start) / 1000;
    recording = recorder.stopRecording();
  }
  return summarize(recording, wallSeconds);
}

function recorderHere(): OperationRecorder {
  const backend = nativeBackend();
  if (backend === undefined || backend.isUsingGpuDevice)
    throw new MachineError(
      'profile: operations are timed on the native CPU engine alone; start with BIPE_ENGINE=native-cpu',
    );
  const recorder = operationRecorder();
  if (recorder === undefined)
    throw new MachineError(
      'profile: the native kernels, which time operations, are not built or do not load; run npm run setup',
    );
  return recorder;
}

/** A stretch of time in which a thread ran an operation, in nanoseconds. */
interface Stretch {
  readonly operation: string;
  readonly start: number;
  readonly end: number;
}

/** The name under which runs of a whole graph are recorded. */
const session = 'SessionRun ';

/** Adds up a recording. */
export function summarize({ operations, events }: Recording, wallSeconds: number): OperationProfile {
  const counts = new Map<string, number>();
  const threads = new Map<number, Stretch[]>();
  const sessions: Stretch[] = [];
  for (let index = 0; index < events.length; index += 4) {
    const [name = 0, thread = 0, start = 0, end = 0] = events.subarray(index, index + 4);
    const operation = commonName(present(operations[name], 'an operation'));
    if (operation === session) {
      sessions.push({ operation, start, end });
      continue;
    }
    add(counts, operation, 1);
    const runs = threads.get(thread) ?? [];
    runs.push({ operation, start, end });
    threads.set(thread, runs);
  }
  const stretches = [...threads.values()].flatMap(innermost);
  const nanoseconds = new Map<string, number>();
  for (const { operation, start, end } of stretches) add(nanoseconds, operation, end - start);
  const divided = dividedTimes([...stretches, ...sessions]);
  const shareOf = (name: string): number => (divided.get(name) ?? 0) / 1e9 / wallSeconds;
  const times = [...counts].map(([name, count]) => {
    const [operation = '', inputs = ''] = name.split(' ');
    return { operation, inputs, count, seconds: (nanoseconds.get(name) ?? 0) / 1e9, share: shareOf(name) };
  });
  return {
    wallSeconds,
    operations: byOperation(times),
    scheduling: shareOf(session),
    outside: 1 - [...divided.keys()].reduce((sum, name) => sum + shareOf(name), 0),
  };
}

/** `_MklMatMul` is MatMul by oneDNN. */
function commonName(operation: string): string {
  return operation.replace(/^_Mkl(Native)?/, '');
}

function byOperation(times: readonly (RunTime & { operation: string; inputs: string })[]): OperationTime[] {
  const largestFirst = (a: RunTime, b: RunTime): number => b.share - a.share;
  return [...new Set(times.map(({ operation }) => operation))]
    .map((operation) => {
      const runs = times.filter((one) => one.operation === operation);
      const sum = (key: keyof RunTime): number => runs.reduce((total, one) => total + one[key], 0);
      return {
        operation,
        count: sum('count'),
        seconds: sum('seconds'),
        share: sum('share'),
        byInputs: runs
          .map(({ inputs, count, seconds, share }) => ({ inputs, count, seconds, share }))
          .sort(largestFirst),
      };
    })
    .sort(largestFirst);
}

function add(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, (sums.get(key) ?? 0) + value);
}

/**
 * For the runs of one thread, which lie beside or inside each other, the stretches in which each
 * was the innermost.
 */
function innermost(runs: readonly Stretch[]): Stretch[] {
  const stretches: Stretch[] = [];
  const open: Stretch[] = [];
  let now = 0;
  const advance = (time: number): void => {
    const top = open.at(-1);
    if (top !== undefined && time > now) stretches.push({ operation: top.operation, start: now, end: time });
    now = time;
  };
  const closeUntil = (time: number): void => {
    for (let top = open.at(-1); top !== undefined && top.end <= time; top = open.at(-1)) {
      advance(top.end);
      open.pop();
    }
  };
  for (const run of runs.toSorted((a, b) => a.start - b.start || b.end - a.end)) {
    closeUntil(run.start);
    advance(run.start);
    open.push(run);
  }
  closeUntil(Number.POSITIVE_INFINITY);
  return stretches;
}

/**
 * Nanoseconds of each operation. Each moment is divided equally among the operations running then,
 * and belongs to the session where there is none.
 */
function dividedTimes(stretches: readonly Stretch[]): Map<string, number> {
  const borders = stretches
    .flatMap(({ operation, start, end }) => [
      { operation, time: start, change: 1 },
      { operation, time: end, change: -1 },
    ])
    .sort((a, b) => a.time - b.time);
  const times = new Map<string, number>();
  const running = new Map<string, number>();
  let [busy, now] = [0, 0];
  for (const { operation, time, change } of borders) {
    for (const [name, count] of running) {
      if (name !== session) add(times, name, ((time - now) * count) / busy);
      else if (busy === 0) add(times, name, time - now);
    }
    now = time;
    if (operation !== session) busy += change;
    const count = (running.get(operation) ?? 0) + change;
    if (count === 0) running.delete(operation);
    else running.set(operation, count);
  }
  return times;
}
