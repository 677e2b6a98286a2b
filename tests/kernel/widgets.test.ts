// Widgets' models as JupyterLab sees them: opened, moved, asked for again after a reload, closed;
// and what their listeners print, throw or never end.

import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CellRun, type KernelClient, type Published, startKernel } from '../../kernel/client.mjs';
import { printed } from '../support/kernel';
import { type MiniatureProject, miniatureProject } from '../support/project';

let project: MiniatureProject;
let kernel: KernelClient;

beforeAll(async () => {
  project = miniatureProject({
    'index.ts': `
type State = Record<string, unknown>;
type Events = { onChange?: (changed: State) => unknown; onMessage?: (content: State) => unknown };
type Model = { id: string; set(patch: State): void; send(content: State, buffers?: Uint8Array[]): void; close(): void };
type Publish = (type: string, content: State, extra?: { later?: () => Promise<State> }) => void;
export const widgets = (globalThis as Record<symbol, unknown>)[Symbol.for('bipe.widgets')] as {
  open(state: State, events?: Events): Model;
  capture(publish: Publish, work: () => unknown): Promise<void>;
  stop(): void;
  onFailure(listener: () => void): void;
};
type Display = (bundle: State, metadata: State, options: State) => void;
export const display = (globalThis as Record<symbol, unknown>)[Symbol.for('bipe.display')] as Display;
`,
  });
  kernel = await startKernel({ root: project.root });
  await kernel.execute("import { display, widgets } from '../lib';");
});

afterAll(async () => {
  await kernel.stop();
  project.dispose();
});

const classes = { _model_module: 'm', _model_module_version: '1', _model_name: 'n' };

/** Opens a model in a cell with these events; the cell, and the model's id. */
async function opened(events = '{}', state = '{ value: 1 }', metadata = {}): Promise<[CellRun, string]> {
  const code = `const model = widgets.open({ ...${JSON.stringify(classes)}, ...${state} }, ${events});`;
  const run = await kernel.execute(code, { metadata });
  const opening = run.published.find(({ type }) => type === 'comm_open');
  return [run, String(opening?.content['comm_id'])];
}

const message = (comm_id: string, data: Record<string, unknown>): Promise<{ published: Published[] }> =>
  kernel.exchange('comm_msg', { comm_id, data });
const move = (id: string, state: Record<string, unknown>): Promise<{ published: Published[] }> =>
  message(id, { method: 'update', state, buffer_paths: [] });

/** What was said about models, without what says whether the kernel is busy. */
const comms = (published: readonly Published[]): unknown[] =>
  published.filter(({ type }) => type.startsWith('comm_')).map(({ type, content }) => [type, content]);

async function openIds(): Promise<string[]> {
  const reply = await kernel.request('comm_info_request', { target_name: 'jupyter.widget' });
  return Object.keys(reply['comms'] as object);
}

