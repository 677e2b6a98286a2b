// Computes a file of scores from a file of token ids, for any number of sequences of any length:
// scores are written as they are computed, and exist for some tokens at a time.

import * as tf from '@tensorflow/tfjs';
import { heedStop } from '../../base/interrupt';
import { checkOutputs } from '../../base/outputs';
import { type Reporter, silentReporter } from '../../base/progress';
import { loadCheckpoint } from './checkpoint';
import { headLogits, hiddenStates } from '../decoder';
import { checkIds, readIdsFile } from './ids-file';
import { disposeParameters } from '../parameters';
import { openSafetensors, writeSafetensors } from './safetensors';

/** Files to read and write. */
export interface LogitsRequest {
  /** A checkpoint's folder. */
  readonly checkpoint: string;
  /** safetensors with `input_ids`, [batch, time] int32. */
  readonly ids: string;
  /**
   * safetensors with `logits`, [batch, time, outputs] float32; outputs is the vocabulary, unless
   * the model's head scores something else.
   */
  readonly out: string;
}

/** Tokens computed at once, if sequences are short enough to share a batch. */
const tokensAtOnce = 4096;
/** Most scores at once: 64 MB. */
const scoresAtOnce = 2 ** 24;

/**
 * Writes the scores of every next token of some sequences. The engine must be running.
 *
 * @returns the shape of the logits
 * @throws UsageError if `out` is one of the input files, or a file that does not hold logits alone
 * @throws CheckpointError, ConfigError as `loadCheckpoint`; CheckpointError if the ids are wrong
 * @throws DataError if the file of ids cannot be read; MachineError if that of logits cannot be
 *   written
 */
export async function writeLogits(
  request: LogitsRequest,
  reporter: Reporter = silentReporter,
): Promise<readonly [batch: number, time: number, outputs: number]> {
  const output = { path: request.out, what: 'a file of logits', isOwn: holdsLogits };
  await checkOutputs([output], [request.ids, request.checkpoint]);
  const ids = await readIdsFile(request.ids);
  const [batch, time] = ids.shape;
  const { decoder, parameters } = await loadCheckpoint(request.checkpoint);
  try {
    const { vocabSize, outputs = vocabSize } = decoder.architecture;
    checkIds(ids, vocabSize, request.ids);
    const task = reporter.task('logits', batch * time, 'tokens');
    const rowsAtOnce = Math.max(1, Math.floor(tokensAtOnce / time));
    const scoredAtOnce = Math.max(1, Math.floor(scoresAtOnce / outputs));
    const pieces = async function* (): AsyncGenerator<Float32Array> {
      for (let row = 0; row < batch; row += rowsAtOnce) {
        const rows = Math.min(rowsAtOnce, batch - row);
        const rowIds = tf.tensor2d(
          ids.values.subarray(row * time, (row + rows) * time),
          [rows, time],
          'int32',
        );
        const hidden = tf.tidy(() =>
          hiddenStates(decoder, parameters, rowIds).reshape<tf.Tensor2D>([rows * time, -1]),
        );
        try {
          for (let token = 0; token < rows * time; token += scoredAtOnce) {
            await heedStop();
            const count = Math.min(scoredAtOnce, rows * time - token);
            const scores = tf.tidy(() => headLogits(parameters, hidden.slice(token, count)));
            yield (await scores.data()) as Float32Array;
            scores.dispose();
            task.update(row * time + token + count);
          }
        } finally {
          tf.dispose([rowIds, hidden]);
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

async function holdsLogits(path: string): Promise<boolean> {
  const file = await openSafetensors(path).catch(() => undefined);
  await file?.close();
  return file?.tensors.size === 1 && file.tensors.has('logits');
}
