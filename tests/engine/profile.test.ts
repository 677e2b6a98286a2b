import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import { projectPath } from '../../lib/base/paths';
import { capture } from '../../lib/engine/graph/capture';
import { thisMachine } from '../../lib/engine/backends/native';
import { type OperationProfile, profileOperations, summarize } from '../../lib/engine/profile';
import { useNativeEngine } from '../support/engine';

const kernels = join(dirname(thisMachine().bindingFile), 'bipe_kernels.node');

describe.skipIf(!existsSync(kernels))('a profile of native work', () => {
  useNativeEngine();

  const countOf = ({ operations }: OperationProfile, name: string): number =>
    operations.find(({ operation }) => operation === name)?.count ?? 0;

  it('counts the products of a captured step, and times them within the wall time', async () => {
    const step = capture(
      (_: object, { x }: Record<'x', tf.Tensor>) => ({
        outputs: { y: tf.matMul(tf.matMul(x, x), tf.relu(x)) },
      }),
      { state: {}, name: 'products' },
    );
    onTestFinished(() => {
      step.dispose();
    });
    const x = tf.ones([200, 200]);
    step.run({ x }).y.dispose();
    const profile = await profileOperations(async () => {
      for (let time = 0; time < 3; time += 1) await step.run({ x }).y.data();
    });
    expect(countOf(profile, 'MatMul')).toBe(6);
    expect(
      profile.operations
        .find(({ operation }) => operation === 'MatMul')
        ?.byInputs.map(({ inputs, count }) => [inputs, count]),
    ).toEqual([['float[200,200];float[200,200]', 6]]);
    const { operations, scheduling, outside, wallSeconds } = profile;
    for (const { seconds, share } of operations) {
      expect(seconds).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThanOrEqual(1);
      // Its threads may have run side by side, or beside other operations.
      expect(share * wallSeconds).toBeLessThanOrEqual(seconds * (1 + 1e-9));
    }
    expect(scheduling).toBeGreaterThan(0);
    expect(outside).toBeGreaterThan(0);
    expect(operations.reduce((sum, { share }) => sum + share, scheduling + outside)).toBeCloseTo(1, 9);
  });

  it('sees operations outside of captured steps too, and only those of the work', async () => {
    const x = tf.ones([40, 40]);
    const product = (): unknown => tf.matMul(x, x).dataSync();
    product();
    const profile = await profileOperations(product);
    product();
    expect(countOf(profile, 'BatchMatMulV2')).toBe(1);
    expect(profile.scheduling).toBe(0);
    expect((await profileOperations(() => undefined)).operations).toEqual([]);
  });

  it('records nothing more after an error in the work', async () => {
    const failing = profileOperations(() => {
      tf.ones([3]).square().dataSync();
      throw new Error('the work failed');
    });
    await expect(failing).rejects.toThrow('the work failed');
    expect(await profileOperations(() => undefined)).toMatchObject({ operations: [], scheduling: 0 });
  });

  it('refuses a profile inside of another, which goes on', async () => {
    let inner: unknown;
    const outer = await profileOperations(async () => {
      inner = await profileOperations(() => undefined).catch((error: unknown) => error);
      tf.square(tf.ones([3])).dataSync();
    });
    expect(inner).toBeInstanceOf(UsageError);
    expect(String(inner)).toContain('another profile is under way');
    expect(countOf(outer, 'Square')).toBe(1);
  });

  it('works without the fused kernels, and says where it cannot', () => {
    const run = (environment: NodeJS.ProcessEnv): { status: number | null; stdout: string } => {
      const script = `
        const { startEngine, engine } = require('./dist/lib/index.js');
        const tf = require('@tensorflow/tfjs');
        startEngine()
          .then(() => engine.profileOperations(() => tf.square(tf.ones([3])).dataSync()))
          .then(({ operations }) => console.log(operations.map(({ operation }) => operation).join()))
          .catch((error) => console.log(error.name + ': ' + error.message));`;
      return spawnSync(process.execPath, ['-e', script], {
        cwd: projectPath(),
        encoding: 'utf8',
        env: { ...process.env, ...environment },
      });
    };
    expect(run({ BIPE_ENGINE: 'native-cpu', BIPE_KERNELS: 'none' }).stdout).toContain('Square');
    expect(run({ BIPE_ENGINE: 'wasm' }).stdout).toMatch(
      /^MachineError: profile: .*start with BIPE_ENGINE=native-cpu\n$/,
    );
  });
});

