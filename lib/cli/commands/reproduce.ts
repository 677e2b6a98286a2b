// `bipe reproduce`: runs paper items and writes their figures, tables and findings.

import { resolve } from 'node:path';
import { type Command } from 'commander';
import { bipe } from '../../base/command';
import { UsageError, WorkbenchError } from '../../base/errors';
import { checkWritable } from '../../base/files';
import { formatDuration } from '../../base/format';
import { jsonOrUndefined } from '../../base/json';
import { ownEntry } from '../../base/own';
import { displayPath, projectPath } from '../../base/paths';
import { terminalReporter } from '../../base/progress';
import { checkKeys } from '../../base/strict-json';
import { type Experiment, type Report } from '../../experiments/experiment';
import { type FigureDrawer } from '../../report/draw';
import { collect, examples } from '../options';
import { printFailure, printJson, printLines } from '../output';

interface ReproduceOptions {
  readonly preset: string;
  readonly out?: string;
  readonly set: readonly string[];
  readonly resume: boolean;
  readonly json?: boolean;
}

/** Adds the subcommand. */
export function addReproduceCommand(program: Command): void {
  program
    .command('reproduce')
    .description('run paper items; figures, tables and findings are written as soon as each is done')
    .argument('<items...>', 'items such as fig1, or all')
    .option(
      '--preset <name>',
      `smoke, quick, evening, paper or released; ${bipe('list')} shows what each item has`,
      'quick',
    )
    .option('--out <folder>', 'where they go; default figures/local/<preset>, which git ignores')
    .option(
      '--set <field=value>',
      'replace a field of the preset (variants are added); may be repeated',
      collect,
      [],
    )
    .option('--resume', 'reuse finished runs and continue interrupted ones (the default)', true)
    .option('--no-resume', 'compute everything anew')
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
    .action(reproduce);
}

/** A `field=value`. */
function splitSetting(text: string): readonly [field: string, value: string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError(`--set: '${text}' is not field=value, e.g. maxTokens=100000`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** A value as JSON where it is JSON, else as text; where the preset has a list, several with commas between them. */
function parseValue(text: string, inPreset: unknown): unknown {
  const json = jsonOrUndefined(text);
  if (json !== undefined) checkKeys(text, '--set');
  const value = json === undefined ? text : json;
  if (!Array.isArray(inPreset) || Array.isArray(value)) return value;
  return text === '' ? [] : text.split(',').map((part) => parseValue(part, undefined));
}

async function reproduce(items: readonly string[], options: ReproduceOptions): Promise<void> {
  const { experiments, experimentNamed } = await import('../../experiments/registry.js');
  const { figureDrawer } = await import('../../report/draw.js');
  const chosen = items.includes('all') ? [...experiments] : [...new Set(items)].map(experimentNamed);
  const changes = options.set.map(splitSetting);
  const drawer = figureDrawer();
  const summaries: unknown[] = [];
  const failures: WorkbenchError[] = [];
  try {
    for (const experiment of chosen) {
      try {
        const { summary, failure } = await reproduceItem(experiment, changes, options, drawer);
        summaries.push(summary);
        if (failure === undefined) continue;
        failures.push(failure);
        if (chosen.length > 1) printFailure(failure.message);
      } catch (error) {
        // One item that cannot be done does not keep the others from being done.
        if (!(error instanceof WorkbenchError)) throw error;
        failures.push(error);
        summaries.push({ item: experiment.id, error: error.message });
        if (chosen.length > 1) printFailure(`${experiment.id}: ${error.message}`);
      }
    }
  } finally {
    await drawer.close();
  }
  if (options.json === true) printJson(summaries);
  const [first] = failures;
  if (first === undefined) return;
  if (chosen.length === 1) throw first;
  process.exitCode = Math.max(...failures.map((failure) => failure.exitCode));
}

async function reproduceItem(
  experiment: Experiment,
  changes: readonly (readonly [field: string, value: string])[],
  options: ReproduceOptions,
  drawer: FigureDrawer,
): Promise<{ readonly summary: unknown; readonly failure: WorkbenchError | undefined }> {
  const { exportReport } = await import('../../experiments/export.js');
  const { failedCheck } = await import('../../experiments/reproduce.js');
  const reporter = terminalReporter();
  const started = Date.now();
  reporter.note(experiment.title);
  const preset = experiment.presets.find(({ name }) => name === options.preset);
  const inPreset: Readonly<Record<string, unknown>> = { ...preset?.settings };
  const settings = Object.fromEntries(
    changes.map(([field, value]) => [field, parseValue(value, ownEntry(inPreset, field))]),
  );
  const folder =
    options.out === undefined ? projectPath('figures', 'local', options.preset) : resolve(options.out);
  await checkWritable(folder);
  const report = await experiment.execute({
    preset: options.preset,
    settings,
    reporter,
    fresh: !options.resume,
  });
  const files = await exportReport(report, { folder, reporter, drawer });
  if (options.json !== true) printLines(await describe(report, files, (Date.now() - started) / 1000));
  const summary = {
    item: report.item,
    preset: report.preset,
    reused: report.reused,
    missing: report.missing,
    findings: report.findings,
    files: files.map(displayPath),
  };
  return { summary, failure: failedCheck(report) };
}

async function describe(report: Report, files: readonly string[], seconds: number): Promise<string[]> {
  const { describeFinding } = await import('../../experiments/findings.js');
  return [
    `${report.item} (${report.preset}): ${report.reused ? 'computed before' : 'computed'}, ${formatDuration(seconds)}`,
    ...report.findings.map((finding) => `  ${describeFinding(finding)}`),
    ...report.missing.map((line) => `  ! not measured here: ${line}`),
    `  ${report.provenance.scale}`,
    ...files.map((file) => `  ${displayPath(file)}`),
    '',
  ];
}
