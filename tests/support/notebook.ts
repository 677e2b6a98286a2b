// Executes notebooks with the Jupyter of .venv, as `jupyter nbconvert --execute` does.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { jupyterEnvironment } from '../../scripts/lib/jupyter.mjs';
import { venvPython } from '../../scripts/lib/paths.mjs';
import { projectPath } from '../../lib/base/paths';

/** An output of a cell, as notebook files hold it. */
export interface CellOutput {
  readonly output_type: 'stream' | 'display_data' | 'execute_result' | 'error';
  readonly name?: string;
  readonly text?: string | readonly string[];
  readonly data?: Readonly<Record<string, unknown>>;
  readonly ename?: string;
  readonly evalue?: string;
  readonly traceback?: readonly string[];
}

/** A cell of an executed notebook. */
export interface ExecutedCell {
  readonly cell_type: 'code' | 'markdown' | 'raw';
  readonly source: string | readonly string[];
  readonly execution_count?: number | null;
  readonly outputs?: readonly CellOutput[];
}

/** What came of a notebook. */
export interface ExecutedNotebook {
  /** 0 if every cell ran, 1 if one failed, which ended the run. */
  readonly exitCode: number;
  readonly cells: readonly ExecutedCell[];
  /** The outputs of all code cells. */
  readonly outputs: readonly CellOutput[];
  readonly stderr: string;
}

/** How a notebook is run. */
export interface ExecuteNotebookOptions {
  /** The kernel's folder; the notebook's own by default. */
  readonly cwd?: string;
  /** Seconds a cell may take. */
  readonly timeout?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** The environment of the Jupyter programs in .venv. */
export function notebookEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  if (!existsSync(venvPython))
    throw new Error('.venv is missing, so no notebook can be executed: run `npm run setup`');
  return { ...jupyterEnvironment(), ...extra };
}

/** A notebook file with these code cells, as text. */
export function notebookOf(...codes: readonly string[]): string {
  const cells = codes.map((source, index) => ({
    cell_type: 'code',
    id: `cell-${index}`,
    metadata: {},
    source,
    outputs: [],
    execution_count: null,
  }));
  const kernelspec = { name: 'bipe', display_name: 'TypeScript (BiPE)', language: 'typescript' };
  return JSON.stringify({ cells, metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 });
}

/**
 * The project's own notebooks, by path in `notebooks/`; what a reader has put beside them is not
 * among them, where git can tell.
 */
export function projectNotebooks(): string[] {
  const folder = projectPath('notebooks');
  const { status, stdout } = spawnSync('git', ['ls-files'], { cwd: folder, encoding: 'utf8' });
  const names =
    status === 0 ? stdout.split('\n') : readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.filter((name) => name.endsWith('.ipynb') && existsSync(join(folder, name))).sort();
}

/**
 * Runs a notebook file from its first cell to its last, or to the first that fails. The file stays
 * as it is.
 */
export function executeNotebook(path: string, options: ExecuteNotebookOptions = {}): ExecutedNotebook {
  const { cwd = dirname(path), timeout = 120, env } = options;
  const script = projectPath('tests', 'support', 'execute_notebook.py');
  const run = spawnSync(venvPython, [script, path, cwd, String(timeout)], {
    encoding: 'utf8',
    env: notebookEnvironment(env),
    maxBuffer: 256 * 1024 * 1024,
  });
  if (run.stdout === '') throw new Error(`${path} was not executed:\n${run.stderr}`);
  const { cells } = JSON.parse(run.stdout) as { cells: ExecutedCell[] };
  return {
    exitCode: run.status ?? -1,
    cells,
    outputs: cells.flatMap((cell) => cell.outputs ?? []),
    stderr: run.stderr,
  };
}

/** Runs a notebook of these cells as if it lay in `folder`. */
export function executeCells(
  folder: string,
  codes: readonly string[],
  options: ExecuteNotebookOptions = {},
): ExecutedNotebook {
  const temporary = mkdtempSync(join(tmpdir(), 'bipe-notebook-'));
  try {
    const path = join(temporary, 'notebook.ipynb');
    writeFileSync(path, notebookOf(...codes));
    return executeNotebook(path, { cwd: folder, ...options });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
