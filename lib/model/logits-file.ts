// From a file of token ids to a file of scores, for any number of sequences of any length: scores are written as they
// are computed, and exist for some tokens at a time.

import * as tf from '@tensorflow/tfjs';
import { CheckpointError } from '../base/errors';
import { displayPath } from '../base/paths';
import { type Reporter, silentReporter } from '../base/progress';
import { loadCheckpoint } from './checkpoint';
import { headLogits, hiddenStates } from './decoder';
import { disposeParameters } from './parameters';
import { openSafetensors, writeSafetensors } from './safetensors';
import { formatShape } from './tensor-file';

/** Files to read and write. */
export interface LogitsRequest {
  /** A checkpoint's folder. */
  readonly checkpoint: string;
  /** safetensors with `input_ids`, [batch, time] int32. */
  readonly ids: string;
  /** safetensors with `logits`, [batch, time, outputs] float32; outputs is the vocabulary, but where the model's head scores something else. */
  readonly out: string;
}

/** Tokens that go through the blocks at once, if sequences are short enough to stand side by side. */
const tokensAtOnce = 4096;
/** Scores that exist at once, in numbers: 64 MB. */
const scoresAtOnce = 2 ** 24;

/**
 * Writes the scores that a model gives to every next token of some sequences. The engine must have been started.
 *
 * @returns the shape of the logits
 * @throws CheckpointError, ConfigError as `loadCheckpoint`; CheckpointError if the ids are not what they should be
 * @throws DataError if the file of ids cannot be read; MachineError if that of logits cannot be written
 */
export async function writeLogits(
  request: LogitsRequest,
  reporter: Reporter = silentReporter,
): Promise<readonly [batch: number, time: number, outputs: number]> {
  const { shape, values } = await readIds(request.ids);
  const [batch, time] = shape;
  const { decoder, parameters } = await loadCheckpoint(request.checkpoint);
  try {
    const { vocabSize, outputs = vocabSize } = decoder.architecture;
    checkVocabulary(values, shape, vocabSize, request.ids);
    const task = reporter.task('logits', batch * time, 'tokens');
    const rowsAtOnce = Math.max(1, Math.floor(tokensAtOnce / time));
    const scoredAtOnce = Math.max(1, Math.floor(scoresAtOnce / outputs));
    const pieces = async function* (): AsyncGenerator<Float32Array> {
      for (let row = 0; row < batch; row += rowsAtOnce) {
        const rows = Math.min(rowsAtOnce, batch - row);
        const ids = tf.tensor2d(values.subarray(row * time, (row + rows) * time), [rows, time], 'int32');
        const hidden = tf.tidy(() =>
          hiddenStates(decoder, parameters, ids).reshape<tf.Tensor2D>([rows * time, -1]),
        );
        try {
          for (let token = 0; token < rows * time; token += scoredAtOnce) {
            const count = Math.min(scoredAtOnce, rows * time - token);
            const scores = tf.tidy(() => headLogits(parameters, hidden.slice(token, count)));
            yield (await scores.data()) as Float32Array;
            scores.dispose();
            task.update(row * time + token + count);
          }
        } finally {
          tf.dispose([ids, hidden]);
        }
      }
    };
    const logits = [batch, time, outputs] as const;
    await writeSafetensors(request.out, [{ name: 'logits', type: 'F32', shape: logits, values: pieces }]);
    task.finish();
    return logits;
  } finally {
    disposeParameters(parameters);
  }
}

async function readIds(path: string): Promise<{ shape: readonly [number, number]; values: Int32Array }> {
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

function checkVocabulary(
  ids: Int32Array,
  [, time]: readonly [number, number],
  vocabSize: number,
  path: string,
): void {
  const wrong = ids.findIndex((id) => id < 0 || id >= vocabSize);
  if (wrong >= 0)
    throw new CheckpointError(
      `${displayPath(path)}: input_ids[${Math.floor(wrong / time)}, ${wrong % time}] is ${ids[wrong] ?? 0}; the model's ids go from 0 to ${vocabSize - 1}`,
    );
}
