// `bipe tokenize`: token ids of a text file.

import { type Command } from 'commander';
import { readTextFile } from '../../base/files';
import { printJson, printLines } from '../output';

interface TokenizeOptions {
  readonly textFile: string;
  readonly tokenizer: string;
  readonly beginOfText?: boolean;
  readonly json?: boolean;
}

/** Adds the subcommand. */
export function addTokenizeCommand(program: Command): void {
  program
    .command('tokenize')
    .description('token ids of a text')
    .requiredOption('--text-file <file>', 'a UTF-8 text')
    .option('--tokenizer <name>', 'llama2, llama2-<pieces> (e.g. llama2-4096), bytes or characters', 'llama2')
    .option('--begin-of-text', "begin with the tokenizer's begin-of-text token")
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bipe tokenize --text-file README.md --tokenizer llama2')
    .action(async ({ textFile, tokenizer: name, beginOfText, json }: TokenizeOptions) => {
      const { getTokenizer } = await import('../../data/tokenizers/registry.js');
      const tokenizer = await getTokenizer(name);
      const ids = tokenizer.encode(await readTextFile(textFile), { beginOfText: beginOfText === true });
      if (json === true) printJson({ tokenizer: name, ids: Array.from(ids) });
      else printLines([Array.from(ids).join(',')]);
    });
}
