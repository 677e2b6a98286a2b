// Notebooks executed by Jupyter's own tools, in a miniature project with its own lib.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { installKernelspec, jupyterEnvironment, kernelspecTrouble } from '../../scripts/lib/jupyter.mjs';
import { venvPython } from '../../scripts/lib/paths.mjs';
import { projectPath } from '../../lib/base/paths';
import { temporaryFolder } from '../support/command';
import { printedAddress } from '../support/lab';
import {
  type ExecutedNotebook,
  executeCells,
  notebookEnvironment,
  notebookOf,
  projectNotebooks,
} from '../support/notebook';
import { type MiniatureProject, miniatureProject, plain } from '../support/project';

let project: MiniatureProject;
let env: Record<string, string>;

beforeAll(() => {
  project = miniatureProject({
    'index.ts': "export { triple } from './triple';\n",
    'triple.ts': 'export function triple(x: number): number {\n  return 3 * x;\n}\n',
  });
  const prefix = join(project.root, 'python');
  installKernelspec({ root: project.root, prefix });
  env = { JUPYTER_PATH: join(prefix, 'share', 'jupyter') };
});

afterAll(() => {
  project.dispose();
});

const execute = (...codes: string[]): ExecutedNotebook => executeCells(project.notebooks, codes, { env });

describe('an executed notebook', () => {
  it('passes where every cell does', () => {
    const { exitCode, outputs } = execute(
      "import { triple } from '../lib';\nconst nine = triple(3);",
      'nine + await Promise.resolve(1)',
      "const nine = 'again';\nconsole.log(nine);",
    );
    expect(exitCode).toBe(0);
    expect(outputs).toMatchObject([
      { output_type: 'execute_result', data: { 'text/plain': '10' } },
      { output_type: 'stream', name: 'stdout', text: 'again\n' },
    ]);
  });

  it('passes in a deeper folder', () => {
    const folder = join(project.notebooks, 'deep');
    mkdirSync(folder);
    const { exitCode } = executeCells(folder, ["import { triple } from '../../lib';\ntriple(1);"], { env });
    expect(exitCode).toBe(0);
  });

  it('fails at the cell that does not type-check', () => {
    const { exitCode, cells, outputs } = execute(
      'const fine = 1;',
      "import { triple } from '../lib';\n\ntriple('x');",
      "console.log('not reached');",
    );
    expect(exitCode).toBe(1);
    expect(cells[2]?.outputs).toEqual([]);
    expect(outputs).toHaveLength(1);
    expect(outputs[0]).toMatchObject({
      output_type: 'error',
      ename: 'TypeScriptError',
      evalue: "line 3: Argument of type 'string' is not assignable to parameter of type 'number'. (TS2345)",
    });
  });

  it('fails at the cell that throws, and shows its line', () => {
    const { exitCode, outputs } = execute("interface Gone { a: 1 }\n\nthrow new Error('as said');");
    expect(exitCode).toBe(1);
    expect(outputs).toMatchObject([{ output_type: 'error', ename: 'Error', evalue: 'as said' }]);
    expect(plain(outputs[0]?.traceback ?? [])).toContain("> 3 | throw new Error('as said');");
  });
});

it.each([
  ['0 for a notebook that passes', '1 + 1', 0],
  ['1 for one that fails', "throw new Error('so be it');", 1],
])('jupyter nbconvert --execute ends with %s', (_, code, status) => {
  const folder = temporaryFolder();
  project.write('notebooks/convert.ipynb', notebookOf(code));
  const run = spawnSync(
    venvPython,
    ['-m', 'nbconvert', '--to', 'notebook', '--execute', '--output-dir', folder, 'convert.ipynb'],
    { cwd: project.notebooks, encoding: 'utf8', env: notebookEnvironment(env) },
  );
  expect([run.status, run.stderr]).toEqual([status, expect.anything()]);
  if (status === 1) expect(plain(run.stderr)).toContain('Error: so be it');
});

