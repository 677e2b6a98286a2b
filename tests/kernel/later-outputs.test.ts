// Outputs that take longer to make than the cell takes to run.

import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CellRun, type KernelClient, startKernel } from '../../kernel/client.mjs';
import { type MiniatureProject, miniatureProject } from '../support/project';

let project: MiniatureProject;
let kernel: KernelClient;

beforeAll(async () => {
  project = miniatureProject({
    'index.ts': `
type Bundle = Record<string, unknown>;
type Display = (bundle: Bundle, metadata: Bundle, options: { displayId: string; later: () => Promise<Bundle | undefined> }) => void;
export function showLater(milliseconds: number, later: Bundle | undefined): void {
  const display = (globalThis as Record<symbol, unknown>)[Symbol.for('bipe.display')] as Display;
  const made = () => new Promise<Bundle | undefined>((resolve) => setTimeout(() => { resolve(later); }, milliseconds));
  display({ 'text/plain': 'now' }, {}, { displayId: 'one', later: made });
}
`,
  });
  kernel = await startKernel({ root: project.root });
});

afterAll(async () => {
  await kernel.stop();
  project.dispose();
});

const begin = "import { showLater } from '../lib';\n";
const shown = ({ published }: CellRun): unknown[] =>
  published
    .filter(({ type }) => type.endsWith('display_data'))
    .map(({ type, content: { data, transient } }) => [type, data, transient]);

const now = ['display_data', { 'text/plain': 'now' }, { display_id: 'one' }];
const then = ['update_display_data', { 'text/plain': 'then' }, { display_id: 'one' }];

it('a richer output takes the place of the first one before the cell ends', async () => {
  expect(shown(await kernel.execute(`${begin}showLater(200, { 'text/plain': 'then' });`))).toEqual([
    now,
    then,
  ]);
});

it('so it does where the cell fails', async () => {
  const run = await kernel.execute(`showLater(200, { 'text/plain': 'then' });\nthrow new Error('after');`);
  expect(run.error?.evalue).toBe('after');
  expect(shown(run)).toEqual([now, then]);
});

it('the first one stays where nothing richer comes', async () => {
  expect(shown(await kernel.execute('showLater(10, undefined);'))).toEqual([now]);
});

it('a cell that is stopped does not wait for it', async () => {
  let stopping: Promise<void> | undefined;
  const run = await kernel.execute(`showLater(600_000, { 'text/plain': 'then' });`, {
    onPublished: ({ type }) => {
      if (type === 'display_data') stopping = kernel.interrupt();
    },
  });
  await stopping;
  expect(run.error?.ename).toBe('KeyboardInterrupt');
  expect((await kernel.execute('1 + 1')).result).toEqual({ 'text/plain': '2' });
});
