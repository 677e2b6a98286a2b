import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { toneColors } from '../../lib/report/style';
import {
  escapeLatex,
  escapeMarkdown,
  exportTables,
  formatCell,
  tableOf,
  toCsv,
  toDataFrame,
  toHtml,
  toLatex,
  toMarkdown,
  type Cell,
  type Table,
} from '../../lib/report/tables';
import { readTable } from '../support/read-table';
import { sampleProvenance, sampleTable } from './samples';
import { expectText } from '../support/page';

/** The reader of danfo's own CSV functions; it has no types. */
interface Papaparse {
  parse(text: string, options: object): { data: string[][] };
}
let papaparse: Papaparse;

beforeAll(async () => {
  papaparse = ((await import(require.resolve('papaparse'))) as { default: Papaparse }).default;
});

const key = fc.stringMatching(/^[a-z]{1,8}$/);
const cell: fc.Arbitrary<Cell> = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('a,b', '"quoted"', 'two\nlines', 'carriage\rreturn', ' spaces ', "'", ';'),
  fc.double(),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
);
const table: fc.Arbitrary<Table> = fc.uniqueArray(key, { minLength: 1, maxLength: 5 }).chain((keys) =>
  fc.array(fc.tuple(...keys.map(() => cell)), { minLength: 1, maxLength: 6 }).map((rows) => ({
    id: 'random',
    title: 'Random',
    caption: '',
    columns: keys.map((name) => ({ key: name, label: name })),
    rows: rows.map((cells) => Object.fromEntries(cells.map((value, index) => [keys[index] ?? '', value]))),
  })),
);

describe('CSV', () => {
  it('gives back every field when read by papaparse, numbers to the last bit', () => {
    fc.assert(
      fc.property(table, (random) => {
        const { data } = papaparse.parse(toCsv(random), { delimiter: ',', newline: '\r\n' });
        const [header, ...rows] = data.slice(0, -1); // the last line end begins an empty line
        expect(header).toEqual(random.columns.map((column) => column.key));
        expect(rows).toHaveLength(random.rows.length);
        random.rows.forEach((row, index) => {
          random.columns.forEach((column, place) => {
            const value = row[column.key] ?? null;
            const field = rows[index]?.[place];
            if (value === null || Number.isNaN(value)) expect(field).toBe('');
            else if (typeof value === 'number') expect(Number(field)).toBe(value === 0 ? 0 : value);
            else expect(field).toBe(String(value));
          });
        });
      }),
    );
  });
});

describe('Markdown', () => {
  it('keeps a row on one line with as many cells as there are columns', () => {
    fc.assert(
      fc.property(table, (random) => {
        const lines = toMarkdown(random)
          .split('\n')
          .slice(2, 4 + random.rows.length);
        expect(lines).toHaveLength(2 + random.rows.length);
        for (const line of lines)
          expect(line.match(/(?<!\\)(?:\\\\)*\|/g)).toHaveLength(random.columns.length + 1);
      }),
    );
  });

  it('shows every character as it is', () => {
    expect(escapeMarkdown('a|b *c* _d_ `e` <f> $x$ [g](h) ~i~ & \\')).toBe(
      'a\\|b \\*c\\* \\_d\\_ \\`e\\` \\<f\\> \\$x\\$ \\[g\\](h) \\~i\\~ \\& \\\\',
    );
  });

  it('shows control characters, in LaTeX too, where a terminal would obey them', () => {
    expect(escapeMarkdown('a\u001b]0;x\u0007\nb')).toBe('a\\\\x1b\\]0;x\\\\x07 b');
    expect(escapeLatex('a\u001bb')).toBe('a\\textbackslash{}x1bb');
  });

  it('sets numbers flush right', () => {
    expect(toMarkdown(sampleTable)).toContain('| :--- | ---: | ---: | ---: | :--- |');
  });
});