it('a notebook saved with halves of characters and displays of every kind is a valid file', () => {
  const half = "'😀'.slice(0, 1)";
  const code = `console.log(${half});
({ [Symbol.for('Jupyter.display')]: () => ({ 'text/plain': ${half}, 'application/json': { [${half}]: ${half} } }) })`;
  project.write('notebooks/halves.ipynb', notebookOf(code, `throw new Error(${half});`));
  const options = { cwd: project.notebooks, encoding: 'utf8', env: notebookEnvironment(env) } as const;
  const convert = ['-m', 'nbconvert', '--to', 'notebook', '--inplace', '--execute', '--allow-errors'];
  expect(spawnSync(venvPython, [...convert, 'halves.ipynb'], options).status).toBe(0);
  const check = 'import nbformat; nbformat.validate(nbformat.read("halves.ipynb", as_version=4))';
  expect(spawnSync(venvPython, ['-c', check], options)).toMatchObject({ status: 0, stderr: '' });
  const { cells } = JSON.parse(
    readFileSync(join(project.notebooks, 'halves.ipynb'), 'utf8'),
  ) as ExecutedNotebook;
  expect(
    cells.map(({ outputs }) => outputs?.map((output) => output.text ?? output.data ?? output.evalue)),
  ).toEqual([
    [['\ufffd\n'], { 'text/plain': ['\ufffd'], 'application/json': { '\ufffd': '\ufffd' } }],
    ['\ufffd'],
  ]);
});

it('a cell does not find the token of the server that started its kernel', () => {
  const token = 'f00dfeed';
  const code = `import { readFileSync } from 'node:fs';
const given = process.platform === 'linux' ? readFileSync('/proc/self/environ', 'utf8') : '';
console.log(process.env['JUPYTER_TOKEN'], given.includes('${token}'));`;
  const { outputs } = executeCells(project.notebooks, [code], { env: { ...env, JUPYTER_TOKEN: token } });
  expect(outputs).toMatchObject([{ output_type: 'stream', text: 'undefined false\n' }]);
});

/**
 * JupyterLab as `npm start` opens it, with copies of the notebooks in a folder of the test's own.
 */
class Server {
  private constructor(
    private readonly lab: ChildProcess,
    readonly address: URL,
    /** The folder of the copies. */
    readonly copies: string,
  ) {}

