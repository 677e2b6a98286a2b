// The reference gallery: what the maintainers publish of an item at a preset, small enough for git.
// `figures/<preset>/` has for each item one picture, one page to read, its numbers to compare with,
// and its figures as data, for the gallery's site.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { DataError } from '../../base/errors';
import { readTextFile } from '../../base/files';
import { displayPath, projectPath } from '../../base/paths';
import { parseJsonWith } from '../../base/schema';
import { type Figure } from '../../report/figure';
import { toPlain } from '../../report/json';
import { type Table } from '../../report/tables';
import { type Report } from './report';
import { unchanged } from '../settings/preset-names';

/** The folder of the gallery. */
export const galleryFolder = (): string => projectPath('figures');

/** The numbers of a table. */
export type ReferenceTable = Omit<Table, 'caption'>;

/** A published report of an item at a preset, to compare runs with. */
export interface Reference extends Pick<
  Report,
  'item' | 'title' | 'question' | 'preset' | 'settings' | 'findings' | 'provenance'
> {
  readonly tables: readonly ReferenceTable[];
}

const cellSchema = z.union([z.string(), z.number(), z.boolean(), z.null()]);

const referenceSchema = z.looseObject({
  item: z.string(),
  title: z.string(),
  question: z.string(),
  preset: z.string(),
  settings: z.unknown(),
  findings: z.array(
    z.looseObject({ claim: z.string(), holds: z.boolean().nullable(), measured: z.string() }),
  ),
  tables: z.array(
    z.looseObject({ id: z.string(), title: z.string(), rows: z.array(z.record(z.string(), cellSchema)) }),
  ),
  provenance: z.looseObject({
    commit: z.string().nullable(),
    data: z.array(z.looseObject({ name: z.string(), version: z.string(), checksum: z.string() })),
  }),
});

/** The item's name in names of files: hyphens where it has dots and underscores. */
export function fileNameOf(item: string): string {
  return item.replace(/[._]/g, '-');
}

/** A file of an item in the gallery. */
export function galleryPath(
  { item, preset }: Pick<Report, 'item' | 'preset'>,
  extension: 'json' | 'md' | 'svg' | 'figures.json',
  folder = galleryFolder(),
): string {
  return join(folder, unchanged(preset), `${fileNameOf(item)}.${extension}`);
}

/** A figure as it is published, to be drawn on a screen. */
export type PublishedFigure = Pick<Figure, 'id' | 'title' | 'caption' | 'alt' | 'data' | 'screen'>;

/** Digits of the published figures' numbers: more than a screen shows. */
const figureDigits = 6;

/** A report's figures as they are published, on one line. */
export function figuresText({ figures }: Pick<Report, 'figures'>): string {
  const published = figures.map(({ id, title, caption, alt, data, screen }): PublishedFigure => ({
    id,
    title,
    caption,
    alt,
    data,
    screen,
  }));
  const rounded = (_: string, value: unknown): unknown =>
    typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(figureDigits)) : value;
  return `${JSON.stringify(toPlain(published), rounded)}\n`;
}

const figuresSchema = z.array(
  z.looseObject({
    id: z.string(),
    title: z.string(),
    caption: z.string(),
    alt: z.string(),
    data: z.array(z.looseObject({})),
    screen: z.looseObject({}),
  }),
);

/**
 * The published figures of an item at a preset; none if they were not published as data.
 *
 * @throws DataError if the file is damaged
 */
export async function readFigures(
  report: Pick<Report, 'item' | 'preset'>,
  folder = galleryFolder(),
): Promise<readonly PublishedFigure[]> {
  const path = galleryPath(report, 'figures.json', folder);
  if (!existsSync(path)) return [];
  return parseJsonWith<PublishedFigure[]>(
    figuresSchema,
    await readTextFile(path),
    (why, cause) =>
      new DataError(`${displayPath(path)}: not the figures of a reference (${why}); get the file again`, {
        cause,
      }),
  );
}

/** A report as it is published; what JSON does not have (infinity, NaN) is null there. */
export function referenceOf(report: Report): Reference {
  const { item, title, question, preset, settings, findings, provenance } = report;
  const tables = report.tables.map(({ id, title: name, columns, rows }) => ({
    id,
    title: name,
    columns,
    rows,
  }));
  const reference = { item, title, question, preset, settings, findings, tables, provenance };
  return toPlain(reference) as Reference;
}

/**
 * The published numbers of an item at a preset; undefined if there are none.
 *
 * @throws DataError if the file is damaged
 */
export async function readReference(
  report: Pick<Report, 'item' | 'preset'>,
  folder = galleryFolder(),
): Promise<Reference | undefined> {
  const path = galleryPath(report, 'json', folder);
  if (!existsSync(path)) return undefined;
  return parseJsonWith<unknown>(
    referenceSchema,
    await readTextFile(path),
    (why, cause) =>
      new DataError(`${displayPath(path)}: not the numbers of a reference (${why}); get the file again`, {
        cause,
      }),
  ) as Reference;
}

/** Rows of a report's table as they are compared with those of a reference. */
export function plainRows({ rows }: Table): ReferenceTable['rows'] {
  return toPlain(rows) as ReferenceTable['rows'];
}
