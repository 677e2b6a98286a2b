// Which tests can find a mistake: those that execute its place. Each test file is run once with
// code that counts, and the record is kept; a file is run again when it, or what it imports, has
// changed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';
import { root } from '../lib/paths.mjs';
import { Runner } from './runner.mjs';

const secondsAtMost = 900;

/** Those of browsers, kernels and clones take minutes, and run what is in dist. */
const isTest = (file) =>
  file.endsWith('.test.ts') && !/^tests\/(browser|setup|kernel|project|cli)\//.test(file);
/** Those of commands, which compile an edited lib themselves, and about how long each takes. */
const isOfCommands = (file) => /^tests\/cli\/.*\.test\.ts$/.test(file);
const secondsOfCommands = 30;

/** What each module imports, and which modules import it. */
function importGraph(modules) {
  const known = new Set(modules);
  const importsOf = new Map();
  const usersOf = new Map(modules.map((file) => [file, []]));
  for (const file of modules) {
    const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), 'utf8'));
    const imported = importedFiles
      .filter(({ fileName }) => fileName.startsWith('.'))
      .map(({ fileName }) => relative(root, resolve(root, dirname(file), fileName.replace(/\.js$/, ''))))
      .map((path) => [`${path}.ts`, `${path}/index.ts`].find((one) => known.has(one)))
      .filter((path) => path !== undefined);
    importsOf.set(file, imported);
    for (const path of imported) usersOf.get(path).push(file);
  }
  return { importsOf, usersOf };
}

/** The number of steps from a module to each one that it leads to. */
function distancesFrom(start, edges) {
  const distances = new Map([[start, 0]]);
  // The map grows while it is visited.
  for (const [file, distance] of distances)
    for (const next of edges.get(file) ?? []) if (!distances.has(next)) distances.set(next, distance + 1);
  return distances;
}

/**
 * Records what each test file executes.
 *
 * @param {string} folder where the record is kept
 * @param {string[]} files the project's
 * @param {{ mutants: object[], counting: object[] }} made by `allMutants`
 * @param {number} workers
 * @returns a function from a mistake to the tests that execute its place, the shortest and nearest
 *   first, with the seconds that each took; where none does in its own process, to those that may
 *   in another
 */
export async function recordTests(folder, files, { mutants, counting }, workers) {
  const { importsOf, usersOf } = importGraph(files.filter((file) => /^(lib|tests)\/.*\.ts$/.test(file)));
  const counted = new Set(counting.map(({ name }) => name));
  const stateOf = (test) => {
    const hash = createHash('sha256');
    const imported = [...distancesFrom(test, importsOf).keys()];
    for (const file of imported.sort((one, other) => (one < other ? -1 : 1)))
      hash.update(`${file} ${counted.has(file)}\n`).update(readFileSync(join(root, file)));
    return hash.digest('hex').slice(0, 16);
  };

  const path = join(folder, 'executed.json');
  const earlier = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  const record = {};
  const missing = [];
  for (const test of files.filter(isTest)) {
    const state = stateOf(test);
    if (earlier[test]?.state === state) record[test] = earlier[test];
    else missing.push({ test, state });
  }
  const total = missing.length;
  const byId = new Map(mutants.map((mutant) => [mutant.id, mutant]));
  const recordMissing = async (index) => {
    const executedPath = join(folder, `executed-${index}.json`);
    const runner = new Runner(join(folder, `record-${index}`), files, {
      bail: 0,
      setupFiles: ['scripts/mutation/executed.mjs'],
      env: { EXECUTED_PATH: executedPath },
    });
    for (const { name, content } of counting) runner.write(name, content);
    for (let next = missing.shift(); next !== undefined; next = missing.shift()) {
      const { test, state } = next;
      rmSync(executedPath, { force: true });
      const { outcome, seconds } = await runner.run(test, secondsAtMost);
      const executed = existsSync(executedPath) ? JSON.parse(readFileSync(executedPath, 'utf8')) : [];
      const places = byFile(executed.map((id) => byId.get(id)));
      record[test] = { state, seconds, isGreen: outcome === 'green', executed: places };
      writeFileSync(path, JSON.stringify(record));
      console.log(`${total - missing.length}/${total} ${test}: ${outcome}, ${seconds.toFixed(1)} s`);
    }
    runner.stop();
  };
  if (total > 0) await Promise.all(Array.from({ length: workers }, (_, index) => recordMissing(index)));

  // index.ts imports everything, so it leads nowhere.
  usersOf.set('lib/index.ts', []);
  const far = 10;
  const ofCommands = files.filter(isOfCommands).map((test) => ({ test, seconds: secondsOfCommands }));
  return ({ file, nth }) => {
    const distances = distancesFrom(file, usersOf);
    const isNamed = (test) => basename(test).startsWith(`${basename(file, '.ts')}.`);
    const costOf = ({ test, seconds }) => (isNamed(test) ? 0 : seconds * (distances.get(test) ?? far));
    const all = Object.entries(record).map(([test, { seconds, isGreen, executed }]) => {
      return { test, seconds, isGreen, executes: executed[file]?.includes(nth) === true };
    });
    const executing = all.filter(({ executes }) => executes);
    if (executing.length > 0) return executing.sort((one, other) => costOf(one) - costOf(other));
    // What other processes and pages execute is not counted, and code that counts does not run in a
    // page, so that tests of pages fail with it.
    const ofPages = all.filter(({ test, isGreen }) => !isGreen && distances.get(test) <= 2);
    return [...ofPages, ...ofCommands].sort((one, other) => costOf(one) - costOf(other));
  };
}

function byFile(mutants) {
  const executed = {};
  for (const { file, nth } of mutants) (executed[file] ??= []).push(nth);
  return executed;
}
