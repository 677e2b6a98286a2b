import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import {
  agreementOf,
  compareWith,
  comparisonTable,
  describeComparison,
} from '../../lib/experiments/run/compare';
import { type Report } from '../../lib/experiments/run/report';
import { publishReport } from '../../lib/experiments/publish';
import {
  figuresText,
  galleryPath,
  readFigures,
  readReference,
  type Reference,
  referenceOf,
} from '../../lib/experiments/run/reference';
import { experiments } from '../../lib/experiments/registry';
import { projectPath } from '../../lib/base/paths';
import { type FigureDrawer } from '../../lib/report/export/draw';
import { makeTable, measured } from '../../lib/report/measures';
import { type Table } from '../../lib/report/tables';
import { sampleFigure, sampleProvenance } from '../report/samples';
import { temporaryFolder } from '../support/command';
import { expectText } from '../support/page';
import { reportWith } from '../support/report';

const table = (perplexity: number, speed = 100, word = 'yes'): Table =>
  makeTable(
    { id: 'numbers', title: 'In numbers', caption: '' },
    [
      { key: 'model', label: 'Model', of: () => 'RoPE' },
      measured({ key: 'at512', label: '512', format: 'fixed2' }, () => ({
        centre: perplexity,
        low: perplexity - 1,
        high: perplexity + 1,
      })),
      { key: 'parameters', label: 'Parameters', format: 'integer', of: () => 393_536 },
      { key: 'learnt', label: 'Learnt', of: () => word },
      { key: 'speed', label: 'Tokens/s', format: 'integer', ofMachine: true, of: () => speed },
    ],
    [null],
  );

const published = reportWith({
  settings: { steps: 10, seeds: [1] },
  tables: [table(20)],
  findings: [{ claim: 'It is lower', holds: true, measured: '20' }],
});
const reference = referenceOf(published);
const like = (fields: Partial<Report>): Report => ({ ...published, ...fields });
const agreement = (fields: Partial<Report>): string => agreementOf(compareWith(like(fields), reference));

