// Runs a compiled network on words, in batches: the set of reachable states after every prefix.

import * as tf from '@tensorflow/tfjs';
import { heedStop } from '../../base/interrupt';
import { disposeNetwork, forward, forwardWithout, networkTensors, type NetworkTensors } from './forward';
import { type Network, startId } from './network';
import { readoutWeights, reachedStates } from './readout';

/**
 * Most tokens computed at once, padding included; their residual streams are in memory together.
 */
const mostTokens = 8192;
/** Most numbers in the residual streams of a batch; a layer makes several tensors of that size. */
const mostNumbers = 2 ** 26;

/**
 * Computes the reached states of each word.
 *
 * @param words ids of the symbols of each word, without the start; see `tokenIds`
 * @returns for each word [length + 1, states] of 0 and 1, the empty prefix first; states in the
 *   order of `stateNames`
 */
export async function* runWords(
  network: Network,
  words: Iterable<Int32Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const tensors = networkTensors(network);
  try {
    const batchTokens = Math.min(mostTokens, mostNumbers / network.layout.width);
    for (const batch of batchesOf(words, batchTokens)) {
      await heedStop();
      yield* await runBatch(tensors, batch);
    }
  } finally {
    disposeNetwork(tensors);
  }
}

/**
 * Computes the reached states after each prefix of a word without each of some layers.
 *
 * @param word ids of its symbols, without the start
 * @param left indices of layers, in ascending order
 * @returns by layer, [length + 1, states] of 0 and 1
 */
export async function runWithout(
  network: Network,
  word: Int32Array,
  left: readonly number[],
): Promise<Uint8Array[]> {
  const tensors = networkTensors(network);
  try {
    await heedStop();
    const sums = tf.tidy(() =>
      forwardWithout(
        tensors,
        tf.tensor2d([startId, ...word], [1, 1 + word.length], 'int32'),
        left,
        (residual) => readOut(tensors, residual),
      ),
    );
    try {
      return await Promise.all(
        sums.map(async (scores) => reachedStates(network, (await scores.data()) as Float32Array)),
      );
    } finally {
      tf.dispose(sums);
    }
  } finally {
    disposeNetwork(tensors);
  }
}

/** Groups words in order, as many as fit; at least one. */
function* batchesOf(words: Iterable<Int32Array>, batchTokens: number): Generator<Int32Array[]> {
  let batch: Int32Array[] = [];
  let longest = 0;
  for (const word of words) {
    const time = Math.max(longest, word.length + 1);
    if (batch.length > 0 && time * (batch.length + 1) > batchTokens) {
      yield batch;
      batch = [];
      longest = 0;
    }
    batch.push(word);
    longest = Math.max(longest, word.length + 1);
  }
  if (batch.length > 0) yield batch;
}

/** Runs a batch. Shorter words are padded with start tokens, which no earlier token attends to. */
async function runBatch(tensors: NetworkTensors, words: readonly Int32Array[]): Promise<Uint8Array[]> {
  const time = 1 + Math.max(...words.map(({ length }) => length));
  const ids = new Int32Array(words.length * time).fill(startId);
  words.forEach((word, row) => {
    ids.set(word, row * time + 1);
  });
  const scores = tf.tidy(() =>
    readOut(tensors, forward(tensors, tf.tensor2d(ids, [words.length, time], 'int32'))),
  );
  try {
    const values = (await scores.data()) as Float32Array;
    const { network } = tensors;
    const columns = values.length / (words.length * time);
    return words.map((word, row) =>
      reachedStates(network, values.subarray(row * time * columns, (row * time + word.length + 1) * columns)),
    );
  } finally {
    scores.dispose();
  }
}

/** The sums that decide which states are reached: [batch, time, states of all parts]. */
function readOut({ network }: NetworkTensors, residual: tf.Tensor3D): tf.Tensor3D {
  const { rows, columns, values } = readoutWeights(network);
  const [batch, time, width] = residual.shape;
  const weights = tf.tensor2d(Float32Array.from(values), [rows, columns]);
  return tf.matMul(tf.reshape(residual, [batch * time, width]), weights).reshape([batch, time, columns]);
}
