// `bipe bench`: measures speed and memory side by side with PyTorch.

import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { MachineError, UsageError, WorkbenchError } from '../../lib/base/errors';
import { displayPath, projectPath } from '../../lib/base/paths';
import { type Reporter, terminalReporter } from '../../lib/base/progress';
import { type ProvenanceInput } from '../../lib/report/provenance';
import { type BenchSetting, type StoredRow } from './store';
import { type BenchDevice } from './launch';
import { type BenchRow } from './rows';
import { collect, examples } from '../../lib/cli/shared/options';
import { alignColumns, printJson, printLines } from '../../lib/cli/shared/output';

interface BenchOptions {
  readonly suite?: string;
  readonly row: readonly string[];
  readonly peer?: 'pytorch';
  readonly python?: string;
  readonly pairs: string;
  readonly seconds: string;
  readonly threads?: string;
  readonly device: BenchDevice;
  readonly profile?: boolean;
  readonly quick?: boolean;
  readonly out?: string;
  readonly json?: boolean;
}

/** Adds the subcommand. */
export function addBenchCommand(program: Command): void {
  program
    .command('bench')
    .description('measure speed and memory, side by side with PyTorch')
    .option('--suite <name>', 'evaluate, train, decode, tokenize or segment; default the first three')
    .option('--row <name>', 'one row of the table; may be repeated', collect, [])
    .addOption(
      new Option('--peer <name>', 'measure it in alternation with this library').choices(['pytorch']),
    )
    .option('--python <path>', 'an interpreter that has torch; default: an environment made once in .cache')
    .option('--pairs <n>', 'alternating measurements of each side', '5')
    .option('--seconds <s>', 'duration of a measurement, at least one step', '4')
    .option('--threads <n>', 'threads of each side; default: all cores of this process')
    .addOption(
      new Option('--device <name>', 'where both sides compute').choices(['cpu', 'gpu']).default('cpu'),
    )
    .option('--profile', 'profile a step by operation, our side alone')
    .option('--quick', 'tiny sizes, one pair, to check that everything runs; the numbers mean nothing')
    .option(
      '--out <folder>',
      'where results go; default bench/results (on a GPU its folder gpu), with --quick .cache/bench',
    )
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples(
        'bench --peer pytorch',
        'bench --peer pytorch --suite train --row train-17m --pairs 7',
        'bench --profile --row train-17m',
        'bench --suite tokenize',
      ),
    )
    .action(bench);
}

async function bench(options: BenchOptions): Promise<void> {
  const { scriptSuites, chooseRows, quickRow } = await import('./rows.js');
  const script = scriptSuites.find((suite) => suite === options.suite);
  if (script !== undefined) {
    await runScript(script, options);
    return;
  }
  if (options.profile === true && options.peer !== undefined)
    throw new UsageError('--profile: profiles our side alone; leave out --peer');
  if (options.profile === true && options.device === 'gpu')
    throw new UsageError('--profile: records operations on the CPU alone; leave out --device gpu');
  const quick = options.quick === true;
  const chosen = chooseRows(options.suite, options.row);
  const rows = quick ? chosen.map(quickRow) : chosen;
  const out = resolve(
    options.out ??
      (quick
        ? projectPath('.cache', 'bench')
        : projectPath('bench', 'results', ...(options.device === 'gpu' ? ['gpu'] : []))),
  );
  const run = {
    pairs: quick ? 1 : amount('--pairs', options.pairs, true),
    seconds: quick ? 0.02 : amount('--seconds', options.seconds),
    threads:
      options.threads === undefined ? availableParallelism() : amount('--threads', options.threads, true),
  };
  const work = options.profile === true ? profile : measure;
  await work(rows, { ...run, options, out, quick, reporter: terminalReporter() });
}

interface Run {
  readonly pairs: number;
  readonly seconds: number;
  readonly threads: number;
  readonly options: BenchOptions;
  readonly out: string;
  readonly quick: boolean;
  readonly reporter: Reporter;
}

