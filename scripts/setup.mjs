// Makes a clone ready, and does nothing if it is: packages, compiled library, native engine,
// JupyterLab with the kernel, a browser for figures. Plain Node.js, no dependency. Every step can
// be interrupted and continued. A step that this machine cannot do says so in one line, and the
// others continue.
//
//   npm run setup               everything, with another try for failed steps
//   npm run setup -- --check    prints the status, changes nothing (--json for machines)
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { fail, stepLine, warn } from './lib/console.mjs';
import { isLink } from './lib/links.mjs';
import { waitForLock } from './lib/lock.mjs';
import { bindingPath, cacheFolder, logFolder, root, temporaryFolder } from './lib/paths.mjs';
import { examineTools } from './lib/machine.mjs';
import { SetupError, stopRunning } from './lib/run.mjs';
import { fingerprint } from './lib/stamps.mjs';
import { binding } from './steps/binding.mjs';
import { browser } from './steps/browser.mjs';
import { kernel } from './steps/kernel.mjs';
import { kernels } from './steps/kernels.mjs';
import { library } from './steps/library.mjs';
import { packages } from './steps/packages.mjs';
import { python } from './steps/python.mjs';
import { tensorflow } from './steps/tensorflow.mjs';

const steps = [packages, library, python, kernel, tensorflow, binding, kernels, browser];
/** The steps that determine the engine and its speed. */
const engineSteps = [tensorflow, binding, kernels];
const failuresPath = join(logFolder, 'failures.json');
const lockPath = join(cacheFolder, 'setup.lock');
const smallestNode = [20, 19];
const smallestDiskBytes = 4e9;

/**
 * Does the missing steps, and names the engine if one of them concerns it.
 *
 * @param only   ids of the steps wanted; all by default
 * @param needs  ids of optional steps that the caller cannot do without
 * @param retry  whether to retry steps that failed before under the same circumstances
 */
export async function setup(options = {}) {
  const missing = await doMissing(options);
  if (missing.some((step) => engineSteps.includes(step))) sayEngine();
}

/** Returns the steps that were missing. */
async function doMissing({ only, needs = [], retry = false }) {
  checkNode();
  const wanted = steps.filter((step) => only === undefined || only.includes(step.id));
  const missing = [];
  for (const step of wanted) if (!(await isDone(step))) missing.push(step);
  if (missing.length > 0) await locked(() => performAll(wanted, needs, retry));
  return missing;
}

async function performAll(wanted, needs, retry) {
  const failures = readFailures();
  for (const step of wanted) {
    if (await isDone(step)) continue;
    const essential = step.required || needs.includes(step.id);
    const earlier = failures[step.id];
    if (earlier !== undefined && earlier.machine === machine() && !retry && !essential) {
      stepLine(step.title).warn(`${earlier.message}; ${step.without} (npm run setup tries again)`);
      continue;
    }
    await perform(step, essential, failures);
  }
}

/** Checks if a step is done. A step whose check throws is not: its tools are missing. */
async function isDone(step) {
  try {
    return (await step.status()).done;
  } catch {
    return false;
  }
}

async function perform(step, essential, failures) {
  const line = stepLine(step.title);
  try {
    checkDisk(step);
    line.done(await step.perform(line));
    delete failures[step.id];
  } catch (error) {
    if (!(error instanceof SetupError)) {
      line.fail('stopped by a mistake of the set-up itself');
      throw error;
    }
    if (essential) {
      line.fail(error.message);
      process.exit(1);
    }
    line.warn(`${error.message}; ${step.without}`);
    failures[step.id] = { machine: machine(), message: error.message };
  } finally {
    mkdirSync(logFolder, { recursive: true });
    writeFileSync(failuresPath, JSON.stringify(failures, null, 2));
  }
}

/** The circumstances of a failure: the available tools. */
function machine() {
  return fingerprint(
    process.version,
    process.env.PATH ?? '',
    process.env.BIPE_PYTHON ?? '',
    process.env.CXX ?? '',
  );
}

function readFailures() {
  try {
    return JSON.parse(readFileSync(failuresPath, 'utf8'));
  } catch {
    return {};
  }
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > smallestNode[0] || (major === smallestNode[0] && minor >= smallestNode[1])) return;
  fail(
    `Node.js ${process.versions.node} is too old: install ${smallestNode.join('.')} or newer (nodejs.org)`,
  );
}

