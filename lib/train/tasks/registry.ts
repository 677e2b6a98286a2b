// The tasks by name.

import { z } from 'zod';
import { parseInside } from '../../base/schema';
import { unknownName } from '../../base/suggest';
import { arithmeticTask, type ArithmeticTaskConfig } from './arithmetic';
import { corpusTask, type CorpusTaskConfig } from './corpus';
import { needleTask, type NeedleTaskConfig } from './needle';
import { promptedTask, type PromptedTaskConfig } from './prompted';
import { stateSetsTask, type StateSetsTaskConfig } from './state-sets';
import { type Task, type TaskContext, type TaskKind, type TaskSize } from './task';
import { textTask, type TextTaskConfig } from './text';

/** A task as JSON: its `kind` and that kind's settings. */
export type TaskConfig =
  | ArithmeticTaskConfig
  | CorpusTaskConfig
  | NeedleTaskConfig
  | PromptedTaskConfig
  | StateSetsTaskConfig
  | TextTaskConfig;

const kinds: { readonly [Kind in TaskConfig['kind']]: TaskKind<Extract<TaskConfig, { kind: Kind }>> } = {
  arithmetic: arithmeticTask,
  corpus: corpusTask,
  needle: needleTask,
  prompted: promptedTask,
  'state-sets': stateSetsTask,
  text: textTask,
};

/** Checks a task's configuration and fills in the defaults. */
export const taskSchema: z.ZodType<TaskConfig> = z.unknown().transform((value, context): TaskConfig => {
  const name: unknown =
    typeof value === 'object' && value !== null && 'kind' in value ? value.kind : undefined;
  const kind = Object.values(kinds).find((one) => one.kind === name);
  if (kind === undefined) {
    const { message } = unknownName('task', String(name), Object.keys(kinds));
    context.issues.push({ code: 'custom', message, path: ['kind'], input: value });
    return z.NEVER;
  }
  return parseInside<TaskConfig>(kind.schema, value, context);
});

/** Names of the metrics of the task's evaluation. */
export function taskMetrics({ kind }: TaskConfig): readonly string[] {
  return kinds[kind].metrics;
}

/** Memory of the task, for a model that is trained at `trainLength`. */
export function taskSize(config: TaskConfig, trainLength: number): TaskSize {
  const kind = kinds[config.kind] as TaskKind<TaskConfig>;
  return kind.size(config, trainLength);
}

/**
 * Makes the task of a configuration.
 *
 * @throws ConfigError if the model does not fit it
 */
export async function createTask(config: TaskConfig, context: TaskContext): Promise<Task> {
  const kind = kinds[config.kind] as TaskKind<TaskConfig>;
  return kind.create(config, context);
}
