// The kernel as Jupyter's clients meet it: counts, silence, interrupts, aborts, completion,
// shutdown.

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { type KernelClient, startKernel } from '../../kernel/client.mjs';
import { projectPath } from '../../lib/base/paths';
import { begin, stopped } from '../support/kernel';
import { projectNotebooks } from '../support/notebook';
import { type MiniatureProject, miniatureProject } from '../support/project';

let project: MiniatureProject;
let kernel: KernelClient;

beforeAll(async () => {
  project = miniatureProject({ 'index.ts': 'export const one = 1;\n' });
  kernel = await startKernel({ root: project.root });
});

afterAll(async () => {
  await kernel.stop();
  project.dispose();
});

it('tells clients what it is', async () => {
  expect(await kernel.request('kernel_info_request', {})).toMatchObject({
    status: 'ok',
    implementation: 'bipe',
    language_info: { name: 'typescript', file_extension: '.ts' },
  });
});

it.each(projectNotebooks())(
  'is of the language that %s names, so that opening it is no change',
  async (name) => {
    const { language_info } = await kernel.request('kernel_info_request', {});
    const { metadata } = JSON.parse(readFileSync(projectPath('notebooks', name), 'utf8')) as {
      metadata: Record<string, unknown>;
    };
    expect(metadata['language_info']).toEqual(language_info);
  },
);

it('shows every client the code and its number, between busy and idle', async () => {
  const { reply: before } = await kernel.execute('0');
  const count = Number(before['execution_count']) + 1;
  const { published, reply } = await kernel.execute('1 + 1');
  expect(
    published.map(({ type, content }) => [type, content['execution_state'] ?? content['execution_count']]),
  ).toEqual([
    ['status', 'busy'],
    ['execute_input', count],
    ['execute_result', count],
    ['status', 'idle'],
  ]);
  expect(reply).toMatchObject({ status: 'ok', execution_count: count });
});

it('runs silently where asked: no input, no result, no number taken', async () => {
  const { execution_count: before } = (await kernel.execute('0')).reply;
  const { published } = await kernel.execute('const quiet = 5; quiet', { silent: true });
  expect(published.map(({ type }) => type)).toEqual(['status', 'status']);
  const execution_count = Number(before) + 1;
  expect((await kernel.execute('quiet')).reply).toMatchObject({ execution_count });
  expect((await kernel.execute('quiet', { store_history: false })).reply).toMatchObject({ execution_count });
});

it('runs cells that arrive together one after another, and none after one that fails', async () => {
  const runs = await Promise.all([
    kernel.execute('await new Promise((r) => setTimeout(r, 50)); const first = 1;'),
    kernel.execute('first'),
    kernel.execute("throw new Error('stop');"),
    kernel.execute("console.log('not this')"),
  ]);
  expect(runs.map(({ reply }) => reply['status'])).toEqual(['ok', 'ok', 'error', 'aborted']);
  expect(runs[3].stdout).toBe('');
  expect((await kernel.execute('first')).result).toEqual({ 'text/plain': '1' });
});

it('goes on after a failure where the client wants that', async () => {
  const runs = await Promise.all([
    kernel.execute("throw new Error('go on');", { stop_on_error: false }),
    kernel.execute('2'),
  ]);
  expect(runs.map(({ reply }) => reply['status'])).toEqual(['error', 'ok']);
});

