// Every notebook of the workbench runs from top to bottom in a fresh kernel, in the smallest preset.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { displayPath, projectPath } from '../../lib/base/paths';
import { executeNotebook } from '../support/notebook';
import { plain } from '../support/project';

const secondsPerCell = 240;

const notebooks = readdirSync(projectPath('notebooks'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ipynb') && !name.includes('.ipynb_checkpoints'))
  .map((name) => displayPath(join(projectPath('notebooks'), name)))
  .sort();

it('there are notebooks', () => {
  expect(notebooks).toContain('notebooks/00_start_here.ipynb');
});

describe.each(notebooks)('%s', (name) => {
  it('runs top to bottom without an error', { timeout: 10 * 60_000 }, () => {
    const { exitCode, outputs } = executeNotebook(projectPath(name), {
      timeout: secondsPerCell,
      env: { BIPE_PRESET: 'smoke' },
    });
    const errors = outputs.filter((output) => output.output_type === 'error');
    expect(errors.map(({ traceback }) => plain(traceback ?? []))).toEqual([]);
    expect(exitCode).toBe(0);
  });
});
