// Processes that compute beside this one. What they make is in the run store, so that nothing but
// words passes between them. The cores are shared out among them: many small trainings with one
// thread each are done sooner than one after the other with all threads. What they compute does not
// depend on their number: where it depends on that of threads, each has as many as one alone.

import { type ChildProcess, fork } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { threadsChangeBits } from '../../engine/native/threads';
import { LockedError, MachineError, messageOf } from '../../base/errors';
import { cellInterrupt } from '../../base/interrupt';
import { projectPath } from '../../base/paths';
import { type Reporter } from '../../base/progress';
import { formatDuration } from '../../base/format';
import { machineMemory } from '../../base/memory';
import { errorOf, type Job, type Message, receiver } from './jobs';
import { Pace } from './pace';

/** A training at the sizes of `quick`, its libraries included, with room to spare. */
const bytesOfWorker = 1.2e9;
const pauseMs = 1000;
/** What takes seconds, as the start of processes does. */
const seconds = 1e9;

/** How a job is done. */
export interface JobOptions {
  /** Its name for readers. */
  readonly label: string;
  readonly reporter: Reporter;
  /** Jobs that take longer begin earlier; those of cost 0 come first of all. */
  readonly cost: number;
  /** Told each point of the training's curve. */
  readonly onCurve?: (step: number, loss: number) => void;
}

/** How processes are made and how many there may be. */
export interface PoolOptions {
  /** Processes at once. Default: one for each core, if there is memory for them. */
  readonly workers?: number;
  readonly cores?: number;
  /** Models that cost less together, as `trainingCost` counts, are not worth a process. */
  readonly leastCost?: number;
  /** Told of each job that is done: `bench/plan.mjs` makes schedules of them. */
  readonly onDone?: (job: DoneJob) => void;
  /** Makes a process that computes with so many threads; default: one of this library's. */
  readonly start?: (threads: number) => ChildProcess;
}

/** A job that is done, and when, in milliseconds. */
export interface DoneJob {
  readonly item: string;
  readonly label: string;
  readonly askedAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
}

interface Worker {
  readonly threads: number;
  readonly child: ChildProcess;
}

/** A job that is at work, and since when, in milliseconds. */
interface Begun {
  readonly cost: number;
  readonly startedAt: number;
}

interface Waiting {
  readonly job: Job;
  readonly options: JobOptions;
  readonly askedAt: number;
  /** Processes that died at it. */
  readonly deaths: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** The number of processes that a machine has by default. */
export function workersFor(cores: number, memory: number): number {
  return Math.max(1, Math.min(cores, Math.floor((0.8 * memory) / bytesOfWorker)));
}

/** Threads of a process that is one of so many: its share of the cores. */
export function threadsFor(cores: number, workers: number): number {
  return Math.max(1, Math.floor(cores / workers));
}

/** Jobs, and the processes that do them. */
export class WorkerPool {
  readonly #start: (threads: number) => ChildProcess;
  readonly #cores: number;
  readonly #leastCost: number;
  readonly #onDone: ((job: DoneJob) => void) | undefined;
  /** Processes at once; fewer after one has died, for which memory is the likely reason. */
  #limit: number;
  #waiting: Waiting[] = [];
  #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Begun>();
  readonly #pace = new Pace();
  #models = { done: 0, all: 0 };
  #closed: { readonly reason: unknown } | undefined;

  constructor({
    workers,
    cores = availableParallelism(),
    leastCost = seconds,
    onDone,
    start = startWorker,
  }: PoolOptions = {}) {
    this.#limit = workers ?? workersFor(cores, machineMemory());
    this.#cores = cores;
    this.#leastCost = leastCost;
    this.#onDone = onDone;
    this.#start = start;
    const stop = cellInterrupt();
    stop?.addEventListener('abort', () => {
      this.close(stop.reason);
    });
  }

  /** The number of processes that there may be at once. */
  get size(): number {
    return this.#limit;
  }

  /** True if models of these costs are trained sooner in processes of their own. */
  isWorth(costs: readonly number[]): boolean {
    return costs.reduce((sum, cost) => sum + cost, 0) >= this.#leastCost;
  }

  /**
   * Does a job in a process of its own, as soon as there is room.
   *
   * @throws what the job throws, of the same class; MachineError if two processes died at it
   */
  run(job: Job, options: JobOptions): Promise<void> {
    if (options.cost > 0) this.#models.all += 1;
    return new Promise((resolve, reject) => {
      this.#enqueue({ job, options, askedAt: performance.now(), deaths: 0, resolve, reject });
    });
  }

