// The mistakes that can be planted: StrykerJS's. It is no dependency: its command line needs
// another Node.js, its mistakes do not.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';
import { root } from '../lib/paths.mjs';

const stryker = '@stryker-mutator/instrumenter@10.1.1';

async function loadInstrumenter(folder) {
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

/** Names in errors that no input can cause (`lib/base/present.ts`) are no behaviour. */
const internalNames = {
  shouldIgnore: ({ parent, key }) =>
    parent?.type === 'CallExpression' && parent.callee.name === 'present' && key === 1
      ? 'a name in an error that cannot happen'
      : undefined,
};

/**
 * Every mistake in the sources: a range of a file's text, and its replacement. `nth` counts those
 * of a file.
 *
 * @param {string} folder where StrykerJS is installed
 * @param {string[]} sources
 * @returns also the sources with code that counts how often each mistake's place is executed, by
 *   the mistake's id
 */
export async function allMutants(folder, sources) {
  const Instrumenter = await loadInstrumenter(folder);
  const silent = new Proxy({}, { get: (_, name) => () => (name.startsWith('is') ? false : undefined) });
  const texts = new Map(sources.map((name) => [name, readFileSync(join(root, name), 'utf8')]));
  const made = await new Instrumenter(silent).instrument(
    sources.map((name) => ({ name, content: texts.get(name), mutate: true })),
    { plugins: null, excludedMutations: [], ignorers: [internalNames] },
  );
  const counts = new Map();
  const planted = made.mutants.filter(({ status }) => status !== 'Ignored');
  const mutants = planted.map(({ id, fileName, location, replacement, mutatorName }) => {
    const nth = counts.get(fileName) ?? 0;
    counts.set(fileName, nth + 1);
    const [start, end] = [location.start, location.end].map((at) => offsetOf(texts.get(fileName), at));
    const line = location.start.line + 1;
    return { id, file: fileName, nth, line, kind: mutatorName, start, end, replacement };
  });
  return { mutants, counting: made.files.map(({ name, content }) => ({ name, content })) };
}

function offsetOf(content, { line, column }) {
  let offset = 0;
  for (let left = line; left > 0; left -= 1) offset = content.indexOf('\n', offset) + 1;
  return offset + column;
}

/** Shuffles by the seed (Fisher and Yates). */
export function shuffled(items, seed) {
  const list = [...items];
  const generator = xoroshiro128plus(seed);
  for (let index = list.length - 1; index > 0; index -= 1) {
    const other = uniformInt(generator, 0, index);
    [list[index], list[other]] = [list[other], list[index]];
  }
  return list;
}
