// `bipe segment`: bilevel positions of token ids or of a text.

import { type Command } from 'commander';
import { UsageError } from '../../base/errors';
import { readTextFile } from '../../base/files';
import { bilevelArrays } from '../../segment/arrays';
import { parseSeparators, separatorsFor } from '../../segment/separators';
import { examples, tokenizersThereAre, wholeNumber } from '../shared/options';
import { alignColumns, printJson, printLines } from '../shared/output';

interface SegmentOptions {
  readonly ids?: string;
  readonly textFile?: string;
  readonly separators: string;
  readonly tokenizer: string;
  readonly intraSize?: string;
  readonly json?: boolean;
}

/** Adds the subcommand. */
export function addSegmentCommand(program: Command): void {
  program
    .command('segment')
    .description('place in segment (intra) and segment index of each token')
    .option('--ids <ids>', 'token ids, separated by commas')
    .option('--text-file <file>', 'a UTF-8 text, tokenized first')
    .option('--separators <set>', 'paper, released, or ids such as 869,13', 'paper')
    .option('--tokenizer <name>', `${tokenizersThereAre}; for --text-file`, 'llama2')
    .option('--intra-size <rows>', 'clamp intra to the rows of the intra-segment table, e.g. 1024')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('segment --ids 5,869,7,13,13,9 --separators released --json'))
    .action(segment);
}

async function segment(options: SegmentOptions): Promise<void> {
  const { ids, separators, texts } = await read(options);
  const intraSize =
    options.intraSize === undefined
      ? {}
      : { intraSize: wholeNumber('--intra-size', options.intraSize, { example: 1024 }) };
  const positions = bilevelArrays(ids, separators, intraSize);
  const result = { intra: Array.from(positions.intra), segment: Array.from(positions.segment) };
  if (options.json === true) {
    printJson(texts === undefined ? result : { ids: Array.from(ids), ...result });
    return;
  }
  const header = ['id', ...(texts === undefined ? [] : ['token']), 'intra', 'segment'];
  const rows = Array.from(ids, (id, index) => [
    String(id),
    ...(texts === undefined ? [] : [texts[index] ?? '']),
    String(result.intra[index]),
    String(result.segment[index]),
  ]);
  printLines(alignColumns([header, ...rows]));
}

async function read(
  options: SegmentOptions,
): Promise<{ ids: Int32Array; separators: readonly number[]; texts?: readonly string[] }> {
  if ((options.ids === undefined) === (options.textFile === undefined)) {
    throw new UsageError('segment: give either --ids or --text-file');
  }
  if (options.ids !== undefined) {
    return { ids: parseIds(options.ids), separators: parseSeparators(options.separators) };
  }
  const { getTokenizer } = await import('../../data/tokenizers/registry.js');
  const tokenizer = await getTokenizer(options.tokenizer);
  const separators = separatorsFor(tokenizer, options.separators);
  const ids = tokenizer.encode(await readTextFile(options.textFile ?? ''));
  return { ids, separators, texts: Array.from(ids, (id) => tokenizer.tokenText(id)) };
}

function parseIds(text: string): Int32Array {
  if (text.trim() === '') return new Int32Array(0);
  return Int32Array.from(text.split(','), (part, index) => {
    const digits = part.trim();
    if (/^\d+$/.test(digits) && Number(digits) < 2 ** 31) return Number(digits);
    throw new UsageError(
      `--ids: item ${index + 1}, '${digits}', is not a token id; give integers from 0, separated by commas, e.g. 5,869,7`,
    );
  });
}
