// The notebook kernel. Jupyter starts it in the notebook's folder:
// node kernel/main.mjs --config-path <connection file>. See README.md.
import { readFileSync } from 'node:fs';
import Module from 'node:module';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const root = join(import.meta.dirname, '..');
const { values } = parseArgs({ options: { 'config-path': { type: 'string' } } });
if (values['config-path'] === undefined) {
  process.stderr.write('usage: node kernel/main.mjs --config-path <Jupyter connection file>\n');
  process.exit(2);
}
// The registration (scripts/lib/jupyter.mjs) sets it to the empty string; cells should not see it.
delete process.env.JUPYTER_TOKEN;
// Node.js 22 and later keep compiled code on disk; the TypeScript compiler is large.
Module.enableCompileCache?.(join(root, '.cache', 'node-compile'));

const [
  { Activity },
  { captureChildren },
  { KernelServer },
  { Cells },
  { isStop, Runs },
  { Widgets },
  { Library },
  build,
] = await Promise.all([
  import('./activity.mjs'),
  import('./children.mjs'),
  import('./server.mjs'),
  import('./cells.mjs'),
  import('./runs.mjs'),
  import('./widgets.mjs'),
  import('./library.mjs'),
  import('../scripts/lib/build.mjs'),
]);
const activity = new Activity();
const server = new KernelServer(JSON.parse(readFileSync(values['config-path'], 'utf8')), activity);
const cells = new Cells(root, process.cwd(), new Library(root, build));
const runs = new Runs(cells, activity);

const say = (kind, output) => (thrown) => {
  const text = `${kind}\n${cells.describe(thrown).traceback.join('\n')}\n`;
  (output ?? runs.output)?.write('stderr', text);
};
const sayRejected = say('A promise was rejected and nobody handled it:');
// That of stopped work, which said so below its cell.
process.on('unhandledRejection', (thrown) => void (isStop(thrown) || sayRejected(thrown)));
process.on('uncaughtException', say('An error was thrown outside of a cell:'));
// Jupyter sends a message instead (see channels.mjs), which also reaches a cell that computes.
process.on('SIGINT', () => runs.interrupt());

const widgets = new Widgets(runs, (output) => say("A widget's work failed:", output));

// Hooks for lib in a notebook; elsewhere all are absent.
const display = (bundle, metadata, { later, ...options } = {}) => {
  const { output } = runs;
  if (output === undefined) return;
  if (runs.isCapturing) return output.display(bundle, metadata, { ...options, later });
  output.display(bundle, metadata, options);
  if (later === undefined) return;
  const replace = (made) => {
    if (made !== undefined) output.display(made, metadata, { ...options, update: true });
  };
  runs.awaitOutput(later().then(replace).catch(say('An output could not be made:')));
};
Object.defineProperty(globalThis, Symbol.for('bipe.display'), { value: display });
const hooks = {
  open: (state, events) => widgets.open(state, events),
  capture: (publish, work) => runs.capture(publish, work),
  describe: (thrown) => cells.describe(thrown),
  // Once the call that asks for it has ended.
  stop: () => void setImmediate(() => runs.interrupt()),
  onFailure: (listener) => runs.onFailure(listener),
};
Object.defineProperty(globalThis, Symbol.for('bipe.widgets'), { value: hooks });
Object.defineProperty(globalThis, Symbol.for('bipe.interrupt'), { get: () => runs.signal });
const { default: tslabOutput } = await import('tslab/dist/jupyter.js');
tslabOutput.lastWriteDisplayData = ({ data, metadata, transient }, update) =>
  display(data, metadata, { displayId: transient?.display_id, update });

captureChildren();
// Before requests are answered, since a request during it would wait for seconds.
activity.protect(() => cells.warm());
await server.serve(cells, runs, widgets);
// While the reader reads. Not at once: Jupyter's first questions are answered first.
setTimeout(() => activity.protect(() => cells.warmLibrary()), 500).unref();
