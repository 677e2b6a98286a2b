// The interface that greedy generation needs of a model: to read prompts of different lengths, and
// to take one more token at a time. Both are pure functions of tensors with fixed shapes, so that
// generation can capture them as native graphs.

import * as tf from '@tensorflow/tfjs';
import { type NamedTensors } from '../engine/graph/specs';
import { Random } from '../engine/random/random';
import { type DecoderCache, decodeStep, type NextScores, prefill } from '../model/cache';
import { type Decoder } from '../model/decoder';
import { type ModelParameters } from '../model/parameters';

/** Scores of the next token, and the memory for the one after it. */
export interface Continuation {
  /** [batch, vocabulary] */
  readonly logits: tf.Tensor2D;
  /** Tensors of the same names and shapes at each step. */
  readonly memory: NamedTensors;
}

/** A model that continues sequences. */
export interface Generator {
  /**
   * Draws random inputs of a batch, such as random positions: new tensors, always of the same
   * shapes.
   */
  readonly draw: (capacity: number) => NamedTensors;
  /**
   * Reads prompts.
   *
   * @param ids      prompts from the first slot on, padded with any ids: [batch, time] int32
   * @param lengths  of the prompts, 1 to time: [batch] int32
   * @param capacity tokens of the longest sequence, prompt included
   * @param drawn    result of `draw`
   */
  readonly prefill: (
    ids: tf.Tensor2D,
    lengths: tf.Tensor1D,
    capacity: number,
    drawn: NamedTensors,
  ) => Continuation;
  /**
   * Reads one more token of each sequence.
   *
   * @param tokens [batch] int32
   */
  readonly step: (memory: NamedTensors, tokens: tf.Tensor1D) => Continuation;
}

/**
 * Makes a generator of a decoder, with a cache of keys and values.
 *
 * @param parameters stay the caller's; a captured generation keeps their values from the time of
 *   capture
 * @param random     draws the positions of randomized encodings; the sequences of a batch share
 *   them, as in training
 */
export function decoderGenerator(
  decoder: Decoder,
  parameters: ModelParameters,
  random: Random = Random.fromSeed(0).fork('positions of generation'),
): Generator {
  const { drawPositions } = decoder.encoding;
  return {
    draw: (capacity) => {
      if (drawPositions === undefined) return {};
      return {
        drawnPositions: tf.tensor1d(
          drawPositions(capacity, () => random.uniform()),
          'int32',
        ),
      };
    },
    prefill: (ids, lengths, capacity, drawn) =>
      remember(prefill(decoder, parameters, ids, lengths, { capacity, ...drawn }), drawn),
    step: (memory, tokens) => {
      const { drawnPositions } = memory as { readonly drawnPositions?: tf.Tensor1D };
      const drawn = drawnPositions === undefined ? {} : { drawnPositions };
      const cache = recall(memory, decoder.architecture.numLayers);
      return remember(decodeStep(decoder, parameters, cache, tokens, drawn), drawn);
    },
  };
}

/** The cache as named tensors, with the random inputs. */
function remember({ logits, cache }: NextScores, drawn: NamedTensors): Continuation {
  const { ids, lengths, keys, values } = cache;
  const layers = keys.flatMap((key, layer) => [
    [`keys${layer}`, key],
    [`values${layer}`, values[layer]],
  ]);
  return { logits, memory: { ids, lengths, ...Object.fromEntries(layers), ...drawn } as NamedTensors };
}

function recall(memory: NamedTensors, layers: number): DecoderCache {
  const of = (name: string): tf.Tensor4D[] =>
    Array.from({ length: layers }, (_, layer) => memory[`${name}${layer}`] as tf.Tensor4D);
  return {
    ids: memory['ids'] as tf.Tensor2D,
    lengths: memory['lengths'] as tf.Tensor1D,
    keys: of('keys'),
    values: of('values'),
  };
}
