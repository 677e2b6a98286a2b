// Measures how long a notebook's reader waits: until the kernel answers, and until the first import
// of lib has run.
//
//   node bench/kernel-start.mjs [repetitions]
import { startKernel } from '../kernel/client.mjs';
import { buildLibrary } from '../scripts/lib/build.mjs';
import { fail } from '../scripts/lib/console.mjs';

const repetitions = Number(process.argv[2] ?? 5);
const firstCell = "import * as lib from '../lib';\nObject.keys(lib).length";
const secondCell = "import { UsageError } from '../lib';\nUsageError.name";

const built = buildLibrary();
if (!built.ok) fail(built.message);

const seconds = async (work) => {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
};
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

const measured = { 'kernel start': [], 'first import of lib': [], 'second import of lib': [] };
for (let repetition = 0; repetition < repetitions; repetition += 1) {
  let kernel;
  const run = async (code) => {
    const { error } = await kernel.execute(code);
    if (error !== undefined) fail(`${error.ename}: ${error.evalue}`);
  };
  measured['kernel start'].push(await seconds(async () => (kernel = await startKernel())));
  measured['first import of lib'].push(await seconds(() => run(firstCell)));
  measured['second import of lib'].push(await seconds(() => run(secondCell)));
  await kernel.stop();
}
for (const [name, values] of Object.entries(measured)) {
  const range = `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
  console.log(`${name}: ${median(values).toFixed(2)} s (${range}, ${repetitions} times)`);
}
