import { describe, expect, it } from 'vitest';
import { findingsTable } from '../../lib/experiments/run/findings';
import { contentsTable, itemsTable, statementsTable } from '../../lib/experiments/start-page/tables';
import { RunStore } from '../../lib/experiments/run/store';
import { temporaryFolder } from '../support/command';
import { expectPage } from '../support/page';
import { sampleProvenance } from '../report/samples';
import { reportWith } from '../support/report';

describe('the table of findings', () => {
  it('says once what was not measured', () => {
    const missing = ['pile-arxiv: not to be had'];
    const scale = `Measured on a formula. Not measured on this machine: ${missing.join('; ')}.`;
    const { caption } = findingsTable(reportWith({ missing, provenance: { ...sampleProvenance, scale } }));
    expect(caption.split('pile-arxiv')).toHaveLength(2);
  });
});

it('the lists of items, statements and contents say what their pages have', async () => {
  const store = new RunStore(temporaryFolder());
  await expectPage('lists', {
    tables: [itemsTable(), await statementsTable(store), await contentsTable(store)],
  });
});
