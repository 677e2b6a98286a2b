import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { assertNoLeak } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { decoderGenerator, type Generator } from '../../lib/evaluate/generator';
import { greedyGeneration, type GreedyOptions } from '../../lib/evaluate/greedy';
import { createDecoder } from '../../lib/model/config';
import { type Decoder, logits } from '../../lib/model/decoder';
import { disposeParameters, initialParameters, type ModelParameters } from '../../lib/model/parameters';
import { encodingNamed } from '../../lib/positional/registry';

beforeAll(async () => {
  await startEngine();
});

const eos = 2;

/** A model whose next token depends on the last one alone, by a table. */
function chainModel(next: readonly number[]): Generator {
  const table = tf.keep(tf.oneHot(tf.tensor1d([...next], 'int32'), next.length).toFloat()) as tf.Tensor2D;
  const scores = (tokens: tf.Tensor1D): tf.Tensor2D =>
    tf.matMul(tf.oneHot(tokens, next.length).toFloat(), table);
  return {
    draw: () => ({}),
    prefill: (ids, lengths) => {
      const slots = tf.range(0, ids.shape[1], 1, 'int32');
      const last = tf.equal(slots, tf.sub(lengths, tf.scalar(1, 'int32')).expandDims(1));
      const tokens = tf.sum(tf.mul(ids.toFloat(), last.toFloat()), 1).toInt() as tf.Tensor1D;
      return { logits: scores(tokens), memory: { count: tf.zeros([1]) } };
    },
    step: ({ count }, tokens) => ({
      logits: scores(tokens),
      memory: { count: tf.add(count ?? 0, tf.ones([1])) },
    }),
  };
}

/** What a chain gives, by following the table. */
function follow(next: readonly number[], prompt: readonly number[], newTokens: number): number[] {
  const generated: number[] = [];
  let token = prompt.at(-1) ?? 0;
  while (generated.length < newTokens && generated.at(-1) !== eos) {
    token = next[token] ?? 0;
    generated.push(token);
  }
  return generated;
}

async function generate(
  generator: Generator,
  prompts: readonly (readonly number[])[],
  options: Omit<GreedyOptions, 'eos'>,
): Promise<number[][]> {
  const greedy = greedyGeneration(generator, { eos, ...options });
  try {
    return (await greedy.generate(prompts)).map((tokens) => Array.from(tokens));
  } finally {
    greedy.dispose();
  }
}

describe.each([true, false])('greedy generation (operation by operation: %s)', (eager) => {
  // 9 -> 8 -> ... -> 3 -> 2, the end; 10 and 11 go round for ever.
  const next = [0, 1, 7, 2, 3, 4, 5, 6, 7, 8, 11, 10];

  it('continues each prompt until it ends, or as far as is allowed', async () => {
    const random = Random.fromSeed(5);
    const prompts = Array.from({ length: 23 }, () =>
      Array.from(random.integerArray(random.integer(1, 6), 3, 12)),
    );
    for (const [batch, newTokens, checkEvery] of [
      [4, 5, 1],
      [8, 12, 3],
      [30, 1, 8],
    ] as const) {
      const generated = await generate(chainModel(next), prompts, {
        batch,
        promptLength: 5,
        newTokens,
        checkEvery,
        eager,
      });
      expect(generated).toEqual(prompts.map((prompt) => follow(next, prompt, newTokens)));
    }
  });

  it('stops when all have ended, without the steps that are left', async () => {
    let steps = 0;
    const model = chainModel(next);
    const counting: Generator = {
      ...model,
      step: (memory, tokens) => {
        steps += 1;
        return model.step(memory, tokens);
      },
    };
    const options = { batch: 2, promptLength: 3, newTokens: 1000, checkEvery: 4, eager };
    expect(await generate(counting, [[4, 6], [5]], options)).toEqual([
      [5, 4, 3, 2],
      [4, 3, 2],
    ]);
    expect(steps).toBeLessThan(9);
  });

  it('gives nothing for no prompts, and refuses those that do not fit', async () => {
    const options = { batch: 2, promptLength: 3, newTokens: 2, eager };
    expect(await generate(chainModel(next), [], options)).toEqual([]);
    await expect(generate(chainModel(next), [[3, 4, 5, 6]], options)).rejects.toThrow(
      'a prompt of 4 tokens; 1 to 3 fit',
    );
    await expect(generate(chainModel(next), [[]], options)).rejects.toThrow('a prompt of 0 tokens');
  });

  it('leaves no tensors behind', async () => {
    const model = chainModel(next);
    await assertNoLeak(async () => {
      await generate(model, [[9], [3, 4]], { batch: 2, promptLength: 2, newTokens: 20, eager });
    });
  });
});