describe('a comparison with the reference', () => {
  it('is of what the tables write: the same where digits that are not shown differ, and where only speeds do', () => {
    expect(agreement({})).toBe('the same');
    expect(agreement({ tables: [table(20.004, 7)] })).toBe('the same');
    expect(describeComparison(compareWith(published, reference))).toEqual([
      `= the reference (commit ${sampleProvenance.commit?.slice(0, 10) ?? ''}): all 5 entries are the same`,
    ]);
  });

  it('finds a value within the interval exactly where it lies between its ends', () => {
    fc.assert(
      fc.property(fc.double({ min: 15, max: 25, noNaN: true }), (value) => {
        const isSame = value.toFixed(2) === '20.00';
        const expected = isSame ? 'the same' : value >= 19 && value <= 21 ? 'within intervals' : 'different';
        expect(agreement({ tables: [table(value)] })).toBe(expected);
      }),
    );
  });

  it('says what differs, where, and by how much', () => {
    const comparison = compareWith(
      like({
        tables: [table(22, 100, 'no')],
        findings: [{ claim: 'It is lower', holds: null, measured: '22' }],
      }),
      reference,
    );
    expect(describeComparison(comparison).slice(1)).toEqual([
      '  In numbers · RoPE, no · 512: 22.00 here, 20.00 there (+10 %)',
      '  In numbers · RoPE · Learnt: no here, yes there',
      '  Findings · It is lower · Verdict: inconclusive here, holds there',
    ]);
    expect(comparisonTable(comparison, 'Figure 4').rows).toEqual([
      {
        table: 'In numbers',
        same: 2,
        within: 0,
        different: 2,
        largest: 'RoPE · Learnt: no here, yes there',
      },
      {
        table: 'Findings',
        same: 0,
        within: 0,
        different: 1,
        largest: 'It is lower · Verdict: inconclusive here, holds there',
      },
    ]);
  });

  it('counts what is the same, lies within, and differs', () => {
    const line = (fields: Partial<Report>): string =>
      (describeComparison(compareWith(like(fields), reference))[0] ?? '').replace(/\(.*?\)/, '()');
    expect(line({ tables: [table(20.5)] })).toBe(
      '≈ the reference (): 4 of 5 entries are the same, 1 lie within its intervals',
    );
    expect(line({ tables: [table(20.5, 1, 'no')] })).toBe(
      '≠ the reference (): 3 of 5 entries are the same, 1 lie within its intervals, 1 differs',
    );
    expect(line({ tables: [table(22, 1, 'no')] })).toBe(
      '≠ the reference (): 3 of 5 entries are the same, 2 differ',
    );
  });

  it('counts the ends of an interval with its value', () => {
    const shown = (value: number, low: number): Table => ({
      ...table(value),
      columns: [...table(value).columns, { key: 'at512Low', label: 'Low', format: 'fixed2' }],
      rows: table(value).rows.map((row) => ({ ...row, at512Low: low })),
    });
    const of = (value: number, low: number): string =>
      agreementOf(
        compareWith(like({ tables: [shown(value, low)] }), referenceOf(like({ tables: [shown(20, 19)] }))),
      );
    expect(of(20.5, 18.7)).toBe('within intervals');
    expect(of(20, 18.7)).toBe('within intervals');
    expect(of(30, 29)).toBe('different');
  });

  it.each<[what: string, fields: Partial<Report>, says: string]>([
    ['a table that is gone', { tables: [] }, 'In numbers: no such table here, a table there'],
    [
      'a table more',
      { tables: [table(20), { ...table(20), id: 'b', title: 'B' }] },
      'B: a table here, no such',
    ],
    ['other rows', { tables: [{ ...table(20), rows: [] }] }, 'In numbers: 0 rows here, 1 rows there'],
    ['a claim that is gone', { findings: [] }, 'Verdict: no such claim here, holds there'],
    ['a value that is none', { tables: [table(Number.NaN)] }, '512: – here, 20.00 there'],
  ])('finds %s different', (_, fields, says) => {
    expect(agreement(fields)).toBe('different');
    expect(describeComparison(compareWith(like(fields), reference)).join('\n')).toContain(says);
  });

  it('is a table that says what was compared with what', () => {
    const comparison = compareWith(published, reference);
    const caption = (commit: string | null) => comparisonTable({ ...comparison, commit }, 'Figure 4').caption;
    expect(caption('0123456789abcdef')).toMatch(
      /^Entries of this run's tables and those of the reference \(commit 0123456789\), preset quick\. Same: /,
    );
    expect(caption(null)).toMatch(
      /^Entries of this run's tables and those of the reference, preset quick\. /,
    );
  });

  it('names five differences, and how many more there are', () => {
    const tables = (count: number, value: number): Table[] =>
      Array.from({ length: count }, (_, index) => ({ ...table(value), id: `t${index}`, title: `T${index}` }));
    const linesOf = (count: number): string[] => {
      const there = referenceOf(like({ tables: tables(count, 20) }));
      return describeComparison(compareWith(like({ tables: tables(count, 90) }), there));
    };
    expect(linesOf(5)).toHaveLength(6);
    for (const line of linesOf(5).slice(1)) expect(line).toContain('90.00 here');
    expect(linesOf(6).slice(6)).toEqual(['  and 1 more']);
    expect(linesOf(7)[0]).toContain('7 differ');
    expect(linesOf(7).slice(6)).toEqual(['  and 2 more']);
  });

  it('says by how much a value is more or less than there', () => {
    const of = (value: number): string =>
      describeComparison(compareWith(like({ tables: [table(value)] }), reference)).join('\n');
    expect(of(25)).toContain('512: 25.00 here, 20.00 there (+25 %)');
    expect(of(15)).toContain('512: 15.00 here, 20.00 there (−25 %)');
  });

  it('takes what JSON does not have for what it is: an infinite perplexity is the same again', () => {
    const infinite = like({ tables: [table(Infinity)] });
    const kept = JSON.parse(JSON.stringify(referenceOf(infinite))) as Reference;
    expect(agreementOf(compareWith(infinite, kept))).toBe('the same');
  });

  it('says nothing of numbers from other settings or other texts', () => {
    const data = [{ name: 'moby-dick', version: '2', checksum: 'ab' }];
    const others = like({ settings: { steps: 11, seeds: [1], more: 1 } });
    expect(describeComparison(compareWith(others, reference))[0]).toMatch(
      /^\? .*not compared: its settings are others: steps, more$/,
    );
    const comparison = compareWith(like({ provenance: { ...sampleProvenance, data } }), reference);
    expect(agreementOf(comparison)).toBe('not compared');
    expect(comparisonTable(comparison, 'x').caption).toMatch(/read other texts/);
  });
});

const drawer: FigureDrawer = {
  ready: () => Promise.resolve(undefined),
  describe: () => 'none',
  draw: ({ id }, footer) =>
    Promise.resolve({ svg: `<svg>${id} ${footer}</svg>`, png: new Uint8Array(), width: 1, height: 1 }),
  close: () => Promise.resolve(),
};

const committed = { ...sampleProvenance, dirty: false };

