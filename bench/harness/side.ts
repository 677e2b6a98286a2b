// One side of a row: a process of its own, so that its peak memory is that row's alone. It is asked
// with one JSON object a line, and answers with one; bench/pytorch/peer.py lists the requests.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { MachineError } from '../../lib/base/errors';
import { shorten } from '../../lib/base/format';
import { type BenchWork, endOfSequence } from './rows';
import { type Way } from './measurement';

/** How a side's process is started. */
export interface SideCommand {
  /** For messages: `PyTorch, eager`. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** The work as both sides are told it, with the settings they must share. */
export interface BenchJob extends BenchWork {
  readonly way: Way;
  readonly eos: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  /** Of a generation, the sequences whose loss is compared. */
  readonly checkedRows: number;
}

/** A row's work for one side. */
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
  // JSON has no NaN: a loss that is no number is null.
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

/** A request that says nothing more. */
type Nothing = Readonly<Record<string, never>>;

/** What a side can be asked, beside what for. */
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
    // A request to a process that is gone fails by its end, which says more.
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
   * Asks, one question at a time.
   *
   * @throws MachineError if the side says what is wrong, ends, or answers something else
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

  /** The last line that it wrote on standard error. */
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
