// Measures the arithmetic task: instances drawn a second (6 operators, one core), alone, in
// batches, and without repetition. Run `npm run build` first, then `node bench/instances.mjs
// [--json]`. Generation is measured by `bipe bench --suite decode`.
import { createRequire } from 'node:module';
import { performance } from 'node:perf_hooks';

const require = createRequire(import.meta.url);
const lib = (path) => require(`../dist/lib/${path}.js`);
const { ArithmeticGenerator } = lib('data/arithmetic/generator');
const { streamArithmeticBatches } = lib('data/arithmetic/batches');
const { generateArithmeticSet } = lib('data/arithmetic/set');
const { Random } = lib('engine/random/random');

const operators = 6;
const count = 1_000_000;

function perSecond(work) {
  const start = performance.now();
  work();
  return (count / (performance.now() - start)) * 1000;
}

const generator = new ArithmeticGenerator({ operators, mix: 'exact' }, Random.fromSeed(1));
const row = new Int32Array(generator.time);
const batches = streamArithmeticBatches({ operators, batch: 500, seed: 1 });
const instancesPerSecond = {
  drawn: perSecond(() => Array.from({ length: count }, () => generator.draw(row, 0))),
  batches: perSecond(() => Array.from({ length: count / 500 }, () => batches.next().tokens)),
  distinct: perSecond(() => generateArithmeticSet({ operators, count, seed: 1, distinct: true })),
};
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ suite: 'instances', operators, instancesPerSecond }));
else {
  for (const [name, rate] of Object.entries(instancesPerSecond))
    console.log(`${name.padEnd(10)} ${Math.round(rate / 1000)} k instances/s`);
}