async function measure(rows: readonly BenchRow[], run: Run): Promise<void> {
  const { pairs, seconds, threads, options, out, quick, reporter } = run;
  const { describeSide, ourCommand, peerCommand, peerInterpreter } = await import('./launch.js');
  const { compareRow, measurePeak, rowFolder } = await import('./compare.js');
  const { readRows, storeRow } = await import('./store.js');
  const report = await import('./report.js');
  const { collectProvenance } = await import('../../lib/report/provenance.js');
  const startedAt = Date.now();

  const ours = ourCommand({ device: options.device, threads });
  const python = options.peer === undefined ? undefined : await peerInterpreter(options.python);
  const peer =
    python === undefined
      ? undefined
      : (way: BenchRow['peerWays'][number]) => peerCommand(python, way, { device: options.device, threads });
  const commands = peer === undefined ? [ours] : [ours, peer('eager')];
  const [engine = '', pytorch = null] = await inTurn(commands, describeSide);
  const [ourPeak = 0, peerPeak = null] = await measurePeak(commands, quick ? 256 : 2048, quick ? 1 : 3);
  const setting: BenchSetting = {
    threads,
    pairs,
    ours: engine,
    pytorch,
    peak: { ours: ourPeak, pytorch: peerPeak },
  };
  for (const line of [engine, pytorch ?? 'no peer', report.describePeak(setting.peak)]) reporter.note(line);
  const origin = originOf(engine, run);
  const outcome = await eachRow(rows, run, async (row, begun) => {
    const measurement = await compareRow(row, {
      ours,
      ...(peer === undefined ? {} : { peer }),
      folder: rowFolder(projectPath('.cache', 'bench-rows'), row),
      pairs,
      seconds,
      reporter,
    });
    const item = `bench ${row.name}`;
    const provenance = collectProvenance({ ...origin, item, startedAt: begun, seeds: [1] });
    const stored = { measurement, setting, provenance };
    await storeRow(out, stored);
    return stored;
  });
  const { done: measured } = outcome;
  if (measured.length > 0)
    await draw(
      quick ? measured : await readRows(out),
      run,
      collectProvenance({ ...origin, item: 'bench', startedAt }),
    );
  await print(measured, outcome.failures, run);
  checkOutcome(outcome, rows.length);
}

/** Profiles rows, and writes a table for each. */
async function profile(rows: readonly BenchRow[], run: Run): Promise<void> {
  const { seconds, threads, options, out, reporter } = run;
  const { describeSide, ourCommand } = await import('./launch.js');
  const { rowFolder } = await import('./compare.js');
  const { inputsTable, profileRow, profileTable, terminalProfile } = await import('./profile.js');
  const { collectProvenance } = await import('../../lib/report/provenance.js');
  const { exportTables } = await import('../../lib/report/tables.js');
  const folder = join(out, 'profiles');
  const ours = ourCommand({ device: options.device, threads });
  const engine = await describeSide(ours);
  reporter.note(engine);
  const origin = originOf(engine, run);
  const outcome = await eachRow(rows, run, async (row, begun) => {
    const profiled = await profileRow(row, {
      ours,
      folder: rowFolder(projectPath('.cache', 'bench-rows'), row),
      seconds,
      reporter,
    });
    const item = `profile ${row.name}`;
    const provenance = collectProvenance({ ...origin, item, startedAt: begun, seeds: [1] });
    await exportTables([profileTable(profiled), inputsTable(profiled)], { folder, provenance });
    return profiled;
  });
  const { done, failures } = outcome;
  if (options.json === true)
    printJson({ rows: done.map(({ row, ...numbers }) => ({ row: row.name, ...numbers })), failures });
  else if (done.length > 0)
    printLines([
      ...done.flatMap(terminalProfile).flatMap((cells) => [...alignColumns(cells), '']),
      displayPath(folder),
    ]);
  checkOutcome(outcome, rows.length);
}

/** The provenance that all measurements of a run share. */
function originOf(
  engine: string,
  { quick, threads }: Run,
): Pick<ProvenanceInput, 'preset' | 'engine' | 'scale'> {
  return {
    preset: quick ? 'quick' : 'full',
    engine,
    scale: quick ? 'Tiny sizes: these numbers mean nothing.' : `On this machine, ${threads} threads each.`,
  };
}

/** The outcome of working on rows. */
interface Outcome<T> {
  readonly done: readonly T[];
  readonly failures: readonly { readonly row: string; readonly error: string }[];
  readonly interrupted: boolean;
}

