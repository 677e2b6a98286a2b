// `npm run test:mutation [-- --sample 200 --seed 1 --folders lib/report,lib/train]`: plants small
// mistakes in lib, one at a time, and lists those that no test finds. Mistakes are StrykerJS's; a
// random sample is tried, each with the nearest tests: those of the module's name, then those that
// import the module, then those that import its users. 200 take hours. Results are kept in
// .cache/mutation; the same command continues from there, and retries missed mistakes.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { pathToFileURL } from 'node:url';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import ts from 'typescript';
import { fail } from './lib/console.mjs';
import { cacheFolder, nodeModules, root } from './lib/paths.mjs';
import { setup } from './setup.mjs';

const stryker = '@stryker-mutator/instrumenter@10.1.1';
const folder = join(cacheFolder, 'mutation');
const secondsForTests = 300;

const { values } = parseArgs({
  options: {
    sample: { type: 'string', default: '200' },
    seed: { type: 'string', default: '1' },
    folders: { type: 'string', default: 'lib/report,lib/experiments,lib/train,lib/model,lib/base' },
    workers: { type: 'string', default: '2' },
  },
});

/** Mistakes that the type checker refuses are not counted. */
const isCounted = ({ outcome }) => outcome !== 'does not compile';
const isSame = (one, other) =>
  one.file === other.file &&
  one.start === other.start &&
  one.end === other.end &&
  one.replacement === other.replacement;

const onOneLine = (text) => text.replace(/\s+/g, ' ').slice(0, 80);
const placeOf = ({ file, line, kind, original, replacement }) =>
  `${file}:${line} ${kind}: ${onOneLine(original)} → ${onOneLine(replacement)}`;

await setup();
const Instrumenter = await loadInstrumenter();
const listed = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' });
if (listed.status !== 0)
  fail('npm run test:mutation: needs git and a clone: the files of the project are those that git knows');
const files = listed.stdout.trim().split('\n');
const usersOf = importGraph(files.filter((file) => /^(lib|tests)\/.*\.ts$/.test(file)));
const mutants = shuffled(await allMutants(), Number(values.seed));
// Another lib has other mistakes.
const state = createHash('sha256').update(JSON.stringify(mutants)).digest('hex').slice(0, 12);
const reportPath = join(folder, `seed-${values.seed}-${state}.jsonl`);
const earlier = existsSync(reportPath) ? readFileSync(reportPath, 'utf8').split('\n').filter(Boolean) : [];
const tried = earlier.map((line) => JSON.parse(line)).filter(({ outcome }) => outcome !== 'missed');
/**
 * For each failed test file, whether it passes without any mistake; one that does not proves
 * nothing.
 */
const passing = new Map();
const compiles = typeChecker();
/** Ends the running processes, and those that they have started. */
const running = new Set();
process.on('SIGINT', () => {
  for (const kill of running) kill();
  process.exit(130);
});
const wanted = Number(values.sample);
let next = 0;
await Promise.all(Array.from({ length: Number(values.workers) }, (_, index) => work(index)));
report();

/** StrykerJS is no dependency: its command line needs another Node.js, its mistakes do not. */
async function loadInstrumenter() {
  const path = join(folder, 'node_modules', '@stryker-mutator', 'instrumenter');
  if (!existsSync(path)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error', '--prefix', folder];
    const { status } = spawnSync('npm', ['install', ...options, stryker], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) throw new Error(`${stryker} could not be installed`);
  }
  const entry = createRequire(join(folder, 'package.json')).resolve('@stryker-mutator/instrumenter');
  return (await import(pathToFileURL(entry).href)).Instrumenter;
}