describe('a model', () => {
  it('opens with its state, and is listed while it is open', async () => {
    const [run, id] = await opened();
    const data = { state: { ...classes, value: 1 }, buffer_paths: [] };
    expect(comms(run.published)).toEqual([
      ['comm_open', { comm_id: id, target_name: 'jupyter.widget', data }],
    ]);
    expect(run.published.find(({ type }) => type === 'comm_open')?.metadata).toEqual({ version: '2.1.0' });
    expect(await openIds()).toContain(id);
    const closing = await kernel.execute('model.close(); model.close(); model.set({ value: 2 });');
    expect(closing.error).toBeUndefined();
    expect(await openIds()).not.toContain(id);
    expect(comms(run.published).slice(1)).toEqual([['comm_close', { comm_id: id, data: {} }]]);
  });

  it('has after any moves, by either side, the state that a reloaded page is told', async () => {
    const moves = fc.array(
      fc.record({ ours: fc.boolean(), name: fc.constantFrom('value', 'other'), to: fc.jsonValue() }),
      { maxLength: 6 },
    );
    const property = fc.asyncProperty(moves, async (moves) => {
      const [, id] = await opened();
      const expected: Record<string, unknown> = { ...classes, value: 1 };
      for (const { ours, name, to } of moves) {
        const state = { [name]: JSON.parse(JSON.stringify(to)) as unknown };
        Object.assign(expected, state);
        if (ours) await kernel.execute(`model.set(${JSON.stringify(state)});`);
        else {
          const echo = { method: 'echo_update', state, buffer_paths: [] };
          const { published } = await move(id, state);
          expect(comms(published)).toEqual([['comm_msg', { comm_id: id, data: echo }]]);
        }
      }
      const one = await message(id, { method: 'request_state' });
      const update = { method: 'update', state: expected, buffer_paths: [] };
      expect(comms(one.published)).toEqual([['comm_msg', { comm_id: id, data: update }]]);
      const control = randomUUID();
      await kernel.exchange('comm_open', {
        comm_id: control,
        target_name: 'jupyter.widget.control',
        data: {},
      });
      const all = await message(control, { method: 'request_states' });
      const [answer] = all.published.filter(({ type }) => type === 'comm_msg');
      const { method, states } = answer?.content['data'] as {
        method: string;
        states: Record<string, unknown>;
      };
      expect(method).toBe('update_states');
      const names = { model_module: 'm', model_module_version: '1', model_name: 'n' };
      expect(states[id]).toEqual({ ...names, state: expected });
      await kernel.exchange('comm_close', { comm_id: control, data: {} });
    });
    await fc.assert(property, { numRuns: 10 });
  });

  it('sends bytes beside a message', async () => {
    const [run] = await opened();
    await kernel.execute("model.send({ kind: 'code' }, [Buffer.from('abc'), new Uint8Array([1])]);");
    await expect.poll(() => lastOf(run)?.buffers.map((bytes) => [...bytes])).toEqual([[97, 98, 99], [1]]);
    expect(lastOf(run)?.content['data']).toEqual({ method: 'custom', content: { kind: 'code' } });
  });

  it('is closed when its cell runs again, and no other', async () => {
    const [, other] = await opened('{}', '{}', { cellId: 'other' });
    const [, first] = await opened('{}', '{}', { cellId: 'one' });
    const [, second] = await opened('{}', '{}', { cellId: 'one' });
    const [, unnamed] = await opened();
    const ids = await openIds();
    expect([other, first, second, unnamed].map((id) => ids.includes(id))).toEqual([true, false, true, true]);
  });

  it('of another kind is refused, and a message to none is heard by nobody', async () => {
    const { published } = await kernel.exchange('comm_open', {
      comm_id: 'x',
      target_name: 'other',
      data: {},
    });
    expect(comms(published)).toEqual([['comm_close', { comm_id: 'x', data: {} }]]);
    expect(comms((await move('x', { value: 1 })).published)).toEqual([]);
  });
});

/** The last message that belongs to a cell, also after its end. */
function lastOf({ published }: CellRun): Published | undefined {
  return published.filter(({ type }) => type === 'comm_msg').at(-1);
}

describe('what a model calls', () => {
  it('prints below the cell that opened it, whatever ran since', async () => {
    const [run, id] = await opened('{ onChange: ({ value }) => { console.log("moved to", value); } }');
    const later = await kernel.execute('1;');
    await move(id, { value: 5 });
    await expect.poll(() => printed(run)).toBe('moved to 5\n');
    expect(printed(later)).toBe('');
  });

  it('tells below that cell what it throws, at once or later', async () => {
    const events =
      '{ onChange: () => { throw new Error("at once"); }, onMessage: async () => { await null; throw new Error("later"); } }';
    const [run, id] = await opened(events);
    await kernel.execute('1;');
    await move(id, { value: 2 });
    await expect.poll(() => printed(run, 'stderr')).toContain('at once');
    await message(id, { method: 'custom', content: { event: 'click' } });
    await expect.poll(() => printed(run, 'stderr')).toContain('later');
  });

  it('is heard while a cell waits, after which the kernel still says that it is busy', async () => {
    const waiting = `let finish: (value: unknown) => void = () => undefined;
const heard = new Promise((resolve) => { finish = resolve; });
const model = widgets.open({}, { onChange: ({ value }) => { finish(value); } });
await heard`;
    let moved: Promise<{ published: Published[] }> | undefined;
    const run = await kernel.execute(waiting, {
      onPublished: ({ type, content }) => {
        if (type === 'comm_open') moved = move(String(content['comm_id']), { value: 7 });
      },
    });
    expect(run.result).toEqual({ 'text/plain': '7' });
    const states = (published: readonly Published[] = []): unknown[] =>
      published.filter(({ type }) => type === 'status').map(({ content }) => content['execution_state']);
    expect(states((await moved)?.published)).toEqual(['busy', 'idle']);
    expect(states(run.published)).toEqual(['busy', 'busy', 'idle']);
  });

  it('is ended by a stop if it never ends, and the next move is heard', async () => {
    const [run, id] = await opened(
      '{ onChange: ({ value }) => { console.log("begins", value); while (value === 1); console.log("ends", value); } }',
    );
    const moving = move(id, { value: 1 });
    await expect.poll(() => printed(run)).toContain('begins 1');
    await kernel.interrupt();
    await moving;
    await move(id, { value: 2 });
    await expect.poll(() => printed(run)).toContain('ends 2');
    expect(printed(run)).not.toContain('ends 1');
  });

  it('has its own signal, which a stop aborts', async () => {
    const signal = "(globalThis as any)[Symbol.for('bipe.interrupt')]";
    const [run, id] = await opened(
      `{ onChange: async () => { const signal = ${signal}; console.log('waits'); await new Promise((resolve) => signal.addEventListener('abort', resolve)); console.log('stopped'); } }`,
    );
    await move(id, { value: 1 });
    await expect.poll(() => printed(run)).toContain('waits');
    await kernel.interrupt();
    await expect.poll(() => printed(run)).toContain('stopped');
    // A stop of one does not stop the next.
    await move(id, { value: 2 });
    await expect.poll(() => printed(run).match(/waits/g)?.length).toBe(2);
    await kernel.interrupt();
  });
});

