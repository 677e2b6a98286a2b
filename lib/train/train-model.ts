// Trains a model from a configuration: the entry point of the command line and the experiments.

import { existsSync } from 'node:fs';
import { errorAt } from '../base/schema';
import { Random } from '../engine/random/random';
import { saveCheckpoint } from '../model/files/checkpoint';
import { createDecoder } from '../model/config';
import { type Decoder } from '../model/decoder';
import { disposeParameters, initialParameters } from '../model/parameters';
import { statePath } from './checkpoint';
import { parseTrainingConfig, type TrainingConfig } from './config';
import { checkpointParameters } from './initial-checkpoint';
import { type Parameters } from './step/step';
import { type Task, type TaskContext } from './tasks/task';
import { checkTrainingSize } from './size';
import { createTask } from './tasks/registry';
import { type TrainingResult, type TrainingRun } from './run';
import { train } from './train';

/** Options of a training beside its configuration. */
export type TrainModelOptions = Pick<
  TrainingRun,
  'folder' | 'where' | 'resume' | 'reporter' | 'onBegin' | 'onMetrics' | 'signal' | 'execution'
> &
  Pick<TaskContext, 'corpus'>;

/**
 * Trains the model of a configuration on its task, or continues. The folder gets `config.json`,
 * `metrics.jsonl`, TensorBoard events and `checkpoint/`, a model that `loadCheckpoint` reads. A
 * finetuning reads its initial checkpoint once; resumed, it continues from its own state.
 *
 * @returns how it ended, with the parameters, which are the caller's to dispose
 * @throws ConfigError if the configuration is wrong, or not that of the folder's run
 * @throws CheckpointError if the initial checkpoint is damaged, or another model's
 * @throws UsageError, TrainingError, CheckpointError, MachineError as `train`
 */
export async function trainModel(
  config: TrainingConfig,
  { corpus, ...options }: TrainModelOptions,
): Promise<TrainingResult> {
  const { where = 'training', folder } = options;
  const checked = parseTrainingConfig(config, where);
  const { model, batchSize, remember = 'all', initialCheckpoint, seed, ...plan } = checked;
  const {
    decoder,
    task: { close, ...task },
  } = await prepare(checked, where, {
    batchSize,
    accumulation: plan.accumulation ?? 1,
    seed,
    forward: { remember },
    ...(options.reporter && { reporter: options.reporter }),
    ...(corpus && { corpus }),
  }).catch((error: unknown) => {
    throw errorAt(where, error);
  });
  const drawn = (): Parameters =>
    initialParameters(
      decoder.parameters,
      model.initializerRange,
      Random.fromSeed(seed).fork('initial parameters'),
    );
  let read: Parameters | undefined;
  try {
    // Read before the run's folder is made: a wrong checkpoint leaves none behind.
    if (initialCheckpoint !== undefined && !existsSync(statePath(folder)))
      read = await checkpointParameters(initialCheckpoint, model);
    return await train({
      ...options,
      ...task,
      plan,
      parameters: decoder.parameters,
      initial: () => read ?? drawn(),
      config: checked,
      exportModel: (to, trained, step) => saveCheckpoint(to, model, trained, step),
    });
  } finally {
    // If the run could not begin; otherwise they were disposed when it did.
    if (read !== undefined) disposeParameters(read);
    close?.();
  }
}

async function prepare(
  config: TrainingConfig,
  where: string,
  context: Omit<TaskContext, 'decoder'>,
): Promise<{ readonly decoder: Decoder; readonly task: Task }> {
  const decoder = createDecoder(config.model);
  checkTrainingSize(config, decoder, where);
  return { decoder, task: await createTask(config.task, { ...context, decoder }) };
}
