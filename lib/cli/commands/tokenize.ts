// `bipe tokenize`: token ids of a text file.

import { once } from 'node:events';
import { type Command } from 'commander';
import { examples, tokenizersThereAre } from '../shared/options';

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
    .option('--tokenizer <name>', tokenizersThereAre, 'llama2')
    .option('--begin-of-text', "begin with the tokenizer's begin-of-text token")
    .option('--json', 'print JSON')
    .addHelpText('after', examples('tokenize --text-file README.md --tokenizer llama2'))
    .action(async ({ textFile, tokenizer: name, beginOfText, json }: TokenizeOptions) => {
      const { getTokenizer } = await import('../../data/tokenizers/registry.js');
      const { fileTokens } = await import('../../data/tokens/text-file.js');
      const tokenizer = await getTokenizer(name);
      const [before, after] =
        json === true ? [`{"tokenizer":${JSON.stringify(name)},"ids":[`, ']}'] : ['', ''];
      // As they come: the ids of a long text are no string that JavaScript can make.
      let separator = before;
      for await (const ids of fileTokens(textFile, tokenizer, { beginOfText: beginOfText === true })) {
        if (ids.length === 0) continue;
        await print(`${separator}${ids.join(',')}`);
        separator = ',';
      }
      await print(`${separator === ',' ? '' : separator}${after}\n`);
    });
}

async function print(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain');
}
