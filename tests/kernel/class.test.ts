// The walkthroughs for a class: they run with open exercises, and each folded solution is right.

import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type KernelClient, startKernel } from '../../kernel/client.mjs';
import { projectPath } from '../../lib/base/paths';
import { projectNotebooks } from '../support/notebook';

const minute = 60_000;

interface Cell {
  readonly cell_type: 'code' | 'markdown';
  readonly metadata: { readonly jupyter?: { readonly source_hidden?: boolean } };
  readonly source: string;
}

function cellsOf(notebook: string): Cell[] {
  const { cells } = JSON.parse(readFileSync(projectPath('notebooks', notebook), 'utf8')) as {
    cells: (Omit<Cell, 'source'> & { source: readonly string[] })[];
  };
  return cells.map((cell) => ({ ...cell, source: cell.source.join('') }));
}

const codesOf = (cells: readonly Cell[]): string[] =>
  cells.filter((cell) => cell.cell_type === 'code').map(({ source }) => source);
const isOpen = ({ cell_type, source }: Cell): boolean =>
  cell_type === 'code' && source.includes('exercises.blank');
const isCheck = ({ cell_type, source }: Cell): boolean =>
  cell_type === 'code' && source.includes('exercises.check(');
const solutionIn = ({ source }: Cell): string | undefined =>
  /<summary>Solution[\s\S]*?```ts\n([\s\S]*?)```/.exec(source)?.[1];

/** The notebook with each open exercise replaced by the next solution. */
function solved(cells: readonly Cell[]): Cell[] {
  return cells.map((cell, place) => {
    if (!isOpen(cell)) return cell;
    const [source] = cells.slice(place).flatMap((later) => solutionIn(later) ?? []);
    return { ...cell, source: source ?? '' };
  });
}

/**
 * The parts of a lesson, with the minutes that are planned for them, and those that they need at
 * least: 120 words and ten lines of code a minute, and a minute and a half for each exercise.
 */
function partsOf(cells: readonly Cell[]): { title: string; planned: number; needed: number }[] {
  const parts: { title: string; planned: number; needed: number }[] = [];
  for (const cell of cells) {
    const { source, cell_type: type } = cell;
    const [, title = '', minutes] = /^## (.*) \((\d+) min\)$/m.exec(type === 'markdown' ? source : '') ?? [];
    if (minutes !== undefined) parts.push({ title, planned: Number(minutes), needed: 0 });
    const part = parts.at(-1);
    if (part === undefined) continue;
    const words = source.replace(/<details>[\s\S]*?<\/details>/g, '').split(/\s+/).length;
    const lines = source.split('\n').filter((line) => line.trim() !== '').length;
    if (type === 'markdown') part.needed += words / 120;
    else if (isOpen(cell)) part.needed += 1.5;
    else if (!isCheck(cell)) part.needed += lines / 10;
  }
  return parts;
}

/** The lines that the checks of a notebook show, once all its cells have run without an error. */
async function verdictsOf(kernel: KernelClient, codes: readonly string[]): Promise<string[]> {
  const verdicts: string[] = [];
  for (const code of codes) {
    const { reply, published } = await kernel.execute(code);
    expect(reply, `${code}\n${JSON.stringify(reply)}`).toMatchObject({ status: 'ok' });
    const texts = published.map(({ content }) => {
      const data = content['data'] as Record<string, unknown> | undefined;
      return String(data?.['text/plain']);
    });
    verdicts.push(...texts.filter((text) => /^[✓✗○] Exercise/.test(text)));
  }
  return verdicts;
}

it('has BiPE attention in 30 lines', () => {
  const codes = codesOf(cellsOf('class/c_attention.ipynb'));
  const lines = ['const twoPositions =', 'const rotated =', 'function bipeAttention('].flatMap(
    (beginning) => {
      const [code = ''] = codes.filter((source) => source.startsWith(beginning));
      return code.split('\n').filter((line) => line !== '' && !line.startsWith('console.log'));
    },
  );
  expect(lines.join('\n')).toContain('Math.exp');
  expect(lines.length).toBeLessThanOrEqual(30);
});

const lessons = projectNotebooks().filter((name) => name.startsWith('class/'));

it('has lessons', () => {
  expect(lessons).toHaveLength(5);
});

describe.each(lessons)('%s', (lesson) => {
  const cells = cellsOf(lesson);
  const open = cells.filter(isOpen);
  let kernel: KernelClient;

  beforeAll(async () => {
    vi.stubEnv('BIPE_PRESET', 'smoke');
    vi.stubEnv('BIPE_CHROMIUM', 'none'); // still pictures have tests of their own
    kernel = await startKernel({ folder: projectPath('notebooks', 'class') });
  }, 2 * minute);

  afterAll(async () => {
    await kernel.stop();
    vi.unstubAllEnvs();
  });

  it('has a cell that checks, out of sight, and a folded solution after each exercise', () => {
    const kinds = cells.flatMap((cell) => {
      if (isOpen(cell)) return ['exercise'];
      if (isCheck(cell)) return [cell.metadata.jupyter?.source_hidden === true ? 'check' : 'check in sight'];
      return solutionIn(cell) === undefined ? [] : ['solution'];
    });
    expect(kinds).toEqual(open.flatMap(() => ['exercise', 'check', 'solution']));
    expect(open.length).toBeGreaterThan(3);
  });

  it('is a plan of 50 minutes', () => {
    const text = cells.map(({ source }) => source).join('\n');
    const sum = (pattern: RegExp): number =>
      [...text.matchAll(pattern)].reduce((total, [, minutes]) => total + Number(minutes), 0);
    expect(sum(/^\| \d.*\| (\d+) min \|/gm)).toBe(50);
    expect(sum(/^## .*\((\d+) min\)$/gm)).toBe(50);
  });

  it('leaves each part the time to read it, to run it, and to answer', () => {
    for (const { title, planned, needed } of partsOf(cells))
      expect(planned, title).toBeGreaterThanOrEqual(needed);
  });

  it('runs as it stands, with open exercises', { timeout: 10 * minute }, async () => {
    const verdicts = await verdictsOf(kernel, codesOf(cells));
    expect(verdicts).toHaveLength(open.length);
    expect(verdicts.filter((verdict) => !verdict.endsWith(': not answered yet'))).toEqual([]);
  });

  it('finds its own solutions right', { timeout: 10 * minute }, async () => {
    const verdicts = await verdictsOf(kernel, codesOf(solved(cells)));
    expect(verdicts).toHaveLength(open.length);
    expect(verdicts.filter((verdict) => !verdict.endsWith(': right'))).toEqual([]);
  });
});
