// The engine as other processes meet it: compiled, started, and left.

import { spawnSync } from 'node:child_process';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { type Engine, examineEngine } from '../../lib/engine/engine';

function runNode(arguments_: string[], environment: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, arguments_, {
    cwd: projectPath(),
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    timeout: 50_000,
  });
}

/**
 * Starts the engine in a process of its own, multiplies, prints what it is, and lets the process
 * end.
 */
const script = `
require('./dist/lib/engine/engine').startEngine().then(async (engine) => {
  const tf = require('@tensorflow/tfjs');
  const sum = tf.sum(tf.matMul(tf.ones([300, 300]), tf.ones([300, 300])));
  process.stdout.write(JSON.stringify({ ...engine, sum: (await sum.data())[0] }));
});`;

beforeAll(() => {
  const build = runNode(['scripts/build.mjs']);
  expect(build.status, build.stderr).toBe(0);
});

describe('a process that starts the engine', () => {
  it('ends by itself on every backend of this machine, and nothing but the result is printed', async () => {
    const available = (await examineEngine()).filter((one) => one.available);
    expect(available.length).toBeGreaterThanOrEqual(2);
    for (const { backend } of available) {
      const { status, stdout, stderr } = runNode(['-e', script], { BIPE_ENGINE: backend });
      expect({ backend, status, stderr }).toEqual({ backend, status: 0, stderr: '' });
      expect(JSON.parse(stdout) as Engine & { sum: number }).toMatchObject({ backend, sum: 300 ** 3 });
    }
  });

  it('ends with one line where the backend asked for is not there', () => {
    const { stdout, stderr } = runNode(
      ['--jitless', '-e', script.replace('});', '}).catch((error) => console.error(error.message));')],
      { BIPE_ENGINE: 'wasm' },
    );
    expect(stdout).toBe('');
    // Node.js 20 itself says before that what --jitless turns off.
    expect(stderr.replace(/^Warning: disabling flag .*\n/, '')).toBe(
      'BIPE_ENGINE=wasm: wasm cannot be used: this Node.js runs without WebAssembly; start it without --jitless and without --no-expose-wasm\n',
    );
  });

  it('runs natively on a Node.js without the functions that version 23 removed from util', async () => {
    const native = (await examineEngine()).find(({ backend }) => backend === 'native-cpu');
    if (native?.available !== true) return;
    const concatenate = `
const util = require('node:util');
delete util.isArray;
delete util.isNullOrUndefined;
require('./dist/lib/engine/engine').startEngine().then(async () => {
  const tf = require('@tensorflow/tfjs');
  process.stdout.write(String(await tf.concat([tf.tensor1d([1, 2]), tf.tensor1d([3])]).data()));
});`;
    const { stdout, stderr } = runNode(['-e', concatenate], { BIPE_ENGINE: 'native-cpu' });
    expect({ stdout, stderr }).toEqual({ stdout: '1,2,3', stderr: '' });
  });

  it('does not wait for TensorFlow.js when it only asks for the names', () => {
    const { stdout } = runNode([
      '-e',
      "require('./dist/lib/engine/engine'); process.stdout.write(String(Object.keys(require.cache).some((path) => path.includes('tfjs'))))",
    ]);
    expect(stdout).toBe('false');
  });
});
