// Solutions that one kept generation writes, against a generation made for each expression alone.

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { arithmeticIds, arithmeticVocabulary } from '../../lib/data/arithmetic/vocabulary';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { decoderGenerator } from '../../lib/evaluate/generator';
import { greedyGeneration } from '../../lib/evaluate/greedy';
import { solutionTokens, writeSolution } from '../../lib/experiments/items/fig3/writer';
import { arithmeticModelSize, createDecoder } from '../../lib/model/config';
import { type Decoder } from '../../lib/model/decoder';
import { initialParameters, type ModelParameters } from '../../lib/model/parameters';
import { encodingNamed } from '../../lib/positional/registry';

const { size: vocabSize } = arithmeticVocabulary(5);

beforeAll(() => startEngine());

const prompts = fc.array(
  fc
    .array(fc.integer({ min: 0, max: vocabSize - 1 }), { minLength: 1, maxLength: 12 })
    .map((ids) => Int32Array.from(ids)),
  { minLength: 2, maxLength: 2 },
);

/** A model with random weights. */
function randomModel(encoding: string): { decoder: Decoder; parameters: ModelParameters } {
  const decoder = createDecoder({
    ...arithmeticModelSize(16),
    vocabSize,
    separators: encoding.startsWith('bipe') ? [[arithmeticIds.equals]] : [],
    encoding: encodingNamed(encoding),
  });
  return { decoder, parameters: initialParameters(decoder.parameters, 0.4, Random.fromSeed(3)) };
}

function drawnFor({ encoding }: Decoder, prompt: Int32Array): Int32Array | undefined {
  const random = Random.fromSeed(prompt.length);
  return encoding.drawPositions?.(prompt.length + solutionTokens(prompt.length), () => random.uniform());
}

/** What a generation writes that is as large as this prompt needs. */
async function writtenAlone(
  decoder: Decoder,
  parameters: ModelParameters,
  prompt: Int32Array,
): Promise<number[]> {
  const positions = drawnFor(decoder, prompt);
  const draw = (): { drawnPositions?: tf.Tensor1D } =>
    positions === undefined ? {} : { drawnPositions: tf.tensor1d(positions, 'int32') };
  const greedy = greedyGeneration(
    { ...decoderGenerator(decoder, parameters), draw },
    {
      batch: 1,
      promptLength: prompt.length,
      newTokens: solutionTokens(prompt.length),
      eos: arithmeticIds.eos,
    },
  );
  try {
    const [written] = await greedy.generate([prompt]);
    return [...present(written, 'solution')];
  } finally {
    greedy.dispose();
  }
}

describe.each(['bipe_rope', 'alibi', 'randomized_rope'])('solutions of a model with %s', (encoding) => {
  it('are those of a generation made for each alone, also of several asked for at once', async () => {
    const { decoder, parameters } = randomModel(encoding);
    const property = fc.asyncProperty(prompts, async (asked) => {
      const alone: number[][] = [];
      for (const prompt of asked) alone.push(await writtenAlone(decoder, parameters, prompt));
      const written = await Promise.all(
        asked.map((prompt) => writeSolution(decoder, parameters, prompt, drawnFor(decoder, prompt))),
      );
      expect(written.map((ids) => [...ids])).toEqual(alone);
    });
    await fc.assert(property, { numRuns: 2 });
    tf.dispose([...parameters.values()]);
  });

  it('come after a capture once, and keep nothing else', async () => {
    const { decoder, parameters } = randomModel(encoding);
    const write = (ids: number[]): Promise<Int32Array> => {
      const prompt = Int32Array.from(ids);
      return writeSolution(decoder, parameters, prompt, drawnFor(decoder, prompt));
    };
    await write([3]);
    const { numTensors } = tf.memory();
    await write([3, 4, 5]);
    expect(tf.memory().numTensors).toBe(numTensors);
    // The weights are those of the first solution.
    const before = await write([1, 2]);
    tf.dispose([...parameters.values()]);
    expect(await write([1, 2])).toEqual(before);
  });
});