describe('LaTeX', () => {
  it('leaves no character that LaTeX would take for its own', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        // What remains when every command that was put in is taken out again.
        const rest = escapeLatex(text)
          .replace(/\\text(backslash|asciitilde|asciicircum|less|greater|bar|quotedbl)\{\}/g, '')
          .replace(/\$(-|\\infty)\$/g, '')
          .replace(/\{\[\}|\{\]\}/g, '')
          .replace(/\\[$&#%_{}]/g, '');
        expect(rest).not.toMatch(/[\\{}$&#%_^~<>|"[\]\n\r]/);
      }),
    );
  });

  it('has one cell a column in every row, between booktabs rules', () => {
    const latex = toLatex(sampleTable);
    const rows = latex.split('\n').filter((line) => line.endsWith(' \\\\'));
    expect(rows).toHaveLength(3);
    for (const row of rows) expect(row.match(/(?<!\\)&/g)).toHaveLength(4);
    expect(latex).toContain('\\begin{tabular}{lrrrl}');
    for (const rule of ['toprule', 'midrule', 'bottomrule']) expect(latex).toContain(`\\${rule}`);
    expect(latex).toContain('\\label{tab:sample-table}');
  });
});

it('a table is what is kept of it, in each form', async () => {
  const columns = [
    ...sampleTable.columns,
    { key: 'verdict', label: 'Verdict', signs: { yes: { sign: '✓', tone: 'good' } } } as const,
  ];
  const rows = sampleTable.rows.map((row, index) => ({ ...row, verdict: index === 0 ? 'yes' : 'n/a' }));
  const table = { ...sampleTable, columns, rows };
  const forms = { toMarkdown, toCsv, toLatex, toHtml };
  const texts = Object.entries(forms).map(([name, write]) => `${name}\n${write(table)}`);
  await expectText('table', `${texts.join('\n')}\n`);
});

describe('HTML', () => {
  it('escapes what would be markup', () => {
    const html = toHtml(sampleTable);
    expect(html).toContain('{e} &lt;f&gt; ~#%&amp;');
    expect(html).not.toContain('<f>');
    expect(html.match(/<td /g)).toHaveLength(10);
    expect(html).toContain('>91.2&nbsp;%</td>');
  });

  it('sets words at the left and numbers at the right, titles as what is below them', () => {
    const sides = [...toHtml(sampleTable).matchAll(/<t[hd] [^>]*style="text-align:(\w*);/g)].map(
      ([, side]) => side,
    );
    const row = ['left', 'right', 'right', 'right', 'left'];
    expect(sides).toEqual([...row, ...row, ...row]);
  });

  it('has a sign before a value that has one, in its colour, and so has Markdown; data have none', () => {
    const signs = { yes: { sign: '✓', tone: 'good' }, no: { sign: '✗', tone: 'bad' } } as const;
    const columns = [{ key: 'verdict', label: 'Verdict', signs }];
    const rows = ['yes', 'no', 'toString'].map((verdict) => ({ verdict }));
    const table = { ...sampleTable, columns, rows };
    expect(toHtml(table).match(/(?<=<td [^>]*>).*(?=<\/td>)/g)).toEqual([
      `<span style="color:${toneColors.good}">✓ yes</span>`,
      `<span style="color:${toneColors.bad}">✗ no</span>`,
      'toString',
    ]);
    expect(readTable(table).rows).toEqual([['✓ yes'], ['✗ no'], ['toString']]);
    expect(toCsv(table)).toBe('verdict\r\nyes\r\nno\r\ntoString\r\n');
  });

  it('breaks no number, and nothing that is compared, between lines, but a path after a slash', () => {
    const row = { name: 'product, n = 4, ε ≤ 1e-8 and x<y', share: '5 % of 3 in notebooks/fig3.ipynb' };
    const columns = [
      { key: 'name', label: 'Name' },
      { key: 'share', label: 'Share' },
    ];
    const html = toHtml({ ...sampleTable, columns, rows: [row] });
    expect(html).toContain(
      '>product, n&nbsp;=&nbsp;4, ε&nbsp;≤&nbsp;<span style="white-space:nowrap">1e-8</span> and x&lt;y</td>',
    );
    expect(html).toContain('>5&nbsp;% of 3 in notebooks/<wbr>fig3.ipynb</td>');
    const short = toHtml({ ...sampleTable, columns, rows: [{ name: 'n/a', share: 'km/h and ms/token' }] });
    expect(short).not.toContain('<wbr>');
  });

  it('has a caption no wider than what shows it, in sight when a wide table is moved, and not narrow if it is long', () => {
    const styleOf = (caption: string): string | undefined =>
      /<caption[^>]*><div style="([^"]*)">/.exec(toHtml({ ...sampleTable, caption }))?.[1];
    expect(styleOf('Short.')).toBe('position:sticky;left:10px;max-width:calc(100cqw - 20px)');
    expect(styleOf('Many words. '.repeat(6))).toBe(
      'position:sticky;left:10px;min-width:min(34em,100cqw - 20px);max-width:calc(100cqw - 20px)',
    );
  });
});

