// Tables of the start page: the paper's figures and tables, its statements, and the items.

import { basename } from 'node:path';
import { bipe } from '../../base/command';
import { type Table } from '../../report/tables';
import { contentStatus, describeContent, paperContents } from './contents';
import { experiments } from '../registry';
import { type RunStore } from '../run/store';
import { describeStatus, statements, statementStatus } from './statements';

/**
 * The statements of the paper, what is shown of each and what is open, as a table. The status is
 * that of the item's run that ended last.
 */
export async function statementsTable(store?: RunStore): Promise<Table> {
  const all = await Promise.all(
    statements.map(async (statement) => ({ statement, status: await statementStatus(statement, store) })),
  );
  return {
    id: 'statements',
    title: 'Statements of the paper',
    caption: `${bipe('reproduce <check>')} runs a check; what was checked with which preset is in brackets.`,
    columns: [
      { key: 'name', label: 'Statement' },
      { key: 'says', label: 'As listed' },
      { key: 'here', label: 'Here' },
      { key: 'open', label: 'Open' },
      { key: 'notebook', label: 'Notebook' },
      { key: 'check', label: 'Check' },
      { key: 'status', label: 'Status' },
    ],
    rows: all.map(({ statement: { name, says, here, open, notebook, check }, status }) => ({
      name,
      says,
      here,
      open,
      notebook: basename(notebook),
      check,
      status: describeStatus(status),
    })),
  };
}

/**
 * The paper's figures and tables and what stands for each, as a table. Its status is that of the
 * item's run that ended last on this machine.
 */
export async function contentsTable(store?: RunStore): Promise<Table> {
  return {
    id: 'paper-contents',
    title: 'Figures and tables of the paper',
    caption:
      "By its public summary page the paper has 9 figures and 8 tables. The page names Figures 1 to 5 and the subjects of some tables. Where it names nothing, what is listed here is this project's choice.",
    columns: [
      { key: 'name', label: 'In the paper' },
      { key: 'says', label: 'What, as far as is known' },
      { key: 'item', label: 'Item' },
      { key: 'covers', label: 'What is here' },
      { key: 'status', label: 'Status' },
    ],
    rows: await Promise.all(
      paperContents.map(async (content) => ({
        name: content.name,
        says: describeContent(content),
        item: content.item,
        covers: content.covers,
        status: await contentStatus(content, store),
      })),
    ),
  };
}

/** The paper items there are, as a table. */
export function itemsTable(): Table {
  return {
    id: 'items',
    title: 'Paper items',
    caption: 'Each has a notebook and presets; npm run reproduce runs them all.',
    columns: [
      { key: 'item', label: 'Item' },
      { key: 'title', label: 'What' },
      { key: 'notebook', label: 'Notebook' },
      { key: 'presets', label: 'Presets, and their time on two cores' },
    ],
    rows: experiments.map(({ id, title, notebook, presets }) => ({
      item: id,
      title,
      notebook: basename(notebook),
      presets: presets.map((preset) => `${preset.name}: ${preset.time}`).join('; '),
    })),
  };
}
