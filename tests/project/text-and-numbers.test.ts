// What is written for readers must not contradict what is computed. A number in prose is one of a
// preset, of the paper or of a definition; measured ones stand in what a cell prints. Copies of a
// file's numbers in docs are held against the file.

import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { scrollsTaskNames } from '../../lib/data/scrolls/tasks';
import { type Experiment } from '../../lib/experiments/run/definition';
import { paperContents } from '../../lib/experiments/start-page/contents';
import { experiments } from '../../lib/experiments/registry';
import { encodingNamed } from '../../lib/positional/registry';
import { paperMeasures, paperRecipes, paperValues } from '../../lib/experiments/paper/values';
import { contradictions, markedBlocks, unmarkedTables } from '../support/marked-numbers';
import { projectNotebooks } from '../support/notebook';
import { numbersInside, readNumbers } from '../support/numbers';

const read = (path: string): string => readFileSync(projectPath(path), 'utf8');

/**
 * Numbers that may stand anywhere: they are defined, not measured. A new one needs a reason beside
 * it.
 */
const definitions: readonly number[] = [
  0,
  1,
  ...numbersInside(encodingNamed('bipe_rope')),
  ...numbersInside(encodingNamed('bipe_alibi')),
  ...Object.values(paperRecipes)
    .flat()
    .flatMap(({ value }) => numbersInside(value)),
  ...paperValues.map(({ value, format }) => (format === 'percent' ? 100 * value : value)),
  ...(['figure', 'table'] as const).map((kind) => paperContents.filter((one) => one.kind === kind).length),
  scrollsTaskNames.length,
  // Figures that the paper's summary page names.
  paperContents.filter(({ kind, says }) => kind === 'figure' && says !== null).length,
  // The appendix's numbers of lemmas and theorems.
  ...[1.1, 1.2, 1.3, 1.4, 1.5, 1.6, 1.7],
  // The released code's separators, token ids of Llama 2.
  ...[869, 13],
  // Lines of BiPE attention in a lesson, which tests/kernel/class.test.ts counts.
  30,
];

/**
 * Numbers that are an item's: of its settings in any preset, and of what it quotes of the paper.
 */
function numbersOf({ presets, title, question, claim }: Experiment): number[] {
  return [...presets.map(({ settings }) => settings), title, question, claim].flatMap(numbersInside);
}

/** Numbers of a text that are none of those. */
function strangers(markdown: string, items: readonly Experiment[], more: readonly number[] = []): string[] {
  const known = new Set([...definitions, ...items.flatMap(numbersOf), ...more]);
  return readNumbers(markdown)
    .filter(({ value }) => !known.has(value))
    .map(({ text, around }) => `${text} in "…${around}…"`);
}

/** How long something takes: a preset's `time` says it, and nothing else. */
function durations(text: string): string[] {
  return text.match(/.{0,40}\b(?:seconds|minutes?|hours?)\b.{0,20}/g) ?? [];
}

interface Notebook {
  readonly cells: readonly { readonly cell_type: string; readonly source: readonly string[] }[];
}

const notebooks = projectNotebooks().map((name) => `notebooks/${name}`);

describe.each(notebooks)('%s', (path) => {
  const { cells } = JSON.parse(read(path)) as Notebook;
  const textOf = (type: string): string =>
    cells.flatMap(({ cell_type, source }) => (cell_type === type ? source.join('') : [])).join('\n\n');
  const comments = textOf('code').match(/\/\/.*/g) ?? [];
  // A lesson has a plan, in minutes of the class.
  const prose = [textOf('markdown').replace(/\b\d+ min\b/g, ''), ...comments].join('\n\n');
  const own = experiments.filter(({ notebook }) => notebook === path);
  // A notebook without an item is about those that it links to.
  const items =
    own.length > 0 ? own : experiments.filter(({ notebook }) => prose.includes(notebook.slice(10)));

  it('has no number in its prose that a run could contradict', () => {
    expect(
      strangers(prose, items),
      'neither of its presets, nor of the paper, nor a definition: let a cell print it, and say in words what it shows',
    ).toEqual([]);
  });

  it('leaves it to the presets to say how long something takes', () => {
    expect(durations(prose)).toEqual([]);
  });
});

describe.each(experiments)('$id', ({ id, title, question, claim }) => {
  it('claims and asks with numbers of the paper alone', () => {
    const measured = numbersInside(Object.values(paperMeasures));
    expect(strangers([title, question, claim].join('\n\n'), [], measured), id).toEqual([]);
  });
});

describe.each(['README.md', 'docs/items.md', 'docs/parts.md'])('%s', (path) => {
  it('has no number in its prose that a run could contradict', () => {
    const { rows } = JSON.parse(read('bench/results/bench-table.json')) as {
      rows: { speed: number | null }[];
    };
    const ratios = rows.flatMap(({ speed }) => (speed === null ? [] : [Number(speed.toFixed(1))]));
    const times = experiments.flatMap(({ presets }) => presets.flatMap(({ time }) => numbersInside(time)));
    expect(strangers(read(path), experiments, [...ratios, ...times])).toEqual([]);
  });

  it('says how long something takes in the table of items alone', () => {
    const prose = read(path).replace(/^\|.*$/gm, '');
    expect(durations(prose).filter((found) => readNumbers(found).length > 0)).toEqual([]);
  });
});

describe('the table of items', () => {
  const page = read('docs/items.md');

  it.each(experiments.map((item) => [item.id, item] as const))(
    'says the time of %s as its preset does',
    (id, item) => {
      const name = id.startsWith('lemma') ? 'lemma1.1' : id;
      const row = page.split('\n').find((line) => line.includes(`| \`${name}\` `)) ?? '';
      expect(row.split('|').at(-2)?.trim(), `the row of ${id}`).toBe(
        item.presets.find((preset) => preset.name === 'quick')?.time,
      );
    },
  );
});

