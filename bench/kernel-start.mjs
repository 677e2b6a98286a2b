// Measures how long a notebook's reader waits: until the kernel answers, and until the first import
// of lib has run, at once and after a pause, in which the kernel reads lib's declarations.
//
//   node bench/kernel-start.mjs [repetitions]
import { startKernel } from '../kernel/client.mjs';
import { buildLibrary } from '../scripts/lib/build.mjs';
import { fail } from '../scripts/lib/console.mjs';

const repetitions = Number(process.argv[2] ?? 5);
const firstCell = "import * as lib from '../lib';\nObject.keys(lib).length";
const secondCell = "import { encodings } from '../lib';\nObject.keys(encodings).length";

const built = buildLibrary();
if (!built.ok) fail(built.message);

const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const pauseSeconds = 5;
const measured = {
  'kernel start': [],
  'first import of lib': [],
  [`first import of lib, ${pauseSeconds} s after the start`]: [],
  'second import of lib': [],
};
const [start, atOnce, afterPause, second] = Object.values(measured);
for (let repetition = 0; repetition < 2 * repetitions; repetition += 1) {
  const pauses = repetition % 2 === 1;
  let kernel;
  const run = async (code) => {
    const { error } = await kernel.execute(code);
    if (error !== undefined) fail(`${error.ename}: ${error.evalue}`);
  };
  start.push(await seconds(async () => (kernel = await startKernel())));
  if (pauses) await new Promise((resolve) => setTimeout(resolve, 1000 * pauseSeconds));
  (pauses ? afterPause : atOnce).push(await seconds(() => run(firstCell)));
  second.push(await seconds(() => run(secondCell)));
  await kernel.stop();
}
for (const [name, values] of Object.entries(measured)) {
  const range = `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  console.log(`${name}: ${median(values).toFixed(2)} s (${range}, ${values.length} times)`);
}
