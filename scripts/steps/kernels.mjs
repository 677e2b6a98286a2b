// The project's own operations for TensorFlow (native/), compiled for each instruction set, so that
// the running CPU decides, not the compiling one.
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findCompiler } from '../lib/machine.mjs';
import { bindingFolder, bindingPath, nativeFolder, tensorflowFolder } from '../lib/paths.mjs';
import { run, SetupError } from '../lib/run.mjs';
import { fingerprint, hasStamp, renewStamp } from '../lib/stamps.mjs';
import { headerFlags, sharedLibraries, tensorflowRunPath } from './binding.mjs';
import { tensorflowVersion, usesOwnDownload } from './tensorflow.mjs';

const kernelsPath = join(bindingFolder, 'bipe_kernels.node');
const stamp = `${kernelsPath}.built`;
const objectsFolder = join(bindingFolder, 'objects');

// The instruction sets that native/choose.cc checks, spelled out: older compilers do not know
// `x86-64-v4`.
const avx2 = ['-mavx2', '-mfma', '-mbmi2'];
const avx512 = ['f', 'bw', 'cd', 'dq', 'vl'].map((part) => `-mavx512${part}`);

/**
 * The instruction sets, the smallest first: the name of their table, their common name, and the
 * compiler's.
 */
const variants =
  process.arch === 'x64'
    ? [
        { table: 'v2', title: 'SSE', flags: [] },
        { table: 'v3', title: 'AVX2', flags: avx2 },
        { table: 'v4', title: 'AVX-512', flags: [...avx2, ...avx512] },
      ]
    : [{ table: 'base', title: process.arch === 'arm64' ? 'NEON' : process.arch, flags: [] }];
const common = ['-std=c++17', '-fPIC', '-c'];
// As TensorFlow itself is compiled: otherwise its classes have another layout. Its headers warn.
const likeTensorFlow = ['-O2', '-DNDEBUG', '-DEIGEN_MAX_ALIGN_BYTES=64', '-w'];
const fast = ['-O3', '-ffp-contract=fast', '-Wall', '-Wno-psabi'];

function key() {
  const sources = readdirSync(nativeFolder)
    .filter((name) => /\.(cc|h)$/.test(name))
    .sort()
    .map((name) => readFileSync(join(nativeFolder, name), 'utf8'));
  return fingerprint(
    tensorflowVersion,
    process.platform,
    process.arch,
    JSON.stringify([variants, common, fast, likeTensorFlow]),
    ...sources,
  );
}

export const kernels = {
  id: 'kernels',
  title: 'fused kernels',
  required: false,
  without: 'the engine works, at about half the speed',
  status() {
    if (usesOwnDownload()) return { done: true, detail: "not for tfjs-node-gpu's own download" };
    if (hasStamp(stamp, key()) && existsSync(kernelsPath)) return { done: true, detail: 'compiled' };
    const compiler = findCompiler();
    return { done: false, detail: compiler.mend ?? 'not compiled', mend: 'npm run setup' };
  },
  async perform(line) {
    const libraries = sharedLibraries();
    if (libraries.length !== 2 || !existsSync(bindingPath))
      throw new SetupError('wait for the engine binding (see the line above)');
    const compiler = findCompiler();
    if (compiler.path === undefined) throw new SetupError(compiler.mend);
    mkdirSync(objectsFolder, { recursive: true });
    const succeed = renewStamp(stamp, key());
    // Those of other sources are not used if these do not compile.
    rmSync(kernelsPath, { force: true });
    // The smallest instruction set first: the linker takes equal definitions (the standard
    // library's templates) from the first, which must run everywhere.
    const objects = [
      ...['operations', 'profile'].map((name) => ({
        source: `${name}.cc`,
        object: `${name}.o`,
        flags: [...likeTensorFlow, ...headerFlags()],
      })),
      { source: 'choose.cc', object: 'choose.o', flags: ['-O2'] },
      ...variants.map(({ table, title, flags }) => ({
        source: 'variant.cc',
        object: `variant-${table}.o`,
        flags: [
          ...fast,
          ...flags,
          `-DBIPE_VARIANT=bipe_${table}`,
          `-DBIPE_TABLE=kernels_${table}`,
          `-DBIPE_TITLE="${title}"`,
        ],
      })),
    ];
    for (const [index, { source, object, flags }] of objects.entries()) {
      line.update(`compiling ${index + 1} of ${objects.length}, about 20 s in all`);
      await run(
        compiler.path,
        [...common, ...flags, join(nativeFolder, source), '-o', join(objectsFolder, object)],
        { log: 'kernels' },
      );
    }
    const partial = `${kernelsPath}.partial`;
    const link = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
    await run(
      compiler.path,
      ['-shared', ...link, ...objects.map(({ object }) => join(objectsFolder, object)), '-o', partial].concat(
        libraries.map((name) => join(tensorflowFolder, name)),
        tensorflowRunPath(),
      ),
      { log: 'kernels' },
    );
    renameSync(partial, kernelsPath);
    rmSync(objectsFolder, { recursive: true, force: true });
    succeed();
    return `compiled (${variants.map(({ title }) => title).join(', ')})`;
  },
};
