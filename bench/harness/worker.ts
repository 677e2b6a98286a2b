// Our side of `bipe bench`, as a process that answers requests (see side.ts): evaluation, the
// trainer's step and greedy generation as the library's users call them, with the same weights and
// tokens as the other side.

import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import * as tf from '@tensorflow/tfjs';
import { messageOf, UsageError } from '../../lib/base/errors';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { capture } from '../../lib/engine/graph/capture';
import { type NamedTensors } from '../../lib/engine/graph/specs';
import { memoryReport } from '../../lib/engine/memory';
import { profileOperations } from '../../lib/engine/profile';
import { Random } from '../../lib/engine/random/random';
import { decoderGenerator } from '../../lib/evaluate/generator';
import { greedyGeneration } from '../../lib/evaluate/greedy';
import {
  type Checkpoint,
  loadCheckpoint,
  loadTensors,
  saveCheckpoint,
  saveTensors,
} from '../../lib/model/files/checkpoint';
import { createDecoder } from '../../lib/model/config';
import { nextTokenLoss } from '../../lib/model/loss';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { separatorIds } from '../../lib/segment/levels';
import { defaultAdamW, planBundles } from '../../lib/train/step/adamw';
import {
  runningLossKey,
  type StepDesign,
  trainingStep,
  updateScalars,
  zeroState,
} from '../../lib/train/step/step';
import { nextTokens } from '../../lib/train/tasks/task';
import { type BenchJob } from './side';

/** A row's work, ready to be repeated. */
interface Work {
  /** Computes the losses to compare with the other side's, which warms up. */
  readonly check: () => Promise<readonly number[]>;
  readonly step: () => Promise<unknown>;
}

type Starter = (job: BenchJob, checkpoint: Checkpoint, ids: tf.Tensor2D) => Work;

/** The mean loss of sequences, as a captured graph. */
const evaluate: Starter = ({ products }, { decoder, parameters }, ids) => {
  const pass = capture(
    (state: NamedTensors, inputs: { readonly ids: tf.Tensor2D }) => ({
      outputs: { loss: nextTokenLoss(decoder, new Map(Object.entries(state)), inputs.ids) },
    }),
    { state: Object.fromEntries(parameters), name: 'evaluation', products },
  );
  disposeParameters(parameters);
  const step = (): Promise<number> => valueOf(pass.run({ ids }).loss);
  return { check: async () => [await step()], step };
};

/** The trainer's step: forward, backward, clipping, AdamW. */
const train: Starter = (job, { decoder, parameters }, ids) => {
  const { products, remember, clipNorm, learningRate, weightDecay } = job;
  const shapes = [...parameters].map(([name, { shape }]) => ({ name, shape }));
  const optimizer = { ...defaultAdamW, weightDecay };
  const design: StepDesign = {
    loss: nextTokens(decoder, { remember }),
    parameters: shapes,
    bundles: planBundles(shapes, optimizer),
    optimizer,
    clipNorm,
    accumulation: 1,
  };
  const state = { ...Object.fromEntries(parameters), ...zeroState(design) };
  const update = capture(trainingStep(design), { state, name: 'the training step', products });
  tf.dispose(state);
  const weight = job.batch * job.time;
  let done = 0;
  const step = async (): Promise<number> => {
    done += 1;
    const scalars = updateScalars(design, { step: done, weight, learningRate });
    const { gradientNorm } = update.run({ ids, ...scalars });
    tf.dispose(scalars);
    return valueOf(present(gradientNorm, 'gradient norm'));
  };
  let before = 0;
  const lossOfStep = async (): Promise<number> => {
    await step();
    const sum = await valueOf(update.readState([runningLossKey])[runningLossKey]);
    const loss = (sum - before) / weight;
    before = sum;
    return loss;
  };
  return { check: async () => [await lossOfStep(), await lossOfStep()], step };
};

