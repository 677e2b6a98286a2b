// `bipe perplexity`: how well a model predicts sequences, read at several lengths.

import { type Command } from 'commander';
import { UsageError } from '../../base/errors';
import { terminalReporter } from '../../base/progress';
import { alignColumns, printJson, printLines } from '../output';

interface PerplexityCommandOptions {
  readonly checkpoint: string;
  readonly ids: string;
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
    .requiredOption('--ids <file>', 'safetensors with int32 input_ids [documents, time]')
    .requiredOption('--lengths <list>', 'tokens of a block, e.g. 64,128,256')
    .option('--stride <tokens>', 'slide a window on by so many tokens instead of reading blocks side by side')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      '\nExample:\n  bipe perplexity --checkpoint checkpoints/BiPE_RoPE-151M --ids ids.safetensors --lengths 1024,2048',
    )
    .action(perplexity);
}

async function perplexity(options: PerplexityCommandOptions): Promise<void> {
  const lengths = options.lengths.split(',').map((text) => integer('--lengths', text));
  const stride = options.stride === undefined ? {} : { stride: integer('--stride', options.stride) };
  const [{ startEngine }, { loadCheckpoint }, { disposeParameters }, { checkIds, readIds }, evaluate] =
    await Promise.all([
      import('../../engine/engine.js'),
      import('../../model/checkpoint.js'),
      import('../../model/parameters.js'),
      import('../../model/ids-file.js'),
      import('../../evaluate/perplexity.js'),
    ]);
  const reporter = terminalReporter();
  const ids = await readIds(options.ids);
  const [rows, time] = ids.shape;
  const documents = Array.from({ length: rows }, (_, row) =>
    ids.values.subarray(row * time, (row + 1) * time),
  );
  await startEngine({ reporter });
  const { decoder, parameters } = await loadCheckpoint(options.checkpoint);
  const results = [];
  try {
    checkIds(ids, decoder.architecture.vocabSize, options.ids);
    for (const length of lengths)
      results.push(
        await evaluate.evaluatePerplexity(decoder, parameters, documents, length, { ...stride, reporter }),
      );
  } finally {
    disposeParameters(parameters);
  }
  if (options.json === true) {
    printJson(results);
    return;
  }
  const cells = results.map(({ length, loss, perplexity, interval, tokens }) => [
    String(length),
    loss.toFixed(6),
    perplexity.toPrecision(6),
    interval ? `${interval.low.toPrecision(6)} to ${interval.high.toPrecision(6)}` : '',
    String(tokens),
  ]);
  printLines(alignColumns([['length', 'loss', 'perplexity', '95 % interval', 'tokens'], ...cells]));
}

function integer(option: string, text: string): number {
  if (!/^\d+$/.test(text.trim()))
    throw new UsageError(`${option}: '${text}' is not a number of tokens; give e.g. 64,128,256`);
  return Number(text);
}
