// The versions of Node.js that the README names: each is put through set-up, engine, a training
// that is stopped and resumed, the authors' numbers and a notebook in JupyterLab. Their binaries
// come from npm.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createHash, randomBytes } from 'node:crypto';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { displayPath, projectPath } from '../../lib/base/paths';
import { testedNodeVersions } from '../../lib/base/version';
import { bareClone, type BareClone } from '../support/clone';
import { largestDifference } from '../support/golden';
import { errorTexts, Lab, runAll } from '../support/lab';
import { notebookEnvironment, notebookOf } from '../support/notebook';
import { smallConfig } from '../train/small-config';
import { venvPython } from '../../scripts/lib/paths.mjs';

const minute = 60_000;
/** The newest of each tested major version when this was written. */
const versions = ['22.23.5', '24.22.3', '26.12.1'];
/** As npm names the package of this machine's binaries. */
const packageName = `node-${process.platform}-${process.arch}`;
const installed = projectPath('.cache', 'nodes');
const isLinux = process.platform === 'linux';

const major = (version: string): string => version.split('.')[0] ?? '';
const binaryOf = (version: string): string =>
  join(installed, major(version), 'node_modules', packageName, 'bin', 'node');

/** Brings the binaries; npm's own cache, which the set-up fills too, spares the second download. */
function installNodes(): void {
  for (const version of versions) {
    if (existsSync(binaryOf(version))) continue;
    const folder = join(installed, major(version));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private":true}');
    const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--prefix', folder];
    const run = spawnSync('npm', ['install', ...options, `${packageName}@${version}`], { encoding: 'utf8' });
    expect(run.status, run.stderr).toBe(0);
  }
}

/** A bare clone whose PATH has this Node.js, with the engine that this checkout has built. */
function cloneFor(version: string): BareClone {
  const clone = bareClone(binaryOf(version));
  mkdirSync(join(clone.root, '.venv'));
  symlinkSync(projectPath('.venv', 'engine'), join(clone.root, '.venv', 'engine'));
  cpSync(projectPath('.cache', 'native'), join(clone.root, '.cache', 'native'), { recursive: true });
  return clone;
}

