// Token ids of the command line: sequences of one length in a safetensors file.

import { CheckpointError } from '../../base/errors';
import { displayPath } from '../../base/paths';
import { formatShape } from '../../base/shape';
import { openSafetensors } from './safetensors';

/** Sequences of one length. */
export interface IdSequences {
  readonly shape: readonly [batch: number, time: number];
  /** [batch, time] */
  readonly values: Int32Array;
}

/**
 * Reads the tensor `input_ids` of a file.
 *
 * @throws CheckpointError if it is missing, not int32 [batch, time], or empty; DataError if the
 *   file cannot be read
 */
export async function readIdsFile(path: string): Promise<IdSequences> {
  const file = await openSafetensors(path);
  try {
    const { shape, values } = await file.read('input_ids');
    const [batch, time] = shape;
    if (!(values instanceof Int32Array) || shape.length !== 2 || batch === undefined || time === undefined)
      throw new CheckpointError(
        `${displayPath(path)}: input_ids is ${file.tensors.get('input_ids')?.type ?? ''} ${formatShape(shape)}; give int32 [batch, time]`,
      );
    if (values.length === 0)
      throw new CheckpointError(`${displayPath(path)}: input_ids holds no tokens; give at least one`);
    return { shape: [batch, time], values };
  } finally {
    await file.close();
  }
}

/**
 * Makes sure that a vocabulary has all ids.
 *
 * @throws CheckpointError with the place of the first id that it does not have
 */
export function checkIds({ shape, values }: IdSequences, vocabSize: number, path: string): void {
  const time = shape[1];
  const wrong = values.findIndex((id) => id < 0 || id >= vocabSize);
  if (wrong >= 0)
    throw new CheckpointError(
      `${displayPath(path)}: input_ids[${Math.floor(wrong / time)}, ${wrong % time}] is ${values[wrong] ?? 0}; the model's ids go from 0 to ${vocabSize - 1}`,
    );
}
