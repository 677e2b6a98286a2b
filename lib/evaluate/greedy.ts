// Greedy generation: a batch of prompts of different lengths, each continued by its most likely
// token until it ends. A step is one captured graph of fixed shapes; its tokens stay tensors, and
// are read back once for each batch.

import * as tf from '@tensorflow/tfjs';
import { heedStop } from '../base/interrupt';
import { capture } from '../engine/graph/capture';
import { type ProductType } from '../engine/graph/program';
import { type NamedTensors } from '../engine/graph/specs';
import { type Continuation, type Generator } from './generator';

/** Shapes of a generation, and its end. */
export interface GreedyOptions {
  /** Sequences of a batch. */
  readonly batch: number;
  /** Tokens of the longest prompt. */
  readonly promptLength: number;
  /** Most tokens generated for a prompt. */
  readonly newTokens: number;
  /** The token that ends a sequence. */
  readonly eos: number;
  /** Steps between two checks, which read back whether all sequences have ended. Default 8. */
  readonly checkEvery?: number;
  /** Runs operation by operation even where a graph is possible. */
  readonly eager?: boolean;
  /** Precision of matrix products in captured steps; default `float32`. */
  readonly products?: ProductType;
}

/** A reusable generation. */
export interface Greedy {
  /**
   * Continues any number of prompts, each of 1 to `promptLength` tokens.
   *
   * @param onProgress called with the number of finished prompts
   * @param atMost     tokens to generate for a prompt, if fewer than `newTokens`
   * @returns the generated tokens of each prompt: through the first `eos`, or all without one
   */
  generate(
    prompts: readonly ArrayLike<number>[],
    onProgress?: (done: number) => void,
    atMost?: number,
  ): Promise<Int32Array[]>;
  /** Frees graph and memory. */
  dispose(): void;
}

/** Prepares greedy generation. */
export function greedyGeneration(generator: Generator, options: GreedyOptions): Greedy {
  const {
    batch,
    promptLength,
    newTokens,
    eos,
    checkEvery = 8,
    eager = false,
    products = 'float32',
  } = options;
  const capacity = promptLength + newTokens;

  const choose = ({ logits, memory }: Continuation, before?: tf.Tensor1D): Chosen => {
    const likeliest = tf.argMax<tf.Tensor1D>(logits, 1);
    const tokens: tf.Tensor1D = before ? tf.where(tf.equal(before, eos), before, likeliest) : likeliest;
    const unfinished = tf.sum<tf.Scalar>(tf.cast(tf.notEqual(tokens, eos), 'float32'));
    return { outputs: { tokens, unfinished }, state: { tokens, ...memory } };
  };
  const begin = ({ ids, lengths, ...drawn }: NamedTensors): Chosen =>
    choose(generator.prefill(ids as tf.Tensor2D, lengths as tf.Tensor1D, capacity, drawn));
  const proceed = ({ tokens, ...memory }: NamedTensors): Chosen =>
    choose(generator.step(memory, tokens as tf.Tensor1D), tokens as tf.Tensor1D);

  // Two graphs on one state: the one with prompts as inputs begins, the one without inputs
  // continues.
  const state = tf.tidy(() => {
    const ids = tf.fill([batch, promptLength], eos, 'int32');
    return { ...begin({ ids, lengths: tf.ones([batch], 'int32'), ...generator.draw(capacity) }).state };
  });
  const program = capture(
    (held: NamedTensors, inputs: NamedTensors) => ('ids' in inputs ? begin(inputs) : proceed(held)),
    {
      state,
      name: 'greedy generation',
      eager,
      overwrite: true,
      products,
    },
  );
  tf.dispose(state);

  const generateBatch = async (
    prompts: readonly ArrayLike<number>[],
    most: number,
  ): Promise<Int32Array[]> => {
    const chosen: tf.Tensor[] = [];
    const run = (inputs: NamedTensors): tf.Tensor => {
      const { tokens, unfinished } = program.run(inputs);
      chosen.push(tokens);
      return unfinished;
    };
    const inputs = { ...promptTensors(prompts, batch, promptLength, eos), ...generator.draw(capacity) };
    let unfinished = run(inputs);
    tf.dispose(inputs);
    let columns: tf.Tensor | undefined;
    try {
      while (chosen.length < most) {
        if (chosen.length % checkEvery === 0) {
          if (await isZero(unfinished)) break;
          await heedStop();
        }
        unfinished.dispose();
        unfinished = run({});
      }
      columns = tf.tidy(() => tf.stack(chosen, 1));
      const values = (await columns.data()) as Int32Array;
      const width = chosen.length;
      return prompts.map((_, row) => throughEos(values.subarray(row * width, (row + 1) * width), eos));
    } finally {
      tf.dispose([unfinished, columns ?? [], ...chosen]);
    }
  };

  return {
    generate: async (prompts, onProgress, atMost = newTokens) => {
      const most = Math.min(atMost, newTokens);
      const generated: Int32Array[] = [];
      for (let start = 0; start < prompts.length; start += batch) {
        generated.push(...(await generateBatch(prompts.slice(start, start + batch), most)));
        onProgress?.(generated.length);
      }
      return generated;
    },
    dispose: () => {
      program.dispose();
    },
  };
}

interface Chosen {
  readonly outputs: {
    /** The chosen token of each sequence, `eos` again after its end: [batch] int32. */
    readonly tokens: tf.Tensor1D;
    /** Number of unfinished sequences. */
    readonly unfinished: tf.Scalar;
  };
  readonly state: NamedTensors;
}

/** Prompts as tensors; rows beyond the last one repeat it. */
function promptTensors(
  prompts: readonly ArrayLike<number>[],
  batch: number,
  time: number,
  fill: number,
): { ids: tf.Tensor2D; lengths: tf.Tensor1D } {
  const ids = new Int32Array(batch * time).fill(fill);
  const lengths = new Int32Array(batch);
  for (let row = 0; row < batch; row += 1) {
    const prompt = prompts[Math.min(row, prompts.length - 1)] ?? [];
    if (prompt.length < 1 || prompt.length > time)
      throw new RangeError(`a prompt of ${prompt.length} tokens; 1 to ${time} fit`);
    ids.set(prompt, row * time);
    lengths[row] = prompt.length;
  }
  return { ids: tf.tensor2d(ids, [batch, time], 'int32'), lengths: tf.tensor1d(lengths, 'int32') };
}

async function isZero(scalar: tf.Tensor): Promise<boolean> {
  return (await scalar.data())[0] === 0;
}

function throughEos(tokens: Int32Array, eos: number): Int32Array {
  const end = tokens.indexOf(eos);
  return tokens.slice(0, end < 0 ? tokens.length : end + 1);
}
