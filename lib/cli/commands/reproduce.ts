// `bipe reproduce`: runs paper items and writes their figures, tables and findings.

import { resolve } from 'node:path';
import { type Command } from 'commander';
import { checkWritable } from '../../base/files';
import { formatDuration } from '../../base/format';
import { displayPath, workPath } from '../../base/paths';
import { type Reporter, terminalReporter } from '../../base/progress';
import { type Experiment } from '../../experiments/run/definition';
import { type WorkerPool } from '../../experiments/run/pool';
import { type Report } from '../../experiments/run/report';
import { type FigureDrawer } from '../../report/export/draw';
import { describeFields, forEachItem, type ItemOutcome, settingsFor } from '../shared/items';
import { examples, presetOption, wholeNumber, withSetOption } from '../shared/options';
import { printLines } from '../shared/output';

interface ReproduceOptions {
  readonly preset: string;
  readonly out?: string;
  readonly set: readonly string[];
  readonly resume: boolean;
  readonly workers?: string;
  readonly json?: boolean;
}

/**
 * Adds the subcommand.
 *
 * @param items those of which `--help` is to list the fields
 */
export function addReproduceCommand(program: Command, items: readonly Experiment[] = []): void {
  withSetOption(program.command('reproduce'))
    .description('run paper items; figures, tables and findings are written as soon as each is done')
    .argument('<items...>', 'items such as fig1, or all')
    .option(...presetOption)
    .option('--out <folder>', 'where they go; default figures/local/<preset>, which git ignores')
    .option('--resume', 'reuse finished runs and continue interrupted ones (the default)', true)
    .option('--no-resume', 'compute everything anew')
    .option(
      '--workers <n>',
      'processes that compute at once; default: one for each core, where there is memory for them',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'reproduce fig1',
        'reproduce fig2 --set text="One stone. Two birds."',
        'reproduce fig3 --set encodings=rope,bipe_rope --set hiddenSizes=24',
        'reproduce fig4 --set encodings=bipe_rope,mine --set \'variants={"mine":{"kind":"rope","base":500}}\'',
        'reproduce all --preset smoke',
      ),
    )
    .addHelpText('after', describeFields(items))
    .action(reproduce);
}

async function reproduce(items: readonly string[], options: ReproduceOptions): Promise<void> {
  const { figureDrawer } = await import('../../report/export/draw.js');
  const { WorkerPool } = await import('../../experiments/run/pool.js');
  const { workers } = options;
  const pool = new WorkerPool({
    // Items are computed together, so that each needs a process of its own, short as it may be.
    leastCost: 0,
    ...(workers !== undefined && { workers: wholeNumber('--workers', workers, { example: 2 }) }),
  });
  // One for all items, whose bars stand below each other.
  const reporter = terminalReporter();
  const drawer = figureDrawer();
  try {
    const together = pool.size > 1;
    await forEachItem(items, { json: options.json, together }, (experiment) =>
      reproduceItem(experiment, options, { drawer, reporter, ...(together && { pool }) }),
    );
  } finally {
    pool.close();
    await drawer.close();
  }
}

/** What all items of a command share. */
export interface Means {
  readonly drawer: FigureDrawer;
  readonly reporter: Reporter;
  /** Left out: items are computed in this process. */
  readonly pool?: WorkerPool;
}

/** Runs an item, writes its files and prints its findings. */
export async function reproduceItem(
  experiment: Experiment,
  options: Omit<ReproduceOptions, 'workers'>,
  { drawer, reporter, pool }: Means,
): Promise<ItemOutcome> {
  const { exportReport } = await import('../../experiments/run/export.js');
  const { failedCheck } = await import('../../experiments/reproduce.js');
  const { comparisonSummary } = await import('../../experiments/run/compare.js');
  const started = Date.now();
  reporter.note(experiment.title);
  const folder =
    options.out === undefined ? workPath('figures', 'local', options.preset) : resolve(options.out);
  await checkWritable(folder);
  const report = await experiment.execute({
    preset: options.preset,
    settings: settingsFor(experiment, options),
    reporter,
    fresh: !options.resume,
    ...(pool && { pool }),
  });
  const files = await exportReport(report, { folder, reporter, drawer });
  if (options.json !== true) printLines(await describe(report, files, (Date.now() - started) / 1000));
  const summary = {
    item: report.item,
    preset: report.preset,
    reused: report.reused,
    missing: report.missing,
    findings: report.findings,
    comparison: report.comparison && comparisonSummary(report.comparison),
    files: files.map(displayPath),
  };
  return { summary, failure: failedCheck(report) };
}

async function describe(report: Report, files: readonly string[], seconds: number): Promise<string[]> {
  const { describeFinding } = await import('../../experiments/run/findings.js');
  const { describeComparison } = await import('../../experiments/run/compare.js');
  return [
    `${report.item} (${report.preset}): ${report.reused ? 'computed before' : 'computed'}, ${formatDuration(seconds)}`,
    ...report.findings.map((finding) => `  ${describeFinding(finding)}`),
    ...report.missing.map((line) => `  ! not measured here: ${line}`),
    ...(report.comparison === null ? [] : describeComparison(report.comparison).map((line) => `  ${line}`)),
    `  ${report.provenance.scale}`,
    ...files.map((file) => `  ${displayPath(file)}`),
    '',
  ];
}
