// `bipe gallery`: writes the results as a site of files. `bipe serve` shows it while runs end.

import { resolve } from 'node:path';
import { type Command } from 'commander';
import { displayPath, workPath } from '../../base/paths';
import { examples, wholeNumber } from '../shared/options';
import { printLines, printResult } from '../shared/output';

interface GalleryCommandOptions {
  readonly out?: string;
  readonly reference?: boolean;
  readonly json?: boolean;
}

interface ServeOptions {
  readonly out?: string;
  readonly port: string;
}

const folderOption = ['--out <folder>', 'where it goes; default site, which git ignores'] as const;
const usualPort = 8300;

/** Adds the subcommands. */
export function addGalleryCommand(program: Command): void {
  program
    .command('gallery')
    .description(
      'write the results as a site of files that a browser opens without a server: a page for each item with its figures, tables and verdicts, from your own runs where there are some, else from the reference gallery; and the idea and the automaton to try',
    )
    .option(...folderOption)
    .option('--reference', 'show the reference gallery alone, not your own runs')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('gallery', 'gallery --reference --out ~/bipe-site'))
    .action(gallery);
  program
    .command('serve')
    .description(
      'show the gallery at an address of this machine, for this machine alone; a run that has ended since is there when a page is loaded again. Ctrl+C ends it',
    )
    .option(...folderOption)
    .option('--port <n>', 'the port', String(usualPort))
    .addHelpText('after', examples('serve', 'serve --port 9000'))
    .action(serve);
}

async function gallery({ out, reference = false, json }: GalleryCommandOptions): Promise<void> {
  const { figureDrawer } = await import('../../report/export/draw.js');
  const { RunStore } = await import('../../experiments/run/store.js');
  const { writeGallery } = await import('../../../apps/gallery/site.js');
  const drawer = figureDrawer();
  try {
    const { index, results } = await writeGallery({
      folder: folderAt(out),
      drawer,
      ...(!reference && { store: new RunStore() }),
    });
    const shown = results.map(([{ experiment, source, preset }]) => ({
      item: experiment.id,
      source,
      preset,
    }));
    const own = shown.filter(({ source }) => source === 'own').length;
    printResult(json, { index, shown }, [
      `${shown.length} items, ${own} of them from your own runs`,
      `open ${displayPath(index)} in a browser`,
    ]);
  } finally {
    await drawer.close();
  }
}

async function serve({ out, port }: ServeOptions): Promise<void> {
  const { figureDrawer } = await import('../../report/export/draw.js');
  const { RunStore } = await import('../../experiments/run/store.js');
  const { serveGallery } = await import('../../../apps/gallery/server.js');
  const wanted = wholeNumber('--port', port, { most: 65_535, example: usualPort });
  const options = { folder: folderAt(out), drawer: figureDrawer(), store: new RunStore() };
  const { url } = await serveGallery(options, wanted);
  printLines([`gallery: ${url}`, 'Ctrl+C ends it.']);
}

function folderAt(out: string | undefined): string {
  return out === undefined ? workPath('site') : resolve(out);
}
