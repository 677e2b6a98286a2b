import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import {
  CheckpointError,
  ConfigError,
  DamagedRunError,
  DataError,
  TrainingError,
  UsageError,
} from '../../lib/base/errors';
import { silentReporter } from '../../lib/base/progress';
import { bfloat16IsSlow } from '../../lib/engine/native/bfloat16';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { type BatchSource } from '../../lib/data/batches';
import { batchTensors } from '../../lib/train/step/batches';
import { type EvaluationMetrics, type MetricsLine, readMetrics } from '../../lib/train/metrics';
import { learningRateAt } from '../../lib/train/step/schedule';
import { type TrainingResult, type TrainingRun } from '../../lib/train/run';
import { train } from '../../lib/train/train';
import { interruptibleCell } from '../support/cell';
import { temporaryFolder } from '../support/command';
import { readEvents } from './events.reader';
import { networkParameters, networkShapes, numbersOf, points, shortPlan, squaredError } from './regression';

beforeAll(async () => {
  await startEngine();
});

/** Trains the network; the parameters of the result are plain numbers. */
async function trainNetwork(
  options: Partial<TrainingRun> = {},
): Promise<{ folder: string; result: TrainingResult; numbers: Record<string, number[]> }> {
  const folder = options.folder ?? temporaryFolder();
  const result = await train({
    folder,
    config: { network: 1 },
    plan: shortPlan,
    parameters: networkShapes,
    initial: networkParameters,
    loss: squaredError,
    batches: points(16),
    evaluate: (now, step) => Promise.resolve({ size: now.size, step }),
    ...options,
  });
  return { folder, result, numbers: numbersOf(result.parameters) };
}

/** The metrics without what depends on the machine and the moment. */
async function measured(folder: string): Promise<unknown[]> {
  return (await readMetrics(folder)).map((line) => ({ ...line, machine: undefined }));
}

function expectClose(actual: Record<string, number[]>, expected: Record<string, number[]>, by: number): void {
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  for (const [name, values] of Object.entries(actual))
    values.forEach((value, i) => {
      expect(Math.abs(value - (expected[name]?.[i] ?? NaN)), `${name} ${i}`).toBeLessThan(by);
    });
}

/** A source that gives the batches of another in pieces of some rows. */
function inPieces(source: BatchSource, sizes: readonly number[]): BatchSource {
  const waiting: ReturnType<BatchSource['next']>[] = [];
  return {
    ...source,
    next: async () => {
      if (waiting.length === 0) {
        const { arrays } = await source.next();
        let start = 0;
        for (const rows of sizes) {
          const begin = start;
          const part = Object.fromEntries(
            Object.entries(arrays).map(([name, { values, shape }]) => {
              const columns = shape[1] ?? 1;
              return [
                name,
                { values: values.slice(begin * columns, (begin + rows) * columns), shape: [rows, columns] },
              ];
            }),
          );
          const weight = [...(part['counted']?.values ?? [])].reduce((sum, one) => sum + one, 0);
          waiting.push({ arrays: part, weight, tokens: rows });
          start += rows;
        }
      }
      const next = waiting.shift();
      if (next === undefined) throw new Error('no piece');
      return next;
    },
  };
}

