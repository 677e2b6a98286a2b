import { describe, expect, it } from 'vitest';
import { findingsTable } from '../../lib/experiments/run/findings';
import { contentsTable, itemsTable, statementsTable } from '../../lib/experiments/start-page/tables';
import { type Report } from '../../lib/experiments/run/report';
import { reproduce, showReport } from '../../lib/experiments/reproduce';
import { type ExecuteOptions } from '../../lib/experiments/run/definition';
import { items } from '../../lib/experiments/registry';
import { silentReporter } from '../../lib/base/progress';
import { RunStore } from '../../lib/experiments/run/store';
import { temporaryFolder } from '../support/command';
import { expectPage } from '../support/page';
import { sampleFigure, sampleProvenance, sampleTable } from '../report/samples';
import { reportWith } from '../support/report';

it('an item of several models is reproduced by several processes, of which one says how many', async () => {
  const asked: (number | undefined)[] = [];
  const item = (inPieces: boolean) => ({
    ...items.fig3,
    inPieces,
    execute: ({ pool }: ExecuteOptions) => {
      asked.push(pool?.size);
      return Promise.resolve(reportWith({}) as never);
    },
  });
  for (const workers of [1, 2, 3]) await reproduce(item(true), { workers, reporter: silentReporter });
  await reproduce(item(false), { workers: 3, reporter: silentReporter });
  expect(asked).toEqual([undefined, 2, 3, undefined]);
});

describe('a report in a notebook', () => {
  const hook = Symbol.for('bipe.display');

  function outputsOf(report: Report): Readonly<Record<string, unknown>>[] {
    const bundles: Readonly<Record<string, unknown>>[] = [];
    Object.assign(globalThis, {
      [hook]: (bundle: Readonly<Record<string, unknown>>) => bundles.push(bundle),
    });
    try {
      showReport(report);
    } finally {
      Reflect.deleteProperty(globalThis, hook);
    }
    return bundles;
  }

  /** The first words of each table, tags left out, and whether it is closed at first. */
  function shownOf(report: Report): (readonly [isClosed: boolean, words: string])[] {
    return outputsOf(report)
      .map((bundle) => String(bundle['text/html']))
      .filter((html) => html.includes('<table'))
      .map((html) => [
        html.startsWith('<details>'),
        (/<(?:summary|b)\b[^>]*>([^<]*)/.exec(html) ?? [])[1] ?? '',
      ]);
  }

  const findings = Array.from({ length: 11 }, (_, index) => ({
    claim: `claim ${index}`,
    holds: [true, true, null][index % 3] ?? null,
    measured: 'nothing',
  }));
  const long = { ...sampleTable, rows: Array.from({ length: 11 }, () => sampleTable.rows[0] ?? {}) };

  it('begins with the finding that answers its question, above its figures', () => {
    const [first] = outputsOf(reportWith({ findings, answer: findings[2], figures: [sampleFigure()] }));
    expect(first?.['text/plain']).toBe('~ inconclusive: claim 2: nothing');
  });

  it('has long tables closed below its figures, behind what they hold, and short ones open', () => {
    const tables = [sampleTable, long];
    expect(shownOf(reportWith({ findings, tables, figures: [sampleFigure()] }))).toEqual([
      [true, 'Claims: ✓ holds: 8, ~ inconclusive: 3'],
      [false, 'Segments &amp; sequences'],
      [true, 'Segments &amp; sequences: 11 rows'],
    ]);
  });

  it('answers above its figures with its first finding', () => {
    const shown = outputsOf(reportWith({ findings, tables: [], figures: [sampleFigure()] }));
    expect(shown[0]?.['text/plain']).toBe('✓ holds: claim 0: nothing');
    expect(shown[1]).toHaveProperty('application/vnd.plotly.v1+json');
    const without = outputsOf(reportWith({ findings: [], tables: [], figures: [sampleFigure()] }));
    expect(without[0]).toHaveProperty('application/vnd.plotly.v1+json');
  });

  it('has all tables open where there is no figure', () => {
    const shown = shownOf(reportWith({ findings, tables: [long], figures: [] }));
    expect(shown.map(([isClosed]) => isClosed)).toEqual([false, false]);
  });
});

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
