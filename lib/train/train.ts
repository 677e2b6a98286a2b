// Trains a run in its folder. It knows no model and no task, only parameters, a loss and batches. A
// run that is interrupted at any step, killed too, and resumed measures the same numbers bit for
// bit (on one machine and backend) as one that was not.

import { join } from 'node:path';
import { bipe } from '../base/command';
import { ConfigError } from '../base/errors';
import { makeFolder, removeLeftovers, writeError } from '../base/files';
import { withStopAdvice } from '../base/interrupt';
import { displayPath } from '../base/paths';
import { errorAt } from '../base/schema';
import { withLock } from '../data/io/lock';
import { bfloat16IsSlow } from '../engine/native/bfloat16';
import { nativeBackend } from '../engine/native/binding';
import { TrainingLoop } from './loop';
import { type TrainingResult, type TrainingRun } from './run';
import { checkFolder } from './run-config';
import { planBundles } from './step/adamw';
import { type StepDesign } from './step/step';

/**
 * Trains, or continues a training.
 *
 * @throws UsageError if the folder holds a run and `resume` is not set
 * @throws ConfigError if the folder's run has another configuration, or a setting does not fit the
 *   parameters or the engine
 * @throws TrainingError if the loss is no longer finite; the last checkpoint is kept
 * @throws DamagedRunError if the state or the metrics of the run to resume are not what it wrote
 * @throws MachineError if the folder cannot be written, is moved or deleted, or another process
 *   trains in it
 */
export async function train(run: TrainingRun): Promise<TrainingResult> {
  // Before anything is written: a wrong configuration leaves no folder behind.
  const design = designOf(run);
  checkProducts(run);
  await makeFolder(run.folder).catch((error: unknown) => {
    throw writeError(run.folder, error);
  });
  return withLock(join(run.folder, 'training.lock'), 'this run', async (checkHeld) => {
    // With the lock, nobody else writes here: half-written files are a killed process's.
    for (const part of ['', 'checkpoint', 'best']) await removeLeftovers(join(run.folder, part));
    await checkFolder(run);
    const loop = await TrainingLoop.begin(run, design, checkHeld);
    try {
      return await withStopAdvice(adviceAfterStop(run), () => loop.run());
    } finally {
      loop.close();
    }
  });
}

function adviceAfterStop({ folder, resume = false }: TrainingRun): string {
  const how = resume ? 'run the cell again' : `resume the run in ${displayPath(folder)}`;
  return `what was trained is kept; to go on, ${how}`;
}

function designOf({ plan, parameters, loss, where = 'training' }: TrainingRun): StepDesign {
  try {
    return {
      loss,
      parameters,
      bundles: planBundles(parameters, plan.optimizer),
      optimizer: plan.optimizer,
      clipNorm: plan.clipNorm,
      accumulation: plan.accumulation ?? 1,
    };
  } catch (error) {
    throw errorAt(where, error);
  }
}

/**
 * Refuses bfloat16 where steps run operation by operation, which would silently compute in float32,
 * and warns where it is slow.
 */
function checkProducts({ plan, execution, where = 'training', reporter }: TrainingRun): void {
  if (plan.products !== 'bfloat16') return;
  if (execution === 'eager' || nativeBackend() === undefined)
    throw new ConfigError(
      `${where}: products: bfloat16 is for captured steps, and here they run operation by operation; leave it out, or see ${bipe('doctor')} for the native engine`,
    );
  if (bfloat16IsSlow())
    reporter?.note(
      `${where}: products: bfloat16 takes several times as long as float32 on this processor, which has no instructions for it; leave it out unless you want its rounding`,
      'warning',
    );
}
