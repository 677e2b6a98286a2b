// Which kernels a process computes with: those for its processor, others that are asked for, or
// none.

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import Module from 'node:module';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { loadedKernels } from '../../lib/engine/native/kernel-home';
import { expectedInterface } from '../../lib/engine/native/kernel-library';
import type * as library from '../../lib/engine/native/kernel-library';
import { thisMachine } from '../../lib/engine/backends/native';
import { bipe, temporaryFolder } from '../support/command';

const folder = dirname(thisMachine().bindingFile);
const file = join(folder, 'bipe_kernels.node');

/** Computes something with every kernel and prints it, in a process of its own. */
const script = `
const { startEngine } = require('./dist/lib/engine/engine');
startEngine({ backend: 'native-cpu' }).then(
  ({ description }) => {
    const tf = require('@tensorflow/tfjs');
    const { fusedKernels } = require('./dist/lib/engine/native/kernels');
    const { causalAttention } = require('./dist/lib/model/attention');
    const { weightedCrossEntropy } = require('./dist/lib/model/cross-entropy');
    const { swiglu } = require('./dist/lib/model/feed-forward');
    const { separateHeads } = require('./dist/lib/model/heads');
    const { rmsNorm } = require('./dist/lib/model/norm');
    const { rotationAt, rotate } = require('./dist/lib/positional/rotation');
    const { nestedPositions } = require('./dist/lib/segment/levels');
    let seed = 1;
    const numbers = (...shape) => {
      const values = Float32Array.from({ length: tf.util.sizeFromShape(shape) }, () => {
        seed = (seed * 48271) % 2147483647;
        return seed / 1073741824 - 1;
      });
      return tf.tensor(values, shape);
    };
    // One function of all: heads of tokens, normalized, rotated, biased, gated, and a loss.
    const [batch, time, heads, width] = [2, 300, 3, 22];
    const x = numbers(batch, time, 3, heads, width);
    const weight = numbers(width);
    const head = numbers(50, width);
    const ids = tf.cast(tf.mul(tf.abs(numbers(batch, time)), 50), 'int32');
    const targets = tf.reshape(tf.tile(ids, [1, heads]), [-1]);
    const [intra, segment] = nestedPositions(ids, [[1, 2, 3, 4, 5]]);
    const slopes = tf.tensor1d([0.5, 0.25, 96]);
    const f = (all, scale, table) => {
      const [queries, keys, values] = separateHeads(all);
      const turn = rotationAt(intra, Float64Array.from({ length: width / 2 }, (_, pair) => 1 / (pair + 1)));
      const normalized = tf.reshape(rmsNorm(tf.reshape(values, [-1, width]), scale, 1e-5), values.shape);
      const linearBias = { slopes, tokens: segment, keys: segment };
      const context = causalAttention(
        { queries: rotate(queries, turn), keys: rotate(keys, turn), values: normalized },
        { queryChunk: 64, window: 270, applied: { linearBias } },
      );
      const rows = tf.reshape(context, [-1, width]);
      return weightedCrossEntropy({ hidden: swiglu(rows, tf.add(rows, 1)), head: table, targets }, tf.ones([targets.size]));
    };
    const { value, grads } = tf.valueAndGrads(f)([x, weight, head]);
    const kernels = fusedKernels();
    const cached = kernels
      ? kernels.cachedAttention({
          queries: numbers(2, 3, 1, 22), newKeys: numbers(2, 3, 1, 22), newValues: numbers(2, 3, 1, 22),
          keys: numbers(2, 3, 90, 22), values: numbers(2, 3, 90, 22), lengths: tf.tensor1d([80, 33], 'int32'),
          bias: { slopes, positions: tf.tensor2d([...Array(90).keys()], [1, 90], 'int32') }, window: 50,
        })
      : [];
    // A feed-forward layer as lists, and as the matrices of TensorFlow's own operations.
    const { MlpBuilder } = require('./dist/lib/theory/network/mlp');
    const { addMlp, mlpTensors } = require('./dist/lib/theory/network/sparse-mlp');
    const units = new MlpBuilder('gelu');
    for (let unit = 0; unit < 300; unit++)
      units.unit([[unit % width, 1], [(7 * unit) % width, unit / 50]], 0.1, [[(5 * unit) % width, 0.1]]);
    const layer = mlpTensors(units.build());
    const sparse = addMlp(tf.reshape(x, [batch, -1, width]), layer);
    // What must have the same bits whatever the number of threads: the kernels alone, not the
    // products of oneDNN.
    const upstream = numbers(batch, time, heads, width);
    const [queries, keys, values] = separateHeads(x);
    const attended = { queries, keys, values, bias: { slopes, positions: segment }, window: undefined };
    const rows = tf.reshape(x, [-1, width]);
    const alone = () => {
      const { context, normalizers } = kernels.attention(attended);
      const { y, inverse } = kernels.rmsNorm(rows, weight, 1e-5);
      const { losses, ofScores } = kernels.crossEntropy(numbers(2000, 40), tf.zeros([2000], 'int32'));
      return [
        context, normalizers, ...kernels.attentionGradient(attended, { context, normalizers }, upstream),
        y, ...kernels.rmsNormGradient(tf.neg(y), rows, weight, inverse),
        kernels.swiglu(rows, y), ...kernels.swigluGradient(y, rows, rows), losses, ofScores, sparse, ...cached,
      ];
    };
    const bits = kernels ? alone().map((tensor) => {
      const hash = require('node:crypto').createHash('sha256');
      return hash.update(Buffer.from(tensor.dataSync().slice().buffer)).digest('hex');
    }) : [];
    const results = [value, ...grads, intra, segment, sparse, ...cached].map((tensor) => [...tensor.dataSync()]);
    process.stdout.write(JSON.stringify({ description, results, bits }));
  },
  (error) => process.stdout.write(JSON.stringify({ error: error.name + ': ' + error.message })),
);`;

