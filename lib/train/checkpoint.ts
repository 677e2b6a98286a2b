// A run's state between two steps, in one file that is replaced as a whole: parameters, both
// moments of the optimizer, the running loss, the best parameters that an early stop has seen, and
// the states of data, random generators and early stop. A run that is killed at any moment leaves
// it complete, before or after the change, and exports its models from it alone.

import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { CheckpointError } from '../base/errors';
import { fromJson, toJson } from '../base/json';
import { displayPath } from '../base/paths';
import { present } from '../base/present';
import { anyNumber, parseWith } from '../base/schema';
import { formatShape } from '../base/shape';
import { handOver } from '../engine/native/hand-over';
import { openSafetensors, type TensorSource, writeSafetensors } from '../model/files/safetensors';
import { type Bundle, type ParameterShape } from './step/adamw';
import { type NamedTensors } from '../engine/graph/specs';
import {
  firstMomentKey,
  type Parameters,
  runningLossKey,
  secondMomentKey,
  type StepDesign,
} from './step/step';

const positionSchema = z.strictObject({
  /** Steps done. */
  step: z.int().min(0),
  /** Tokens trained on. */
  tokens: z.number(),
  /** Seconds of training and evaluation. */
  seconds: z.number(),
  /** Predictions since the running loss was last zero. */
  runningWeight: z.number(),
  /** State of the batch source. */
  batches: z.unknown(),
  earlyStop: z.strictObject({
    best: z.strictObject({ value: anyNumber, step: z.int() }).exactOptional(),
    stale: z.int(),
  }),
  /** SHA-256 of the run's configuration. */
  config: z.string(),
  /** The lines of metrics so far. */
  metrics: z.strictObject({ lines: z.int().min(0), sha256: z.string() }),
});

/** A run's progress, without its tensors. */
export type RunPosition = z.infer<typeof positionSchema>;

/** A run's state. */
export interface RunState {
  /** The tensors of `step.ts`, by name. */
  readonly tensors: NamedTensors;
  readonly position: RunPosition;
  /** The parameters of the best evaluation, where an early stop has seen one. */
  readonly best?: Parameters;
}

/** The file of a run's state. */
export function statePath(folder: string): string {
  return join(folder, 'checkpoint', 'training.safetensors');
}

// Moments are stored by their parameter's name, so that a file does not depend on the bundles.
const momentNames = [
  { key: firstMomentKey, nameOf: (parameter: string): string => `optimizer.first_moment.${parameter}` },
  { key: secondMomentKey, nameOf: (parameter: string): string => `optimizer.second_moment.${parameter}` },
] as const;

const bestName = (parameter: string): string => `early_stop.best.${parameter}`;

/**
 * Writes a run's state, the whole file or nothing. The tensors stay the caller's.
 *
 * @throws MachineError if the disk is full or the folder cannot be written
 */
export async function writeState(
  folder: string,
  design: StepDesign,
  { tensors: state, position, best }: RunState,
): Promise<void> {
  const tensors = design.parameters.map(({ name, shape }) =>
    source(name, shape, () => valuesOf(state[name], name)),
  );
  for (const { key, nameOf } of momentNames) {
    for (const [index, bundle] of design.bundles.entries()) {
      let start = 0;
      for (const { name, shape } of membersOf(design, bundle)) {
        const begin = start;
        const size = tf.util.sizeFromShape([...shape]);
        tensors.push(
          source(nameOf(name), shape, async () => {
            const piece = tf.slice(present(state[key(index)], name), [begin], [size]);
            const values = await piece.data();
            piece.dispose();
            return values as Float32Array;
          }),
        );
        start += size;
      }
    }
  }
  tensors.push(source(runningLossKey, [], () => valuesOf(state[runningLossKey], runningLossKey)));
  for (const [name, tensor] of best ?? [])
    tensors.push(source(bestName(name), tensor.shape, () => valuesOf(tensor, name)));
  await writeSafetensors(statePath(folder), tensors, { training: toJson(position) });
}

/**
 * Reads a run's state; the tensors are the caller's to dispose.
 *
 * @throws CheckpointError if the file is damaged, or of another model
 */
export async function readState(folder: string, design: StepDesign): Promise<RunState> {
  const path = statePath(folder);
  const file = await openSafetensors(path);
  const state: Record<string, tf.Tensor> = {};
  const best = new Map<string, tf.Tensor>();
  try {
    const position = parsePosition(file.metadata['training'], path);
    const stored = async ({ name, shape }: ParameterShape): Promise<Float32Array> => {
      const tensor = await file.read(name);
      if (!tf.util.arraysEqual([...tensor.shape], [...shape])) {
        throw new CheckpointError(
          `${displayPath(path)}: ${name} is ${formatShape(tensor.shape)}, this model's is ${formatShape(shape)}; start the run anew`,
        );
      }
      return tensor.values as Float32Array;
    };
    const tensorOf = async (parameter: ParameterShape): Promise<tf.Tensor> =>
      handOver(tf.tensor(await stored(parameter), [...parameter.shape], 'float32'));
    for (const parameter of [...design.parameters, { name: runningLossKey, shape: [] }])
      state[parameter.name] = await tensorOf(parameter);
    const kept = design.parameters.filter(({ name }) => file.tensors.has(bestName(name)));
    for (const { name, shape } of kept) best.set(name, await tensorOf({ name: bestName(name), shape }));
    for (const { key, nameOf } of momentNames) {
      for (const [index, bundle] of design.bundles.entries()) {
        const vector = new Float32Array(bundle.size);
        let start = 0;
        for (const { name, shape } of membersOf(design, bundle)) {
          const piece = await stored({ name: nameOf(name), shape });
          vector.set(piece, start);
          start += piece.length;
        }
        state[key(index)] = handOver(tf.tensor1d(vector, 'float32'));
      }
    }
    return { tensors: state, position, ...(best.size > 0 && { best }) };
  } catch (error) {
    tf.dispose([state, [...best.values()]]);
    throw error;
  } finally {
    await file.close();
  }
}

function parsePosition(text: string | undefined, path: string): RunPosition {
  let value: unknown;
  try {
    value = fromJson(text ?? '');
  } catch (error) {
    throw new CheckpointError(`${displayPath(path)}: has no training position; name the folder of a run`, {
      cause: error,
    });
  }
  return parseWith(positionSchema, value, displayPath(path));
}

function source(name: string, shape: readonly number[], values: () => Promise<Float32Array>): TensorSource {
  return { name, type: 'F32', shape, values };
}

async function valuesOf(tensor: tf.Tensor | undefined, name: string): Promise<Float32Array> {
  return (await present(tensor, name).data()) as Float32Array;
}

function membersOf({ parameters }: StepDesign, { members }: Bundle): readonly ParameterShape[] {
  return members.map((member) => present(parameters[member], `parameter ${member}`));
}
