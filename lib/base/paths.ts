// Where things are in the repository. Sources and compiled code both ask here, so no file counts
// `..`.

import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';

function findProjectRoot(): string {
  for (let folder = __dirname; ; folder = dirname(folder)) {
    const manifest = join(folder, 'package.json');
    if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "bipe-workbench"'))
      return folder;
    if (folder === dirname(folder)) throw new Error(`no bipe-workbench package.json above ${__dirname}`);
  }
}

/** The folder of the project's package.json. */
export const projectRoot = findProjectRoot();

/** A path inside the repository, from its parts. */
export function projectPath(...parts: string[]): string {
  return join(projectRoot, ...parts);
}

/** `path` as a reader of the repository writes it: relative to its root, with forward slashes. */
export function displayPath(path: string): string {
  const fromRoot = relative(projectRoot, path);
  return fromRoot === '' || fromRoot.startsWith('..') ? path : fromRoot.split(sep).join('/');
}
