// From a configuration to a trained model: what the command line and the experiments call.

import { errorAt } from '../base/schema';
import { Random } from '../engine/random';
import { saveCheckpoint } from '../model/checkpoint';
import { createDecoder, type ModelConfig } from '../model/config';
import { type Decoder } from '../model/decoder';
import { initialParameters } from '../model/parameters';
import { parseTrainingConfig, type TrainingConfig } from './config';
import { type Task, type TaskContext } from './task';
import { createTask, type TaskConfig } from './tasks';
import { train, type TrainingResult, type TrainingRun } from './train';

/** Where and how to train, without what the configuration says. */
export type TrainModelOptions = Pick<
  TrainingRun,
  'folder' | 'where' | 'resume' | 'reporter' | 'onMetrics' | 'signal' | 'execution'
>;

/**
 * Trains the model of a configuration on its task, or goes on. The folder gets `config.json`, `metrics.jsonl`,
 * TensorBoard events and `checkpoint/`, which is a model as `loadCheckpoint` reads it.
 *
 * @returns how it ended, with the parameters, which are the caller's to dispose
 * @throws ConfigError if the configuration is not right, or not that of the folder's run
 * @throws UsageError, TrainingError, CheckpointError, MachineError as `train`
 */
export async function trainModel(
  config: TrainingConfig,
  options: TrainModelOptions,
): Promise<TrainingResult> {
  const { where = 'training' } = options;
  const checked = parseTrainingConfig(config, where);
  const { model, task: taskConfig, batchSize, remember = 'all', seed, ...plan } = checked;
  const {
    decoder,
    task: { close, ...task },
  } = await prepare(model, taskConfig, {
    batchSize,
    seed,
    forward: { remember },
    ...(options.reporter && { reporter: options.reporter }),
  }).catch((error: unknown) => {
    throw errorAt(where, error);
  });
  try {
    return await train({
      ...options,
      ...task,
      plan,
      parameters: decoder.parameters,
      initial: () =>
        initialParameters(
          decoder.parameters,
          model.initializerRange,
          Random.fromSeed(seed).fork('initial parameters'),
        ),
      config: checked,
      exportModel: (folder, trained) => saveCheckpoint(folder, model, trained),
    });
  } finally {
    close?.();
  }
}

async function prepare(
  model: ModelConfig,
  task: TaskConfig,
  context: Omit<TaskContext, 'decoder'>,
): Promise<{ readonly decoder: Decoder; readonly task: Task }> {
  const decoder = createDecoder(model);
  return { decoder, task: await createTask(task, { ...context, decoder }) };
}
