import type * as fs from 'node:fs';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { type MetricsLine, MetricsLog, readMetrics } from '../../lib/train/metrics';
import { temporaryFolder } from '../support/command';
import { readEvents } from './events.reader';

// A disk that takes a part of what is written at once.
vi.mock('node:fs', async (original) => {
  const actual = await original<typeof fs>();
  const writeSync = (file: number, bytes: Uint8Array, offset = 0): number =>
    actual.writeSync(file, bytes, offset, Math.ceil((bytes.length - offset) / 2));
  return { ...actual, writeSync, default: { ...actual, writeSync } };
});

const machine = {
  wallTime: 100,
  seconds: 1,
  tensors: 2,
  tensorBytes: 3,
  peakResidentBytes: 4,
  captured: true,
};

/** Every number another one. */
function trainingAt(step: number): MetricsLine {
  return {
    kind: 'training',
    step,
    loss: step + 0.25,
    learningRate: step + 0.5,
    gradientNorm: step + 0.75,
    tokens: 10 * step,
    machine: { ...machine, wallTime: 100 + step, tokensPerSecond: 1000 + step },
  };
}

function evaluationAt(step: number): MetricsLine {
  return {
    kind: 'evaluation',
    step,
    metrics: { loss: step, accuracy: -step },
    machine: { ...machine, wallTime: 200 + step },
  };
}

/** What TensorBoard is told of lines, in their order. */
function expectedEvents(lines: readonly MetricsLine[]): unknown[] {
  return lines.flatMap((line) => {
    const { step } = line;
    const scalars =
      line.kind === 'training'
        ? {
            'train/loss': step + 0.25,
            'train/learning_rate': step + 0.5,
            'train/gradient_norm': step + 0.75,
            'train/tokens_per_second': 1000 + step,
          }
        : { 'evaluation/loss': step, 'evaluation/accuracy': -step };
    return Object.entries(scalars).map(([tag, value]) => ({
      step,
      wallTime: line.machine.wallTime,
      scalars: { [tag]: value },
    }));
  });
}

describe('the metrics of a run', () => {
  it('are lines and events that say the same', async () => {
    const folder = temporaryFolder();
    const lines = [trainingAt(5), evaluationAt(5), trainingAt(10)];
    const log = await MetricsLog.open(folder);
    expect(log.earlier).toEqual([]);
    for (const line of lines) log.write(line);
    log.close();
    expect(await readMetrics(folder)).toEqual(lines);
    const [, ...events] = readEvents(readFileSync(join(folder, 'events.out.tfevents.bipe')));
    expect(events).toEqual(expectedEvents(lines));
  });

  it('of a run that goes on are kept up to its state, and told once', async () => {
    const folder = temporaryFolder();
    const log = await MetricsLog.open(folder);
    const kept = [trainingAt(5), evaluationAt(8), trainingAt(10)];
    for (const line of kept) log.write(line);
    const extent = log.extent();
    for (const line of [evaluationAt(11), trainingAt(15)]) log.write(line);
    log.close();
    const resumed = await MetricsLog.open(folder, extent);
    expect(resumed.earlier).toEqual(kept);
    expect(await readMetrics(folder)).toEqual(kept);
    resumed.write(trainingAt(12));
    resumed.close();
    expect(await readMetrics(folder)).toEqual([...kept, trainingAt(12)]);
    const [header, ...events] = readEvents(readFileSync(join(folder, 'events.out.tfevents.bipe')));
    // TensorBoard counts from the first line, as it did before.
    expect(header?.wallTime).toBe(105);
    expect(events).toEqual(expectedEvents([...kept, trainingAt(12)]));
  });

  it('are none where there is no file', async () => {
    expect(await readMetrics(temporaryFolder())).toEqual([]);
  });
});