describe('formatCell', () => {
  it.each([
    [327111, 'integer', '327,111'],
    [0.9123, 'percent', '91.2 %'],
    [-1.25, 'fixed1', '−1.3'],
    [1.23456, 'fixed3', '1.235'],
    [0.0000123, 'scientific', '1.23e−5'],
    [1234.5678, undefined, '1,235'],
    [12345678, undefined, '12,345,678'],
    [null, 'integer', '–'],
    [Number.NaN, undefined, '–'],
    [Number.NEGATIVE_INFINITY, undefined, '−∞'],
    [true, undefined, 'yes'],
    ['as-is', undefined, 'as-is'],
  ] as const)('writes %s (%s) as %s', (value, format, text) => {
    expect(formatCell(value, format)).toBe(text);
  });
});

describe('toDataFrame', () => {
  it('gives danfo the columns by key, with NaN for missing numbers', async () => {
    const frame = await toDataFrame(sampleTable);
    expect(frame.columns).toEqual(['text', 'tokens', 'share', 'median', 'done']);
    expect(frame.shape).toEqual([2, 5]);
    expect(frame.column('tokens').values).toEqual([327_111, -1]);
    expect(frame.column('share').values).toEqual([0.912, Number.NaN]);
    expect(frame.dropNa({ axis: 1 }).shape).toEqual([1, 5]);
  });

  const tableWith = (key: string, values: readonly Cell[]): Table => ({
    id: 'one',
    title: 'One',
    caption: '',
    columns: [{ key, label: 'Values' }],
    rows: values.map((value) => Object.fromEntries([[key, value]])),
  });
  const holes = [3, Number.NaN, 1, 2, null, 5];

  it('leaves what is missing out of a mean', async () => {
    const frame = await toDataFrame(tableWith('a', holes));
    expect(frame.column('a').mean()).toBe(2.75);
    expect(frame.mean({ axis: 0 }).values).toEqual([2.75]);
  });

  it('gives an empty frame for a table without rows, and a table of it again', async () => {
    const empty = tableWith('a', []);
    const frame = await toDataFrame(empty);
    expect(frame.shape).toEqual([0, 1]);
    expect(frame.columns).toEqual(['a']);
    expect(frame.sortValues('a').shape).toEqual([0, 1]);
    expect(tableOf(frame, empty).rows).toEqual([]);
  });

  it.each([
    'columns',
    'values',
    'index',
    'dtypes',
    'shape',
    'mean',
    'median',
    'column',
    'loc',
    'config',
    '$data',
    'constructor',
    '__proto__',
  ])('takes a column called %s, and the frame still works', async (key) => {
    const frame = await toDataFrame(tableWith(key, holes));
    expect(frame.columns).toEqual([key]);
    expect(frame.shape).toEqual([6, 1]);
    expect(frame.column(key).values).toEqual([3, NaN, 1, 2, NaN, 5]);
    expect(frame.mean({ axis: 0 }).values).toEqual([2.75]);
    expect(frame.sortValues(key).index).toEqual([2, 3, 0, 5, 1, 4]);
    expect(frame.sortValues(key).loc({ columns: [key] }).shape).toEqual([6, 1]);
    expect(tableOf(frame, tableWith(key, [])).rows).toHaveLength(6);
  });

  it('sorts any column both ways with what is missing last, and equal values as they stood', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constant(Number.NaN)), { minLength: 1 }),
        fc.boolean(),
        async (values, ascending) => {
          const frame = await toDataFrame(tableWith('a', values));
          const places = values.map((_, place) => place);
          const known = places.filter((place) => !Number.isNaN(values[place]));
          const by = (a: number, b: number): number => (values[a] ?? 0) - (values[b] ?? 0);
          const order = [
            ...known.toSorted((a, b) => (ascending ? by(a, b) : by(b, a))),
            ...places.filter((place) => Number.isNaN(values[place])),
          ];
          expect(frame.sortValues('a', { ascending }).index).toEqual(order);
          expect(frame.column('a').sortValues({ ascending }).values).toEqual(
            order.map((place) => values[place]),
          );
          frame.sortValues('a', { ascending, inplace: true });
          expect(frame.index).toEqual(order);
        },
      ),
    );
  });

  it('sorts texts without regard to case, null last', async () => {
    const frame = await toDataFrame(tableWith('a', ['b', null, 'A', 'C']));
    expect(frame.sortValues('a').column('a').values).toEqual(['A', 'b', 'C', null]);
  });
});

