// Which facts a model finds in a text: its most likely token after the question, of the whole
// vocabulary, against the answer.

import * as tf from '@tensorflow/tfjs';
import { heedStop } from '../base/interrupt';
import { type Random } from '../engine/random/random';
import { type Decoder, headLogits, hiddenStates } from '../model/decoder';
import { type ModelParameters } from '../model/parameters';
import { type Proportion, proportion } from './intervals';

/** Tokens computed at once. */
const tokensAtOnce = 16_384;

/**
 * The share of texts whose last question a model answers correctly.
 *
 * @param ids    [texts, time], as `writeNeedles` makes them
 * @param time   tokens of each text
 * @param random draws the positions of randomized encodings
 */
export async function evaluateNeedles(
  decoder: Decoder,
  parameters: ModelParameters,
  ids: Int32Array,
  time: number,
  random: Random,
): Promise<Proportion> {
  const { encoding, architecture } = decoder;
  const texts = ids.length / time;
  const rowsAtOnce = Math.max(1, Math.floor(tokensAtOnce / time));
  // An encoding that sees the length is trained with the last token in the sequence.
  const read = encoding.seesLength === true ? time : time - 1;
  let right = 0;
  for (let first = 0; first < texts; first += rowsAtOnce) {
    await heedStop();
    const rows = Math.min(rowsAtOnce, texts - first);
    const said = tf.tidy(() => {
      const whole = tf.tensor2d(ids.subarray(first * time, (first + rows) * time), [rows, time], 'int32');
      const drawn = encoding.drawPositions?.(time, () => random.uniform());
      const hidden = hiddenStates(decoder, parameters, whole.slice([0, 0], [rows, read]), {
        ...(drawn && { drawnPositions: tf.tensor1d(drawn, 'int32') }),
      });
      const last = hidden.slice([0, time - 2, 0], [rows, 1, architecture.hiddenSize]);
      return tf.argMax(headLogits(parameters, last.reshape([rows, architecture.hiddenSize])), 1);
    });
    const tokens = await said.data();
    said.dispose();
    for (let row = 0; row < rows; row += 1) if (tokens[row] === ids[(first + row + 1) * time - 1]) right += 1;
  }
  return proportion(right, texts);
}