/** Greedy generation; all steps are taken, even after sequences have ended. */
const decode: Starter = ({ newTokens, eos, checkedRows, batch, time }, { decoder, parameters }, ids) => {
  const generation = greedyGeneration(decoderGenerator(decoder, parameters), {
    batch,
    promptLength: time,
    newTokens,
    eos,
    checkEvery: Number.POSITIVE_INFINITY,
  });
  const prompts = ids.arraySync();
  const step = (): Promise<Int32Array[]> => generation.generate(prompts);
  const check = async (): Promise<readonly number[]> => {
    const generated = (await step()).slice(0, checkedRows);
    const rows = generated.map((tokens, row) => {
      const ended = Array.from({ length: newTokens - tokens.length }, () => eos);
      return [...present(prompts[row], `prompt ${row}`), ...tokens, ...ended];
    });
    const loss = tf.tidy(() => nextTokenLoss(decoder, parameters, tf.tensor2d(rows, undefined, 'int32')));
    return [await valueOf(loss)];
  };
  return { check, step };
};

const starters: Readonly<Record<BenchJob['kind'], Starter>> = { evaluate, train, decode };

async function valueOf(scalar: tf.Tensor): Promise<number> {
  const [value = Number.NaN] = await scalar.data();
  scalar.dispose();
  return value;
}

const idsFile = 'ids.safetensors';

/** Writes initial weights, and random tokens of which about every 25th ends a segment. */
async function prepare(folder: string, { model, kind, batch, time }: BenchJob): Promise<void> {
  const random = Random.fromSeed(1);
  const { parameters: specs } = createDecoder(model);
  const parameters = initialParameters(specs, model.initializerRange, random.fork('parameters'));
  await saveCheckpoint(folder, model, parameters);
  const separators = separatorIds(model.separators);
  const draw = random.fork('ids');
  const length = kind === 'decode' ? time : time + 1;
  const ids = Int32Array.from({ length: batch * length }, () =>
    separators.length > 0 && draw.uniform() < 1 / 25
      ? present(separators[draw.integer(0, separators.length)], 'a separator')
      : draw.integer(0, model.vocabSize),
  );
  await saveTensors(join(folder, idsFile), new Map([['ids', tf.tensor2d(ids, [batch, length], 'int32')]]));
}

/** Measures matrix products: the best of 20, in operations a second. */
async function peak(size: number): Promise<number> {
  const [left, right] = [tf.randomUniform([size, size]), tf.randomUniform([size, size])];
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 20; round += 1) {
    const start = performance.now();
    const product = tf.matMul(left, right);
    await product.slice([0, 0], [1, 1]).data();
    best = Math.min(best, (performance.now() - start) / 1000);
    product.dispose();
  }
  return (2 * size ** 3) / best;
}

interface Request {
  readonly do: string;
  readonly folder: string;
  readonly job: BenchJob;
  readonly steps: number;
  readonly size: number;
}

let work: Work | undefined;

async function repeat({ step }: Work, steps: number): Promise<void> {
  for (let done = 0; done < steps; done += 1) await step();
}

async function answer(request: Request): Promise<object> {
  const { description } = await startEngine({ reporter: silentReporter });
  const loaded = (): Work => {
    if (work === undefined) throw new UsageError('nothing is loaded');
    return work;
  };
  switch (request.do) {
    case 'describe':
      return { description };
    case 'peak':
      return { flops: await peak(request.size) };
    case 'prepare':
      await prepare(request.folder, request.job);
      return {};
    case 'load': {
      const { tensors } = await loadTensors(join(request.folder, idsFile));
      const ids = present(tensors.get('ids'), 'ids') as tf.Tensor2D;
      work = starters[request.job.kind](request.job, await loadCheckpoint(request.folder), ids);
      return {};
    }
    case 'check':
      return { losses: await loaded().check() };
    case 'time': {
      const start = performance.now();
      await repeat(loaded(), request.steps);
      return { seconds: (performance.now() - start) / 1000 };
    }
    case 'profile':
      return profileOperations(() => repeat(loaded(), request.steps));
    case 'memory':
      return { peakBytes: memoryReport().peakResidentBytes };
    default:
      throw new UsageError(`unknown request "${request.do}"`);
  }
}

async function serve(): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const reply = await answer(JSON.parse(line) as Request).catch((error: unknown) => ({
      error: messageOf(error).split('\n', 1)[0],
    }));
    writeSync(1, `${JSON.stringify(reply)}\n`);
  }
}

void serve();