describe('an interrupt', () => {
  it('is heard even if it comes before the cell runs', async () => {
    const run = kernel.execute('while (true);', {
      onPublished: ({ type }) => {
        if (type === 'execute_input') void kernel.interrupt();
      },
    });
    expect((await run).error?.ename).toBe('KeyboardInterrupt');
  });

  it.each([
    ['that loops', "console.log('runs');\nwhile (true);"],
    ['that waits', "console.log('runs');\nawait new Promise(() => undefined);"],
    [
      'that loops after it has waited',
      "await new Promise((r) => setTimeout(r, 5));\nconsole.log('runs');\nwhile (true);",
    ],
    ['that awaits without an end', "console.log('runs');\nwhile (true) await null;"],
  ])('ends a cell %s, and the kernel goes on', async (_, code) => {
    await kernel.execute('const before = 3;');
    const { error, reply } = await stopped(kernel, code);
    expect(error?.ename).toBe('KeyboardInterrupt');
    expect(reply['status']).toBe('error');
    expect((await kernel.execute('before')).result).toEqual({ 'text/plain': '3' });
    expect((await kernel.execute('await new Promise((r) => setTimeout(r, 5, 4))')).result).toEqual({
      'text/plain': '4',
    });
  });

  it('comes as a signal too, where a cell waits', async () => {
    const waits = "console.log('runs');\nawait new Promise(() => undefined);";
    const { error } = await stopped(kernel, waits, () => {
      kernel.signal('SIGINT');
    });
    expect(error?.ename).toBe('KeyboardInterrupt');
  });

  it('is told to the work that a cell has begun, so that it can end', async () => {
    const signal = "(globalThis as unknown as Record<symbol, AbortSignal>)[Symbol.for('bipe.interrupt')]";
    await kernel.execute('let told = 0;');
    await stopped(
      kernel,
      `${signal}?.addEventListener('abort', () => { told += 1; });
console.log('runs');
await new Promise(() => undefined);`,
    );
    expect((await kernel.execute(`[told, ${signal}?.aborted]`)).result).toEqual({
      'text/plain': '[ 1, false ]',
    });
  });
});

it('completes names, counting characters beyond the basic plane as one', async () => {
  await kernel.execute('const distance = 1;');
  const code = "const stone = '🪨'; dist";
  const characters = code.length - 1;
  const reply = await kernel.request('complete_request', { code, cursor_pos: characters });
  expect(reply).toMatchObject({ status: 'ok', cursor_start: characters - 4, cursor_end: characters });
  expect(reply['matches']).toContain('distance');
});

it('tells the type of a name', async () => {
  await kernel.execute('const distance = [1, 2];');
  const reply = await kernel.request('inspect_request', { code: 'distance', cursor_pos: 3, detail_level: 0 });
  expect(reply).toMatchObject({ status: 'ok', found: true });
  expect((reply['data'] as Record<string, string>)['text/plain']).toContain('distance: number[]');
});

it('asks for more lines only where the code is not whole', async () => {
  const isComplete = async (code: string): Promise<unknown> =>
    (await kernel.request('is_complete_request', { code }))['status'];
  expect(await isComplete('1 + 1')).toBe('complete');
  expect(await isComplete('function f() {')).toBe('incomplete');
});

it('says whether a shutdown is for a restart, and ends', async () => {
  const other = await startKernel({ root: project.root });
  expect(await other.request('shutdown_request', { restart: true }, 'control')).toEqual({
    status: 'ok',
    restart: true,
  });
  expect(await other.stop()).toEqual({ code: 0, signal: null });
});

it('ends when asked, even in the middle of a loop', async () => {
  const other = await startKernel({ root: project.root });
  const { run } = await begin(other, "console.log('runs');\nwhile (true);");
  const outcome = expect(run).rejects.toThrow('the kernel ended');
  await other.stop();
  await outcome;
});

it('ends when the server that started it is gone', async () => {
  const client = pathToFileURL(join(project.root, 'kernel', 'client.mjs')).href;
  const server = `import { startKernel } from '${client}';
const { pid } = await startKernel();
process.stdout.write(String(pid), () => process.kill(process.pid, 'SIGKILL'));`;
  const { stdout, signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', server], {
    // The kernel inherits and keeps it open as long as it lives.
    stdio: ['ignore', 'pipe', 'ignore'],
    encoding: 'utf8',
  });
  expect(signal).toBe('SIGKILL');
  const isAlive = (): boolean => {
    try {
      return process.kill(Number(stdout), 0);
    } catch {
      return false;
    }
  };
  await expect.poll(isAlive, { timeout: 20_000 }).toBe(false);
});
