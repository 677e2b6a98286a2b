// Dependencies point one way: a module may import from its own folder and from those below it in
// this list.

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';

/** Each folder of lib with the folders it may use; `type` ones for types alone. */
const allowed: Readonly<Record<string, readonly string[]>> = {
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
  experiments: [
    'base',
    'engine',
    'data',
    'segment',
    'report',
    'positional',
    'model',
    'theory',
    'evaluate',
    'train',
  ],
  cli: ['base', 'engine', 'data', 'segment', 'report', 'model', 'theory', 'evaluate', 'train', 'experiments'],
};

const library = projectPath('lib');

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return entry.name.endsWith('.ts') ? [path] : [];
  });
}

function importsOf(path: string): string[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

function layerOf(path: string): string {
  return relative(library, path).split(sep)[0] ?? '';
}

describe('dependencies of lib', () => {
  const files = sources(library);

  it('has a rule for every folder', () => {
    const folders = readdirSync(library, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    expect(folders.map((folder) => folder.name).sort()).toEqual(Object.keys(allowed).sort());
  });

  it('point one way only', () => {
    const wrong: string[] = [];
    for (const path of files.filter((file) => dirname(file) !== library)) {
      const layer = layerOf(path);
      for (const specifier of importsOf(path).filter((name) => name.startsWith('.'))) {
        const target = layerOf(resolve(dirname(path), specifier));
        if (target !== layer && !(allowed[layer] ?? []).includes(target)) {
          wrong.push(`${relative(library, path)} imports ${specifier}`);
        }
      }
    }
    expect(wrong).toEqual([]);
  });

  it('leave lib for nothing but the lock, which the set-up has too', () => {
    const outside = files.flatMap((path) => importsOf(path).filter((name) => name.startsWith('#')));
    expect(outside).toEqual(['#lock']);
  });

  it('have no cycle between files', () => {
    const graph = new Map(
      files.map((path) => [
        path,
        importsOf(path)
          .filter((name) => name.startsWith('.'))
          .map((name) => resolve(dirname(path), `${name.replace(/\.js$/, '')}.ts`)),
      ]),
    );
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) {
        cycles.push(
          [...trail.slice(trail.indexOf(path)), path].map((file) => relative(library, file)).join(' -> '),
        );
        return;
      }
      if (done.has(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of files) visit(path, []);
    expect(cycles).toEqual([]);
  });

  it('name no absolute path of a machine', () => {
    const named = files.filter((path) => /['"`]\/(home|root|work|Users)\//.test(readFileSync(path, 'utf8')));
    expect(named.map((path) => relative(library, path))).toEqual([]);
  });
});
