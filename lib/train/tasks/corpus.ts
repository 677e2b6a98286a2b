// The next token of a corpus: blocks of its training documents, as the released code cuts them, in
// a new order each epoch; whole documents are kept for the evaluation. The ids stay on the disk.

import { z } from 'zod';
import { ConfigError } from '../../base/errors';
import { present } from '../../base/present';
import { parseWith } from '../../base/schema';
import { spreadPlaces } from '../../base/spread';
import { type BatchSource, EpochOrder } from '../../data/batches';
import { getTokenizer } from '../../data/tokenizers/registry';
import { blockStarts } from '../../data/tokens/blocks';
import { type Corpus } from '../../data/tokens/corpus';
import { type CorpusDocument } from '../../data/tokens/corpus-index';
import { prepareCorpus } from '../../data/tokens/prepare';
import { documentSequence, type TokenSequence } from '../../data/tokens/sequence';
import { splitDocuments } from '../../data/tokens/split';
import { Random } from '../../engine/random/random';
import { evaluatePerplexity } from '../../evaluate/perplexity';
import { withRandomInputs } from './random-inputs';
import { checkVocabulary, nextTokens, type Task, type TaskContext, type TaskKind } from './task';

const count = z.int().min(1);

/** The fields of tasks that read a corpus. */
export const corpusFields = {
  /** Names of text sources. */
  sources: z.array(z.string()).min(1).readonly(),
  tokenizer: z.string().default('llama2'),
  /** The corpus ends after so many tokens; left out: with the last document. */
  maxTokens: count.exactOptional(),
  /** The share of the tokens, in whole documents, that is held out for the evaluation. */
  validationShare: z.number().positive().lt(1).default(0.05),
  /** Tokens of the shortest document that is held out for it; left out: a block. */
  validationMinimum: count.exactOptional(),
};

const schema = z
  .strictObject({
    kind: z.literal('corpus'),
    ...corpusFields,
    /**
     * The cut of training blocks: across the borders of documents, as the released code does it, or
     * within each.
     */
    blocks: z.enum(['concatenated', 'documents']).default('concatenated'),
  })
  .readonly();

/** Settings of the task. */
export type CorpusTaskConfig = z.infer<typeof schema>;

/** The task for the registry. */
export const corpusTask: TaskKind<CorpusTaskConfig> = {
  kind: 'corpus',
  schema,
  metrics: ['loss', 'perplexity'],
  // The ids stay on the disk.
  size: (_, trainLength) => ({ time: trainLength, bytes: 0 }),
  create: (config, context) => withCorpus(config, context, (corpus) => taskOf(corpus, config, context)),
};

/** Blocks of an evaluation while the model is trained, at most. */
const evaluationBlocks = 100;

/** The settings that decide which corpus a task reads. */
type CorpusSettings = Pick<
  CorpusTaskConfig,
  'sources' | 'tokenizer' | 'maxTokens' | 'validationShare' | 'validationMinimum'
>;

/**
 * Makes a task on the corpus of its settings: the one that is open, or one that the task closes.
 *
 * @throws ConfigError if the model does not fit the tokenizer, or nothing would be evaluated
 */
export async function withCorpus(
  { sources, tokenizer, maxTokens, validationMinimum }: CorpusSettings,
  context: TaskContext,
  taskOn: (corpus: Corpus) => Task,
): Promise<Task> {
  const { decoder } = context;
  const { trainLength: length } = decoder.architecture;
  // Mistakes in settings are reported before a corpus is made.
  const { vocabularySize } = await getTokenizer(tokenizer);
  checkVocabulary(decoder, vocabularySize, `the tokenizer ${tokenizer}`);
  if (validationMinimum !== undefined && validationMinimum < length)
    throw new ConfigError(
      `task.validationMinimum: ${validationMinimum} tokens are no block of ${length}, so nothing would be evaluated; give ${length} or more`,
    );
  if (context.corpus !== undefined) return taskOn(context.corpus);
  const request = { sources, tokenizer, ...(maxTokens !== undefined && { maxTokens }) };
  const corpus = await prepareCorpus(request, context.reporter && { reporter: context.reporter });
  try {
    return { ...taskOn(corpus), close: corpus.close };
  } catch (error) {
    corpus.close();
    throw error;
  }
}

