// Writes a model's solutions of expressions, one after another. To capture a generation takes much
// longer than to write a solution, so it is captured once for all expressions up to a length, and
// kept with the model.

import * as tf from '@tensorflow/tfjs';
import { present } from '../../../base/present';
import { arithmeticIds } from '../../../data/arithmetic/vocabulary';
import { decoderGenerator } from '../../../evaluate/generator';
import { type Greedy, greedyGeneration } from '../../../evaluate/greedy';
import { type Decoder } from '../../../model/decoder';
import { type ModelParameters } from '../../../model/parameters';

/** Writes what follows an expression. */
class Writer {
  readonly #greedy: Greedy;
  /** Those of the solution that is being written. */
  #positions: Int32Array | undefined;
  /** Resolved once the solution before is written: all share one state. */
  #free: Promise<unknown> = Promise.resolve();

  constructor(decoder: Decoder, parameters: ModelParameters, promptLength: number) {
    const draw = (capacity: number): { drawnPositions?: tf.Tensor1D } => {
      if (decoder.encoding.drawPositions === undefined) return {};
      const drawn = this.#positions ?? [];
      // Beyond the solution's own nothing is written.
      const filled = Int32Array.from({ length: capacity }, (_, slot) => drawn[slot] ?? drawn.at(-1) ?? 0);
      return { drawnPositions: tf.tensor1d(filled, 'int32') };
    };
    this.#greedy = greedyGeneration(
      { ...decoderGenerator(decoder, parameters), draw },
      { batch: 1, promptLength, newTokens: solutionTokens(promptLength), eos: arithmeticIds.eos },
    );
  }

  write(prompt: Int32Array, positions: Int32Array | undefined): Promise<Int32Array> {
    const written = this.#free.then(async () => {
      this.#positions = positions;
      const [ids] = await this.#greedy.generate([prompt], undefined, solutionTokens(prompt.length));
      return present(ids, 'solution');
    });
    this.#free = written.catch(() => undefined);
    return written;
  }
}

/** By the length of the longest prompt. */
const writers = new WeakMap<ModelParameters, Map<number, Writer>>();
const usualPrompt = 32;

/**
 * Most tokens after a prompt: a solution of n operators rewrites the expression n times, each time
 * shorter.
 */
export function solutionTokens(promptLength: number): number {
  return Math.max(8, promptLength * Math.ceil(promptLength / 2));
}

/**
 * Continues an expression by its most likely tokens, through the end or `solutionTokens` of them.
 *
 * @param parameters stay as they are from the first solution on
 * @param positions  of the tokens, if the encoding draws them
 */
export function writeSolution(
  decoder: Decoder,
  parameters: ModelParameters,
  prompt: Int32Array,
  positions?: Int32Array,
): Promise<Int32Array> {
  const own = writers.get(parameters) ?? new Map<number, Writer>();
  writers.set(parameters, own);
  const promptLength = writtenLength(decoder, prompt.length);
  const writer = own.get(promptLength) ?? new Writer(decoder, parameters, promptLength);
  own.set(promptLength, writer);
  return writer.write(prompt, positions);
}

/** A length that many prompts fit, or where the encoding has no place for it, this one's. */
function writtenLength({ encoding, shape }: Decoder, length: number): number {
  let rounded = usualPrompt;
  while (rounded < length) rounded *= 2;
  const limit = encoding.cacheLimit?.(shape) ?? Infinity;
  return rounded + solutionTokens(rounded) > limit ? length : rounded;
}
