// Figures as files: JSON with the numbers and where they come from, SVG for papers, PNG for slides.
// The JSON never depends on a browser; a picture that no longer shows its numbers is not left
// behind.

import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { systemCode } from '../../base/errors';
import { sha256, writeFilesAtomic } from '../../base/files';
import { heedStop } from '../../base/interrupt';
import { canonicalJson } from '../../base/json';
import { checkOutputs } from '../../base/outputs';
import { displayPath } from '../../base/paths';
import { type Reporter, silentReporter } from '../../base/progress';
import { type FigureDrawer, drawRequest, drawingVersion, figureDrawer } from './draw';
import { type Figure } from '../figure';
import { exportOutputs } from '../outputs';
import { formatJson } from '../json';
import { type Provenance } from '../provenance';
import { provenanceLine } from '../provenance-line';

/** Where figures go, and what is written with them. */
export interface ExportOptions {
  readonly folder: string;
  readonly provenance: Provenance;
  /** The results behind the figures; written into the first one's JSON, which the others name. */
  readonly numbers?: unknown;
  readonly reporter?: Reporter;
  /** Draws the pictures; if left out, one is started for this export alone. */
  readonly drawer?: FigureDrawer;
}

/** The outcome of one figure. */
export interface ExportedFigure {
  readonly id: string;
  readonly json: string;
  /** Null where there is no picture of these numbers. */
  readonly svg: string | null;
  readonly png: string | null;
  /** `unchanged`: the pictures there already show this very figure. */
  readonly pictures: 'drawn' | 'unchanged' | 'missing';
}

/** The part of a figure's JSON that says what its pictures show. */
interface PictureRecord {
  /** Hash of all that is drawn. */
  readonly shows: string;
  /** Hash of what draws it. */
  readonly drawing: string;
  readonly drawnBy: string;
  readonly svgSha256: string;
  readonly pngSha256: string;
}

/**
 * Writes `<id>.json`, `<id>.svg` and `<id>.png` of each figure. The three take their names
 * together, after all of them are on the disk; a figure that cannot be drawn leaves its earlier
 * files as they were. Without a browser the JSON is written alone, and pictures of other numbers
 * are removed.
 *
 * @throws MachineError if the folder cannot be written
 */
export async function exportFigures(
  figures: readonly Figure[],
  options: ExportOptions,
): Promise<ExportedFigure[]> {
  const reporter = options.reporter ?? silentReporter;
  const drawer = options.drawer ?? figureDrawer();
  const task = reporter.task(`drawing into ${displayPath(options.folder)}`, figures.length, 'figures');
  const [first] = figures;
  const exported: ExportedFigure[] = [];
  try {
    for (const figure of figures) {
      await heedStop();
      const numbers = figure === first ? options.numbers : { in: `${first?.id}.json` };
      exported.push(await exportFigure(figure, { ...options, numbers }, drawer, reporter));
      task.update(exported.length);
    }
  } finally {
    if (options.drawer === undefined) await drawer.close();
    task.finish(summary(exported));
  }
  return exported;
}

function summary(exported: readonly ExportedFigure[]): string {
  const count = (pictures: ExportedFigure['pictures']): number =>
    exported.filter((figure) => figure.pictures === pictures).length;
  return (['drawn', 'unchanged', 'missing'] as const)
    .filter((kind) => count(kind) > 0)
    .map((kind) => `${count(kind)} ${kind === 'missing' ? 'without pictures' : kind}`)
    .join(', ');
}

async function exportFigure(
  figure: Figure,
  options: ExportOptions,
  drawer: FigureDrawer,
  reporter: Reporter,
): Promise<ExportedFigure> {
  const { provenance } = options;
  const paths = {
    json: join(options.folder, `${figure.id}.json`),
    svg: join(options.folder, `${figure.id}.svg`),
    png: join(options.folder, `${figure.id}.png`),
  };
  await checkOutputs(exportOutputs(Object.values(paths)));
  const footer = provenanceLine(provenance);
  const shows = sha256(canonicalJson(drawRequest(figure, footer)));
  const content = (pictures: PictureRecord | null): string =>
    formatJson({
      kind: 'figure',
      id: figure.id,
      title: figure.title,
      caption: figure.caption,
      alt: figure.alt,
      provenance,
      numbers: options.numbers ?? null,
      pictures,
      plotly: { data: figure.data, layout: figure.layout },
    });
  const present = await presentPictures(paths);
  if (present?.shows === shows && present.drawing === drawingVersion()) {
    await writeFilesAtomic([[paths.json, content(present)]]);
    return { id: figure.id, ...paths, pictures: 'unchanged' };
  }
  const obstacle = await drawer.ready();
  if (obstacle !== undefined) {
    if (present?.shows === shows) {
      await writeFilesAtomic([[paths.json, content(present)]]);
      reporter.note(
        `${displayPath(paths.svg)}: kept from an earlier export of the same numbers; ${obstacle}`,
      );
      return { id: figure.id, ...paths, pictures: 'unchanged' };
    }
    await writeFilesAtomic([[paths.json, content(null)]]);
    const removed = await removeFiles([paths.svg, paths.png]);
    const old = removed ? ', and the pictures of earlier numbers are removed' : '';
    reporter.note(`${displayPath(paths.json)}: written without pictures${old}; ${obstacle}`);
    return { id: figure.id, json: paths.json, svg: null, png: null, pictures: 'missing' };
  }
  const { svg, png } = await drawer.draw(figure, footer);
  const pictures: PictureRecord = {
    shows,
    drawing: drawingVersion(),
    drawnBy: drawer.describe(),
    svgSha256: sha256(svg),
    pngSha256: sha256(png),
  };
  await writeFilesAtomic([
    [paths.svg, svg],
    [paths.png, png],
    [paths.json, content(pictures)],
  ]);
  return { id: figure.id, ...paths, pictures: 'drawn' };
}

/** The content of the pictures beside an earlier JSON, if they are the ones it was written with. */
async function presentPictures(paths: {
  json: string;
  svg: string;
  png: string;
}): Promise<PictureRecord | undefined> {
  try {
    const { pictures } = JSON.parse(await readFile(paths.json, 'utf8')) as {
      pictures?: PictureRecord | null;
    };
    if (pictures?.svgSha256 !== sha256(await readFile(paths.svg))) return undefined;
    return pictures.pngSha256 === sha256(await readFile(paths.png)) ? pictures : undefined;
  } catch {
    // Missing, cut short or not ours: drawn anew.
    return undefined;
  }
}

async function removeFiles(paths: readonly string[]): Promise<boolean> {
  let removed = false;
  for (const path of paths) {
    try {
      await rm(path);
      removed = true;
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error;
    }
  }
  return removed;
}