  static async start(...options: string[]): Promise<Server> {
    const copies = mkdtempSync(projectPath('work-test-'));
    const start = projectPath('scripts', 'start.mjs');
    const lab = spawn(process.execPath, [start, ...options, '--port=0', '--no-browser'], {
      env: { ...process.env, BIPE_WORK: basename(copies) },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    return new Server(lab, await printedAddress(lab), copies);
  }

  async stop(): Promise<void> {
    this.lab.kill('SIGINT');
    await once(this.lab, 'exit');
    rmSync(this.copies, { recursive: true });
  }

  async ask(path: string, method = 'GET', body?: unknown): Promise<Record<string, unknown>> {
    const headers = { authorization: `token ${this.address.searchParams.get('token') ?? ''}` };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await fetch(new URL(path, this.address), { method, headers, ...content });
    return answer.status === 204 ? {} : ((await answer.json()) as Record<string, unknown>);
  }

  /** Names in the folder that JupyterLab shows first. */
  async listed(): Promise<string[]> {
    const { content } = await this.ask('/api/contents');
    return (content as { name: string }[]).map(({ name }) => name);
  }
}

describe('a server of JupyterLab', () => {
  let server: Server;

  beforeAll(async () => {
    server = await Server.start();
  });

  afterAll(() => server.stop());

  it('starts this kernel where one is asked for without a name', async () => {
    expect(await server.ask('/api/kernelspecs')).toMatchObject({
      default: 'bipe',
      kernelspecs: { bipe: {} },
    });
    const kernel = await server.ask('/api/kernels', 'POST');
    expect(kernel['name']).toBe('bipe');
    await server.ask(`/api/kernels/${String(kernel['id'])}`, 'DELETE');
  });

  it("opens and lists the reader's copies, not the originals", async () => {
    const folder = basename(server.copies);
    expect(server.address.pathname).toBe(`/lab/tree/${folder}/00_start_here.ipynb`);
    const copied = readdirSync(server.copies, { recursive: true, encoding: 'utf8' });
    expect(copied).toEqual(expect.arrayContaining(projectNotebooks()));
    const names = await server.listed();
    expect(names).toEqual(expect.arrayContaining([folder, 'README.md', 'lib', 'docs', 'figures']));
    expect(names).not.toContain('notebooks');
  });

  it('lets a folder of the same name elsewhere be seen', async () => {
    mkdirSync(join(server.copies, 'notebooks'));
    const { content } = await server.ask(`/api/contents/${basename(server.copies)}`);
    expect(content).toContainEqual(expect.objectContaining({ name: 'notebooks' }));
  });

  it('opens and saves the copy where the path is that of an original, as in links of the docs', async () => {
    const name = `${basename(server.copies)}.ipynb`;
    const content = JSON.parse(notebookOf('1')) as unknown;
    await server.ask(`/api/contents/notebooks/${name}`, 'PUT', { type: 'notebook', content });
    expect(existsSync(projectPath('notebooks', name))).toBe(false);
    expect(existsSync(join(server.copies, name))).toBe(true);
    expect(await server.ask(`/api/contents/notebooks/${name}`)).toMatchObject({ name, content });
  });
});

it('a server of JupyterLab opens and lists the originals for who asks for them', async () => {
  const server = await Server.start('--originals');
  onTestFinished(() => server.stop());
  expect(server.address.pathname).toBe('/lab/tree/notebooks/00_start_here.ipynb');
  expect(readdirSync(server.copies)).toEqual([]);
  expect(await server.listed()).toContain('notebooks');
  expect(await server.ask('/api/contents/notebooks/fig1.ipynb')).toMatchObject({ name: 'fig1.ipynb' });
});

describe('the registration of the kernel', () => {
  it('is known to be missing, done, or out of date, and is not repeated', () => {
    const prefix = temporaryFolder();
    const place = { root: project.root, prefix };
    expect(kernelspecTrouble(place)).toBe('not registered');
    installKernelspec(place);
    expect(kernelspecTrouble(place)).toBeUndefined();
    const path = join(prefix, 'share', 'jupyter', 'kernels', 'bipe', 'kernel.json');
    const { mtimeMs } = statSync(path);
    installKernelspec(place);
    expect(statSync(path).mtimeMs).toBe(mtimeMs);
    expect(readdirSync(join(prefix, 'share', 'jupyter', 'kernels', 'bipe')).sort()).toEqual([
      'kernel.json',
      'logo-svg.svg',
    ]);
    const sheet = join(project.root, '.jupyter', 'config', 'custom', 'custom.css');
    writeFileSync(sheet, 'body { color: red; }');
    expect(kernelspecTrouble(place)).toBe('registered by another version of the project');
    installKernelspec(place);
    expect(readFileSync(sheet, 'utf8')).toContain('.jp-RenderedPlotly');
    expect(kernelspecTrouble({ root: '/elsewhere', prefix })).toBe(
      `the registered one is that of another checkout (${join(project.root, 'kernel', 'main.mjs')}): .venv was copied or moved`,
    );
    writeFileSync(path, readFileSync(path, 'utf8').replace(JSON.stringify(process.execPath), '"/old/node"'));
    expect(kernelspecTrouble(place)).toBe('registered for another Node.js (/old/node)');
  });

  it('starts this Node.js with the launcher', () => {
    const prefix = temporaryFolder();
    installKernelspec({ root: project.root, prefix });
    const path = join(prefix, 'share', 'jupyter', 'kernels', 'bipe', 'kernel.json');
    expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({
      argv: [
        process.execPath,
        join(project.root, 'kernel', 'main.mjs'),
        '--config-path',
        '{connection_file}',
      ],
      display_name: 'TypeScript (BiPE)',
      language: 'typescript',
    });
  });
});

it('everything Jupyter writes has its place inside the repository', () => {
  const environment = jupyterEnvironment(project.root);
  const folders = Object.entries(environment).filter(([name]) => /^(JUPYTER\w*|IPYTHON)_?DIR$/.test(name));
  expect(folders.length).toBeGreaterThanOrEqual(6);
  for (const [, folder] of folders) expect(folder).toContain(join(project.root, '.jupyter'));
});