/** Aborts after a number of batches have been drawn. */
function stopping(source: BatchSource, after: number): { batches: BatchSource; signal: AbortSignal } {
  const controller = new AbortController();
  let drawn = 0;
  const next: BatchSource['next'] = () => {
    drawn += 1;
    if (drawn === after) controller.abort();
    return source.next();
  };
  return { batches: { ...source, next }, signal: controller.signal };
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

describe('training', () => {
  it('lowers the loss, and tells what it measures when it should', async () => {
    const plan = { ...shortPlan, steps: 200, logEvery: 50, evaluateEvery: 150 };
    const told: MetricsLine[] = [];
    const { folder, result } = await trainNetwork({
      plan,
      onMetrics: (line) => {
        told.push(line);
      },
    });
    const lines = await readMetrics(folder);
    expect(told).toEqual(lines);
    expect(lines.map(({ kind, step }) => `${kind} ${step}`)).toEqual([
      'training 50',
      'training 100',
      'training 150',
      'evaluation 150',
      'training 200',
      'evaluation 200',
    ]);
    const losses = lines.flatMap((line) => (line.kind === 'training' ? [line.loss] : []));
    expect(losses.at(-1)).toBeLessThan(0.2 * (losses[0] ?? 0));
    expect(result).toMatchObject({ outcome: 'finished', step: 200 });
    for (const line of lines) {
      if (line.kind === 'evaluation') expect(line.metrics).toEqual({ size: 4, step: line.step });
      else {
        expect(line.learningRate).toBe(learningRateAt(plan.schedule, line.step, plan.steps));
        expect(line.tokens).toBe(16 * line.step);
        expect(line.machine.peakResidentBytes).toBeGreaterThan(0);
      }
    }
  });

  /**
   * The sum of the losses of each batch, and its weight: by hand, where parameters do not change.
   */
  async function lossesByHand(steps: number): Promise<{ sum: number; weight: number }[]> {
    const parameters = networkParameters();
    const source = points(16);
    const losses: { sum: number; weight: number }[] = [];
    for (let step = 0; step < steps; step++) {
      const batch = await source.next();
      const sum = tf.tidy(() => squaredError(parameters, batchTensors(batch)).dataSync()[0] ?? NaN);
      losses.push({ sum, weight: batch.weight });
    }
    tf.dispose([...parameters.values()]);
    return losses;
  }

  it.each(['captured', 'eager'] as const)(
    'tells in each line the mean loss of a prediction since the line before, also where it was stopped between, %s',
    async (execution) => {
      const schedule = { kind: 'constant', learningRate: 0, warmupSteps: 0, finalFraction: 0 } as const;
      const plan = { ...shortPlan, schedule, checkpointEvery: 5 };
      const losses = await lossesByHand(plan.steps);
      expect(new Set(losses.map(({ weight }) => weight)).size).toBeGreaterThan(3);
      const folder = temporaryFolder();
      for (const batches of [10, Infinity])
        await trainNetwork({ folder, plan, execution, resume: true, ...stopping(points(16), batches) });
      const lines = (await readMetrics(folder)).filter((line) => line.kind === 'training');
      expect(lines.map(({ step }) => step)).toEqual([7, 14, 21, 28, 30]);
      lines.forEach(({ step, loss }, index) => {
        const since = losses.slice(lines[index - 1]?.step ?? 0, step);
        const [sum, weight] = [total(since.map((one) => one.sum)), total(since.map((one) => one.weight))];
        expect(loss, `at step ${step}`).toBeCloseTo(sum / weight, 5);
      });
    },
  );

  it('counts the time of batches, of reading the loss and of evaluations, and the pace of the first two', async () => {
    let clock = 0;
    const backend = tf.backend();
    const read = backend.read.bind(backend);
    const spies = [
      vi.spyOn(performance, 'now').mockImplementation(() => 1000 * clock),
      vi.spyOn(backend, 'read').mockImplementation((data) => {
        clock += 5;
        return read(data);
      }),
    ];
    try {
      const source = points(16);
      const next: BatchSource['next'] = () => {
        clock += 2;
        return source.next();
      };
      const plan = { ...shortPlan, steps: 6, logEvery: 3, evaluateEvery: 4, checkpointEvery: 3 };
      const evaluate: TrainingRun['evaluate'] = () => {
        clock += 30;
        return Promise.resolve({ size: 1 });
      };
      const { folder } = await trainNetwork({ plan, batches: { ...source, next }, evaluate });
      // A line reads two numbers from the device: the loss, and the norm of the gradient.
      expect(
        (await readMetrics(folder)).map(({ kind, step, machine }) => [kind, step, machine.seconds]),
      ).toEqual([
        ['training', 3, 3 * 2 + 10],
        ['evaluation', 4, 4 * 2 + 10 + 30],
        ['training', 6, 6 * 2 + 20 + 30],
        ['evaluation', 6, 6 * 2 + 20 + 60],
      ]);
      const paces = (await readMetrics(folder)).flatMap((line) =>
        line.kind === 'training' ? [line.machine.tokensPerSecond] : [],
      );
      expect(paces).toEqual([48 / 16, 48 / 16]);
    } finally {
      for (const spy of spies) spy.mockRestore();
    }
  });

  it('writes the same numbers as TensorBoard events', async () => {
    const { folder } = await trainNetwork();
    const events = readEvents(readFileSync(join(folder, 'events.out.tfevents.bipe')));
    const valueOf = (step: number, tag: string): number | undefined =>
      events.find((event) => event.step === step && tag in event.scalars)?.scalars[tag];
    for (const line of await readMetrics(folder)) {
      if (line.kind === 'evaluation') expect(valueOf(line.step, 'evaluation/size')).toBe(4);
      else {
        expect(valueOf(line.step, 'train/loss')).toBe(Math.fround(line.loss));
        expect(valueOf(line.step, 'train/gradient_norm')).toBe(line.gradientNorm);
      }
    }
  });

  it('gives the same as a graph and operation by operation', async () => {
    const [graph, eager] = [
      await trainNetwork({ execution: 'captured' }),
      await trainNetwork({ execution: 'eager' }),
    ];
    expectClose(graph.numbers, eager.numbers, 1e-5);
  });

  it('rounds products to bfloat16 where it is asked to, and says where it cannot', async () => {
    const { captures } = await startEngine();
    const plan = { ...shortPlan, products: 'bfloat16' } as const;
    const folder = temporaryFolder();
    const eager = trainNetwork({ plan, execution: 'eager', folder });
    await expect(eager).rejects.toThrow(ConfigError);
    await expect(eager).rejects.toThrow(/^training: products: bfloat16 is for captured steps/);
    expect(existsSync(join(folder, 'config.json'))).toBe(false);
    if (!captures) return;
    const lossOf = async (own: string): Promise<number> => {
      const line = (await readMetrics(own)).find(({ kind }) => kind === 'training');
      return line?.kind === 'training' ? line.loss : NaN;
    };
    const notes: string[] = [];
    const reporter = { ...silentReporter, note: (line: string) => notes.push(line) };
    const [rounded, exact] = [await trainNetwork({ plan, reporter }), await trainNetwork()];
    expect(
      notes.filter((line) => line.includes('bfloat16 takes several times as long as float32')),
    ).toHaveLength(bfloat16IsSlow() ? 1 : 0);
    const [roundedLoss, exactLoss] = [await lossOf(rounded.folder), await lossOf(exact.folder)];
    expect(roundedLoss).not.toBe(exactLoss);
    // Half a unit in the last of 8 bits is 0.2 %; the loss is a square of differences.
    expect(Math.abs(roundedLoss / exactLoss - 1)).toBeLessThan(0.02);
  });

  it('says at its start and beside its measurements whether steps are captured', async () => {
    const { captures } = await startEngine();
    for (const [execution, captured] of [
      ['captured', captures],
      ['eager', false],
    ] as const) {
      const notes: string[] = [];
      const reporter = {
        ...silentReporter,
        note: (line: string) => {
          notes.push(line);
        },
      };
      const { folder } = await trainNetwork({ execution, reporter });
      expect(notes).toEqual([
        `training: ${captured ? 'each step is one captured graph' : 'steps run operation by operation'}`,
      ]);
      const lines = await readMetrics(folder);
      expect(new Set(lines.map(({ machine }) => machine.captured))).toEqual(new Set([captured]));
    }
  });

  it.each([[[8, 8]], [[3, 13]], [[1, 4, 2, 9]]])(
    'with gradients accumulated over %j rows equals one large batch',
    async (sizes) => {
      const whole = await trainNetwork();
      const pieces = await trainNetwork({
        batches: inPieces(points(16), sizes),
        plan: { ...shortPlan, accumulation: sizes.length },
      });
      expectClose(pieces.numbers, whole.numbers, 1e-5);
    },
  );

  it('clips by the norm of the whole gradient', async () => {
    // Under gradient descent's limit of AdamW (no memory, large epsilon) a step is proportional to
    // the gradient.
    const settings = { beta1: 0, beta2: 0, epsilon: 1e6, weightDecay: 0, groups: [] };
    const once = { steps: 1, optimizer: settings, logEvery: 1, checkpointEvery: 1 };
    const schedule = { kind: 'constant', learningRate: 1e6, warmupSteps: 0, finalFraction: 0 } as const;
    const before = numbersOf(networkParameters());
    const change = async (clipNorm: number | undefined): Promise<number> => {
      const { numbers } = await trainNetwork({
        plan: { ...once, schedule, ...(clipNorm !== undefined && { clipNorm }) },
      });
      const differences = Object.entries(numbers).flatMap(([name, values]) =>
        values.map((value, i) => value - (before[name]?.[i] ?? NaN)),
      );
      return Math.hypot(...differences);
    };
    const free = await change(undefined);
    expect(await change(free / 3)).toBeCloseTo(free / 3, 3);
    expect(await change(free * 3)).toBeCloseTo(free, 3);
  });

  it('stops early and keeps the best model', async () => {
    const exported: [folder: string, size: number][] = [];
    const values = [5, 3, 4, 4, 1];
    const folder = temporaryFolder();
    const { result } = await trainNetwork({
      folder,
      plan: {
        ...shortPlan,
        evaluateEvery: 3,
        earlyStop: { metric: 'error', better: 'smaller', patience: 2 },
      },
      evaluate: (_, step) => Promise.resolve({ error: values[step / 3 - 1] ?? NaN }),
      exportModel: (place, parameters) => {
        exported.push([place, parameters.size]);
        return Promise.resolve();
      },
    });
    expect(result).toMatchObject({ outcome: 'stopped early', step: 12, best: { value: 3, step: 6 } });
    expect(exported.filter(([place]) => place === join(folder, 'best'))).toEqual([
      [join(folder, 'best'), 4],
      [join(folder, 'best'), 4],
    ]);
    // Before each evaluation, after step 10, and at the end.
    expect(exported.filter(([place]) => place === join(folder, 'checkpoint'))).toHaveLength(6);
    // A resumed run knows that it was over.
    const again = await trainNetwork({
      folder,
      resume: true,
      plan: {
        ...shortPlan,
        evaluateEvery: 3,
        earlyStop: { metric: 'error', better: 'smaller', patience: 2 },
      },
    });
    expect(again.result).toMatchObject({ outcome: 'stopped early', step: 12 });
  });

  it.each(['captured', 'eager'] as const)('leaves no tensor behind, %s', async (execution) => {
    await assertNoLeak(async () => {
      await trainNetwork({ execution });
      await trainNetwork({ execution, plan: { ...shortPlan, accumulation: 2 } });
    });
  });

  it.each(['captured', 'eager'] as const)(
    'holds no more tensors at the end than at the start, %s',
    async (execution) => {
      const { folder } = await trainNetwork({ execution, plan: { ...shortPlan, steps: 300, logEvery: 20 } });
      const counts = (await readMetrics(folder)).flatMap((line) =>
        line.kind === 'training' ? [[line.machine.tensors, line.machine.tensorBytes].join()] : [],
      );
      expect(counts).toHaveLength(15);
      expect(new Set(counts).size).toBe(1);
    },
  );

  it.each(['captured', 'eager'] as const)(
    'reads nothing from the device between lines of metrics, %s',
    async (execution) => {
      const read = vi.spyOn(tf.backend(), 'read');
      const readSync = vi.spyOn(tf.backend(), 'readSync');
      try {
        const plan = { ...shortPlan, steps: 40, logEvery: 40, evaluateEvery: 40, checkpointEvery: 40 };
        let before = NaN;
        await trainNetwork({
          execution,
          plan,
          batches: {
            ...points(16),
            next: (() => {
              const { next } = points(16);
              let drawn = 0;
              return () => {
                drawn += 1;
                if (drawn === 2) before = read.mock.calls.length + readSync.mock.calls.length;
                if (drawn === 40) expect(read.mock.calls.length + readSync.mock.calls.length).toBe(before);
                return next();
              };
            })(),
          },
        });
        expect(before).not.toBeNaN();
      } finally {
        read.mockRestore();
        readSync.mockRestore();
      }
    },
  );
});

describe('a run that is interrupted', () => {
  it.each(['captured', 'eager'] as const)(
    'and resumed, however often, measures the same bit for bit, %s',
    async (execution) => {
      const seed = 20240607;
      const random = Random.fromSeed(seed);
      for (const accumulation of [1, 3]) {
        const plan = { ...shortPlan, accumulation };
        const whole = await trainNetwork({ plan, execution });
        const folder = temporaryFolder();
        let outcome = '';
        let numbers: Record<string, number[]> = {};
        const stops: number[] = [];
        while (outcome !== 'finished') {
          stops.push(random.integer(1, 13));
          const part = await trainNetwork({
            folder,
            plan,
            execution,
            resume: true,
            ...stopping(points(16), accumulation * (stops.at(-1) ?? 1)),
          });
          outcome = part.result.outcome;
          numbers = part.numbers;
        }
        expect(stops.length, `seed ${seed}`).toBeGreaterThan(2);
        expect(numbers, `stopped after ${stops.join(', ')} steps, seed ${seed}`).toEqual(whole.numbers);
        expect(await measured(folder)).toEqual(await measured(whole.folder));
      }
    },
  );

  it.each(['captured', 'eager'] as const)(
    'between two batches of a step is as if the step had not begun, and measures the same bit for bit, %s',
    async (execution) => {
      const plan = { ...shortPlan, accumulation: 5 };
      const whole = await trainNetwork({ plan, execution });
      const folder = temporaryFolder();
      let outcome = '';
      let numbers: Record<string, number[]> = {};
      const steps: number[] = [];
      // Within the first step already; within a step after a line of metrics, and after none; not
      // at the end of one.
      for (const batches of [3, 17, 36, 41, Infinity]) {
        const part = await trainNetwork({
          folder,
          plan,
          execution,
          resume: true,
          ...stopping(points(16), batches),
        });
        steps.push(part.result.step);
        ({ outcome } = part.result);
        ({ numbers } = part);
      }
      expect(steps).toEqual([0, 3, 10, 18, 30]);
      expect(outcome).toBe('finished');
      expect(numbers).toEqual(whole.numbers);
      expect(await measured(folder)).toEqual(await measured(whole.folder));
    },
  );

  it('is noticed within a step that would never end', async () => {
    const controller = new AbortController();
    setTimeout(() => {
      controller.abort();
    }, 50);
    const { result } = await trainNetwork({
      plan: { ...shortPlan, accumulation: 1e9 },
      signal: controller.signal,
    });
    expect([result.outcome, result.step]).toEqual(['interrupted', 0]);
  });

  it.each([
    ['is infinite', [Infinity, Infinity, 7, Infinity, -Infinity], { value: -Infinity, step: 25 }],
    ['is no number', [NaN, Infinity, NaN, NaN, NaN], { value: Infinity, step: 10 }],
    ['is negative zero', [0, -0, 0, 0, 0], { value: 0, step: 5 }],
  ])('while a metric %s measures and tells the same', async (_, values, best) => {
    const plan = {
      ...shortPlan,
      steps: 25,
      evaluateEvery: 5,
      earlyStop: { metric: 'error', better: 'smaller', patience: 9 },
    } as const;
    const told: string[] = [];
    const reporter = { ...silentReporter, note: (line: string) => told.push(line) };
    const evaluate: TrainingRun['evaluate'] = (now, step) =>
      Promise.resolve({ size: now.size, error: values[step / 5 - 1] ?? 0 });
    const whole = await trainNetwork({ plan, evaluate, reporter });
    const toldOfWhole = told.splice(0).filter((line) => line.startsWith('evaluation:'));
    const folder = temporaryFolder();
    let result = whole.result;
    for (const batches of [6, 6, Infinity])
      ({ result } = await trainNetwork({
        folder,
        plan,
        evaluate,
        reporter,
        resume: true,
        ...stopping(points(16), batches),
      }));
    expect(result).toMatchObject({ outcome: 'finished', best });
    const lines = await measured(folder);
    expect(lines).toStrictEqual(await measured(whole.folder));
    expect(
      lines.flatMap((line) => ('metrics' in (line as object) ? [(line as EvaluationMetrics).metrics] : [])),
    ).toStrictEqual(values.map((error) => ({ size: 4, error })));
    const seen = readEvents(readFileSync(join(folder, 'events.out.tfevents.bipe'))).flatMap((event) =>
      'evaluation/error' in event.scalars ? [event.scalars['evaluation/error']] : [],
    );
    expect(seen).toStrictEqual(values);
    // Once, however often it was resumed.
    expect(told.filter((line) => line.startsWith('evaluation:'))).toEqual(toldOfWhole);
    const first = values.findIndex((value) => !Number.isFinite(value));
    expect(toldOfWhole).toEqual(
      first < 0
        ? []
        : [
            `evaluation: error ${Number.isNaN(values[first]) ? 'is not a number' : 'overflowed'} at step ${5 * first + 5}; the metrics have ${values[first] ?? ''}, and training continues`,
          ],
    );
  });

  it("by a notebook's stop button ends after that step, with a checkpoint", async () => {
    const { batches, signal } = stopping(points(16), 4);
    const stop = interruptibleCell();
    signal.addEventListener('abort', () => {
      stop();
    });
    const folder = temporaryFolder();
    const { result } = await trainNetwork({ folder, batches });
    expect([result.outcome, result.step]).toEqual(['interrupted', 4]);
    expect(result.reason).toBe('interrupted after step 4');
    expect(existsSync(join(folder, 'checkpoint'))).toBe(true);
  });

  it('by an error in the evaluation goes on from its last checkpoint', async () => {
    const whole = await trainNetwork();
    const folder = temporaryFolder();
    let failed = false;
    const failing = trainNetwork({
      folder,
      evaluate: (now, step) => {
        failed = step === 24;
        return failed ? Promise.reject(new Error('no')) : Promise.resolve({ size: now.size, step });
      },
    });
    await expect(failing).rejects.toThrow('no');
    expect(failed).toBe(true);
    const resumed = await trainNetwork({ folder, resume: true });
    expect(resumed.numbers).toEqual(whole.numbers);
    expect(await measured(folder)).toEqual(await measured(whole.folder));
    const steps = readEvents(readFileSync(join(folder, 'events.out.tfevents.bipe'))).flatMap((event) =>
      'train/loss' in event.scalars ? [event.step] : [],
    );
    expect(steps).toEqual([7, 14, 21, 28, 30]);
  });

  it.each([
    ['no JSON', '{"kind":"training","st', 'is not JSON'],
    ['null', 'null', 'the value: '],
    ['another step', '{"kind":"evaluation","step":"4","metrics":{},"machine":{}}', 'step: '],
    [
      'null for a number',
      '{"kind":"evaluation","step":4,"metrics":{"size":null},"machine":{"wallTime":1,"seconds":1}}',
      'metrics.size: expected number, received null',
    ],
  ])('whose metrics have %s in a line says in which', async (_, line, says) => {
    const { folder } = await trainNetwork();
    const path = join(folder, 'metrics.jsonl');
    const lines = readFileSync(path, 'utf8').split('\n');
    lines[2] = line;
    writeFileSync(path, lines.join('\n'));
    await expect(readMetrics(folder)).rejects.toThrow(DataError);
    await expect(readMetrics(folder)).rejects.toThrow(
      new RegExp(
        `metrics\\.jsonl: line 3.*${says}.*; put the file back, or delete the run's folder to train anew$`,
      ),
    );
  });

  it('while it wrote a line forgets the half of it', async () => {
    const { folder } = await trainNetwork();
    const path = join(folder, 'metrics.jsonl');
    const before = readFileSync(path, 'utf8');
    writeFileSync(path, `${before}{"kind":"training","st`);
    await trainNetwork({ folder, resume: true });
    expect(readFileSync(path, 'utf8')).toBe(before);
  });

  it('by a loss that is no number says so and keeps the last good checkpoint', async () => {
    const folder = temporaryFolder();
    let drawn = 0;
    const source = points(16);
    const poisoned: BatchSource = {
      ...source,
      next: async () => {
        const batch = await source.next();
        drawn += 1;
        if (drawn === 13) batch.arrays['y']?.values.fill(NaN);
        return batch;
      },
    };
    const failing = trainNetwork({ folder, batches: poisoned });
    await expect(failing).rejects.toThrow(TrainingError);
    await expect(failing).rejects.toThrow(/the loss is not finite at step 14; lower the learning rate/);
    const resumed = await trainNetwork({ folder, resume: true });
    expect(resumed.numbers).toEqual((await trainNetwork()).numbers);
  });
});

describe('a folder that holds a run', () => {
  it('is not written over', async () => {
    const { folder } = await trainNetwork();
    const before = readFileSync(join(folder, 'metrics.jsonl'), 'utf8');
    const again = trainNetwork({ folder });
    await expect(again).rejects.toThrow(UsageError);
    await expect(again).rejects.toThrow(/holds a run already; resume it/);
    expect(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')).toBe(before);
  });

  it('is not resumed with another configuration', async () => {
    const { folder } = await trainNetwork();
    const other = trainNetwork({ folder, resume: true, config: { network: 2 } });
    await expect(other).rejects.toThrow(ConfigError);
    await expect(other).rejects.toThrow(/config\.json: the run there has another configuration/);
  });

  it('is left alone while a process trains in it', async () => {
    const folder = temporaryFolder();
    let second: unknown;
    await trainNetwork({
      folder,
      evaluate: async () => {
        second ??= await trainNetwork({ folder, resume: true }).catch((error: unknown) => error);
        return { size: 1 };
      },
    });
    expect(String(second)).toMatch(/is at work on this run/);
    expect(existsSync(join(folder, 'training.lock'))).toBe(false);
  });

  it.each([
    ['cut short', (bytes: Buffer) => bytes.subarray(0, bytes.length - 100), /cut short/],
    ['of no training', () => emptySafetensors(), /has no training position/],
  ])('whose checkpoint is %s says so and is left as it is', async (_, damage, says) => {
    const { folder } = await trainNetwork();
    const path = join(folder, 'checkpoint', 'training.safetensors');
    const metrics = readFileSync(join(folder, 'metrics.jsonl'), 'utf8');
    writeFileSync(path, damage(readFileSync(path)));
    await assertNoLeak(async () => {
      const resumed = trainNetwork({ folder, resume: true });
      await expect(resumed).rejects.toThrow(DamagedRunError);
      await expect(resumed).rejects.toThrow(says);
      await expect(resumed).rejects.toMatchObject({ cause: expect.any(CheckpointError) as Error });
    });
    expect(readFileSync(join(folder, 'metrics.jsonl'), 'utf8')).toBe(metrics);
  });
});

function emptySafetensors(): Buffer {
  const header = Buffer.from('{}');
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  return Buffer.concat([length, header]);
}