function taskOf(corpus: Corpus, config: CorpusTaskConfig, context: TaskContext): Task {
  const { decoder, batchSize, seed, forward } = context;
  const { trainLength: length } = decoder.architecture;
  const { training, validation } = splitDocuments(corpus.documents, {
    validationShare: config.validationShare,
    minimumLength: config.validationMinimum ?? length,
  });
  const random = Random.fromSeed(seed);
  const source = blockBatches(documentSequence(corpus, training), {
    corpus: corpus.info.sha256,
    starts: blockStarts(training, length, config.blocks),
    batch: batchSize,
    length,
    random: random.fork('corpus blocks'),
  });
  return {
    batches: withRandomInputs(source, decoder, length, random.fork('training inputs')),
    loss: nextTokens(decoder, forward),
    evaluate: async (parameters) => {
      const { loss, perplexity } = await evaluatePerplexity(
        decoder,
        parameters,
        beginnings(corpus, validation, length),
        length,
        { batch: batchSize, random: random.fork('evaluation inputs') },
      );
      return { loss, perplexity };
    },
  };
}

/**
 * The first blocks of documents, as many of each as make about `evaluationBlocks` together: of all
 * documents, or of as many spread evenly over them, so that none of a corpus' sources is left out
 * for standing behind others.
 */
export function beginnings(
  corpus: Pick<Corpus, 'read'>,
  documents: readonly Pick<CorpusDocument, 'start' | 'length'>[],
  length: number,
): TokenSequence[] {
  const some = spreadPlaces(documents.length, evaluationBlocks).map((place) =>
    present(documents[place], 'document'),
  );
  const each = Math.floor(evaluationBlocks / some.length);
  return some.map(({ start, length: tokens }) =>
    documentSequence(corpus, [{ start, length: Math.min(tokens, each * length) }]),
  );
}

/** The shape of batches, and the order of blocks. */
export interface BlockBatchOptions {
  /** The identity of the tokens: a run is not resumed on others. */
  readonly corpus: string;
  /** Beginnings of blocks, [blocks]. */
  readonly starts: Float64Array;
  readonly batch: number;
  /** Tokens of a block; as in the released code the first is not predicted. */
  readonly length: number;
  /** Each epoch's order is drawn from a fork of it. */
  readonly random: Random;
}

/** The message about a state of batches from other tokens. */
export const otherCorpus =
  'task.sources: the run to resume was trained on other tokens; resume with the same texts, or choose another folder';

const stateSchema = z.strictObject({
  corpus: z.string(),
  epoch: z.int().nonnegative(),
  place: z.int().nonnegative(),
});

/**
 * Blocks in epochs: each once, in a new order; a batch may have blocks of two epochs.
 *
 * @returns batches with `ids`, [batch, length] int32
 */
export function blockBatches(
  sequence: TokenSequence,
  { corpus, starts, batch, length, random }: BlockBatchOptions,
): BatchSource {
  const order = new EpochOrder(starts.length, random);
  return {
    next: () => {
      const values = new Int32Array(batch * length);
      for (let row = 0; row < batch; row += 1) {
        const start = starts[order.next()] ?? 0;
        values.set(sequence.subarray(start, start + length), row * length);
      }
      return {
        arrays: { ids: { values, shape: [batch, length] } },
        weight: batch * (length - 1),
        tokens: batch * length,
      };
    },
    state: () => {
      // At the end of an epoch, not at the beginning of the next.
      const epoch = Math.max(0, Math.ceil(order.drawn / starts.length) - 1);
      return { corpus, epoch, place: order.drawn - epoch * starts.length };
    },
    restore: (saved) => {
      const state = parseWith(stateSchema, saved, 'state of corpus batches');
      if (state.corpus !== corpus) throw new ConfigError(otherCorpus);
      order.drawn = state.epoch * starts.length + state.place;
    },
  };
}
