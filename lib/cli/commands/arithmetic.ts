// `bipe arithmetic`: instances of the arithmetic task, and how well a model does on them.

import { once } from 'node:events';
import { type Command, Option } from 'commander';
import { bipe } from '../../base/command';
import { terminalReporter } from '../../base/progress';
import { type ArithmeticScore } from '../../evaluate/arithmetic';
import { examples, wholeNumber } from '../shared/options';
import { alignColumns, printResult } from '../shared/output';

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
      examples('arithmetic generate --operators 6 --count 1000 --seed 1 --split test > test.txt'),
    )
    .action(generate);
  arithmetic
    .command('evaluate')
    .description('ask a model the questions of a file and count right answers')
    .requiredOption('--checkpoint <folder>', 'config.json and model.safetensors of a model of this task')
    .requiredOption('--file <file>', `instances, one a line, as ${bipe('arithmetic generate')} prints them`)
    .option('--batch <n>', 'questions side by side', '256')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples('arithmetic evaluate --checkpoint runs/my-model/checkpoint --file test.txt'),
    )
    .action(evaluate);
}

/** Lines that are printed at once. */
const linesAtOnce = 2000;

async function generate(options: GenerateOptions): Promise<void> {
  const count = wholeNumber('--count', options.count, { least: 0, example: 10 });
  const { ArithmeticGenerator } = await import('../../data/arithmetic/generator.js');
  const { formatArithmetic } = await import('../../data/arithmetic/expression.js');
  const { arithmeticIds } = await import('../../data/arithmetic/vocabulary.js');
  const { Random } = await import('../../engine/random/random.js');
  const generator = new ArithmeticGenerator(
    {
      operators: wholeNumber('--operators', options.operators, { example: 6 }),
      modulus: wholeNumber('--modulus', options.modulus, { example: 5 }),
      split: options.split,
      ...(options.mix === undefined ? {} : { mix: options.mix }),
    },
    Random.fromSeed(wholeNumber('--seed', options.seed, { least: 0, example: 1 })),
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

interface EvaluateOptions {
  readonly checkpoint: string;
  readonly file: string;
  readonly batch: string;
  readonly json?: boolean;
}

async function evaluate({ checkpoint: folder, file, batch, json }: EvaluateOptions): Promise<void> {
  const batchSize = wholeNumber('--batch', batch, { example: 256 });
  const { loadCheckpoint, readModelConfig } = await import('../../model/files/checkpoint.js');
  const { arithmeticVocabularyOfSize } = await import('../../data/arithmetic/vocabulary.js');
  const { readArithmeticFile } = await import('../../data/arithmetic/file.js');
  const { vocabSize } = await readModelConfig(folder);
  const vocabulary = arithmeticVocabularyOfSize(vocabSize);
  const questions = await readArithmeticFile(file, vocabulary);

  const { startEngine } = await import('../../engine/engine.js');
  const { decoderGenerator } = await import('../../evaluate/generator.js');
  const { evaluateArithmetic } = await import('../../evaluate/arithmetic.js');
  await startEngine();
  const { decoder, parameters } = await loadCheckpoint(folder);
  const { byOperators, ...total } = await evaluateArithmetic(
    decoderGenerator(decoder, parameters),
    questions,
    { vocabulary, batch: batchSize, reporter: terminalReporter() },
  );
  const groups = byOperators.map(({ operators, ...score }) => ({ operators, ...summary(score) }));
  printResult(
    json,
    { ...summary(total), byOperators: groups },
    alignColumns(scoreTable(summary(total), groups)),
  );
}

/** A score in few numbers. */
interface Summary {
  readonly questions: number;
  readonly correct: number;
  /** The share of right answers, and its interval at 95 %. */
  readonly accuracy: number;
  readonly low: number;
  readonly high: number;
  /** The share of right answers by right steps alone. */
  readonly soundness: number;
  readonly unfinished: number;
}

function summary({ accuracy, soundness, unfinished }: ArithmeticScore): Summary {
  const { trials: questions, successes: correct, share, low, high } = accuracy;
  return { questions, correct, accuracy: share, low, high, soundness: soundness.share, unfinished };
}

function scoreTable(
  total: Summary,
  groups: readonly (Summary & { readonly operators: number })[],
): string[][] {
  const row = (name: string, score: Summary): string[] => [
    name,
    score.accuracy.toFixed(4),
    `${score.low.toFixed(4)} to ${score.high.toFixed(4)}`,
    score.soundness.toFixed(4),
    String(score.unfinished),
    String(score.questions),
  ];
  return [
    ['operators', 'accuracy', '95 % interval', 'with right steps', 'unfinished', 'questions'],
    ...groups.map((group) => row(String(group.operators), group)),
    row('all', total),
  ];
}
