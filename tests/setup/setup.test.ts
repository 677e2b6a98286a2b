// The set-up on machines that lack things, and cut off in the middle: a small copy of the project
// with a stand-in for npm, so that nothing is downloaded.

import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { runScript, temporaryFolder } from '../support/command';

interface Step {
  readonly id: string;
  readonly done: boolean;
  readonly detail: string;
  readonly mend: string | null;
}

interface Examination {
  readonly steps: readonly Step[];
  readonly tools: readonly { readonly title: string; readonly found: string | null; readonly mend: string }[];
}

/** A clone with nothing installed, and a stand-in for npm that runs `script` (CommonJS). */
function cloneWithNpm(script: string): { root: string; env: NodeJS.ProcessEnv } {
  const root = temporaryFolder();
  cpSync(projectPath('scripts'), join(root, 'scripts'), { recursive: true });
  for (const file of ['package.json', 'package-lock.json']) cpSync(projectPath(file), join(root, file));
  const npm = join(root, 'npm-cli.js');
  writeFileSync(npm, script);
  return { root, env: { ...process.env, npm_execpath: npm } };
}

/** A PATH with nothing but Node.js. */
function bareMachine(root: string): NodeJS.ProcessEnv {
  const bin = join(root, 'bare-bin');
  mkdirSync(bin);
  symlinkSync(process.execPath, join(bin, 'node'));
  return { PATH: bin, HOME: join(root, 'home') };
}

const onlyPackages = `
  import { setup } from './scripts/setup.mjs';
  await setup({ only: ['packages'] });
`;

function runSetup(root: string, env: NodeJS.ProcessEnv, program = onlyPackages) {
  writeFileSync(join(root, 'try.mjs'), program);
  return spawn(process.execPath, [join(root, 'try.mjs')], { cwd: root, env });
}

async function ended(
  child: ReturnType<typeof runSetup>,
): Promise<{ exitCode: number | null; stderr: string }> {
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  const exitCode = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { exitCode, stderr };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 20));
}

const installs = `
  const fs = require('node:fs');
  fs.mkdirSync('node_modules', { recursive: true });
  fs.appendFileSync('calls.txt', process.argv.slice(2).join(' ') + '\\n');
`;

