// `bipe publish`: makes finished runs the reference, in `figures/`.

import { type Command } from 'commander';
import { writeFileAtomic } from '../../base/files';
import { displayPath, projectPath } from '../../base/paths';
import { terminalReporter } from '../../base/progress';
import { forEachItem, settingsFor } from '../shared/items';
import { examples, presetOption, withSetOption } from '../shared/options';
import { printLines } from '../shared/output';

interface PublishOptions {
  readonly preset: string;
  readonly set: readonly string[];
}

/** Adds the subcommand. */
export function addPublishCommand(program: Command): void {
  withSetOption(program.command('publish'))
    .description(
      "for maintainers: make this machine's runs the reference gallery, figures/ (one picture, one page and the numbers of each item, and the index) and docs/results.md; what was not run is run first",
    )
    .argument('<items...>', 'items such as fig1, or all')
    .option(...presetOption)
    .addHelpText('after', examples('publish all', 'publish fig4 --preset evening'))
    .action(publish);
}

async function publish(items: readonly string[], options: PublishOptions): Promise<void> {
  const { figureDrawer } = await import('../../report/export/draw.js');
  const { publishReport } = await import('../../experiments/publish.js');
  const { resultsPage } = await import('../../experiments/results-page/page.js');
  const { writeAutomatonPage } = await import('../../../apps/automaton-page/document.js');
  const { writeIdeaPage } = await import('../../../apps/idea-page/document.js');
  const { WorkerPool } = await import('../../experiments/run/pool.js');
  const drawer = figureDrawer();
  const pool = new WorkerPool({});
  try {
    await forEachItem(items, { json: undefined }, async (experiment) => {
      const report = await experiment.execute({
        preset: options.preset,
        settings: settingsFor(experiment, options),
        reporter: terminalReporter(),
        ...(pool.size > 1 && { pool }),
      });
      const paths = await publishReport(report, { drawer });
      printLines(paths.map(displayPath));
      return { summary: undefined, failure: undefined };
    });
    const results = projectPath('docs', 'results.md');
    await writeFileAtomic(results, await resultsPage());
    printLines([displayPath(results)]);
    if (items.includes('all')) {
      const pages = ['automaton-playground', 'idea'].map((name) => projectPath('figures', `${name}.html`));
      const [automaton = '', idea = ''] = pages;
      await writeAutomatonPage(automaton);
      await writeIdeaPage(idea);
      printLines(pages.map(displayPath));
    }
  } finally {
    pool.close();
    await drawer.close();
  }
}