/** As if nothing had been asked for. */
const unchosen = { BIPE_KERNELS: '', BIPE_INSTRUCTIONS: '', BIPE_ENGINE: '' };

interface Answer {
  readonly description: string;
  readonly results: readonly (readonly number[])[];
  /** Checksums. */
  readonly bits: readonly string[];
  readonly error?: string;
}

function compute(environment: NodeJS.ProcessEnv): Answer {
  const run = spawnSync(process.execPath, ['-e', script], {
    cwd: projectPath(),
    encoding: 'utf8',
    env: { ...process.env, ...unchosen, ...environment },
    maxBuffer: 64 * 1024 * 1024,
  });
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout) as Answer;
}

/** The largest difference of each result, relative to its largest number. */
function apart(actual: Answer, expected: Answer): number[] {
  return actual.results.map((numbers, index) => {
    const others = expected.results[index] ?? [];
    expect(numbers.length).toBe(others.length);
    const largest = Math.max(...others.map(Math.abs));
    return Math.max(...numbers.map((value, at) => Math.abs(value - (others[at] ?? NaN)))) / largest;
  });
}

describe.skipIf(!existsSync(file))('the kernels of a process', () => {
  let usual: Answer;
  beforeAll(() => {
    const build = spawnSync(process.execPath, ['scripts/build.mjs'], {
      cwd: projectPath(),
      encoding: 'utf8',
    });
    expect(build.status, build.stderr).toBe(0);
    usual = compute({});
  });

  it('are named with the engine', () => {
    expect(usual.description).toMatch(
      /^native CPU \(TensorFlow [\d.]+, oneDNN, (AVX-512|AVX2|SSE|NEON|\w+) kernels, \d+ threads?\)$/,
    );
    expect(usual.results).toHaveLength(10);
  });

  it.runIf(process.arch === 'x64')('give the same on every instruction set, but for rounding', () => {
    const refusal = /choose from (.*), or leave/.exec(
      compute({ BIPE_INSTRUCTIONS: 'none such' }).error ?? '',
    );
    const sets = [...(refusal?.[1] ?? '').matchAll(/(v\d) \(([^)]+)\)/g)].map(
      ([, name = '', title = '']) => ({ name, title }),
    );
    expect(sets.at(-1)).toEqual({ name: 'v2', title: 'SSE' });
    for (const { name, title } of sets) {
      const answer = compute({ BIPE_INSTRUCTIONS: name });
      expect(answer.description).toContain(`, ${title} kernels, `);
      expect(Math.max(...apart(answer, usual)), name).toBeLessThan(1e-5);
    }
    // The best is what is taken without being asked for.
    expect(usual.description).toContain(`, ${sets[0]?.title ?? ''} kernels, `);
  });

  it.each([
    [{}, 'works', /^(AVX-512|AVX2|SSE|NEON|\w+)$/, null],
    [{ BIPE_KERNELS: 'none' }, 'limited', /^none: BIPE_KERNELS=none$/, 'unset BIPE_KERNELS'],
    [{ BIPE_ENGINE: 'wasm' }, 'works', /^none: they are for native-cpu, not wasm$/, null],
    [
      { BIPE_INSTRUCTIONS: 'v9' },
      'limited',
      /^BIPE_INSTRUCTIONS=v9: this processor has no such kernels; choose from [^\n]*$/,
      'docs/engine.md lists known troubles',
    ],
  ] as const)('are what the doctor names, with %j', (changes, state, detail, mend) => {
    const env = { ...process.env, ...unchosen, ...changes };
    const { stdout } = bipe(['doctor', '--json'], { env });
    const diagnoses = JSON.parse(stdout) as { what: string; detail: string }[];
    expect(diagnoses.find(({ what }) => what === 'kernels in use')).toEqual({
      what: 'kernels in use',
      state,
      detail: expect.stringMatching(detail) as string,
      mend,
    });
  });

  it('that the processor lacks, or that do not exist, are refused in one line', () => {
    expect(compute({ BIPE_INSTRUCTIONS: 'v9' }).error).toMatch(
      /^UsageError: BIPE_INSTRUCTIONS=v9: this processor has no such kernels; choose from [^\n]*, or leave it unset for the first$/,
    );
  });

  it('are switched off by BIPE_KERNELS=none, which changes results by rounding alone', () => {
    const without = compute({ BIPE_KERNELS: 'none' });
    expect(without.description).not.toContain('kernels');
    expect(Math.max(...apart(without, usual))).toBeLessThan(1e-5);
  });

  it('give the same bits with one thread and with several', () => {
    const [one, several] = ['1', '4'].map((threads) => compute({ TF_NUM_INTRAOP_THREADS: threads }).bits);
    expect(one).toHaveLength(17);
    expect(several).toEqual(one);
  });
});