describe('a stop that a model asks for', () => {
  it('ends the cell that runs, and says nothing of the model', async () => {
    const code = `const model = widgets.open({}, { onMessage: () => { widgets.stop(); } });
await new Promise(() => undefined);`;
    const run = await kernel.execute(code, {
      onPublished: ({ type, content }) => {
        const click = { method: 'custom', content: { event: 'click' } };
        if (type === 'comm_open') void message(String(content['comm_id']), click);
      },
    });
    expect(run.error?.evalue).toBe('the cell was interrupted');
    expect(printed(run, 'stderr')).toBe('');
  });
});

describe('who wants to hear of a failure', () => {
  const told = "widgets.onFailure(() => { console.log('told'); });";

  it('is told that the cell failed or was stopped, once, and not that it ended', async () => {
    expect(printed(await kernel.execute(`${told}\n1;`))).toBe('');
    expect(printed(await kernel.execute(`${told}\nthrow new Error('fails');`))).toBe('told\n');
    const stopping = `${told}\nsetTimeout(() => { widgets.stop(); }, 20);\nawait new Promise(() => undefined);`;
    const run = await kernel.execute(stopping);
    await expect.poll(() => printed(run)).toBe('told\n');
    await kernel.execute("throw new Error('another');");
    expect(printed(run)).toBe('told\n');
  });
});

describe('captured work', () => {
  const capture = (work: string): string =>
    `const seen: unknown[] = [];
const failed = await widgets.capture((type, content, extra) => { seen.push([type, content, extra?.later !== undefined]); }, ${work}).then(() => undefined, (error) => String(error));
({ [Symbol.for('Jupyter.display')]: () => ({ 'application/json': { seen, failed } }) })`;
  const captured = async (work: string): Promise<unknown> => {
    const run = await kernel.execute(capture(work));
    expect(run.error).toBeUndefined();
    expect([run.stdout, run.displays]).toEqual(['', []]);
    return run.result?.['application/json'];
  };

  it('prints, shows and returns what the caller gets, and nothing below the cell', async () => {
    const work = `async () => {
  console.log('a'); await null;
  display({ 'text/plain': 'b' }, {}, { later: async () => ({}) });
  return 3;
}`;
    expect(await captured(work)).toEqual({
      seen: [
        ['stream', { name: 'stdout', text: 'a\n' }, false],
        ['display_data', { data: { 'text/plain': 'b' }, metadata: {}, transient: {} }, true],
        ['display_data', { data: { 'text/plain': '3' }, metadata: {} }, false],
      ],
    });
  });

  it('fails with what it throws, after what it printed', async () => {
    expect(await captured("() => { console.log('a'); throw new Error('b'); }")).toEqual({
      seen: [['stream', { name: 'stdout', text: 'a\n' }, false]],
      failed: 'Error: b',
    });
  });
});