// Who opens a document in JupyterLab has a folder of its checkpoints, too.
const documents = readdirSync(projectPath('docs')).filter((name) => name.endsWith('.md'));

describe.each(['README.md', ...documents.map((name) => `docs/${name}`)])('%s', (path) => {
  it('says of each table of measured numbers where they are from', () => {
    expect(
      unmarkedTables(read(path)),
      'put <!-- numbers: <file> --> before it, or in words where its numbers are from',
    ).toEqual([]);
  });

  it('copies the numbers of files as they are there', () => {
    expect(markedBlocks(read(path)).flatMap((block) => contradictions(path, block))).toEqual([]);
  });
});

describe('a contradiction that was once on a page', () => {
  const fig4 = experiments.filter(({ id }) => id === 'fig4');

  it.each([
    [
      'a count that a cell prints',
      'A training block holds about ten\nsegments, the longest one here about 160',
      2,
    ],
    ['a measured share with its interval', 'with BiPE-RoPE 77.1 % (73.1 to 80.0), which cannot be told', 3],
    ['perplexities', 'RoPE climbs to 46, BiPE-RoPE to 35', 2],
  ])('is found in prose: %s', (_what, prose, count) => {
    expect(strangers(prose, fig4)).toHaveLength(count);
  });

  it.each(["'quick' takes some ten minutes", 'trained now (a minute or two)', 'in seconds'])(
    'is found: %s',
    (text) => {
      expect(durations(text)).toHaveLength(1);
    },
  );

  it('is found in a copied table: its row, its number and the file', () => {
    const source = 'figures/evening/fig4.json#fig4-perplexity';
    const table =
      '| tokens | 512 | 1,024 |\n| --- | ---: | ---: |\n| RoPE | 47.2 | 60.9 |\n| ALiBi | 47.3 | 47.2 |\n';
    expect(contradictions('docs/a.md', { text: table, source })).toEqual([
      expect.stringMatching(
        /^docs\/a\.md, row RoPE, column 1,024: 60\.9 is not in figures\/evening\/fig4\.json; .*\(60\.78/,
      ),
      expect.stringMatching(/row ALiBi, column 1,024: 47\.2 is not in/),
    ]);
  });

  it('is found in a copied table of rows that are named by their beginning: their least and their most', () => {
    const source = 'bench/results/bench-table.json';
    const found = (cell: string, row = 'training, hidden 48', column = 'Speed ratio'): string[] =>
      contradictions('a.md', { text: `| work | ${column} |\n| --- | --- |\n| ${row} | ${cell} |\n`, source });
    expect(found('2.7 to 2.8')).toEqual([]);
    // Numbers of the same column, of other rows or in another order.
    expect(found('1.5 to 2.8')).toHaveLength(1);
    expect(found('2.8 to 2.7')).toHaveLength(2);
    expect(found('2.7')).toHaveLength(1);
    expect(found('2.7', 'training')).toHaveLength(2);
    expect(found('2.7', 'walking')).toEqual([expect.stringMatching(/bench-table\.json has no such row/)]);
    expect(found('2.7', 'training, hidden 48', 'Speed')).toHaveLength(1);
  });

  it('is found in a copied table of records: a number of another encoding, length or kind of products', () => {
    const source = 'bench/results/bfloat16.json';
    const found = (cell: string, row = '| RoPE | at 256', column = 'float32'): string[] =>
      contradictions('a.md', {
        text: `| model | encoding | measured | ${column} |\n| - | - | - | - |\n| 256 words ${row} | ${cell} |\n`,
        source,
      });
    expect(found('7.79 (7.76 to 7.81)')).toEqual([]);
    expect(found('7.79 (7.76 to 7.81)', '| BiPE-RoPE | at 256')).toHaveLength(3);
    expect(found('7.79 (7.76 to 7.81)', '| RoPE | at 1,024')).toHaveLength(3);
    expect(found('7.79 (7.76 to 7.81)', '| RoPE | at 256', 'bfloat16')).toHaveLength(3);
  });

  it('is found in a marked paragraph, as is a measured table without a mark', () => {
    const found = (text: string, part: string): string[] => {
      const [block, ...rest] = markedBlocks(
        `<!-- numbers: bench/results/bench-table.json${part} -->\n\n${text}\n`,
      );
      expect(rest).toEqual([]);
      return contradictions('a.md', block ?? { text: '', source: '' });
    };
    expect(found('Training 2.7 times.', ', training, hidden 48')).toEqual([]);
    expect(found('Training 9.4 times.', ', training, hidden 48')).toHaveLength(1);
    // A number of another row.
    expect(found('Training 16.7 times.', ', training, hidden 48')).toHaveLength(1);
    expect(found('Training 2.7 times.', '')).toEqual([expect.stringMatching(/say in the mark which part/)]);
    expect(contradictions('a.md', { text: '1.5', source: 'figures/none.json' })).toEqual([
      'a.md: there is no figures/none.json',
    ]);
    expect(unmarkedTables('| a | b |\n| - | - |\n| x | 1.5 |\n| y | 2.5 |\n')).toHaveLength(1);
    expect(unmarkedTables('| a | b |\n| - | - |\n| x | one |\n| y | `2.5` |\n')).toEqual([]);
  });

  it('is not seen in names, code, formulas and addresses', () => {
    const text =
      'Figure 4, Lemmas 1.1 to 1.5, Section 4.2, equation (7), llama 2, June 2024 and RFC 4180; T5, PG-19, 64-bit; `17`, $19$, [docs](a/23.md); two levels of four kinds';
    expect(readNumbers(text)).toEqual([]);
  });
});
