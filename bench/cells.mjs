// Measures the speed of cells: the same work at a cell's top level, in later cells and in a
// function, relative to a block, whose variables the engine keeps in registers.
//
//   node bench/cells.mjs [repetitions]
import { startKernel } from '../kernel/client.mjs';
import { fail } from '../scripts/lib/console.mjs';

const repetitions = Number(process.argv[2] ?? 5);
const sum = 'for (let i = 0; i < 3e6; i++) s += i;';
const fill =
  'for (let i = 0; i < 3e6; i++) xs[i] = i & 255;\nlet t = 0; for (let i = 0; i < 3e6; i++) t += xs[i] as number;';
const count = 'while (s < 3e6) s++;';

/**
 * Cells by name. The last cell of an entry is timed; the first entry of a group is the reference.
 */
const groups = {
  'a sum': [
    ['in a block', [`{ let s = 0; ${sum} }`]],
    ['at the top level', [`let s = 0; ${sum}`]],
    ['a variable that a function reads', [`let s = 0; ${sum}\nconst read = () => s;`]],
    ['in a function', [`let s = 0; function add() { ${sum} }\nadd();`]],
    ['in an async function', [`let s = 0; const add = async () => { ${sum} };\nawait add();`]],
    ['a variable of an earlier cell', ['let s = 0;', sum]],
    ['one that a function there reads', ['let s = 0; const read = () => s;', sum]],
  ],
  'a while loop': [
    ['in a block', [`{ let s = 0; ${count} }`]],
    ['at the top level', [`let s = 0; ${count}`]],
    ['a variable of an earlier cell', ['let s = 0;', count]],
  ],
  'an array': [
    ['in a block', [`{ const xs: number[] = []; ${fill} }`]],
    ['at the top level', [`const xs: number[] = []; ${fill}`]],
    ['an array of an earlier cell', ['const xs: number[] = [];', fill]],
  ],
};

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const kernel = await startKernel();
const run = async (code) => {
  const { error, result } = await kernel.execute(code);
  if (error !== undefined) fail(`${error.ename}: ${error.evalue}`);
  return Number(result?.['text/plain']);
};
for (const [group, entries] of Object.entries(groups)) {
  const times = entries.map(() => []);
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    for (const [place, [, cells]] of entries.entries()) {
      for (const code of cells.slice(0, -1)) await run(code);
      times[place].push(
        await run(`const begun = performance.now();\n${cells.at(-1)}\nperformance.now() - begun`),
      );
    }
  }
  const block = median(times[0]);
  for (const [place, [name]] of entries.entries()) {
    const time = median(times[place]);
    console.log(`${group}, ${name}: ${time.toFixed(1)} ms, ${(time / block).toFixed(1)} times a block`);
  }
}
await kernel.stop();
