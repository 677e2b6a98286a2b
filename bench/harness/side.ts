// One side of a row, as a process of its own, so that its peak memory is that row's alone. Requests
// and answers are JSON objects, one a line; bench/pytorch/peer.py lists the requests.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { MachineError } from '../../lib/base/errors';
import { shorten } from '../../lib/base/format';
import { type BenchWork, endOfSequence } from './rows';
import { type Way } from './measurement';

/** The command that starts a side's process. */
export interface SideCommand {
  /** The name in messages, e.g. `PyTorch, eager`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** The work as it is sent to both sides, with the settings they must share. */
export interface BenchJob extends BenchWork {
  readonly way: Way;
  readonly eos: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  /** Number of generated sequences whose loss is compared. */
  readonly checkedRows: number;
}

/** Makes a row's job for one side. */
export function jobFor(work: BenchWork, way: Way): BenchJob {
  return {
    ...work,
    way,
    eos: endOfSequence,
    learningRate: 1e-4,
    weightDecay: 0.01,
    clipNorm: 1,
    checkedRows: 64,
  };
}

const runTime = z.object({ count: z.number(), seconds: z.number(), share: z.number() });

const answers = {
  describe: z.object({ description: z.string() }),
  peak: z.object({ flops: z.number().positive() }),
  prepare: z.object({}),
  load: z.object({}),
  // JSON has no NaN: such a loss is null.
  check: z.object({ losses: z.array(z.number().nullable()).min(1) }),
  time: z.object({ seconds: z.number().positive() }),
  profile: z.object({
    wallSeconds: z.number().positive(),
    scheduling: z.number(),
    outside: z.number(),
    operations: z.array(
      runTime.extend({
        operation: z.string(),
        byInputs: z.array(runTime.extend({ inputs: z.string() })),
      }),
    ),
  }),
  memory: z.object({ peakBytes: z.number().positive() }),
} as const;

type Answers = typeof answers;

/** A request without parameters. */
type Nothing = Readonly<Record<string, never>>;

/** The parameters of each request. */
export interface SideRequests {
  describe: Nothing;
  peak: { readonly size: number };
  /** Ours alone: writes weights and token ids that both sides load. */
  prepare: { readonly folder: string; readonly job: BenchJob };
  load: { readonly folder: string; readonly job: BenchJob };
  check: Nothing;
  time: { readonly steps: number };
  profile: { readonly steps: number };
  memory: Nothing;
}

const failure = z.object({ error: z.string() });
const tailLength = 4000;

/** A running side. */
export class Side {
  private readonly child: ChildProcessWithoutNullStreams;
  private readonly ended: Promise<string>;
  private readonly lines: AsyncIterator<string>;
  private tail = '';

  constructor(private readonly command: SideCommand) {
    this.child = spawn(command.command, command.args, { env: command.env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.tail = (this.tail + text).slice(-tailLength);
    });
    // If the process is gone, the message about its end says more than the failed write.
    this.child.stdin.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => {
        resolve(`could not be started (${error.message})`);
      });
      this.child.once('close', (code, signal) => {
        resolve(signal === null ? `ended with code ${code ?? 0}` : `was killed by ${signal}`);
      });
    });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Sends a request and waits for its answer, one at a time.
   *
   * @throws MachineError if the side reports an error, ends, or answers something else
   */
  async ask<Kind extends keyof Answers>(
    kind: Kind,
    request: SideRequests[Kind],
  ): Promise<z.infer<Answers[Kind]>> {
    this.child.stdin.write(`${JSON.stringify({ do: kind, ...request })}\n`);
    const line = await this.lines.next();
    if (line.done === true) throw this.error(`${await this.ended} at "${kind}"${this.lastWords()}`);
    const value = parsed(line.value);
    const failed = failure.safeParse(value);
    if (failed.success) throw this.error(`"${kind}" failed: ${failed.data.error}`);
    const answer = answers[kind].safeParse(value);
    if (!answer.success) throw this.error(`answered "${kind}" with ${shorten(line.value, 200)}`);
    return answer.data as z.infer<Answers[Kind]>;
  }

  /** Ends the process and waits for its end. */
  async close(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }

  private error(what: string): MachineError {
    return new MachineError(`${this.command.name}: ${what}`);
  }

  /** The last line on standard error. */
  private lastWords(): string {
    const last = this.tail.trim().split('\n').at(-1)?.trim() ?? '';
    return last === '' ? '' : `: ${shorten(last, 300)}`;
  }
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