/** The definition: the whole sequence through the model for each token, one sequence at a time. */
function definition(
  decoder: Decoder,
  parameters: ModelParameters,
  prompt: readonly number[],
  newTokens: number,
): number[] {
  const ids = [...prompt];
  while (ids.length < prompt.length + newTokens && (ids.length === prompt.length || ids.at(-1) !== eos)) {
    const likeliest = tf.tidy(() => {
      const scores = logits(decoder, parameters, tf.tensor2d([ids], undefined, 'int32'));
      return scores
        .slice([0, ids.length - 1, 0], [1, 1, -1])
        .flatten()
        .argMax()
        .dataSync()[0];
    });
    ids.push(likeliest ?? 0);
  }
  return ids.slice(prompt.length);
}

describe('a decoder that generates', () => {
  it.each(['none', 'rope', 'alibi', 'bipe_rope', 'bipe_alibi'])(
    'gives what the whole model gives without a cache, one by one: %s',
    { timeout: 60_000 },
    async (name) => {
      const encoding = encodingNamed(name);
      const bilevel = name.startsWith('bipe');
      const decoder = createDecoder({
        style: 'llama',
        vocabSize: 21,
        hiddenSize: 32,
        intermediateSize: 64,
        numLayers: 2,
        numHeads: 4,
        trainLength: 40,
        normEps: 1e-5,
        // Large weights, so that each token matters and the choice is seldom close.
        initializerRange: 0.3,
        tieEmbeddings: false,
        logScale: false,
        separators: bilevel ? [[9]] : [],
        encoding,
      });
      const parameters = initialParameters(decoder.parameters, 0.3, Random.fromSeed(3));
      const random = Random.fromSeed(9);
      const prompts = Array.from({ length: 7 }, () =>
        Array.from(random.integerArray(random.integer(2, 12), 3, 21)),
      );
      const expected = prompts.map((prompt) => definition(decoder, parameters, prompt, 20));
      for (const eager of [true, false]) {
        const options = { batch: 4, promptLength: 12, newTokens: 20, eager };
        const generated = await generate(decoderGenerator(decoder, parameters), prompts, options);
        expect(generated).toEqual(expected);
      }
      // The model is no constant one: its outputs tell the prompts apart.
      expect(new Set(expected.map(String)).size).toBeGreaterThan(3);
      disposeParameters(parameters);
    },
  );

  it('draws the positions of a randomized encoding anew for each batch', async () => {
    const drawn: number[][] = [];
    const decoder = createDecoder({
      style: 'llama',
      vocabSize: 21,
      hiddenSize: 16,
      intermediateSize: 32,
      numLayers: 1,
      numHeads: 2,
      trainLength: 40,
      normEps: 1e-5,
      initializerRange: 0.3,
      tieEmbeddings: false,
      logScale: false,
      separators: [],
      encoding: encodingNamed('randomized_rope'),
    });
    const parameters = initialParameters(decoder.parameters, 0.3, Random.fromSeed(3));
    const generator = decoderGenerator(decoder, parameters, Random.fromSeed(4));
    const watched: Generator = {
      ...generator,
      draw: (capacity) => {
        const tensors = generator.draw(capacity);
        drawn.push(Array.from(tensors['drawnPositions']?.dataSync() ?? []));
        return tensors;
      },
    };
    const prompts = [[3, 12], [4, 13], [5]];
    const options = { batch: 1, promptLength: 2, newTokens: 6 };
    const first = await generate(watched, prompts, options);
    expect(first.map((tokens) => tokens.length).every((length) => length > 0)).toBe(true);
    for (const positions of drawn) {
      expect(positions.length).toBe(8);
      expect([...positions].sort((a, b) => a - b)).toEqual(positions);
    }
    expect(new Set(drawn.map(String)).size).toBe(drawn.length);
    const again = decoderGenerator(decoder, parameters, Random.fromSeed(4));
    expect(await generate(again, prompts, { ...options, eager: true })).toEqual(first);
    disposeParameters(parameters);
  });
});