describe('the sum of a recording', () => {
  /** Of runs [operation and inputs, thread, start, end] in seconds. */
  const recorded = (runs: readonly (readonly [string, number, number, number])[]): OperationProfile => {
    const named = (operation: string): string => (operation.includes(' ') ? operation : `${operation} `);
    const operations = [...new Set(runs.map(([operation]) => named(operation)))];
    const events = runs.flatMap(([operation, thread, start, end]) => [
      operations.indexOf(named(operation)),
      thread,
      start * 1e9,
      end * 1e9,
    ]);
    return summarize({ operations, events: new Float64Array(events) }, 10);
  };
  const rounded = ({ operations, scheduling, outside }: OperationProfile): object => ({
    operations: operations.map(
      ({ operation, count, seconds, share }) =>
        `${operation} ${count}x ${seconds.toFixed(3)} s ${share.toFixed(3)}`,
    ),
    idle: `${scheduling.toFixed(3)} ${outside.toFixed(3)}`,
  });

  it('takes what ran inside an operation from it, at any depth', () => {
    const profile = recorded([
      ['While', 0, 0, 8],
      ['MatMul', 0, 1, 3],
      ['Call', 0, 3, 7],
      ['MatMul', 0, 5, 7],
      ['Add', 0, 8, 9],
    ]);
    expect(rounded(profile)).toEqual({
      operations: [
        'MatMul 2x 4.000 s 0.400',
        'While 1x 2.000 s 0.200',
        'Call 1x 2.000 s 0.200',
        'Add 1x 1.000 s 0.100',
      ],
      idle: '0.000 0.100',
    });
  });

  it('divides a moment among the operations of several threads, and gives what is left to the session', () => {
    const profile = recorded([
      ['SessionRun', 0, 1, 9],
      ['MatMul', 1, 2, 6],
      ['MatMul', 2, 4, 6],
      ['Mul', 3, 4, 7],
    ]);
    // 2 to 4 alone, then two of three threads; the other's third, and 6 to 7 alone; 1 to 2 and 7 to
    // 9.
    expect(rounded(profile)).toEqual({
      operations: ['MatMul 2x 6.000 s 0.333', 'Mul 1x 3.000 s 0.167'],
      idle: '0.300 0.200',
    });
  });

  it('adds up an operation over its inputs, and tells these apart', () => {
    const { operations } = recorded([
      ['MatMul float[2,3];float[3,4]', 0, 0, 1],
      ['_MklMatMul float[2,3];float[3,4]', 0, 1, 2],
      ['MatMul float[5,3];float[3,4]', 0, 2, 6],
    ]);
    const [product] = operations;
    expect(operations).toHaveLength(1);
    expect(product).toMatchObject({ operation: 'MatMul', count: 3 });
    expect(product?.seconds).toBeCloseTo(6, 9);
    expect(product?.byInputs.map(({ inputs, count, share }) => [inputs, count, share])).toEqual([
      ['float[5,3];float[3,4]', 1, 0.4],
      ['float[2,3];float[3,4]', 2, 0.2],
    ]);
  });

  it("gives oneDNN's form of an operation the operation's name", () => {
    const profile = recorded([
      ['_MklMatMul', 0, 0, 1],
      ['MatMul', 0, 1, 2],
      ['_MklNativeConv2D', 0, 2, 3],
      ['_FusedMatMul', 0, 3, 4],
    ]);
    expect(profile.operations.map(({ operation, count }) => [operation, count])).toEqual([
      ['MatMul', 2],
      ['Conv2D', 1],
      ['_FusedMatMul', 1],
    ]);
  });
});