describe('tableOf', () => {
  it('gives back the table that a data frame was made of', async () => {
    const { id, title, caption } = sampleTable;
    const back = tableOf(await toDataFrame(sampleTable), { id, title, caption }, sampleTable);
    for (const write of [toMarkdown, toCsv, toLatex, toHtml]) expect(write(back)).toBe(write(sampleTable));
  });

  it('shows what was computed under the old labels, and new columns under their names', async () => {
    const frame = await toDataFrame(sampleTable);
    frame.addColumn('twice', frame.column('tokens').mul(2), { inplace: true });
    const table = tableOf(frame, { id: 'computed', title: 'Computed', caption: 'Twice.' }, sampleTable);
    expect(table.columns.map(({ label }) => label)).toEqual([
      ...sampleTable.columns.map(({ label }) => label),
      'twice',
    ]);
    expect(table.rows.map((row) => row['twice'])).toEqual([654_222, -2]);
  });
});

describe('exportTables', () => {
  it('writes each table four ways, with its provenance', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bipe-tables-'));
    try {
      const written = await exportTables([sampleTable], { folder, provenance: sampleProvenance });
      expect(written).toHaveLength(4);
      expect((await readdir(folder)).sort()).toEqual(
        ['csv', 'json', 'md', 'tex'].map((end) => `sample-table.${end}`),
      );
      const json = JSON.parse(await readFile(join(folder, 'sample-table.json'), 'utf8')) as Table & {
        kind: string;
      };
      expect(json).toMatchObject({
        kind: 'table',
        rows: [{ tokens: 327_111 }, { median: null }],
        provenance: { preset: 'quick' },
      });
      for (const end of ['md', 'tex']) {
        expect(await readFile(join(folder, `sample-table.${end}`), 'utf8')).toContain(
          'Imaginary Processor 9000',
        );
      }
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each([
    ['an id that is no file name', { id: '../x' }, /table id/],
    [
      'two columns with one key',
      {
        columns: [
          { key: 'a', label: 'A' },
          { key: 'a', label: 'B' },
        ],
        rows: [],
      },
      /same key/,
    ],
    ['a value that no column shows', { rows: [{ other: 1 }] }, /"other", but no column/],
  ])('refuses %s', async (_what, change, message) => {
    const failed = exportTables([{ ...sampleTable, ...change }], {
      folder: tmpdir(),
      provenance: sampleProvenance,
    });
    await expect(failed).rejects.toThrow(ConfigError);
    await expect(failed).rejects.toThrow(message);
  });
});