/** Every mistake in the folders: a range of a file's text, and its replacement. */
async function allMutants() {
  const chosen = values.folders.split(',').map((name) => `${name.replace(/\/$/, '')}/`);
  const sources = files.filter(
    (file) => file.endsWith('.ts') && chosen.some((name) => file.startsWith(name)),
  );
  const silent = new Proxy({}, { get: (_, name) => () => (name.startsWith('is') ? false : undefined) });
  const options = { plugins: null, excludedMutations: [], ignorers: [] };
  const all = [];
  for (const name of sources) {
    const content = readFileSync(join(root, name), 'utf8');
    const made = await new Instrumenter(silent).instrument([{ name, content, mutate: true }], options);
    for (const { location, replacement, mutatorName } of made.mutants) {
      const start = offsetOf(content, location.start);
      const end = offsetOf(content, location.end);
      all.push({ file: name, line: location.start.line + 1, kind: mutatorName, start, end, replacement });
    }
  }
  return all;
}

function offsetOf(content, { line, column }) {
  let offset = 0;
  for (let left = line; left > 0; left -= 1) offset = content.indexOf('\n', offset) + 1;
  return offset + column;
}

/** Shuffles by the seed (Fisher and Yates). */
function shuffled(list, seed) {
  const generator = xoroshiro128plus(seed);
  for (let index = list.length - 1; index > 0; index -= 1) {
    const other = uniformInt(generator, 0, index);
    [list[index], list[other]] = [list[other], list[index]];
  }
  return list;
}

/** The users of each module: those that import it. */
function importGraph(modules) {
  const users = new Map();
  for (const file of modules) {
    for (const { fileName } of ts.preProcessFile(readFileSync(join(root, file), 'utf8')).importedFiles) {
      if (!fileName.startsWith('.')) continue;
      const target = relative(root, resolve(root, dirname(file), fileName.replace(/\.js$/, '')));
      const found = [`${target}.ts`, `${target}/index.ts`].find((path) => modules.includes(path));
      if (found !== undefined) users.set(found, [...(users.get(found) ?? []), file]);
    }
  }
  return users;
}

/** The tests near a module, nearest first, in groups. */
function testsOf(file) {
  const isTest = (path) =>
    path.endsWith('.test.ts') && !/^tests\/(browser|setup|kernel|project)\//.test(path);
  const name = basename(file, '.ts');
  const named = files.filter((path) => isTest(path) && basename(path).startsWith(`${name}.`));
  const groups = [named];
  let level = [file];
  // index.ts imports everything, so it does not count as a user.
  const usersAmong = (paths) =>
    paths.flatMap((path) => usersOf.get(path) ?? []).filter((path) => path !== 'lib/index.ts');
  for (let depth = 0; depth < 2; depth += 1) {
    level = [...new Set(usersAmong(level))];
    groups.push(level.filter(isTest));
    level = level.filter((path) => !isTest(path));
  }
  const seen = new Set();
  return groups.map((group) => [...new Set(group)].filter((path) => !seen.has(path) && seen.add(path)));
}

/** A copy of the project in which one worker plants its mistakes. */
function sandbox(index) {
  const copy = join(folder, `work-${index}`);
  rmSync(copy, { recursive: true, force: true });
  for (const file of files) {
    if (!existsSync(join(root, file))) continue;
    cpSync(join(root, file), join(copy, file), { recursive: true });
  }
  symlinkSync(nodeModules, join(copy, 'node_modules'));
  mkdirSync(join(copy, '.venv'));
  symlinkSync(join(root, '.venv', 'engine'), join(copy, '.venv', 'engine'));
  cpSync(join(root, 'dist'), join(copy, 'dist'), { recursive: true });
  if (existsSync(join(cacheFolder, 'native')))
    cpSync(join(cacheFolder, 'native'), join(copy, '.cache', 'native'), { recursive: true });
  return copy;
}

async function work(index) {
  const copy = sandbox(index);
  while (tried.filter(isCounted).length < wanted && next < mutants.length) {
    const mutant = mutants[next];
    next += 1;
    if (tried.some((one) => isSame(one, mutant))) continue;
    const text = readFileSync(join(root, mutant.file), 'utf8');
    const result = {
      ...mutant,
      original: text.slice(mutant.start, mutant.end),
      outcome: await outcomeOf(mutant, text, copy),
    };
    tried.push(result);
    writeFileSync(reportPath, `${JSON.stringify(result)}\n`, { flag: 'a' });
    console.log(`${tried.filter(isCounted).length}/${wanted} ${result.outcome}: ${placeOf(result)}`);
  }
}