describe('the set-up', () => {
  it('installs from the lock file without install scripts, once', async () => {
    const { root, env } = cloneWithNpm(installs);
    const first = await ended(runSetup(root, env));
    expect(first).toMatchObject({ exitCode: 0 });
    expect(first.stderr).toMatch(/✓ npm packages: \d+ packages/);
    expect(await ended(runSetup(root, env))).toEqual({ exitCode: 0, stderr: '' });
    const calls = readFileSync(join(root, 'calls.txt'), 'utf8').trimEnd().split('\n');
    expect(calls).toHaveLength(1);
    expect(calls[0]).toMatch(/^ci --ignore-scripts/);
  });

  it('says, before any command of bipe, what of the engine was built for another version', async () => {
    const { root, env } = cloneWithNpm(installs);
    const program = "import { warnOfOldEngine } from './scripts/setup.mjs';\nawait warnOfOldEngine();\n";
    expect((await ended(runSetup(root, env, program))).stderr).toBe('');
    const native = join(root, '.cache', 'native');
    mkdirSync(native, { recursive: true });
    writeFileSync(join(native, 'tfjs_binding.node'), '');
    const { stderr } = await ended(runSetup(root, env, program));
    expect(stderr.trim().split('\n')).toEqual(
      ['TensorFlow', 'engine binding', 'fused kernels'].map(
        (part) => `engine: ${part}: not as this version of the project needs it; npm run setup mends it`,
      ),
    );
  });

  it('installs again when the lock file changes', async () => {
    const { root, env } = cloneWithNpm(installs);
    await ended(runSetup(root, env));
    const lock = join(root, 'package-lock.json');
    writeFileSync(lock, readFileSync(lock, 'utf8').replace('"lockfileVersion"', ' "lockfileVersion"'));
    await ended(runSetup(root, env));
    expect(readFileSync(join(root, 'calls.txt'), 'utf8').trimEnd().split('\n')).toHaveLength(2);
  });

  it('installs again when the lock file has changed while it installed', async () => {
    const { root, env } = cloneWithNpm(`${installs}
      if (fs.readFileSync('calls.txt', 'utf8').split('\\n').length === 2)
        fs.appendFileSync('package-lock.json', '\\n');
    `);
    for (const calls of [1, 2, 2]) {
      await ended(runSetup(root, env));
      expect(readFileSync(join(root, 'calls.txt'), 'utf8').trimEnd().split('\n')).toHaveLength(calls);
    }
  });

  it('continues after it was killed in the middle of a step', async () => {
    const { root, env } = cloneWithNpm(`${installs}
      if (!fs.existsSync('second-time')) setTimeout(() => {}, 10_000);
    `);
    const child = runSetup(root, env);
    await until(() => existsSync(join(root, 'calls.txt')));
    const killed = ended(child);
    child.kill('SIGKILL');
    await killed;
    writeFileSync(join(root, 'second-time'), '');
    const second = await ended(runSetup(root, env));
    expect(second).toMatchObject({ exitCode: 0 });
    expect(second.stderr).toContain('✓ npm packages');
  });

  it('says that it can be continued when it is interrupted, and stops the tool at work', async () => {
    const { root, env } = cloneWithNpm(`${installs}
      process.on('SIGTERM', () => { fs.writeFileSync('stopped', ''); process.exit(); });
      fs.writeFileSync('working', '');
      setTimeout(() => {}, 10_000);
    `);
    const child = runSetup(root, env);
    const result = ended(child);
    await until(() => existsSync(join(root, 'working')));
    child.kill('SIGINT');
    const { exitCode, stderr } = await result;
    expect(exitCode).toBe(130);
    expect(stderr).toContain('continues where it stopped');
    expect(existsSync(join(root, '.cache', 'setup.lock'))).toBe(false);
    await expect.poll(() => existsSync(join(root, 'stopped'))).toBe(true);
  });

  it('waits for another set-up and then finds the work done', async () => {
    const { root, env } = cloneWithNpm(`${installs} setTimeout(() => {}, 1500);`);
    const first = ended(runSetup(root, env));
    await until(() => existsSync(join(root, 'calls.txt')));
    const second = await ended(runSetup(root, env));
    expect(await first).toMatchObject({ exitCode: 0 });
    expect(second).toMatchObject({ exitCode: 0 });
    expect(second.stderr).toContain('another set-up is running');
    expect(readFileSync(join(root, 'calls.txt'), 'utf8').trimEnd().split('\n')).toHaveLength(1);
  });

  it.each([
    ['npm error code ENOSPC\\nnpm error nospc ENOSPC: no space left on device', /the disk is full: free/],
    ['npm error code ENOTFOUND\\nnpm error network request failed', /no network: check the connection/],
    ['npm error code EACCES\\nnpm error Error: EACCES: permission denied', /not writable by this user/],
    [
      'npm error code EINTEGRITY\\nnpm error sha512 failed',
      /ended with code 7: npm error sha512 failed \(log: .*packages\.log\)/,
    ],
  ])('explains in one line what a step that fails prints: %s', async (prints, says) => {
    const { root, env } = cloneWithNpm(`console.error('${prints}'); process.exitCode = 7;`);
    const { exitCode, stderr } = await ended(runSetup(root, env));
    expect(exitCode).toBe(1);
    const lines = stderr.trimEnd().split('\n');
    expect(lines.at(-1)).toMatch(says);
    expect(lines.filter((line) => line.startsWith('✗'))).toHaveLength(1);
  });

  it('refuses a Node.js that is too old', async () => {
    const { root, env } = cloneWithNpm(installs);
    const pretend = `Object.defineProperty(process.versions, 'node', { value: '18.20.0' });\n`;
    const program = `${pretend}const { setup } = await import('./scripts/setup.mjs');\nawait setup();`;
    const { exitCode, stderr } = await ended(runSetup(root, env, program));
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'Node.js 18.20.0 is too old: install 20.19 or newer (nodejs.org)\n',
    });
  });

  it('refuses an unknown option', () => {
    expect(runScript('setup.mjs', ['--chek'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: 'unknown option --chek: --check and --json are known\n',
    });
  });
});

