// `bipe gallery`: writes the results as a site of files.

import { resolve } from 'node:path';
import { type Command } from 'commander';
import { displayPath, workPath } from '../../base/paths';
import { examples } from '../shared/options';
import { printResult } from '../shared/output';

interface GalleryCommandOptions {
  readonly out?: string;
  readonly reference?: boolean;
  readonly json?: boolean;
}

/** Adds the subcommand. */
export function addGalleryCommand(program: Command): void {
  program
    .command('gallery')
    .description(
      'write the results as a site of files that a browser opens without a server: a page for each item with its figures, tables and verdicts, from your own runs where there are some, else from the reference gallery; and the idea and the automaton to try',
    )
    .option('--out <folder>', 'where it goes; default site, which git ignores')
    .option('--reference', 'show the reference gallery alone, not your own runs')
    .option('--json', 'print JSON')
    .addHelpText('after', examples('gallery', 'gallery --reference --out ~/bipe-site'))
    .action(gallery);
}

async function gallery({ out, reference = false, json }: GalleryCommandOptions): Promise<void> {
  const { figureDrawer } = await import('../../report/export/draw.js');
  const { RunStore } = await import('../../experiments/run/store.js');
  const { writeGallery } = await import('../../../apps/gallery/site.js');
  const drawer = figureDrawer();
  try {
    const folder = out === undefined ? workPath('site') : resolve(out);
    const { index, results } = await writeGallery({
      folder,
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
