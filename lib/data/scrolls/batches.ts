// Batches of padded sequences, each row once in an epoch, in an order that depends on seed and
// epoch. A batch has the shortest of a few lengths that holds its longest sequence, since a
// captured step has fixed shapes. With small batches whose gradients are accumulated little of that
// is padding; nothing is sorted by length, so a batch is a random sample of the rows.

import { z } from 'zod';
import { ConfigError, DataError } from '../../base/errors';
import { canonicalJson } from '../../base/json';
import { parseWith } from '../../base/schema';
import { Random } from '../../engine/random/random';
import { batchLength, type BatchSource, EpochOrder, type PaddedBatch } from '../batches';
import { type PromptedSequence, promptedSequence, type SequenceOptions } from './sequence';
import { type RowSource } from './row-source';

/** Options of batches. */
export interface PromptedBatchOptions extends SequenceOptions {
  readonly batch: number;
  readonly seed: number;
  /**
   * Number of lengths of batches: with 4, a quarter, a half, three quarters and all of `maxTokens`.
   * Default 4.
   */
  readonly lengths?: number;
  /**
   * Weight of an input token. Default 0, as in finetunings on SCROLLS; a model with little training
   * before learns to read by it while it learns to answer.
   */
  readonly inputWeight?: number;
}

const stateSchema = z.strictObject({
  /** Identity of the source, as JSON. */
  source: z.string(),
  /** Rows given so far. */
  drawn: z.int().min(0),
});

/**
 * Makes batches of rows, every row once in an epoch. A batch that reaches the end of an epoch is
 * filled from the next one.
 */
export function promptedBatches(rows: RowSource, options: PromptedBatchOptions): BatchSource<PaddedBatch> {
  const { batch, seed, tokenizer, maxTokens, outputTokens, inputWeight = 0 } = options;
  const order = new EpochOrder(rows.count, Random.fromSeed(seed).fork('prompted order'));
  const source = canonicalJson({
    rows: rows.sha256,
    tokenizer: tokenizer.fingerprint,
    maxTokens,
    outputTokens,
    inputWeight,
    seed,
  });
  return {
    next: async () => {
      const sequences: PromptedSequence[] = [];
      while (sequences.length < batch) sequences.push(await sequenceOf(rows, order.next(), options));
      return padded(sequences, options);
    },
    state: () => ({ source, drawn: order.drawn }),
    restore: (saved) => {
      const state = parseWith(stateSchema, saved, 'state of prompted batches');
      if (state.source !== source)
        throw new ConfigError(
          `task.data: the run to resume was trained on other rows than ${rows.name}, or on other sequences of them; resume with those, or choose another folder`,
        );
      order.drawn = state.drawn;
    },
  };
}

/**
 * Makes a training sequence of a row.
 *
 * @throws DataError if it has no output
 */
export async function sequenceOf(
  rows: RowSource,
  index: number,
  options: SequenceOptions,
): Promise<PromptedSequence> {
  const { pid, input, output } = await rows.row(index);
  if (output === null)
    throw new DataError(`${rows.name}: '${pid}' has no output; train on train.jsonl, not on a test file`);
  return promptedSequence(input, output, options);
}

/**
 * Pads sequences to a batch with the end token, each from the first place on. A token's weight is 1
 * in the output and its end, `inputWeight` before, 0 after.
 */
export function padded(
  sequences: readonly PromptedSequence[],
  {
    maxTokens,
    end,
    lengths = 4,
    inputWeight = 0,
  }: Pick<PromptedBatchOptions, 'maxTokens' | 'end' | 'lengths' | 'inputWeight'>,
): PaddedBatch {
  const longest = Math.max(...sequences.map(({ ids }) => ids.length));
  const time = batchLength(longest, maxTokens, lengths);
  const ids = new Int32Array(sequences.length * time).fill(end);
  const mask = new Float32Array(ids.length);
  let weight = 0;
  sequences.forEach((sequence, row) => {
    const start = row * time;
    const { promptLength } = sequence;
    ids.set(sequence.ids, start);
    // The first token is given; nothing predicts it.
    mask.fill(inputWeight, start + 1, start + promptLength);
    mask.fill(1, start + promptLength, start + sequence.ids.length);
    weight += inputWeight * (promptLength - 1) + sequence.ids.length - promptLength;
  });
  const shape = [sequences.length, time] as const;
  return {
    arrays: { ids: { values: ids, shape }, mask: { values: mask, shape } },
    weight,
    tokens: ids.length,
  };
}
