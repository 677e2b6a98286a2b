// Next tokens of a text: windows of it that begin at random tokens; its end is held out for the
// evaluation. The ids stay on disk, so a text may be larger than memory.

import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ConfigError } from '../../base/errors';
import { type BatchSource, drawnBatches } from '../../data/batches';
import { getTokenizer } from '../../data/tokenizers/registry';
import { documentSequence, type TokenSequence } from '../../data/tokens/sequence';
import { storeFileTokens, type StoredTokens } from '../../data/tokens/text-file';
import { Random } from '../../engine/random/random';
import { evaluatePerplexity } from '../../evaluate/perplexity';
import { withRandomInputs } from './random-inputs';
import { checkVocabulary, nextTokens, type Task, type TaskContext, type TaskKind } from './task';

const schema = z
  .strictObject({
    kind: z.literal('text'),
    /** A UTF-8 file. */
    file: z.string(),
    tokenizer: z.string().default('bytes'),
    /** The share of the text, at its end, that is held out. */
    testShare: z.number().positive().lt(1).default(0.1),
  })
  .readonly();

/** Settings of the task. */
export type TextTaskConfig = z.infer<typeof schema>;

/** The task for the registry. */
export const textTask: TaskKind<TextTaskConfig> = {
  kind: 'text',
  schema,
  metrics: ['loss', 'perplexity'],
  size: (_, trainLength) => ({ time: trainLength + 1, bytes: 0 }),
  create,
};

async function create(config: TextTaskConfig, context: TaskContext): Promise<Task> {
  const tokenizer = await getTokenizer(config.tokenizer);
  checkVocabulary(context.decoder, tokenizer.vocabularySize, `the tokenizer ${config.tokenizer}`);
  const ids = await storeFileTokens(config.file, tokenizer);
  try {
    return taskOf(ids, config, context);
  } catch (error) {
    ids.close();
    throw error;
  }
}

function taskOf(
  ids: StoredTokens,
  config: TextTaskConfig,
  { decoder, batchSize, seed, forward }: TaskContext,
): Task {
  const time = decoder.architecture.trainLength + 1;
  const border = Math.round(ids.tokens * (1 - config.testShare));
  const train = documentSequence(ids, [{ start: 0, length: border }]);
  const test = documentSequence(ids, [{ start: border, length: ids.tokens - border }]);
  if (Math.min(train.length, test.length) < time) {
    throw new ConfigError(
      `task.file: ${config.file} has ${ids.tokens} tokens, too few for training at ${time - 1} and an evaluation; take a longer text or a shorter trainLength`,
    );
  }
  const random = Random.fromSeed(seed);
  const source = textBatches(train, { batch: batchSize, time, random: random.fork('text batches') });
  return {
    batches: withRandomInputs(source, decoder, time, random.fork('training inputs')),
    loss: nextTokens(decoder, forward),
    // Windows share only their borders: each token but the first is predicted once.
    evaluate: async (parameters) => {
      const { loss, perplexity } = await evaluatePerplexity(decoder, parameters, [test], time, {
        stride: time - 1,
        batch: batchSize,
        random: random.fork('evaluation inputs'),
      });
      return { loss, perplexity };
    },
    close: ids.close,
  };
}

/** Shape of batches, and the random stream of their windows. */
export interface TextBatchOptions {
  readonly batch: number;
  /** Tokens of a window; the first is not predicted. */
  readonly time: number;
  readonly random: Random;
}

/** Ids that are hashed at once. */
const idsAtOnce = 1 << 20;

/** SHA-256 of ids as int32, in hex. */
function hashOf(ids: TokenSequence): string {
  const hash = createHash('sha256');
  for (let start = 0; start < ids.length; start += idsAtOnce) {
    const some = ids.subarray(start, Math.min(ids.length, start + idsAtOnce));
    hash.update(new Uint8Array(some.buffer, some.byteOffset, some.byteLength));
  }
  return hash.digest('hex');
}

/**
 * Makes batches of windows of a text.
 *
 * @param ids the text, at least `time` tokens
 * @returns batches with `ids`, [batch, time] int32
 */
export function textBatches(ids: TokenSequence, { batch, time, random }: TextBatchOptions): BatchSource {
  return drawnBatches(
    random,
    (stream) => {
      const values = new Int32Array(batch * time);
      for (let row = 0; row < batch; row += 1) {
        const start = stream.integer(0, ids.length - time + 1);
        values.set(ids.subarray(start, start + time), row * time);
      }
      return {
        arrays: { ids: { values, shape: [batch, time] } },
        weight: batch * (time - 1),
        tokens: batch * time,
      };
    },
    'text batches',
    {
      field: 'text',
      identity: hashOf(ids),
      other:
        'task.file: the run to resume was trained on another text; resume with that one, or choose another folder',
    },
  );
}