describe('publishing', () => {
  const report = like({ figures: [sampleFigure()], provenance: committed });

  it('writes one picture, one page, the numbers and the figures of an item, and the index of all of them', async () => {
    const folder = temporaryFolder();
    const published = ['figures.json', 'json', 'md', 'svg'];
    await publishReport(report, { drawer, folder });
    await publishReport({ ...report, item: 'thm3.1', preset: 'evening, changed' }, { drawer, folder });
    expect(readdirSync(folder, { recursive: true }).map(String).sort()).toEqual([
      'README.md',
      'evening',
      ...published.map((ending) => join('evening', `thm3-1.${ending}`)),
      'quick',
      ...published.map((ending) => join('quick', `fig4.${ending}`)),
    ]);
    const page = readFileSync(galleryPath(report, 'md', folder), 'utf8');
    expect(page).toContain('(fig4.svg)');
    expect(page).toContain('| RoPE | 20.00 | 393,536 | yes | 100 |');
    expect(page).toContain('| It is lower | ✓ holds | 20 |');
    expect(page).toContain('npm run reproduce -- fig4');
    const index = readFileSync(join(folder, 'README.md'), 'utf8');
    for (const link of ['(quick/fig4.md)', '(quick/fig4.svg)', '(evening/thm3-1.md)'])
      expect(index).toContain(link);
    const read = await readReference(report, folder);
    expect(read).toEqual(JSON.parse(JSON.stringify(referenceOf(report))));
    expect(agreementOf(compareWith(report, read ?? reference))).toBe('the same');
    // Counts are kept whole, and of others six digits.
    const numbers = { ...sampleFigure(), data: [{ x: [1_234_567, 0.123456789], y: [98_765_432.125, 1e-9] }] };
    expect(JSON.parse(figuresText(like({ figures: [numbers] })))).toMatchObject([
      { data: [{ x: [1_234_567, 0.123457], y: [98_765_400, 1e-9] }] },
    ]);
    const [figure] = await readFigures(report, folder);
    const { alt, caption, data } = sampleFigure();
    expect(figure).toMatchObject({ id: 'sample', alt, caption });
    figure?.data.forEach(({ y }, index) => {
      const [shown, exact] = [y, data[index]?.['y']].map((values) => values as number[]);
      shown?.forEach((value, point) => {
        expect(value).toBeCloseTo(exact?.[point] ?? Number.NaN, 3);
      });
    });
  });

  it('writes a page of what the report has, and of nothing else', async () => {
    const folder = temporaryFolder();
    const pageOf = async (fields: Partial<Report>): Promise<string> => {
      await publishReport({ ...report, ...fields }, { drawer, folder });
      return readFileSync(galleryPath(report, 'md', folder), 'utf8');
    };
    await expectText('published', await pageOf({}));
    await expectText('published-tables', await pageOf({ figures: [], findings: [] }));
  });

  it('refuses what was computed from sources that are in no commit, and writes nothing', async () => {
    const folder = temporaryFolder();
    const dirty = { ...report, provenance: { ...committed, dirty: true } };
    await expect(publishReport(dirty, { drawer, folder })).rejects.toThrow(/not committed; commit them/);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('leaves a damaged reference where it is, named', async () => {
    const folder = temporaryFolder();
    const path = galleryPath(report, 'json', folder);
    mkdirSync(dirname(path), { recursive: true });
    for (const text of ['{', '{}', '[]', JSON.stringify({ ...reference, tables: [{ id: 1 }] })]) {
      writeFileSync(path, text);
      await expect(readReference(report, folder)).rejects.toThrow(
        /fig4\.json: not the numbers of a reference/,
      );
    }
  });
});

describe('the gallery', () => {
  it('has each item at preset quick, and nothing that is not one', () => {
    const items = readdirSync(projectPath('figures', 'quick')).map((name) => name.replace(/\..*$/, ''));
    expect([...new Set(items)].sort()).toEqual(experiments.map(({ id }) => id.replace(/[._]/g, '-')).sort());
  });

  it('is small: at most 3 MB', () => {
    const sizes = readdirSync(projectPath('figures'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.parentPath.includes('local'))
      .map((entry) => readFileSync(join(entry.parentPath, entry.name)).length);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(3e6);
  });

  it.each(['fig2', 'lemma1.1', 'table-recipes'])('has the numbers that %s computes here', async (item) => {
    const experiment = experiments.find(({ id }) => id === item);
    const report = await experiment?.execute({ preset: 'quick', reporter: silentReporter });
    expect(report?.comparison && describeComparison(report.comparison)).toEqual([
      expect.stringMatching(/all \d+ entries are the same$/),
    ]);
  });
});