describe('a kernel library', () => {
  let warnings: string[] = [];
  let fresh: typeof library;
  beforeEach(async () => {
    warnings = [];
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => {
      warnings.push(String(warning));
    });
    vi.resetModules();
    vi.stubEnv('BIPE_KERNELS', undefined);
    fresh = await import('../../lib/engine/native/kernel-library.js');
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
    Reflect.deleteProperty(globalThis, Symbol.for('bipe-workbench.kernels'));
  });

  /** A folder with a library, and what it would say of itself. */
  function libraryThatSays(what: object): string {
    const own = temporaryFolder();
    writeFileSync(join(own, 'bipe_kernels.node'), '');
    const extensions = (Module as unknown as { _extensions: Record<string, unknown> })._extensions;
    const { '.node': before } = extensions;
    extensions['.node'] = (module: { exports: unknown }) => {
      module.exports = what;
    };
    onTestFinished(() => {
      extensions['.node'] = before;
    });
    return own;
  }

  it('of this version is used, once, also by modules that are loaded anew', async () => {
    fresh.loadKernels(libraryThatSays({ instructions: 'ABC', interface: expectedInterface }));
    fresh.loadKernels(libraryThatSays({ instructions: 'DEF', interface: expectedInterface }));
    expect(loadedKernels()).toBe('ABC');
    vi.resetModules();
    const again = await import('../../lib/engine/native/kernel-library.js');
    expect(again).not.toBe(fresh);
    again.loadKernels(libraryThatSays({ instructions: 'DEF', interface: expectedInterface }));
    expect(loadedKernels()).toBe('ABC');
    expect(warnings).toEqual([]);
  });

  it('of another version is not used, and one line says so', () => {
    fresh.loadKernels(libraryThatSays({ instructions: 'ABC', interface: expectedInterface - 1 }));
    expect(loadedKernels()).toBeUndefined();
    expect(warnings).toEqual([
      'the fused kernels do not load (they are of another version); npm run setup builds them anew',
    ]);
  });

  it('that is damaged is not used, and one line says so', () => {
    const own = temporaryFolder();
    writeFileSync(join(own, 'bipe_kernels.node'), 'not a library');
    fresh.loadKernels(own);
    expect(loadedKernels()).toBeUndefined();
    expect(warnings).toEqual([
      expect.stringMatching(/^the fused kernels do not load \([^\n]+\); npm run setup builds them anew$/),
    ]);
  });

  it('is not looked at with BIPE_KERNELS=none, and not missed where there is none', () => {
    fresh.loadKernels(temporaryFolder());
    vi.stubEnv('BIPE_KERNELS', 'none');
    fresh.loadKernels(libraryThatSays({ instructions: 'ABC', interface: expectedInterface }));
    expect(loadedKernels()).toBeUndefined();
    expect(warnings).toEqual([]);
  });
});
