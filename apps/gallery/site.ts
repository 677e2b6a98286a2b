// Writes the gallery as a folder of files that any browser opens: no server, no network.

import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { readTextFile, writeFilesAtomic } from '../../lib/base/files';
import { checkOutputs, type Output } from '../../lib/base/outputs';
import { experiments } from '../../lib/experiments/registry';
import { type Experiment } from '../../lib/experiments/run/definition';
import { automatonPage } from '../automaton-page/document';
import { ideaPage } from '../idea-page/document';
import { bundledScript } from '../page/bundle';
import { generator, indexPage, itemPage, type Results, siteFiles } from './pages';
import { showingsOf, type ShowingsOptions } from './showings';

/** The gallery to write. */
export interface GalleryOptions extends ShowingsOptions {
  readonly folder: string;
  /** Default: all of the registry. */
  readonly items?: readonly Experiment[];
}

/** A gallery that was written. */
export interface WrittenGallery {
  readonly index: string;
  /** What is shown first of each item. */
  readonly results: readonly Results[];
}

/**
 * Writes the gallery. Pages of an earlier one that are no longer part of it are removed.
 *
 * @throws UsageError if a file of the folder is not the gallery's; MachineError if the folder
 *   cannot be written
 */
export async function writeGallery(options: GalleryOptions): Promise<WrittenGallery> {
  const { folder, items = experiments } = options;
  const results: Results[] = [];
  // One after the other: they share the browser that draws.
  for (const experiment of items) {
    const [first, ...others] = await showingsOf(experiment, options);
    if (first !== undefined) results.push([first, ...others]);
  }
  const pages = results.flatMap((shown, index) =>
    shown.map((showing): [name: string, html: string] => [
      `${showing.name}.html`,
      itemPage(shown, showing, results[index - 1]?.[0], results[index + 1]?.[0]),
    ]),
  );
  const pictures = results
    .flat()
    .flatMap(({ name, picture }): [string, string][] =>
      picture === undefined ? [] : [[join('pictures', `${name}.svg`), picture]],
    );
  const files: [name: string, content: string | Uint8Array][] = [
    ['index.html', indexPage(results)],
    ...pages,
    ...pictures,
    [siteFiles.idea, await ideaPage()],
    [siteFiles.automaton, await automatonPage()],
    [siteFiles.script, await bundledScript(['apps', 'gallery', 'main.ts'])],
    [siteFiles.plotly, await readFile(require.resolve('plotly.js-dist-min'))],
  ];
  const htmlFiles = ['index.html', ...pages.map(([name]) => name)];
  await checkOutputs(
    htmlFiles.map((name): Output => ({ path: join(folder, name), what: 'a page of the gallery', isOwn })),
  );
  await writeFilesAtomic(files.map(([name, content]) => [join(folder, name), content]));
  await removeOldPages(folder, new Set(htmlFiles));
  return { index: join(folder, 'index.html'), results };
}

async function isOwn(path: string): Promise<boolean> {
  return (await readTextFile(path).catch(() => '')).includes(
    `<meta name="generator" content="${generator}">`,
  );
}

async function removeOldPages(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    const path = join(folder, name);
    if (name.endsWith('.html') && !kept.has(name) && (await isOwn(path))) await rm(path);
  }
}
