// `bipe arithmetic`: instances of the arithmetic task, and how well a model does on them.

import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { UsageError } from '../../base/errors';

interface GenerateOptions {
  readonly operators: string;
  readonly count: string;
  readonly seed: string;
  readonly modulus: string;
  readonly split: 'train' | 'test';
  readonly mix?: 'under' | 'exact';
  readonly json?: boolean;
}

/** Adds the subcommand and its own. */
export function addArithmeticCommand(program: Command): void {
  const arithmetic = program
    .command('arithmetic')
    .description('the arithmetic task: generate instances, evaluate a model on them');
  arithmetic
    .command('generate')
    .description('print instances, one a line: an expression and its evaluation, step by step')
    .option('--operators <n>', 'the most operators of an expression', '6')
    .option('--count <n>', 'how many instances', '10')
    .option('--seed <n>', 'another seed, other instances', '1')
    .option('--modulus <p>', 'a prime: numbers are 0 to p - 1', '11')
    .addOption(
      new Option('--split <split>', 'two sets that share no expression')
        .choices(['train', 'test'])
        .default('train'),
    )
    .addOption(
      new Option(
        '--mix <mix>',
        '1 to n operators in proportion to their count, or n always (default: under for train, exact for test)',
      ).choices(['under', 'exact']),
    )
    .option('--json', 'print a JSON object for each: text, ids, operators, answer')
    .addHelpText(
      'after',
      '\nExample:\n  bipe arithmetic generate --operators 6 --count 1000 --seed 1 --split test > test.txt',
    )
    .action(generate);
}

/** Lines that are printed at once. */
const linesAtOnce = 2000;

async function generate(options: GenerateOptions): Promise<void> {
  const count = wholeNumber('--count', options.count);
  const { ArithmeticGenerator } = await import('../../data/arithmetic/generator.js');
  const { formatArithmetic } = await import('../../data/arithmetic/expression.js');
  const { arithmeticIds } = await import('../../data/arithmetic/vocabulary.js');
  const { Random } = await import('../../engine/random.js');
  const generator = new ArithmeticGenerator(
    {
      operators: wholeNumber('--operators', options.operators),
      modulus: wholeNumber('--modulus', options.modulus),
      split: options.split,
      ...(options.mix === undefined ? {} : { mix: options.mix }),
    },
    Random.fromSeed(wholeNumber('--seed', options.seed)),
  );
  const row = new Int32Array(generator.time);
  const line = (): string => {
    const ids = row.subarray(0, generator.draw(row, 0));
    const text = formatArithmetic(ids, generator.vocabulary);
    if (options.json !== true) return `${text}\n`;
    const answer = (ids[ids.length - 2] ?? 0) - arithmeticIds.number;
    return `${JSON.stringify({ text, ids: Array.from(ids), operators: generator.operators, answer })}\n`;
  };
  for (let printed = 0; printed < count; printed += linesAtOnce) {
    const lines = Array.from({ length: Math.min(linesAtOnce, count - printed) }, line);
    if (!process.stdout.write(lines.join(''))) await once(process.stdout, 'drain');
  }
}

function wholeNumber(option: string, text: string): number {
  if (/^\d+$/.test(text.trim())) return Number(text);
  throw new UsageError(`${option}: '${text}' is not a whole number; give one, e.g. ${option} 6`);
}
