// A run's measurements as they are made: `metrics.jsonl` for programs and a TensorBoard event file
// of the same content. Lines are appended; a resumed run first drops those after its checkpoint, so
// that no step appears twice.

import { createHash, type Hash } from 'node:crypto';
import { closeSync, existsSync, fstatSync, fsyncSync, openSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readTextLines, writeError, writeFileAtomic } from '../base/files';
import { DataError, MachineError, messageOf, systemCode } from '../base/errors';
import { fromJson, toJson } from '../base/json';
import { displayPath } from '../base/paths';
import { anyNumber, parseWith } from '../base/schema';
import { fileHeader, scalarRecord, type ScalarEvent } from './events';

/**
 * Figures that depend on the machine and the moment; everything else is equal in every repetition
 * of a run.
 */
export interface MachineFigures {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Seconds of training and evaluation so far, without pauses between resumed parts. */
  readonly seconds: number;
  /** Tensors alive, and their bytes. */
  readonly tensors: number;
  readonly tensorBytes: number;
  /** Peak memory of the process. */
  readonly peakResidentBytes: number;
  /** True if steps ran as one captured graph each, not operation by operation. */
  readonly captured: boolean;
}

/** Training since the previous line. */
export interface TrainingMetrics {
  readonly kind: 'training';
  readonly step: number;
  /** Mean loss of a prediction, over all steps since the previous line. */
  readonly loss: number;
  /** Of this step. */
  readonly learningRate: number;
  /** Of this step, before clipping. */
  readonly gradientNorm: number;
  /** Tokens trained on so far. */
  readonly tokens: number;
  readonly machine: MachineFigures & {
    /** Over all steps since the previous line, without evaluations and checkpoints. */
    readonly tokensPerSecond: number;
  };
}

/**
 * An evaluation after a step. Its numbers may be infinite, such as an overflowing perplexity, or
 * NaN.
 */
export interface EvaluationMetrics {
  readonly kind: 'evaluation';
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly machine: MachineFigures;
}

/** A line of `metrics.jsonl`. */
export type MetricsLine = TrainingMetrics | EvaluationMetrics;

const machineSchema = z.looseObject({ wallTime: z.number(), seconds: z.number() });

const lineSchema = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('training'),
    step: z.int().min(1),
    loss: anyNumber,
    learningRate: anyNumber,
    gradientNorm: anyNumber,
    tokens: anyNumber,
    machine: machineSchema.extend({ tokensPerSecond: anyNumber }),
  }),
  z.looseObject({
    kind: z.literal('evaluation'),
    step: z.int().min(1),
    metrics: z.record(z.string(), anyNumber),
    machine: machineSchema,
  }),
]);

const metricsName = 'metrics.jsonl';
const eventsName = 'events.out.tfevents.bipe';

/**
 * Reads the metrics of a run's folder, in the order of measurement; none without a file. A
 * truncated last line, of a run that was killed while it wrote, is left out.
 *
 * @throws DataError if another line is not a line of metrics
 */
export async function readMetrics(folder: string): Promise<MetricsLine[]> {
  const path = join(folder, metricsName);
  const lines: MetricsLine[] = [];
  let begun: string | undefined; // what stands behind the last end of a line is none
  try {
    for await (const next of readTextLines(path)) {
      if (begun !== undefined) lines.push(parseLine(begun, `${displayPath(path)}: line ${lines.length + 1}`));
      begun = next;
    }
  } catch (error) {
    if (error instanceof DataError && systemCode(error.cause) === 'ENOENT') return [];
    throw error;
  }
  return lines;
}

/** Parses a line without changing it, so that it is written again to the byte. */
function parseLine(line: string, where: string): MetricsLine {
  try {
    const value = fromJson(line);
    parseWith<unknown>(lineSchema, value, where);
    return value as MetricsLine;
  } catch (error) {
    const why = error instanceof SyntaxError ? `${where} is not JSON` : messageOf(error);
    throw new DataError(`${why}; put the file back, or delete the run's folder to train anew`, {
      cause: error,
    });
  }
}

/**
 * True if a run's folder has its metrics: a run with a state has them, unless they were deleted.
 */
export function hasMetrics(folder: string): boolean {
  return existsSync(join(folder, metricsName));
}

/** Number and checksum of the first lines of a run's metrics, to notice changes. */
export interface MetricsExtent {
  readonly lines: number;
  readonly sha256: string;
}

/** A run's open metrics. */
export class MetricsLog {
  /** Of all lines. */
  private readonly hash: Hash;
  private count: number;
  private lastEvaluation: number | undefined;

