// Dependencies point one way: a module may import from its own room and from those named beside it
// below. No two folders import each other, on however long a way.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, posix } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath, projectRoot } from '../../lib/base/paths';
import { sources } from '../support/sources';

/** Rooms of lib up to what trains, each with those it may use. */
const library: Readonly<Record<string, readonly string[]>> = {
  base: [],
  engine: ['base'],
  data: ['base', 'engine'],
  segment: ['base', 'engine', 'data'],
  report: ['base'],
  positional: ['base', 'engine'],
  model: ['base', 'engine', 'segment', 'data', 'positional'],
  theory: ['base', 'engine', 'data', 'report', 'segment', 'positional', 'model'],
  evaluate: ['base', 'engine', 'data', 'segment', 'positional', 'model', 'theory'],
  train: ['base', 'engine', 'data', 'segment', 'positional', 'model', 'theory', 'evaluate'],
};

/** Those of experiments, each of which may use all of the above, and those named beside it. */
const experiments: Readonly<Record<string, readonly string[]>> = {
  'experiments/settings': [],
  'experiments/paper': [],
  'experiments/run': ['experiments/settings'],
  'experiments/charts': ['experiments/settings', 'experiments/run'],
  'experiments/language-models': ['experiments/settings', 'experiments/run', 'experiments/charts'],
  'experiments/items': [
    'experiments/settings',
    'experiments/paper',
    'experiments/run',
    'experiments/charts',
    'experiments/language-models',
  ],
  experiments: ['experiments/settings', 'experiments/run', 'experiments/items'],
  'experiments/sweep': ['experiments/settings', 'experiments/run', 'experiments'],
  'experiments/start-page': ['experiments/settings', 'experiments/run', 'experiments'],
  'experiments/results-page': [
    'experiments/settings',
    'experiments/paper',
    'experiments/run',
    'experiments',
    'experiments/start-page',
  ],
};

const everything = [...Object.keys(library), ...Object.keys(experiments)];

/** Each room with those it may use; a room is the longest of these that a path begins with. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(Object.entries(library).map(([room, below]) => [`lib/${room}`, inLib(below)])),
  ...Object.fromEntries(
    Object.entries(experiments).map(([room, below]) => [
      `lib/${room}`,
      inLib([...Object.keys(library), ...below]),
    ]),
  ),
  'apps/automaton-page': inLib(['base', 'report', 'theory']),
  'lib/cli/shared': inLib(everything),
  'lib/cli/commands': [...inLib(everything), 'lib/cli/shared', 'apps/automaton-page'],
  'bench/harness': [...inLib(everything), 'lib/cli/shared'],
  'lib/cli': [...inLib(everything), 'lib/cli/shared', 'lib/cli/commands', 'bench/harness'],
  lib: [...inLib(everything), 'apps/automaton-page'],
};

function inLib(rooms: readonly string[]): string[] {
  return rooms.map((room) => `lib/${room}`);
}

function roomOf(path: string): string {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    if (folder in allowed) return folder;
    if (folder === '.') throw new Error(`${path} lies in no room`);
  }
}

const files = sources();

/** What a source imports, from a package or by its path from the project's root. */
function importsOf({ path, text }: { readonly path: string; readonly text: string }): string[] {
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map(([, name = '']) =>
    name.startsWith('.') ? `${posix.join(dirname(path), name.replace(/\.js$/, ''))}.ts` : name,
  );
}

const graph = new Map(files.map((file) => [file.path, importsOf(file)] as const));

/** The circles of a graph, each as the way around. */
function circles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (node: string, trail: readonly string[]): void => {
    if (trail.includes(node)) {
      found.push([...trail.slice(trail.indexOf(node)), node].join(' -> '));
      return;
    }
    if (done.has(node)) return;
    for (const next of edges.get(node) ?? []) visit(next, [...trail, node]);
    done.add(node);
  };
  for (const node of edges.keys()) visit(node, []);
  return found;
}

describe('dependencies of what is compiled', () => {
  it('lead to files that there are', () => {
    const missing = [...graph].flatMap(([path, imports]) =>
      imports.filter((name) => name.endsWith('.ts') && !graph.has(name)).map((name) => `${path}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('have a rule for every room, and a room for every rule', () => {
    expect([...new Set(files.map(({ path }) => roomOf(path)))].sort()).toEqual(Object.keys(allowed).sort());
  });

  it('point one way only', () => {
    const wrong = [...graph].flatMap(([path, imports]) => {
      const room = roomOf(path);
      return imports
        .filter((name) => graph.has(name))
        .filter((name) => roomOf(name) !== room && !(allowed[room] ?? []).includes(roomOf(name)))
        .map((name) => `${path} imports ${name}`);
    });
    expect(wrong).toEqual([]);
  });

  it('leave it for nothing but the lock, which the set-up has too', () => {
    const outside = [...graph.values()].flat().filter((name) => name.startsWith('#'));
    expect(outside).toEqual(['#lock']);
  });

  it('make no circle of files', () => {
    expect(circles(graph)).toEqual([]);
  });

  it('make no circle of folders', () => {
    const folders = new Map<string, string[]>();
    for (const [path, imports] of graph) {
      const folder = dirname(path);
      const others = imports.filter((name) => graph.has(name) && dirname(name) !== folder).map(dirname);
      folders.set(folder, [...new Set([...(folders.get(folder) ?? []), ...others])]);
    }
    expect(circles(folders)).toEqual([]);
  });

  it('of scripts and benches on what is compiled lead to sources that there are', () => {
    const listed = spawnSync('git', ['ls-files', '*.mjs', '*.cjs'], { cwd: projectRoot, encoding: 'utf8' });
    const scripts = listed.stdout
      .split('\n')
      .filter((name) => /^(?:scripts|kernel|bench|native)\//.test(name));
    const named = scripts.flatMap((name) => {
      const text = readFileSync(projectPath(name), 'utf8');
      return [
        ...[...text.matchAll(/(?:\blib\('|dist\/lib\/)([\w/-]+)/g)].map(([, path = '']) => `lib/${path}`),
        ...[...text.matchAll(/'dist', ((?:'[\w.-]+', )*'[\w-]+\.js')/g)].map(([, parts = '']) =>
          parts.replaceAll("'", '').split(', ').join('/').replace(/\.js$/, ''),
        ),
      ].map((path) => ({ name, path }));
    });
    expect(named.length).toBeGreaterThan(50);
    expect(named.filter(({ path }) => !graph.has(`${path}.ts`) && path !== 'lib/x')).toEqual([]);
  });

  it('name no absolute path of a machine', () => {
    const named = files.filter(({ text }) => /['"`]\/(home|root|work|Users)\//.test(text));
    expect(named.map(({ path }) => path)).toEqual([]);
  });
});
