// `bipe data`: the text sources: what there is, getting them, checking them.

import { join } from 'node:path';
import { type Command } from 'commander';
import { MachineError } from '../../base/errors';
import { formatBytes, formatCount } from '../../base/format';
import { displayPath } from '../../base/paths';
import { terminalReporter } from '../../base/progress';
import { alignColumns, printJson, printLines } from '../output';

interface DataOptions {
  readonly json?: boolean;
}

/** Adds the subcommand and its own. */
export function addDataCommand(program: Command): void {
  const data = program.command('data').description('the text sources: list, prepare, verify');
  data
    .command('list')
    .description('every source: kind of text, licence, version, what getting it takes')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bipe data list')
    .action(list);
  data
    .command('prepare')
    .description('bring a source onto this machine and check it')
    .argument('<names...>', 'names from bipe data list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bipe data prepare moby-dick')
    .action(prepare);
  data
    .command('scrolls')
    .description('download the files of SCROLLS, seven tasks over long texts, and check them')
    .argument('[tasks...]', 'names such as qasper; default: all seven (NarrativeQA takes gigabytes)')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bipe data scrolls qasper contract_nli')
    .action(scrolls);
  data
    .command('verify')
    .description('recompute the checksums of all sources, or of those named')
    .argument('[names...]', 'names from bipe data list')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bipe data verify')
    .action(verify);
}

async function list({ json }: DataOptions): Promise<void> {
  const { listSources } = await import('../../data/registry.js');
  const sources = listSources();
  if (json === true) {
    printJson(sources);
    return;
  }
  const rows = sources.map((source) => [
    source.name,
    source.modality,
    source.needs === 'package' ? 'installed' : source.needs,
    formatBytes(source.bytes),
    source.version,
    source.licence,
    source.title,
  ]);
  printLines(alignColumns([['name', 'text', 'needs', 'size', 'version', 'licence', 'title'], ...rows]));
}

async function prepare(names: readonly string[], { json }: DataOptions): Promise<void> {
  const { prepareSource } = await import('../../data/sources/prepare.js');
  const prepared = [];
  for (const name of names) {
    const { info, checksum, pinned } = await prepareSource(name, { reporter: terminalReporter() });
    prepared.push({ name, version: info.version, checksum, pinned });
  }
  if (json === true) printJson(prepared);
  else
    printLines(
      prepared.map((source) => `${source.name} ${source.version}: ready, sha256 ${source.checksum}`),
    );
}

async function scrolls(names: readonly string[], { json }: DataOptions): Promise<void> {
  const { parseScrollsTask, scrollsTaskNames } = await import('../../data/scrolls/tasks.js');
  const { downloadScrolls } = await import('../../data/scrolls/download.js');
  const tasks = names.length === 0 ? scrollsTaskNames : names.map(parseScrollsTask);
  const downloads = [];
  for (const task of tasks) downloads.push(await downloadScrolls(task, { reporter: terminalReporter() }));
  if (json === true) {
    printJson(downloads);
    return;
  }
  const rows = downloads.flatMap(({ task, folder, files }) =>
    files.map(({ name, rows, sha256 }) => [
      task,
      displayPath(join(folder, name)),
      `${formatCount(rows)} rows`,
      `sha256 ${sha256}`,
    ]),
  );
  printLines(alignColumns(rows));
}

async function verify(names: readonly string[], { json }: DataOptions): Promise<void> {
  const { listSources } = await import('../../data/registry.js');
  const { verifySource } = await import('../../data/sources/prepare.js');
  const wanted = names.length === 0 ? listSources().map((source) => source.name) : names;
  const reports = [];
  for (const name of wanted) reports.push(await verifySource(name));
  if (json === true) printJson(reports);
  else printLines(alignColumns(reports.map((report) => [report.name, report.status, report.detail])));
  const corrupt = reports.filter((report) => report.status === 'corrupt').map((report) => report.name);
  if (corrupt.length > 0) {
    throw new MachineError(`corrupt: ${corrupt.join(', ')}; run bipe data prepare ${corrupt.join(' ')}`);
  }
}