  private constructor(
    private readonly lines: OpenFile,
    private readonly events: OpenFile,
    /** Lines from before the log was opened. */
    readonly earlier: readonly MetricsLine[],
  ) {
    this.hash = hashOf(earlier);
    this.count = earlier.length;
    this.lastEvaluation = earlier.findLast(({ kind }) => kind === 'evaluation')?.step;
  }

  /**
   * Opens a run's metrics and drops lines from after its state was written.
   *
   * @param extent `extent()` at that time; none if the run begins
   * @throws DataError if those lines were changed since; a missing file begins anew
   * @throws MachineError if the folder cannot be written
   */
  static async open(folder: string, extent?: MetricsExtent): Promise<MetricsLog> {
    const [linesPath, eventsPath] = [join(folder, metricsName), join(folder, eventsName)];
    const isThere = hasMetrics(folder);
    const kept = extent === undefined ? [] : (await readMetrics(folder)).slice(0, extent.lines);
    if (isThere && extent !== undefined && hashOf(kept).digest('hex') !== extent.sha256)
      throw new DataError(
        `${displayPath(linesPath)}: changed since the run wrote it; put it back, or delete the run's folder to train anew`,
      );
    const wallTime = kept[0]?.machine.wallTime ?? Date.now() / 1000;
    const records = [fileHeader(wallTime), ...kept.flatMap(eventsOf).map(scalarRecord)];
    await writeFileAtomic(linesPath, Buffer.concat(kept.map((line) => Buffer.from(textOf(line)))));
    await writeFileAtomic(eventsPath, Buffer.concat(records));
    return new MetricsLog(new OpenFile(linesPath), new OpenFile(eventsPath), kept);
  }

  /** The step of the last evaluation. */
  get evaluatedAt(): number | undefined {
    return this.lastEvaluation;
  }

  /** Number and checksum of the lines so far. */
  extent(): MetricsExtent {
    return { lines: this.count, sha256: this.hash.copy().digest('hex') };
  }

  /** @throws MachineError if the disk is full, or the files are not in the folder any more */
  write(line: MetricsLine): void {
    this.checkPlace();
    this.lines.append(textOf(line));
    this.hash.update(textOf(line));
    this.count += 1;
    if (line.kind === 'evaluation') this.lastEvaluation = line.step;
    this.events.append(Buffer.concat(eventsOf(line).map(scalarRecord)));
  }

  /** Makes the metrics survive a power failure: to be called before a checkpoint. */
  flush(): void {
    this.checkPlace();
    this.lines.flush();
    this.events.flush();
  }

  /**
   * Makes sure that the files are still in the folder. Deleted files can be written to while they
   * are open, and everything is lost at the end.
   *
   * @throws MachineError if the files are not in the folder any more
   */
  checkPlace(): void {
    this.lines.checkPlace();
    this.events.checkPlace();
  }

  close(): void {
    this.lines.close();
    this.events.close();
  }
}

function hashOf(lines: readonly MetricsLine[]): Hash {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(textOf(line));
  return hash;
}

const textOf = (line: MetricsLine): string => `${toJson(line)}\n`;

/** A file to append to. Writes are synchronous: a killed process has written what it measured. */
class OpenFile {
  private readonly descriptor: number;

  constructor(private readonly path: string) {
    this.descriptor = this.guard(() => openSync(path, 'a'));
  }

  append(content: string | Uint8Array): void {
    const bytes = Buffer.from(content);
    this.guard(() => {
      for (let done = 0; done < bytes.length;) done += writeSync(this.descriptor, bytes, done);
    });
  }

  flush(): void {
    this.guard(() => {
      fsyncSync(this.descriptor);
    });
  }

  checkPlace(): void {
    const here = this.guard(() => statSync(this.path, { throwIfNoEntry: false }));
    if (here?.ino === fstatSync(this.descriptor).ino) return;
    throw new MachineError(
      `${displayPath(this.path)}: was moved, deleted or replaced while the run wrote to it; put the run's folder back and resume it, or start it anew`,
    );
  }

  close(): void {
    closeSync(this.descriptor);
  }

  private guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw writeError(this.path, error);
    }
  }
}

function eventsOf(line: MetricsLine): ScalarEvent[] {
  const values: Readonly<Record<string, number>> =
    line.kind === 'training'
      ? {
          'train/loss': line.loss,
          'train/learning_rate': line.learningRate,
          'train/gradient_norm': line.gradientNorm,
          'train/tokens_per_second': line.machine.tokensPerSecond,
        }
      : Object.fromEntries(
          Object.entries(line.metrics).map(([name, value]) => [`evaluation/${name}`, value]),
        );
  const { step, machine } = line;
  return Object.entries(values).map(([tag, value]) => ({ tag, step, value, wallTime: machine.wallTime }));
}
