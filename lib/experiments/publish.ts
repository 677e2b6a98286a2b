// The reference gallery, written: for each item one picture, one page that shows it with what was
// found and all tables, and its numbers to compare with; and the index of them all.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { bipe, shellWord } from '../base/command';
import { MachineError, UsageError } from '../base/errors';
import { writeFilesAtomic } from '../base/files';
import { type FigureDrawer } from '../report/export/draw';
import { formatJson } from '../report/json';
import { allOrigins } from '../report/provenance';
import { provenanceLine } from '../report/provenance-line';
import { escapeMarkdown, toMarkdown } from '../report/tables';
import { type Experiment } from './run/definition';
import { type Report } from './run/report';
import { countVerdicts, findingsTable } from './run/findings';
import { changedFields } from './settings/changes';
import { presetOrder, unchanged } from './settings/preset-names';
import {
  figuresText,
  fileNameOf,
  galleryFolder,
  galleryPath,
  readReference,
  type Reference,
  referenceOf,
} from './run/reference';
import { experiments } from './registry';

/** The gallery's folder, and the browser that draws. */
export interface PublishOptions {
  readonly drawer: FigureDrawer;
  /** Default: `figures/` of the repository. */
  readonly folder?: string;
}

/**
 * Writes the picture, the page and the numbers of a report, and the index anew. Returns the paths.
 *
 * @throws UsageError if the report was computed by code that was not committed
 * @throws MachineError if it cannot be drawn, or the folder cannot be written
 */
export async function publishReport(
  report: Report,
  { drawer, folder = galleryFolder() }: PublishOptions,
): Promise<string[]> {
  checkPublishable(report);
  const [figure] = report.figures;
  const pathOf = (extension: Parameters<typeof galleryPath>[1]): string =>
    galleryPath(report, extension, folder);
  const files: [path: string, content: string][] = [
    [pathOf('json'), formatJson(referenceOf(report))],
    [pathOf('md'), pageOf(report)],
  ];
  if (figure !== undefined) {
    const obstacle = await drawer.ready();
    if (obstacle !== undefined) throw new MachineError(`${report.item}: cannot be drawn: ${obstacle}`);
    const { svg } = await drawer.draw(figure, provenanceLine(report.provenance));
    files.push([pathOf('svg'), svg], [pathOf('figures.json'), figuresText(report)]);
  }
  await writeFilesAtomic(files);
  await writeFilesAtomic([[join(folder, 'README.md'), await indexOf(folder)]]);
  return files.map(([path]) => path);
}

function checkPublishable({ item, provenance }: Report): void {
  if (allOrigins(provenance).some(({ dirty }) => dirty))
    throw new UsageError(
      `${item}: was computed by sources that were not committed; commit them, and compute it anew: ${bipe(`reproduce ${item} --no-resume`)}`,
    );
}

function pageOf(report: Report): string {
  const { item, title, question, figures, findings, tables } = report;
  const [figure] = figures;
  const [experiment] = experiments.filter(({ id }) => id === item);
  const picture =
    figure === undefined
      ? []
      : [`![${escapeMarkdown(figure.alt)}](${fileNameOf(item)}.svg)`, '', escapeMarkdown(figure.caption), ''];
  return [
    `# ${escapeMarkdown(title)}`,
    '',
    escapeMarkdown(question),
    '',
    ...picture,
    ...(findings.length === 0 ? [] : [toMarkdown({ ...findingsTable(report), caption: '' })]),
    ...tables.map(toMarkdown),
    `${escapeMarkdown(report.provenance.scale)} ${escapeMarkdown(provenanceLine(report.provenance))}`,
    '',
    `The same on your machine, with all figures: \`${commandOf(report, experiment)}\`. Interactively: [${experiment?.notebook ?? ''}](../../${experiment?.notebook ?? ''}).`,
    '',
  ].join('\n');
}

/** The command that computes a report anew. */
function commandOf({ item, preset: name, settings }: Report, experiment: Experiment | undefined): string {
  const preset = unchanged(name);
  const own = experiment?.presets.find((one) => one.name === preset);
  const options = own === undefined ? [] : changedFields(settings as object, own.settings);
  return [
    `npm run reproduce -- ${item}`,
    ...(preset === 'quick' ? [] : [`--preset ${preset}`]),
    ...options.map((field) => `--set ${shellWord(field)}`),
  ].join(' ');
}

/** All that is published, as a page of pictures. */
async function indexOf(folder: string): Promise<string> {
  const sections: string[] = [];
  for (const preset of presetOrder) {
    const references: Reference[] = [];
    for (const { id } of experiments) {
      const reference = await readReference({ item: id, preset }, folder);
      if (reference !== undefined) references.push(reference);
    }
    if (references.length === 0) continue;
    sections.push(`## Preset \`${preset}\``, '');
    for (const reference of references) sections.push(...entryOf(reference, folder));
  }
  return [
    '# Gallery',
    '',
    "The maintainers' results, by preset. Each item has one picture, one page with all tables and the verdicts on the paper's claims, and",
    'the numbers (`.json`). `npm run reproduce` compares its results with these numbers, and writes all figures into `figures/local/`,',
    'which git ignores. Two pages to open in a browser: [the idea in motion](idea.html), and [a bilevel automaton to edit](automaton-playground.html).',
    '',
    ...sections,
  ].join('\n');
}

function entryOf(reference: Reference, folder: string): string[] {
  const { item, title, question, findings } = reference;
  const preset = unchanged(reference.preset);
  const name = fileNameOf(item);
  const hasPicture = existsSync(galleryPath(reference, 'svg', folder));
  const counts = countVerdicts(findings).map(({ verdict, count }) => `${verdict}: ${count}`);
  return [
    `### [${escapeMarkdown(title)}](${preset}/${name}.md)`,
    '',
    `${escapeMarkdown(question)}${counts.length === 0 ? '' : ` (Claims: ${counts.join(', ')}.)`}`,
    '',
    ...(hasPicture ? [`[![${escapeMarkdown(title)}](${preset}/${name}.svg)](${preset}/${name}.md)`, ''] : []),
  ];
}
