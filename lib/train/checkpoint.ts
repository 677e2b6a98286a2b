// A run's state between two steps, in one file that is replaced whole: parameters, both moments of the optimizer, the
// running loss, and where data, random generators and early stop are. A run that is killed at any moment finds it
// complete, either the one before or the one after.

import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { DataError } from '../base/errors';
import { displayPath } from '../base/paths';
import { parseWith } from '../base/schema';
import { type Bundle, type ParameterShape } from './adamw';
import { type EarlyStopState } from './early-stop';
import { type NamedTensors } from '../engine/graph/specs';
import { firstMomentKey, runningLossKey, secondMomentKey, type StepDesign } from './step';

/** A tensor's values outside the engine. */
export interface StoredTensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** How tensors are kept in files. `write` leaves the whole file or what was there before. */
export interface CheckpointFormat {
  readonly write: (
    path: string,
    tensors: ReadonlyMap<string, StoredTensor>,
    metadata: Readonly<Record<string, string>>,
  ) => Promise<void>;
  readonly read: (path: string) => Promise<{
    readonly tensors: ReadonlyMap<string, StoredTensor>;
    readonly metadata: Readonly<Record<string, string>>;
  }>;
}

/** Where a run stands, apart from its tensors. */
export interface RunPosition {
  /** Steps done. */
  readonly step: number;
  /** Tokens trained on. */
  readonly tokens: number;
  /** Seconds of training and evaluation. */
  readonly seconds: number;
  /** Predictions since the running loss was last zero. */
  readonly runningWeight: number;
  /** What the batch source's `state()` gave. */
  readonly batches: unknown;
  readonly earlyStop: EarlyStopState;
}

const positionSchema: z.ZodType<RunPosition> = z.strictObject({
  step: z.int().min(0),
  tokens: z.number(),
  seconds: z.number(),
  runningWeight: z.number(),
  batches: z.unknown(),
  earlyStop: z.strictObject({
    best: z.strictObject({ value: z.number(), step: z.int() }).exactOptional(),
    stale: z.int(),
  }),
});

/** The file of a run's state. */
export function statePath(folder: string): string {
  return join(folder, 'checkpoint', 'training.safetensors');
}

// The moments of a parameter: by its name, so that a file does not depend on how parameters are bundled.
const momentNames = [
  { key: firstMomentKey, nameOf: (parameter: string): string => `optimizer.first_moment.${parameter}` },
  { key: secondMomentKey, nameOf: (parameter: string): string => `optimizer.second_moment.${parameter}` },
] as const;

/** Writes a run's state. The tensors stay the caller's. */
export async function writeState(
  folder: string,
  design: StepDesign,
  state: NamedTensors,
  position: RunPosition,
  format: CheckpointFormat,
): Promise<void> {
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of design.parameters)
    tensors.set(name, { shape, values: await valuesOf(state[name]) });
  for (const { key, nameOf } of momentNames) {
    for (const [index, bundle] of design.bundles.entries()) {
      const vector = await valuesOf(state[key(index)]);
      let start = 0;
      for (const { name, shape } of membersOf(design, bundle)) {
        const end = start + tf.util.sizeFromShape([...shape]);
        tensors.set(nameOf(name), { shape, values: vector.subarray(start, end) });
        start = end;
      }
    }
  }
  tensors.set(runningLossKey, { shape: [], values: await valuesOf(state[runningLossKey]) });
  await format.write(statePath(folder), tensors, { training: JSON.stringify(position) });
}

/**
 * Reads a run's state; the tensors are the caller's to dispose.
 *
 * @throws DataError if the file is missing or damaged, or of another model
 */
export async function readState(
  folder: string,
  design: StepDesign,
  format: CheckpointFormat,
): Promise<{ readonly state: Record<string, tf.Tensor>; readonly position: RunPosition }> {
  const path = statePath(folder);
  const { tensors, metadata } = await format.read(path);
  const position = parsePosition(metadata['training'], path);
  const stored = (name: string, shape: readonly number[]): StoredTensor => {
    const tensor = tensors.get(name);
    if (tensor === undefined)
      throw new DataError(`${displayPath(path)}: no tensor '${name}'; start the run anew`);
    if (!tf.util.arraysEqual([...tensor.shape], [...shape])) {
      throw new DataError(
        `${displayPath(path)}: '${name}' is [${tensor.shape.join(', ')}], this model's is [${shape.join(', ')}]; start the run anew`,
      );
    }
    return tensor;
  };
  const values: Record<string, StoredTensor> = { [runningLossKey]: stored(runningLossKey, []) };
  for (const { name, shape } of design.parameters) values[name] = stored(name, shape);
  for (const { key, nameOf } of momentNames) {
    for (const [index, bundle] of design.bundles.entries()) {
      const vector = new Float32Array(bundle.size);
      let start = 0;
      for (const { name, shape } of membersOf(design, bundle)) {
        const piece = stored(nameOf(name), shape).values;
        vector.set(piece, start);
        start += piece.length;
      }
      values[key(index)] = { shape: [bundle.size], values: vector };
    }
  }
  // Tensors are made only now: a file that is not right leaves none behind.
  const state = Object.fromEntries(
    Object.entries(values).map(([key, tensor]) => [
      key,
      tf.tensor(tensor.values, [...tensor.shape], 'float32'),
    ]),
  );
  return { state, position };
}

function parsePosition(text: string | undefined, path: string): RunPosition {
  let value: unknown;
  try {
    value = JSON.parse(text ?? '');
  } catch (error) {
    throw new DataError(
      `${displayPath(path)}: does not say where a training stood; name the folder of a run`,
      { cause: error },
    );
  }
  return parseWith(positionSchema, value, displayPath(path));
}

async function valuesOf(tensor: tf.Tensor | undefined): Promise<Float32Array> {
  if (tensor === undefined) throw new Error('a state with too few tensors');
  return (await tensor.data()) as Float32Array;
}

function membersOf({ parameters }: StepDesign, { members }: Bundle): readonly ParameterShape[] {
  return members.flatMap((member) => parameters[member] ?? []);
}
