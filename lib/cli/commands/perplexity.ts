// `bipe perplexity`: how well a model predicts sequences, read at several lengths.

import { type Command } from 'commander';
import { bipe } from '../../base/command';
import { DataError, UsageError } from '../../base/errors';
import { displayPath } from '../../base/paths';
import { terminalReporter } from '../../base/progress';
import { type TokenSequence } from '../../data/tokens/sequence';
import { examples, wholeNumber } from '../shared/options';
import { alignColumns, printResult } from '../shared/output';

interface PerplexityCommandOptions {
  readonly checkpoint: string;
  readonly ids?: string;
  readonly tokens?: string;
  readonly separators?: string;
  readonly lengths: string;
  readonly stride?: string;
  readonly json?: boolean;
}

/** Adds the subcommand. */
export function addPerplexityCommand(program: Command): void {
  program
    .command('perplexity')
    .description('how well a model predicts sequences, read at several lengths')
    .requiredOption(
      '--checkpoint <folder>',
      'config.json and model.safetensors, this project’s or the authors’',
    )
    .option('--ids <file>', 'safetensors with int32 input_ids [documents, time]')
    .option(
      '--tokens <folder>',
      `the documents of a token file, which ${bipe('data tokens')} makes; instead of --ids`,
    )
    .requiredOption('--lengths <list>', 'tokens of a block, e.g. 64,128,256')
    .option('--stride <tokens>', 'slide a window on by so many tokens instead of reading blocks side by side')
    .option(
      '--separators <set>',
      'fail unless the model was trained for these: paper, released or ids; of several levels, innermost first, with / between them',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'perplexity --checkpoint checkpoints/BiPE_RoPE-151M --ids ids.safetensors --lengths 1024,2048',
      ),
    )
    .action(perplexity);
}

async function perplexity(options: PerplexityCommandOptions): Promise<void> {
  const lengths = options.lengths
    .split(',')
    .map((text) => wholeNumber('--lengths', text, { example: '64,128,256' }));
  const stride =
    options.stride === undefined ? {} : { stride: wholeNumber('--stride', options.stride, { example: 64 }) };
  const [
    { startEngine },
    { checkSeparators },
    { loadCheckpoint, readModelConfig },
    { createDecoder },
    { disposeParameters },
    { checkReading, evaluatePerplexity },
  ] = await Promise.all([
    import('../../engine/engine.js'),
    import('../../model/check-separators.js'),
    import('../../model/files/checkpoint.js'),
    import('../../model/config.js'),
    import('../../model/parameters.js'),
    import('../../evaluate/perplexity.js'),
  ]);
  const reporter = terminalReporter();
  const config = await readModelConfig(options.checkpoint);
  const { documents, separators, close } = await readDocuments(options, config.vocabSize);
  const results = [];
  try {
    if (separators !== undefined) checkSeparators(config, separators, displayPath(options.checkpoint));
    for (const length of lengths) checkReading(createDecoder(config), documents, length, stride);
    await startEngine({ reporter });
    const { decoder, parameters } = await loadCheckpoint(options.checkpoint);
    try {
      for (const length of lengths)
        results.push(
          await evaluatePerplexity(decoder, parameters, documents, length, { ...stride, reporter }),
        );
    } finally {
      disposeParameters(parameters);
    }
  } finally {
    close();
  }
  const cells = results.map(({ length, loss, perplexity, interval, tokens }) => [
    String(length),
    loss.toFixed(6),
    perplexity.toPrecision(6),
    interval ? `${interval.low.toPrecision(6)} to ${interval.high.toPrecision(6)}` : '',
    String(tokens),
  ]);
  printResult(
    options.json,
    results,
    alignColumns([['length', 'loss', 'perplexity', '95 % interval', 'tokens'], ...cells]),
  );
}

/** The text to read, and what ends its segments at each level, if given. */
interface Documents {
  readonly documents: readonly TokenSequence[];
  readonly separators: readonly (readonly number[])[] | undefined;
  readonly close: () => void;
}

async function readDocuments(
  { ids, tokens, separators }: PerplexityCommandOptions,
  vocabSize: number,
): Promise<Documents> {
  if ((ids === undefined) === (tokens === undefined))
    throw new UsageError('give what to read: either --ids <file> or --tokens <folder>');
  if (ids !== undefined) {
    const [{ checkIds, readIdsFile }, { parseSeparators }] = await Promise.all([
      import('../../model/files/ids-file.js'),
      import('../../segment/separators.js'),
    ]);
    const sequences = await readIdsFile(ids);
    checkIds(sequences, vocabSize, ids);
    const [rows, time] = sequences.shape;
    return {
      documents: Array.from({ length: rows }, (_, row) =>
        sequences.values.subarray(row * time, (row + 1) * time),
      ),
      separators: separators?.split('/').map(parseSeparators),
      close: () => undefined,
    };
  }
  return readCorpus(tokens ?? '', separators, vocabSize);
}

async function readCorpus(
  folder: string,
  separators: string | undefined,
  vocabSize: number,
): Promise<Documents> {
  const [{ getTokenizer }, { openCorpus }, { documentSequence }, { separatorsFor }] = await Promise.all([
    import('../../data/tokenizers/registry.js'),
    import('../../data/tokens/corpus.js'),
    import('../../data/tokens/sequence.js'),
    import('../../segment/separators.js'),
  ]);
  const corpus = await openCorpus(folder);
  try {
    const { name, vocabularySize } = corpus.info.tokenizer;
    if (vocabularySize !== vocabSize)
      throw new DataError(
        `${displayPath(folder)}: made with the tokenizer ${name}, of ${vocabularySize} ids, but the model has ${vocabSize}; make one with the tokenizer that the model was trained with`,
      );
    const tokenizer = await getTokenizer(name);
    return {
      documents: corpus.documents.map((document) => documentSequence(corpus, [document])),
      separators: separators?.split('/').map((level) => separatorsFor(tokenizer, level)),
      close: corpus.close,
    };
  } catch (error) {
    corpus.close();
    throw error;
  }
}