function checkDisk(step) {
  const { bavail, bsize } = statfsSync(root);
  const free = bavail * bsize;
  if (['library', 'kernel'].includes(step.id) || free > smallestDiskBytes) return;
  throw new SetupError(
    `${(free / 1e9).toFixed(1)} GB are free on this disk and the set-up needs ${smallestDiskBytes / 1e9} GB: free some space and run the same command again`,
  );
}

/** Runs one set-up at a time; others wait. */
async function locked(work) {
  const release = await takeSetupLock();
  const interrupted = () => {
    stopRunning();
    release();
    fail('\ninterrupted; the same command continues where it stopped', 130);
  };
  process.on('exit', release);
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    await work();
  } finally {
    process.off('exit', release);
    process.off('SIGINT', interrupted);
    process.off('SIGTERM', interrupted);
    release();
    if (!isLink(cacheFolder)) rmSync(temporaryFolder, { recursive: true, force: true });
  }
}

async function takeSetupLock() {
  try {
    mkdirSync(cacheFolder, { recursive: true });
    return await waitForLock(lockPath, ({ name }) =>
      process.stderr.write(
        `  another set-up is running: ${name}; waiting for it (if it is gone: delete ${relative(root, lockPath)}) ...\n`,
      ),
    );
  } catch (error) {
    if (error.code === 'ENOSPC') fail('the disk is full: free about 4 GB and run the same command again');
    fail(`.cache cannot be written (${error.code}): make the repository writable by this user`);
  }
}

/** Prints a line that names the engine, which is started in a process of its own. */
function sayEngine() {
  const engine = join(root, 'dist', 'lib', 'engine', 'engine.js');
  const script = `
    require(${JSON.stringify(engine)})
      .startEngine({ allowSlow: true, reporter: { note: () => undefined } })
      .then(({ description, warnings }) => process.stdout.write(JSON.stringify({ description, warnings })));`;
  const run = spawnSync(process.execPath, ['-e', script], { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) {
    warn(
      `engine: it does not start (npm run -s bipe -- doctor says more): ${run.stderr.trim().split('\n').at(-1)}`,
    );
    return;
  }
  const { description, warnings } = JSON.parse(run.stdout);
  if (warnings.length === 0) process.stderr.write(`Engine: ${description}\n`);
  else for (const warning of warnings) warn(`Engine: ${warning}`);
}

/**
 * Names in a line the parts of the engine that are out of date after a pull. If no part was set up,
 * the engine says so itself when it starts.
 */
export async function warnOfOldEngine() {
  if (!existsSync(bindingPath)) return;
  for (const step of engineSteps) {
    if (await isDone(step)) continue;
    warn(`engine: ${step.title}: not as this version of the project needs it; npm run setup mends it`);
  }
}

/** Reports the status of each step and each tool, without changing anything. */
export async function examine() {
  return { steps: await examineSteps(), tools: examineTools() };
}

async function examineSteps() {
  const failures = readFailures();
  const found = [];
  for (const step of steps) {
    let status;
    try {
      status = await step.status();
    } catch (error) {
      status = {
        done: false,
        detail: `cannot be looked at yet (${String(error.message).split('\n')[0]})`,
        mend: 'npm run setup',
      };
    }
    if (!status.done && failures[step.id]) status = { ...status, detail: failures[step.id].message };
    found.push({
      id: step.id,
      title: step.title,
      required: step.required,
      without: step.without ?? null,
      mend: null,
      ...status,
    });
  }
  return found;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const options = process.argv.slice(2);
  const unknown = options.find((option) => !['--check', '--json'].includes(option));
  if (unknown !== undefined) fail(`unknown option ${unknown}: --check and --json are known`, 2);
  if (options.includes('--check')) {
    const found = await examine();
    if (options.includes('--json')) process.stdout.write(`${JSON.stringify(found)}\n`);
    else
      for (const step of found.steps)
        console.log(
          `${step.done ? '✓' : '!'} ${step.title}: ${step.detail}${step.done ? '' : `; ${step.mend}`}`,
        );
  } else {
    await doMissing({ retry: true });
    console.log('Ready: npm run reproduce makes the figures, npm start opens the notebooks.');
    sayEngine();
  }
}
