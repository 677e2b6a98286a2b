// The `bipe` command: parses, calls the library, prints. Anything heavy is loaded by the subcommand
// that needs it, so that `--help` answers at once.

import { Command, CommanderError } from 'commander';
import { bipe, bipeCommand } from '../base/command';
import { messageOf, UsageError, WorkbenchError } from '../base/errors';
import { isInstalled, projectRoot } from '../base/paths';
import { printable } from '../base/printable';
import { closestName } from '../base/suggest';
import { libraryVersion } from '../base/version';
import { addArithmeticCommand } from './commands/arithmetic';
import { addBenchCommand } from '../../bench/harness/command';
import { addCheckpointCommand } from './commands/checkpoint';
import { addCompareCommand } from './commands/compare';
import { addDataCommand } from './commands/data';
import { addDoctorCommand } from './commands/doctor';
import { addGalleryCommand } from './commands/gallery';
import { addListCommand } from './commands/list';
import { addLogitsCommand } from './commands/logits';
import { addPerplexityCommand } from './commands/perplexity';
import { addPublishCommand } from './commands/publish';
import { addReproduceCommand } from './commands/reproduce';
import { addSegmentCommand } from './commands/segment';
import { addSweepCommand } from './commands/sweep';
import { addTheoryCommand } from './commands/theory';
import { addTokenizeCommand } from './commands/tokenize';
import { addTrainCommand } from './commands/train';
import { type Experiment } from '../experiments/run/definition';
import { printFailure } from './shared/output';

/**
 * The command line as a value, for tests and for `main`.
 *
 * @param items those of which `reproduce --help` is to list the fields
 */
export function createProgram(items: readonly Experiment[] = []): Command {
  const program = new Command(bipeCommand)
    .description(
      'Reproduce, vary and explain "Two Stones Hit One Bird: Bilevel Positional Encoding" (ICML 2024)',
    )
    .version(libraryVersion)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => undefined });
  for (const add of [
    addListCommand,
    addReproduceCommand,
    addGalleryCommand,
    addSweepCommand,
    addCompareCommand,
    addDoctorCommand,
    addSegmentCommand,
    addTokenizeCommand,
    addDataCommand,
    addTrainCommand,
    addArithmeticCommand,
    addLogitsCommand,
    addPerplexityCommand,
    addCheckpointCommand,
    addTheoryCommand,
    // What these work with is in the repository alone.
    ...(isInstalled ? [] : [addPublishCommand, addBenchCommand]),
  ]) {
    add(program, items);
  }
  return program;
}

/**
 * Runs the command line and sets the process's exit code: 0 done, 1 failed, 2 asked for wrongly.
 */
export function main(args: readonly string[]): void {
  stopQuietlyOnClosedPipe();
  run(args).catch(async (error: unknown) => {
    process.exitCode = await report(error, args);
  });
}

async function run(args: readonly string[]): Promise<void> {
  const program = createProgram(await itemsToExplain(args));
  program.hook('preAction', async () => {
    const { rememberSources } = await import('../report/machine.js');
    rememberSources(projectRoot);
  });
  await program.parseAsync(args, { from: 'user' });
}

/** Items that `reproduce ... --help` names; help is printed before a command could load them. */
async function itemsToExplain([command, ...rest]: readonly string[]): Promise<readonly Experiment[]> {
  if (command !== 'reproduce' || !rest.some((word) => word === '--help' || word === '-h')) return [];
  const { experiments } = await import('../experiments/registry.js');
  return experiments.filter(({ id }) => rest.includes(id));
}

async function report(error: unknown, args: readonly string[]): Promise<number> {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    if (error.code === 'commander.help') return 2;
    const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ');
    const item = error.code === 'commander.unknownCommand' ? await itemMeant(args[0] ?? '') : undefined;
    const hint =
      item === undefined
        ? `${bipe('--help')} shows what there is`
        : `for the paper item: ${bipe(`reproduce ${item}`)}`;
    printFailure(`${message}; ${hint}`);
    return 2;
  }
  if (error instanceof WorkbenchError) {
    printFailure(error.message);
    return error instanceof UsageError ? 2 : error.exitCode;
  }
  // A mistake of ours: its stack has lines.
  const stack = error instanceof Error ? (error.stack ?? error.message) : messageOf(error);
  process.stderr.write(`${printable(stack)}\n`);
  return 1;
}

/** The paper item that a word which is no command probably names. */
async function itemMeant(word: string): Promise<string | undefined> {
  const { experiments } = await import('../experiments/registry.js');
  return closestName(
    word,
    experiments.map(({ id }) => id),
  );
}

/** `bipe ... | head` closes the pipe early; that is no error. */
function stopQuietlyOnClosedPipe(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
}
