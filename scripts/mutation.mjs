// `npm run test:mutation [-- --sample 200 --seed 1 --folders lib/report,lib/train]`: plants small
// mistakes in lib, one at a time, and lists those that no test finds. A random sample of
// StrykerJS's mistakes is tried, each with the tests that execute its place. Results are kept in
// .cache/mutation; the same command continues from there, and retries missed mistakes.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { fail } from './lib/console.mjs';
import { cacheFolder, root } from './lib/paths.mjs';
import { allMutants, shuffled } from './mutation/mutants.mjs';
import { Runner } from './mutation/runner.mjs';
import { recordTests } from './mutation/tests.mjs';
import { typeChecker } from './mutation/types.mjs';
import { setup } from './setup.mjs';

const folder = join(cacheFolder, 'mutation');
/** A mistake that the nearest tests do not find in this time is missed. */
const secondsForTests = 300;
/** A test file may take this long with a mistake, if it took so many seconds without. */
const secondsAtMost = (seconds) => 60 + 10 * seconds;

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
const isSame = (one, other) => one.file === other.file && one.nth === other.nth;

const onOneLine = (text) => text.replace(/\s+/g, ' ').slice(0, 80);
const placeOf = ({ file, line, kind, original, replacement }) =>
  `${file}:${line} ${kind}: ${onOneLine(original)} → ${onOneLine(replacement)}`;

await setup({ only: ['packages', 'library', 'tensorflow', 'binding', 'kernels'] });
const listed = spawnSync('git', ['ls-files'], { cwd: root, encoding: 'utf8' });
if (listed.status !== 0)
  fail('npm run test:mutation: needs git and a clone: the files of the project are those that git knows');
const files = listed.stdout.trim().split('\n');
const chosen = values.folders.split(',').map((name) => `${name.replace(/\/$/, '')}/`);
const isChosen = (file) => file.endsWith('.ts') && chosen.some((name) => file.startsWith(name));
const workers = Number(values.workers);
const made = await allMutants(folder, files.filter(isChosen));
const testsOf = await recordTests(folder, files, made, workers);
const mutants = shuffled(made.mutants, Number(values.seed));
// Another lib has other mistakes.
const state = createHash('sha256').update(JSON.stringify(mutants)).digest('hex').slice(0, 12);
const reportPath = join(folder, `seed-${values.seed}-${state}.jsonl`);
const earlier = existsSync(reportPath) ? readFileSync(reportPath, 'utf8').split('\n').filter(Boolean) : [];
const tried = earlier.map((line) => JSON.parse(line)).filter(({ outcome }) => outcome !== 'missed');
/** For each failed test file, whether it passes without any mistake. */
const passing = new Map();
const compiles = await typeChecker(folder, files);
const wanted = Number(values.sample);
let next = 0;
await Promise.all(Array.from({ length: workers }, (_, index) => work(index)));
report();

async function work(index) {
  const runner = new Runner(join(folder, `work-${index}`), files);
  while (tried.filter(isCounted).length < wanted && next < mutants.length) {
    const mutant = mutants[next];
    next += 1;
    if (tried.some((one) => isSame(one, mutant))) continue;
    const text = readFileSync(join(root, mutant.file), 'utf8');
    const original = text.slice(mutant.start, mutant.end);
    const result = { ...mutant, original, ...(await outcomeOf(mutant, text, runner)) };
    tried.push(result);
    writeFileSync(reportPath, `${JSON.stringify(result)}\n`, { flag: 'a' });
    const { outcome, why } = result;
    console.log(`${tried.filter(isCounted).length}/${wanted} ${outcome} (${why}): ${placeOf(result)}`);
  }
  runner.stop();
}

async function outcomeOf(mutant, original, runner) {
  const changed = original.slice(0, mutant.start) + mutant.replacement + original.slice(mutant.end);
  if (!(await compiles(mutant.file, changed))) return { outcome: 'does not compile', why: 'types' };
  const tests = testsOf(mutant);
  let left = secondsForTests;
  for (const [index, { test, seconds }] of tests.entries()) {
    if (left <= 0)
      return { outcome: 'missed', why: `${index} of ${tests.length} test files that execute it` };
    left -= seconds;
    runner.write(mutant.file, changed);
    const { outcome } = await runner.run(test, secondsAtMost(seconds));
    runner.write(mutant.file, original);
    if (outcome === 'green') continue;
    if (outcome === 'red' && (await passesAlone(test, seconds, runner)))
      return { outcome: 'caught', why: test };
    // A busy machine also makes a test late, so the same is tried without the mistake at once.
    if (outcome === 'too long' && (await isQuick(test, seconds, runner)))
      return { outcome: 'caught', why: `${test} does not end` };
  }
  return { outcome: 'missed', why: `all ${tests.length} test files that execute it` };
}

function passesAlone(test, seconds, runner) {
  if (!passing.has(test)) {
    const passes = runner.run(test, secondsAtMost(seconds)).then(({ outcome }) => outcome === 'green');
    passing.set(test, passes);
    void passes.then((isGreen) => isGreen || console.log(`left out, it fails without any mistake: ${test}`));
  }
  return passing.get(test);
}

async function isQuick(test, seconds, runner) {
  const alone = await runner.run(test, secondsAtMost(seconds));
  return alone.outcome === 'green' && 3 * alone.seconds < secondsAtMost(seconds);
}

function report() {
  const counted = tried.filter(isCounted);
  const missed = counted.filter(({ outcome }) => outcome === 'missed');
  for (const one of missed) console.log(`missed (${one.why}): ${placeOf(one)}`);
  const share = ((100 * (counted.length - missed.length)) / counted.length).toFixed(1);
  console.log(`${counted.length - missed.length} of ${counted.length} caught (${share} %)`);
}