  /**
   * Ends all processes, as the end of the cell does that made the pool, if it is stopped. Trainings
   * are saved; jobs that are not done are rejected with the reason.
   */
  close(reason: unknown = new DOMException('the pool is closed', 'AbortError')): void {
    if (this.#closed !== undefined) return;
    this.#closed = { reason };
    for (const { reject } of this.#waiting) reject(reason);
    this.#waiting = [];
    for (const { child } of [...this.#idle, ...this.#busy.keys()]) if (child.connected) child.disconnect();
  }

  #enqueue(waiting: Waiting): void {
    if (this.#closed !== undefined) {
      waiting.reject(this.#closed.reason);
      return;
    }
    this.#waiting.push(waiting);
    this.#waiting.sort((a, b) => urgency(b.options) - urgency(a.options));
    // Those that are asked for together share the cores, and the longest of them begins.
    queueMicrotask(() => {
      this.#fill();
    });
  }

  #fill(): void {
    while (this.#busy.size < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      const atWork = Math.min(this.#limit, this.#busy.size + 1 + this.#waiting.length);
      void this.#perform(this.#worker(threadsFor(this.#cores, atWork)), next);
    }
  }

  /** One that is idle, if it has so many threads; another makes room for a new one. */
  #worker(threads: number): Worker {
    const fitting = this.#idle.find((worker) => worker.threads === threads);
    const chosen = fitting ?? this.#idle[0];
    this.#idle = this.#idle.filter((worker) => worker !== chosen);
    if (fitting !== undefined) return fitting;
    if (chosen?.child.connected === true) chosen.child.disconnect();
    return { threads, child: this.#start(threads) };
  }

  async #perform(worker: Worker, waiting: Waiting): Promise<void> {
    const { cost } = waiting.options;
    const startedAt = performance.now();
    this.#busy.set(worker, { cost, startedAt });
    const outcome = await perform(worker.child, waiting);
    this.#busy.delete(worker);
    if (outcome.kind === 'done') {
      const endedAt = performance.now();
      const { job, options, askedAt } = waiting;
      this.#onDone?.({ item: job.item, label: options.label, askedAt, startedAt, endedAt });
      this.#pace.add(cost, (endedAt - startedAt) / 1000);
      if (cost > 0) this.#count(waiting.options.reporter);
      waiting.resolve();
    } else if (this.#closed !== undefined) waiting.reject(this.#closed.reason);
    else if (outcome.kind === 'died') this.#bury(waiting, outcome.how);
    else if (outcome.error instanceof LockedError) void this.#tryLater(waiting);
    else waiting.reject(outcome.error);
    if (outcome.kind !== 'died') this.#idle.push(worker);
    this.#fill();
  }

  /** Says how many models are done, and how long the others take. */
  #count(reporter: Reporter): void {
    this.#models.done += 1;
    const { done, all } = this.#models;
    const running = [...this.#busy.values()].map(({ cost, startedAt }) => ({
      cost,
      elapsed: (performance.now() - startedAt) / 1000,
    }));
    const waiting = this.#waiting.map(({ options }) => options.cost);
    const left = this.#pace.left(waiting, running, this.#limit);
    const time = left === undefined || done === all ? '' : `, about ${formatDuration(left)} left`;
    reporter.note(`models done: ${done} of ${all}${time}`);
  }

  /** Somebody else is at the same: a job of another item, or another command. */
  async #tryLater(waiting: Waiting): Promise<void> {
    await sleep(pauseMs);
    this.#enqueue(waiting);
  }

  #bury(waiting: Waiting, how: string): void {
    const { label, reporter } = waiting.options;
    if (waiting.deaths > 0) {
      waiting.reject(
        new MachineError(
          `${label}: two processes died at it (${how}), perhaps for want of memory; try --workers 1`,
        ),
      );
      return;
    }
    this.#limit = Math.max(1, this.#limit - 1);
    reporter.note(
      `${label}: its process died (${how}); begun again with at most ${this.#limit} at once`,
      'warning',
    );
    this.#enqueue({ ...waiting, deaths: waiting.deaths + 1 });
  }
}

function urgency({ cost }: JobOptions): number {
  return cost === 0 ? Infinity : cost;
}

type Outcome =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly error: Error }
  | { readonly kind: 'died'; readonly how: string };

/** Sends a job, and hears how it goes until it is over. */
function perform(child: ChildProcess, { job, options }: Waiting): Promise<Outcome> {
  return new Promise((resolve) => {
    const receive = receiver(options.reporter, options.label);
    const end = (outcome: Outcome): void => {
      child.off('message', hear).off('exit', die).off('error', fail);
      resolve(outcome);
    };
    const hear = (message: Message): void => {
      if (message.kind === 'done') end({ kind: 'done' });
      else if (message.kind === 'failed') end({ kind: 'failed', error: errorOf(message) });
      else if (message.kind === 'curve') options.onCurve?.(message.step, message.loss);
      else receive(message);
    };
    const die = (code: number | null, signal: string | null): void => {
      end({ kind: 'died', how: signal ?? `exit code ${code ?? 0}` });
    };
    const fail = (error: unknown): void => {
      end({ kind: 'died', how: messageOf(error) });
    };
    child.on('message', hear).on('exit', die).on('error', fail);
    child.send(job);
  });
}

function startWorker(threads: number): ChildProcess {
  return fork(projectPath('dist', 'lib', 'experiments', 'worker.js'), {
    env: { ...process.env, ...(!threadsChangeBits() && { TF_NUM_INTRAOP_THREADS: String(threads) }) },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}