describe('the set-up of a checkout with links to folders of another one', () => {
  /**
   * Links a folder to one elsewhere that holds a file; says whether that file is still there, and
   * the link.
   */
  function linked(root: string, name: string) {
    const elsewhere = temporaryFolder();
    for (const folder of ['bin', 'tmp']) mkdirSync(join(elsewhere, folder));
    for (const path of ['precious', 'bin/precious', 'tmp/precious']) writeFileSync(join(elsewhere, path), '');
    symlinkSync(elsewhere, join(root, name));
    return () => ({
      there: readdirSync(elsewhere, { recursive: true }).map(String).sort(),
      isLink: lstatSync(join(root, name)).isSymbolicLink(),
    });
  }
  const there = ['bin', 'bin/precious', 'precious', 'tmp', 'tmp/precious'];

  it('empties none of them: packages and Python get folders of their own', async () => {
    const { root, env } = cloneWithNpm(`${installs}
      for (const name of fs.readdirSync('node_modules')) fs.rmSync('node_modules/' + name, { recursive: true });
    `);
    const python = join(root, 'python');
    writeFileSync(python, '#!/bin/sh\ntest "$1" = -c && echo 3.12.1\n');
    chmodSync(python, 0o755);
    const state = ['node_modules', '.venv'].map((name) => linked(root, name));
    const program = onlyPackages.replace("'packages'", "'packages', 'python'");
    await ended(runSetup(root, { ...env, BIPE_PYTHON: python }, program));
    expect(existsSync(join(root, 'calls.txt'))).toBe(true);
    expect(state.map((now) => now())).toEqual([
      { there, isLink: false },
      { there, isLink: false },
    ]);
  });

  it('leaves what is temporary there', async () => {
    const { root, env } = cloneWithNpm(installs);
    const now = linked(root, '.cache');
    expect(await ended(runSetup(root, env))).toMatchObject({ exitCode: 0 });
    expect(now()).toEqual({
      there: [...there, 'setup', ...['failures.json', 'packages.log'].map((name) => `setup/${name}`)].sort(),
      isLink: true,
    });
  });
});

describe('the set-up on a machine with Node.js alone', () => {
  const examine = (root: string, env: NodeJS.ProcessEnv): Examination =>
    JSON.parse(runScript('setup.mjs', ['--check', '--json'], { root, env }).stdout) as Examination;

  it('names each tool that is missing, in one line, and how to get it', () => {
    const { root } = cloneWithNpm(installs);
    const { tools } = examine(root, bareMachine(root));
    expect(tools.map((tool) => [tool.title, tool.found])).toEqual([
      ['Python', null],
      ['C++ compiler', null],
      ['apt', null],
    ]);
    for (const { mend } of tools) expect(mend).toMatch(/^\S[^\n]+$/);
  });

  it('tells a Python without its venv module from none, and one that is too old', () => {
    const { root } = cloneWithNpm(installs);
    const env = bareMachine(root);
    const python = join(root, 'bare-bin', 'python3');
    const pretend = (body: string): string | undefined => {
      writeFileSync(python, `#!/bin/sh\n${body}\n`);
      chmodSync(python, 0o755);
      return examine(root, env).tools.find((tool) => tool.title === 'Python')?.mend;
    };
    expect(pretend('echo 3.12.1; exit 1')).toContain('Python 3.12.1 lacks its venv module');
    expect(pretend('echo 3.8.2; exit 0')).toContain('install Python 3.11 or newer');
  });
});