async function outcomeOf(mutant, original, copy) {
  const changed = original.slice(0, mutant.start) + mutant.replacement + original.slice(mutant.end);
  if (!compiles(join(root, mutant.file), changed)) return 'does not compile';
  const path = join(copy, mutant.file);
  for (const group of testsOf(mutant.file)) {
    let tests = group;
    for (;;) {
      writeFileSync(path, changed);
      const failed = tests.length === 0 ? [] : await failedOf(tests, copy);
      writeFileSync(path, original);
      if (failed.length === 0) break;
      const sound = [];
      for (const test of failed) if (await passesAlone(test, copy)) sound.push(test);
      if (sound.length > 0) return 'caught';
      tests = tests.filter((test) => !failed.includes(test));
    }
  }
  return 'missed';
}

/** Checks if the project compiles with another text of a file; far faster than a new compiler. */
function typeChecker() {
  const configuration = ts.getParsedCommandLineOfConfigFile(
    join(root, 'tsconfig.json'),
    {},
    { ...ts.sys, onUnRecoverableConfigFileDiagnostic: ({ messageText }) => fail(String(messageText)) },
  );
  let changed = { path: '', text: '' };
  const host = ts.createIncrementalCompilerHost(configuration.options, {
    ...ts.sys,
    readFile: (path, encoding) => (path === changed.path ? changed.text : ts.sys.readFile(path, encoding)),
  });
  const parsed = new Map();
  const parse = host.getSourceFile;
  host.getSourceFile = (path, ...rest) => {
    if (path === changed.path) return parse(path, ...rest);
    if (!parsed.has(path)) parsed.set(path, parse(path, ...rest));
    return parsed.get(path);
  };
  let program;
  return (path, text) => {
    changed = { path, text };
    program = ts.createSemanticDiagnosticsBuilderProgram(
      configuration.fileNames,
      configuration.options,
      host,
      program,
    );
    return program.getSyntacticDiagnostics().length === 0 && program.getSemanticDiagnostics().length === 0;
  };
}

function passesAlone(test, cwd) {
  if (!passing.has(test)) {
    const passes = failedOf([test], cwd).then((failed) => failed.length === 0);
    passing.set(test, passes);
    void passes.then((isGreen) => isGreen || console.log(`left out, it fails without any mistake: ${test}`));
  }
  return passing.get(test);
}

/** The tests that failed, up to the first; all if they took too long, which counts as found. */
async function failedOf(tests, cwd) {
  const path = join(cwd, 'outcome.json');
  rmSync(path, { force: true });
  const vitest = join(nodeModules, 'vitest', 'vitest.mjs');
  const reporter = ['--reporter', 'json', '--outputFile', path];
  const status = await run([vitest, 'run', '--bail', '1', '--maxWorkers', '1', ...reporter, ...tests], cwd);
  if (status === 0) return [];
  if (!existsSync(path)) return tests;
  const { testResults } = JSON.parse(readFileSync(path, 'utf8'));
  const failed = testResults
    .filter(({ status }) => status === 'failed')
    .map(({ name }) => relative(cwd, name));
  return failed.length > 0 ? failed : tests;
}

/** @returns {Promise<number | null>} the exit status; null for a process that took too long */
function run(args, cwd) {
  return new Promise((end) => {
    // A group of its own, so that what the process has started ends with it.
    const child = spawn(process.execPath, args, { cwd, stdio: 'ignore', detached: true });
    const kill = () => process.kill(-Number(child.pid), 'SIGKILL');
    const timer = setTimeout(kill, 1000 * secondsForTests);
    running.add(kill);
    child.on('exit', (status) => {
      clearTimeout(timer);
      running.delete(kill);
      end(status);
    });
  });
}

function report() {
  const counted = tried.filter(isCounted);
  const missed = counted.filter(({ outcome }) => outcome === 'missed');
  for (const one of missed) console.log(`missed: ${placeOf(one)}`);
  const share = ((100 * (counted.length - missed.length)) / counted.length).toFixed(1);
  console.log(`${counted.length - missed.length} of ${counted.length} caught (${share} %)`);
}
