// What the gallery shows of an item: the reader's own run, and what the maintainers published.

import { existsSync } from 'node:fs';
import { readTextFile } from '../../lib/base/files';
import { type Experiment } from '../../lib/experiments/run/definition';
import {
  fileNameOf,
  galleryFolder,
  galleryPath,
  type PublishedFigure,
  readFigures,
  readReference,
} from '../../lib/experiments/run/reference';
import { type Finding } from '../../lib/experiments/run/report';
import { type RunStore } from '../../lib/experiments/run/store';
import { presetOrder } from '../../lib/experiments/settings/preset-names';
import { type FigureDrawer } from '../../lib/report/export/draw';
import { type Provenance } from '../../lib/report/provenance';
import { provenanceLine } from '../../lib/report/provenance-line';
import { type Table } from '../../lib/report/tables';

/** One result of an item. */
export interface Showing {
  readonly experiment: Experiment;
  readonly source: 'own' | 'reference';
  readonly preset: string;
  /** The name of its page and its picture, without extension. */
  readonly name: string;
  /** As data; none where only a picture was published. */
  readonly figures: readonly PublishedFigure[];
  /** The first figure as SVG text; left out where there is no figure, or no browser to draw it. */
  readonly picture?: string;
  readonly findings: readonly Finding[];
  readonly tables: readonly Table[];
  readonly provenance: Provenance;
}

/** Where results are looked for. */
export interface ShowingsOptions {
  /** The reader's runs; left out: the reference alone. */
  readonly store?: RunStore;
  /** Draws pictures of the reader's runs, if it can. */
  readonly drawer?: FigureDrawer;
  /** Default: `figures/` of the repository. */
  readonly references?: string;
}

/**
 * Finds the results of an item: the reader's run that ended last, then the reference by preset.
 * Runs of the preset `smoke` only show that everything runs, and are left out.
 *
 * @throws DataError if a file of the reference is damaged
 */
export async function showingsOf(
  experiment: Experiment,
  { store, drawer, references = galleryFolder() }: ShowingsOptions,
): Promise<Showing[]> {
  const own = store === undefined ? undefined : await ownRun(experiment, store, drawer);
  const published = await Promise.all(
    presetOrder.map((preset) => referenceAt(experiment, preset, references)),
  );
  return [own, ...published].filter((showing) => showing !== undefined);
}

async function ownRun(
  experiment: Experiment,
  store: RunStore,
  drawer: FigureDrawer | undefined,
): Promise<Showing | undefined> {
  const presets = experiment.presets.map(({ name }) => name).filter((name) => name !== 'smoke');
  const run = await experiment.latest(store, presets);
  if (run === undefined) return undefined;
  const [figure] = run.figures;
  const canDraw = figure !== undefined && drawer !== undefined && (await drawer.ready()) === undefined;
  return {
    experiment,
    source: 'own',
    name: fileNameOf(experiment.id),
    ...run,
    ...(canDraw && { picture: (await drawer.draw(figure, provenanceLine(run.provenance))).svg }),
  };
}

async function referenceAt(
  experiment: Experiment,
  preset: string,
  folder: string,
): Promise<Showing | undefined> {
  const place = { item: experiment.id, preset };
  const reference = await readReference(place, folder);
  if (reference === undefined) return undefined;
  const { findings, provenance } = reference;
  const path = galleryPath(place, 'svg', folder);
  return {
    experiment,
    source: 'reference',
    preset: reference.preset,
    name: `${fileNameOf(experiment.id)}-${preset}`,
    figures: await readFigures(place, folder),
    ...(existsSync(path) && { picture: await readTextFile(path) }),
    findings,
    tables: reference.tables.map((table) => ({ ...table, caption: '' })),
    provenance,
  };
}
