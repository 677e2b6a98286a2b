// What the notebook shows of the code is the code.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';

interface Notebook {
  readonly cells: readonly { readonly cell_type: string; readonly source: readonly string[] }[];
}

/**
 * The quotations of a notebook's prose: the file that the first line of each names, and the other
 * lines.
 */
function quotations(notebook: Notebook): [file: string, lines: string[]][] {
  const prose = notebook.cells
    .filter((cell) => cell.cell_type === 'markdown')
    .map((cell) => cell.source.join(''))
    .join('\n');
  return [...prose.matchAll(/```ts\n\/\/ (\S+)\n([^`]+)```/g)].map(([, file = '', code = '']) => [
    file,
    code
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line !== ''),
  ]);
}

describe('the encodings notebook', () => {
  const notebook = JSON.parse(readFileSync(projectPath('notebooks/encodings.ipynb'), 'utf8')) as Notebook;

  it('quotes the lines of its three equations, and of their combination', () => {
    expect(quotations(notebook).map(([file]) => file)).toEqual([
      'lib/positional/learned.ts',
      'lib/positional/rotation.ts',
      'lib/positional/bias.ts',
      'lib/positional/bias.ts',
      'lib/model/attention.ts',
      'lib/positional/bipe.ts',
    ]);
  });

  it.each(quotations(notebook))('quotes %s as it is', (file, quoted) => {
    const lines = readFileSync(projectPath(file), 'utf8')
      .split('\n')
      .map((line) => line.trim());
    const start = lines.indexOf(quoted[0] ?? '');
    expect(lines.slice(start, start + quoted.length)).toEqual(quoted);
  });
});
