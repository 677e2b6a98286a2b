// `bipe list`: every paper item that can be reproduced, every statement of the paper with its
// check, and every figure and table of the paper with what stands for it.

import { type Command } from 'commander';
import { bipe } from '../../base/command';
import { examples } from '../shared/options';
import { alignColumns, printResult } from '../shared/output';

/** Adds the subcommand. */
export function addListCommand(program: Command): void {
  program
    .command('list')
    .description(
      'the paper items: what each shows, its notebook, presets, time, and whether it has been run; and the statements of the paper: what is shown here of each, what is open, and whether its checks hold; and its figures and tables: what stands for each',
    )
    .option('--json', 'print JSON')
    .addHelpText('after', examples('list'))
    .action(async ({ json }: { readonly json?: boolean }) => {
      const { experiments } = await import('../../experiments/registry.js');
      const { RunStore } = await import('../../experiments/run/store.js');
      const store = new RunStore();
      const items = await Promise.all(
        experiments.map(async ({ id, title, question, claim, notebook, presets }) => ({
          id,
          title,
          question,
          claim,
          notebook,
          presets: presets.map((preset) => ({ ...preset, description: preset.description(preset.settings) })),
          runs: await store.count(id),
        })),
      );
      const { describeStatus, statements, statementStatus } =
        await import('../../experiments/start-page/statements.js');
      const checked = await Promise.all(
        statements.map(async (statement) => ({
          ...statement,
          ...(await statementStatus(statement, store)),
        })),
      );
      const { contentNotebook, contentStatus, describeContent, paperContents } =
        await import('../../experiments/start-page/contents.js');
      const contents = await Promise.all(
        paperContents.map(async (content) => ({
          ...content,
          notebook: contentNotebook(content) ?? null,
          status: await contentStatus(content, store),
        })),
      );
      const lines = items.flatMap((item) => [
        `${item.id}  ${item.title}`,
        `  ${item.question}`,
        `  ${item.notebook}; ${item.runs === 0 ? 'not run yet' : `${item.runs} finished ${item.runs === 1 ? 'run' : 'runs'}`}`,
        ...alignColumns(
          item.presets.map(({ name, time, description }) => [`  ${name}`, `${description}; ${time}`]),
        ),
        '',
      ]);
      const table = checked.flatMap(({ name, says, here, open, notebook, check, ...status }) => [
        [`  ${name}`, 'listed', says],
        ['', 'here', here],
        ['', 'open', open],
        ['', 'checks', `${check}, ${describeStatus(status)}; ${notebook}`],
      ]);
      printResult(
        json,
        [
          ...items.map((item) => ({ kind: 'item', ...item })),
          ...checked.map((statement) => ({ kind: 'statement', ...statement })),
          ...contents.map(({ kind: of, ...content }) => ({ kind: 'content', of, ...content })),
        ],
        [
          ...lines,
          'Statements of the paper: as listed, what is proved or tried here, what is open, and its checks',
          ...alignColumns(table),
          '',
          'Figures and tables of the paper: what each is, as far as is known, and what stands for it here',
          ...alignColumns(
            contents.map((content) => [
              `  ${content.name}`,
              describeContent(content),
              content.item,
              content.covers,
              content.status,
            ]),
          ),
          '',
          bipe('reproduce <item or check> --preset <name>'),
        ],
      );
    });
}
