// `bipe data`: the text sources: what there is, getting them, checking them; and their tokens as
// files.

import { join } from 'node:path';
import { type Command } from 'commander';
import { bipe } from '../../base/command';
import { MachineError } from '../../base/errors';
import { formatBytes, formatCount } from '../../base/format';
import { displayPath } from '../../base/paths';
import { terminalReporter } from '../../base/progress';
import { examples, tokenizersThereAre, wholeNumber } from '../shared/options';
import { alignColumns, printResult } from '../shared/output';

interface DataOptions {
  readonly json?: boolean;
}

interface TokensOptions extends DataOptions {
  readonly sources: string;
  readonly tokenizer: string;
  readonly maxTokens?: string;
}

/** Adds the subcommand and its own. */
export function addDataCommand(program: Command): void {
  const data = program.command('data').description('the text sources: list, prepare, tokens, verify');
  data
    .command('list')
    .description('every source: kind of text, licence, version, what getting it takes')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('data list'))
    .action(list);
  data
    .command('prepare')
    .description('bring a source onto this machine and check it')
    .argument('<names...>', `names from ${bipe('data list')}`)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('data prepare moby-dick'))
    .action(prepare);
  data
    .command('tokens')
    .description('the tokens of sources as a file, made unless it is there')
    .requiredOption('--sources <list>', `names from ${bipe('data list')}, e.g. moby-dick,sotu`)
    .option('--tokenizer <name>', tokenizersThereAre, 'llama2')
    .option('--max-tokens <count>', 'end after so many')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('data tokens --sources moby-dick,sotu --tokenizer llama2-4096'))
    .action(tokens);
  data
    .command('scrolls')
    .description('download the files of SCROLLS, seven tasks over long texts, and check them')
    .argument('[tasks...]', 'names such as qasper; default: all seven (NarrativeQA takes gigabytes)')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('data scrolls qasper contract_nli'))
    .action(scrolls);
  data
    .command('verify')
    .description('recompute the checksums of all sources and token files, or of those named')
    .argument('[names...]', `names from ${bipe('data list')}, or of folders in datasets/prepared`)
    .option('--json', 'print JSON')
    .addHelpText('after', examples('data verify'))
    .action(verify);
}

async function list({ json }: DataOptions): Promise<void> {
  const { listSources } = await import('../../data/sources/registry.js');
  const sources = listSources();
  const rows = sources.map((source) => [
    source.name,
    source.modality,
    source.needs === 'package' ? 'installed' : source.needs,
    formatBytes(source.bytes),
    source.version,
    source.licence,
    source.title,
  ]);
  printResult(
    json,
    sources,
    alignColumns([['name', 'text', 'needs', 'size', 'version', 'licence', 'title'], ...rows]),
  );
}

async function prepare(names: readonly string[], { json }: DataOptions): Promise<void> {
  const { prepareSource } = await import('../../data/sources/prepare.js');
  const prepared = [];
  for (const name of names) {
    const { info, checksum, pinned } = await prepareSource(name, { reporter: terminalReporter() });
    prepared.push({ name, version: info.version, checksum, pinned });
  }
  printResult(
    json,
    prepared,
    prepared.map((source) => `${source.name} ${source.version}: ready, sha256 ${source.checksum}`),
  );
}

async function tokens({ sources, tokenizer, maxTokens, json }: TokensOptions): Promise<void> {
  const { prepareCorpus } = await import('../../data/tokens/prepare.js');
  const corpus = await prepareCorpus(
    {
      sources: sources.split(',').map((name) => name.trim()),
      tokenizer,
      ...(maxTokens !== undefined && {
        maxTokens: wholeNumber('--max-tokens', maxTokens, { example: 1_000_000 }),
      }),
    },
    { reporter: terminalReporter() },
  );
  corpus.close();
  const { folder, info, documents } = corpus;
  printResult(
    json,
    { folder, ...info, documents: documents.length },
    alignColumns([
      ['folder', displayPath(folder)],
      ['tokens', `${formatCount(info.tokens)} (${info.type}, sha256 ${info.sha256})`],
      ['documents', formatCount(documents.length)],
      ['tokenizer', `${info.tokenizer.name}, ${formatCount(info.tokenizer.vocabularySize)} ids`],
      ...info.sources.map(({ name, version, checksum }) => [
        'source',
        `${name} ${version}, sha256 ${checksum}`,
      ]),
    ]),
  );
}

async function scrolls(names: readonly string[], { json }: DataOptions): Promise<void> {
  const { parseScrollsTask, scrollsTaskNames } = await import('../../data/scrolls/tasks.js');
  const { downloadScrolls } = await import('../../data/scrolls/download.js');
  const tasks = names.length === 0 ? scrollsTaskNames : names.map(parseScrollsTask);
  const downloads = [];
  for (const task of tasks) downloads.push(await downloadScrolls(task, { reporter: terminalReporter() }));
  const rows = downloads.flatMap(({ task, folder, files }) =>
    files.map(({ name, rows, sha256 }) => [
      task,
      displayPath(join(folder, name)),
      `${formatCount(rows)} rows`,
      `sha256 ${sha256}`,
    ]),
  );
  printResult(json, downloads, alignColumns(rows));
}

async function verify(names: readonly string[], { json }: DataOptions): Promise<void> {
  const [{ listSources }, { verifySource }, { preparedCorpora, verifyPrepared }] = await Promise.all([
    import('../../data/sources/registry.js'),
    import('../../data/sources/prepare.js'),
    import('../../data/tokens/prepare.js'),
  ]);
  const corpora = await preparedCorpora();
  const wanted = names.length === 0 ? [...listSources().map((source) => source.name), ...corpora] : names;
  const reports = [];
  for (const name of wanted)
    reports.push(await (corpora.includes(name) ? verifyPrepared(name) : verifySource(name)));
  printResult(
    json,
    reports,
    alignColumns(reports.map((report) => [report.name, report.status, report.detail])),
  );
  const corrupt = reports.filter((report) => report.status === 'corrupt').map((report) => report.name);
  if (corrupt.length === 0) return;
  const tokens = corrupt.filter((name) => corpora.includes(name));
  const sources = corrupt.filter((name) => !corpora.includes(name));
  const them = (names: readonly string[]): string => (names.length === 1 ? 'it' : 'them');
  const mends = [
    ...(sources.length > 0
      ? [`get ${them(sources)} again with ${bipe(`data prepare ${sources.join(' ')}`)}`]
      : []),
    ...(tokens.length > 0
      ? [
          `delete ${tokens.join(', ')} in datasets/prepared and make ${them(tokens)} again with ${bipe('data tokens')}`,
        ]
      : []),
  ];
  throw new MachineError(`corrupt: ${corrupt.join(', ')}; ${mends.join(', then ')}`);
}
