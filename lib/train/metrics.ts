// What a run measured, as it goes: `metrics.jsonl` for programs and a TensorBoard event file that says the same. Lines
// are appended; a resumed run first drops those after its checkpoint, so that no step is told twice.

import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { readTextFile, writeError, writeFileAtomic } from '../base/files';
import { DataError, systemCode } from '../base/errors';
import { displayPath } from '../base/paths';
import { fileHeader, scalarRecord, type ScalarEvent } from './events';

/** What depends on the machine and the moment: all else is the same in every repetition of a run. */
export interface MachineFigures {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Seconds of training and evaluation until here, pauses between resumed parts left out. */
  readonly seconds: number;
  /** Tensors alive, and their bytes. */
  readonly tensors: number;
  readonly tensorBytes: number;
  /** The most memory that the process ever held. */
  readonly peakResidentBytes: number;
  /** Whether steps ran as one captured graph each, not operation by operation. */
  readonly captured: boolean;
}

/** The training since the line before. */
export interface TrainingMetrics {
  readonly kind: 'training';
  readonly step: number;
  /** Mean loss of a prediction, over all steps since the line before. */
  readonly loss: number;
  /** Of this step. */
  readonly learningRate: number;
  /** Of this step, before clipping. */
  readonly gradientNorm: number;
  /** Tokens trained on until here. */
  readonly tokens: number;
  readonly machine: MachineFigures & {
    /** Over all steps since the line before, evaluations and checkpoints left out. */
    readonly tokensPerSecond: number;
  };
}

/** An evaluation after a step. */
export interface EvaluationMetrics {
  readonly kind: 'evaluation';
  readonly step: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly machine: MachineFigures;
}

/** A line of `metrics.jsonl`. */
export type MetricsLine = TrainingMetrics | EvaluationMetrics;

const metricsName = 'metrics.jsonl';
const eventsName = 'events.out.tfevents.bipe';

/**
 * The metrics of a run's folder, in the order in which they were measured; none if there is no file. A last line that
 * is cut off, because the run was killed while it wrote, is left out.
 *
 * @throws DataError if another line is not a line of metrics
 */
export async function readMetrics(folder: string): Promise<MetricsLine[]> {
  const path = join(folder, metricsName);
  let text: string;
  try {
    text = await readTextFile(path);
  } catch (error) {
    if (error instanceof DataError && systemCode(error.cause) === 'ENOENT') return [];
    throw error;
  }
  const lines = text.split('\n').slice(0, -1);
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as MetricsLine;
    } catch (error) {
      throw new DataError(
        `${displayPath(path)}: line ${index + 1} is not JSON; delete the line, or start the run anew`,
        { cause: error },
      );
    }
  });
}

/** Where a run writes its metrics. */
export class MetricsLog {
  private constructor(
    private readonly lines: OpenFile,
    private readonly events: OpenFile,
  ) {}

  /**
   * Opens a run's metrics and drops all that was measured after `step`.
   *
   * @throws MachineError if the folder cannot be written
   */
  static async open(folder: string, step: number): Promise<MetricsLog> {
    const kept = (await readMetrics(folder)).filter((line) => line.step <= step);
    const wallTime = kept[0]?.machine.wallTime ?? Date.now() / 1000;
    const records = [fileHeader(wallTime), ...kept.flatMap(eventsOf).map(scalarRecord)];
    const [linesPath, eventsPath] = [join(folder, metricsName), join(folder, eventsName)];
    await writeFileAtomic(linesPath, kept.map((line) => `${JSON.stringify(line)}\n`).join(''));
    await writeFileAtomic(eventsPath, Buffer.concat(records));
    return new MetricsLog(new OpenFile(linesPath), new OpenFile(eventsPath));
  }

  write(line: MetricsLine): void {
    this.lines.append(`${JSON.stringify(line)}\n`);
    this.events.append(Buffer.concat(eventsOf(line).map(scalarRecord)));
  }

  /** Makes sure that what was written survives a power failure: to be called before a checkpoint. */
  flush(): void {
    this.lines.flush();
    this.events.flush();
  }

  close(): void {
    this.lines.close();
    this.events.close();
  }
}

/** A file that grows at its end. Writes are synchronous: a killed process has written what it measured. */
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
