// `bipe compare`: whether finished runs have the reference's numbers.

import { type Command } from 'commander';
import { bipe } from '../../base/command';
import { DifferenceError, NotRunError } from '../../base/errors';
import { silentReporter } from '../../base/progress';
import { type Experiment } from '../../experiments/run/definition';
import { forEachItem, type ItemOutcome } from '../shared/items';
import { examples, presetOption } from '../shared/options';
import { printLines } from '../shared/output';

interface CompareOptions {
  readonly preset: string;
  readonly json?: boolean;
}

/** Adds the subcommand. */
export function addCompareCommand(program: Command): void {
  program
    .command('compare')
    .description(
      'whether runs on this machine have the numbers of the reference in figures/: the same, within its intervals, or different and where (then it ends with 1); nothing is computed',
    )
    .argument('<items...>', 'items such as fig1, or all')
    .option(...presetOption)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('compare fig4', 'compare all --json'))
    .action(async (items: readonly string[], options: CompareOptions) =>
      forEachItem(items, { json: options.json }, (experiment) => compareItem(experiment, options)),
    );
}

async function compareItem(experiment: Experiment, { preset, json }: CompareOptions): Promise<ItemOutcome> {
  const { comparisonSummary, describeComparison } = await import('../../experiments/run/compare.js');
  const without = (agreement: 'not run' | 'no reference', says: string): ItemOutcome => {
    if (json !== true) printLines([`${experiment.id} (${preset}): ${says}`]);
    return { summary: { item: experiment.id, preset, agreement }, failure: undefined };
  };
  const report = await experiment
    .execute({ preset, reporter: silentReporter, computes: false })
    .catch((error: unknown) => {
      if (!(error instanceof NotRunError)) throw error;
    });
  if (report === undefined) return without('not run', `not run yet; ${bipe(`reproduce ${experiment.id}`)}`);
  const { comparison } = report;
  if (comparison === null) return without('no reference', 'there is no reference of this preset');
  const [first = '', ...further] = describeComparison(comparison);
  if (json !== true) printLines([`${experiment.id} (${preset}) ${first}`, ...further]);
  const summary = comparisonSummary(comparison);
  return {
    summary,
    failure:
      summary.agreement === 'different'
        ? new DifferenceError(`${experiment.id}: some numbers are not those of the reference`)
        : undefined,
  };
}
