// `bipe list`: every paper item that can be reproduced.

import { type Command } from 'commander';
import { alignColumns, printJson, printLines } from '../output';

/** Adds the subcommand. */
export function addListCommand(program: Command): void {
  program
    .command('list')
    .description('the paper items: what each shows, its notebook, presets, time, and whether it has been run')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExample:\n  bipe list')
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { experiments } = await import('../../experiments/registry.js');
      const { RunStore } = await import('../../experiments/run-store.js');
      const store = new RunStore();
      const items = await Promise.all(
        experiments.map(async ({ id, title, question, claim, notebook, presets }) => ({
          id,
          title,
          question,
          claim,
          notebook,
          presets,
          runs: await store.count(id),
        })),
      );
      if (json === true) {
        printJson(items);
        return;
      }
      const lines = items.flatMap((item) => [
        `${item.id}  ${item.title}`,
        `  ${item.question}`,
        `  ${item.notebook}; ${item.runs === 0 ? 'not run yet' : `${item.runs} finished ${item.runs === 1 ? 'run' : 'runs'}`}`,
        ...alignColumns(item.presets.map((preset) => [`  ${preset.name}`, preset.time, preset.description])),
        '',
      ]);
      printLines([...lines, 'bipe reproduce <item> --preset <name>']);
    });
}