function run(
  clone: BareClone,
  script: string,
  ...args: string[]
): { status: number | null; stdout: string; stderr: string } {
  const path = join(clone.root, 'scripts', script);
  const { status, stdout, stderr } = spawnSync('node', [path, ...args], {
    cwd: clone.root,
    env: clone.env,
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  return { status, stdout, stderr };
}

const training = { ...smallConfig, steps: 200, checkpointEvery: 20 };

const digest = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Trains in two pieces: stopped as ctrl-C stops it, then resumed. */
async function trainInTwo(clone: BareClone, config: string, out: string): Promise<void> {
  const args = [join(clone.root, 'scripts', 'bipe.mjs'), 'train', '--config', config, '--out', out];
  const child = spawn('node', args, { cwd: clone.root, env: clone.env, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  let stopped = false;
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    if (stopped || !stderr.includes(' 20% (')) return;
    stopped = true;
    child.kill('SIGINT');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(1);
  expect(stderr).toContain('the same command with --resume goes on');
  const resumed = run(clone, 'bipe.mjs', 'train', '--config', config, '--out', out, '--resume');
  expect(resumed).toMatchObject({ status: 0 });
}

const golden = (name: string): string => projectPath('tests', 'golden', name);

/** The files of the logits of the authors' models, by name. */
function writeGoldenLogits(clone: BareClone): Record<string, string> {
  const requests = ['rope', 'alibi', 'bipe_rope', 'bipe_alibi'].map((name) => ({
    checkpoint: golden(name),
    ids: join(golden(name), 'expected.safetensors'),
    out: join(clone.root, `${name}.safetensors`),
  }));
  const script = `
    const { startEngine } = require('./dist/lib/engine/engine');
    const { writeLogits } = require('./dist/lib/model/files/logits-file');
    (async () => {
      await startEngine();
      for (const request of ${JSON.stringify(requests)}) await writeLogits(request);
    })();`;
  const { status, stderr } = spawnSync('node', ['-e', script], {
    cwd: clone.root,
    env: clone.env,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return Object.fromEntries(requests.map(({ checkpoint, out }) => [basename(checkpoint), out]));
}

describe('the versions of Node.js', () => {
  it('that are tested are those that README, package.json and doctor name', () => {
    const majors = versions.map(major);
    expect(testedNodeVersions.map(String)).toEqual(majors);
    const [last = '', ...others] = majors.toReversed();
    const named = `${others.reverse().join(', ')} or ${last}`;
    expect(readFileSync(projectPath('README.md'), 'utf8')).toContain(
      `[Node.js](https://nodejs.org) ${named}`,
    );
    const manifest = JSON.parse(readFileSync(projectPath('package.json'), 'utf8')) as {
      engines: { node: string };
    };
    for (const version of majors) expect(manifest.engines.node).toMatch(new RegExp(`\\^${version}\\b`));
  });
});

describe.runIf(isLinux && existsSync(projectPath('.cache', 'native')))('Node.js', () => {
  /** What each version computed: bytes of a trained model and of logits. */
  const computed = new Map<string, Record<string, string>>();

  beforeAll(installNodes, 5 * minute);

  it.each(versions)(
    "%s sets itself up, trains, resumes and computes the authors' numbers",
    { timeout: 5 * minute },
    async (version) => {
      const clone = cloneFor(version);
      const setup = run(clone, 'setup.mjs');
      expect(setup).toMatchObject({ status: 0 });
      expect(setup.stderr.trim().split('\n').at(-1)).toMatch(/^Engine: native CPU \(TensorFlow .* kernels, /);
      expect(setup.stderr).not.toMatch(/warning/i);

      const config = join(clone.root, 'train.json');
      writeFileSync(config, JSON.stringify(training));
      const [whole, parts] = [join(clone.root, 'whole'), join(clone.root, 'parts')];
      const trained = run(clone, 'bipe.mjs', 'train', '--config', config, '--out', whole);
      expect(trained).toMatchObject({ status: 0 });
      expect(trained.stderr).not.toMatch(/warning|WASM/i);
      await trainInTwo(clone, config, parts);
      const bytes: Record<string, string> = { model: digest(join(whole, 'checkpoint', 'model.safetensors')) };
      expect(digest(join(parts, 'checkpoint', 'model.safetensors'))).toBe(bytes['model']);

      for (const [name, out] of Object.entries(writeGoldenLogits(clone))) {
        expect(await largestDifference(out, golden(name))).toBeLessThan(1e-4);
        bytes[name] = digest(out);
      }
      computed.set(version, bytes);
    },
  );

  it('gives the same bits in every version', () => {
    expect([...computed.keys()]).toEqual(versions);
    for (const bytes of computed.values()) expect(bytes).toEqual(computed.get(versions[0] ?? ''));
  });
});

describe.runIf(isLinux && existsSync(venvPython))('a notebook in JupyterLab', () => {
  let lab: Lab | undefined;
  let server: ChildProcess | undefined;
  let folder: string;

  beforeAll(async () => {
    installNodes();
    folder = mkdtempSync(projectPath('.cache', 'notebooks-'));
    server = startJupyter(folder);
    const address = addressIn(join(folder, 'runtime', `jpserver-${server.pid ?? 0}.json`));
    lab = await Lab.meet(server, address);
  }, 5 * minute);

  afterAll(async () => {
    if (lab === undefined) server?.kill();
    else await lab.close();
    rmSync(folder, { recursive: true, force: true });
  }, minute);

  it.each(versions)(
    'runs on Node.js %s with the native engine and draws a figure',
    { timeout: 5 * minute },
    async (version) => {
      const path = join(folder, `on-${major(version)}.ipynb`);
      writeFileSync(path, notebookFor(version));
      if (lab === undefined) throw new Error('JupyterLab has not started');
      const page = await lab.open(displayPath(path));
      await runAll(page);
      expect(await errorTexts(page)).toEqual([]);
      const texts = await page.locator('.jp-OutputArea-output').allTextContents();
      expect(texts.join('\n')).toContain(`'v${version}, native-cpu'`);
      await page.locator('.jp-OutputArea .js-plotly-plot svg.main-svg').first().waitFor();
      await lab.closeNotebooks();
    },
  );
});

const kernelOf = (version: string): string => `bipe-node-${major(version)}`;

/** A JupyterLab that offers a kernel for each version. */
function startJupyter(folder: string): ChildProcess {
  const data = join(folder, 'jupyter');
  for (const version of versions) registerKernel(version, data);
  const environment = notebookEnvironment({
    JUPYTER_PATH: data,
    JUPYTER_RUNTIME_DIR: join(folder, 'runtime'),
    JUPYTER_TOKEN: randomBytes(24).toString('hex'),
    BIPE_PRESET: 'smoke',
  });
  const options = [
    '--ServerApp.ip=127.0.0.1',
    `--ServerApp.root_dir=${projectPath()}`,
    `--KernelSpecManager.allowed_kernelspecs=${JSON.stringify(versions.map(kernelOf))}`,
    '--ContentsManager.allow_hidden=True',
    '--allow-root',
    '--no-browser',
    '--port=0',
  ];
  return spawn(venvPython, ['-m', 'jupyterlab', ...options], {
    env: environment,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/**
 * The kernel's registration as the set-up makes it, run by that Node.js, under a name of its own.
 */
function registerKernel(version: string, data: string): void {
  const script = `
    import { installKernelspec } from ${JSON.stringify(pathToFileURL(projectPath('scripts', 'lib', 'jupyter.mjs')).href)};
    installKernelspec({ prefix: process.argv[1] });`;
  const prefix = join(data, 'prefixes', version);
  const { status, stderr } = spawnSync(binaryOf(version), ['--input-type=module', '-e', script, prefix], {
    encoding: 'utf8',
  });
  expect(status, stderr).toBe(0);
  cpSync(join(prefix, 'share', 'jupyter', 'kernels', 'bipe'), join(data, 'kernels', kernelOf(version)), {
    recursive: true,
  });
}

function addressIn(path: string): Promise<URL> {
  return vi.waitFor(
    () => {
      const { url, token } = JSON.parse(readFileSync(path, 'utf8')) as { url: string; token: string };
      return new URL(`${url}lab?token=${token}`);
    },
    { timeout: minute, interval: 100 },
  );
}

function notebookFor(version: string): string {
  const notebook = notebookOf(
    "import { items, reproduce, showReport, startEngine } from '../../lib';\n`${process.version}, ${(await startEngine()).backend}`",
    "showReport(await reproduce(items.lemma11, { preset: 'smoke' }));",
  );
  return notebook.replace('"name":"bipe"', `"name":"${kernelOf(version)}"`);
}