/**
 * Works on row after row. A row that fails is named and left out; an interruption ends the work.
 */
async function eachRow<T>(
  rows: readonly BenchRow[],
  { reporter }: Run,
  work: (row: BenchRow, begun: number) => Promise<T>,
): Promise<Outcome<T>> {
  const done: T[] = [];
  const failures: { row: string; error: string }[] = [];
  let interrupted = false;
  const isInterrupted = (): boolean => interrupted;
  // The sides receive the signal too, and end; the current row fails and leaves nothing behind.
  process.once('SIGINT', () => {
    interrupted = true;
  });
  for (const row of rows) {
    if (isInterrupted()) break;
    try {
      done.push(await work(row, Date.now()));
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error;
      if (isInterrupted()) break;
      failures.push({ row: row.name, error: error.message });
      reporter.note(error.message);
    }
  }
  return { done, failures, interrupted: isInterrupted() };
}

/**
 * Reports an incomplete outcome.
 *
 * @throws MachineError if not all rows are done
 */
function checkOutcome({ done, failures, interrupted }: Outcome<unknown>, rows: number): void {
  if (interrupted)
    throw new MachineError(`interrupted; ${done.length} of ${rows} rows are measured and kept`);
  if (failures.length > 0)
    throw new MachineError(
      `${failures.length} of ${rows} rows could not be measured: ${failures.map(({ row }) => row).join(', ')}`,
    );
}

/** Draws table and figure of all stored rows. */
async function draw(
  rows: readonly StoredRow[],
  { out, reporter }: Run,
  provenance: StoredRow['provenance'],
): Promise<void> {
  const { benchFigure, benchTable, growthOf } = await import('./report.js');
  const { exportFigures } = await import('../../lib/report/export/export.js');
  const { exportTables } = await import('../../lib/report/tables.js');
  const figure = benchFigure(rows);
  const numbers = { rows: rows.map(({ measurement }) => measurement), growth: growthOf(rows) };
  if (figure !== undefined) await exportFigures([figure], { folder: out, provenance, numbers, reporter });
  await exportTables([benchTable(rows)], { folder: out, provenance, reporter });
}

async function print(
  rows: readonly StoredRow[],
  failures: Outcome<StoredRow>['failures'],
  { options, out, quick }: Run,
): Promise<void> {
  const { describeGrowth, growthOf, terminalHeader, terminalRow } = await import('./report.js');
  const { summarize } = await import('./measurement.js');
  const summaries = rows.map(({ measurement, setting }) => summarize(measurement, setting.peak));
  const growth = growthOf(rows);
  if (options.json === true) {
    printJson({
      quick,
      rows: summaries.map(({ row, ...numbers }) => ({ row: row.name, ...numbers })),
      growth,
      failures,
    });
    return;
  }
  if (rows.length === 0) return;
  printLines([
    ...alignColumns([terminalHeader(), ...summaries.map(terminalRow)]),
    ...(growth === null || quick ? [] : [describeGrowth(growth)]),
    ...(quick ? ['tiny sizes: these numbers mean nothing'] : []),
    displayPath(out),
  ]);
}

async function inTurn<T, R>(values: readonly T[], work: (value: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const value of values) results.push(await work(value));
  return results;
}

/** Runs a suite that is a script of its own. */
async function runScript(name: string, { json, peer, profile, row }: BenchOptions): Promise<void> {
  if (peer !== undefined || row.length > 0 || profile === true)
    throw new UsageError(
      `--suite ${name}: has no rows and no PyTorch; leave out --row, --peer and --profile`,
    );
  const args = [projectPath('bench', `${name}.mjs`), ...(json === true ? ['--json'] : [])];
  const child = spawn(process.execPath, args, { stdio: 'inherit' });
  const code = await new Promise<number | null>((done) => child.once('close', done));
  if (code !== 0) throw new MachineError(`bench/${name}.mjs ended with code ${code ?? 'unknown'}`);
}

function amount(option: string, text: string, whole = false): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value) && (!whole || Number.isInteger(value))) return value;
  throw new UsageError(
    `${option}: '${text}' is not a ${whole ? 'whole ' : ''}number above 0; give one, e.g. 5`,
  );
}
