// Paths in the repository, or in a project that has this package installed. Sources and compiled
// code both ask here, so no file counts `..`.

import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';

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

/** Joins parts to a path inside the repository. */
export function projectPath(...parts: string[]): string {
  return join(projectRoot, ...parts);
}

/** True in an installed package of another project, rather than a clone of the repository. */
export const isInstalled = basename(dirname(projectRoot)) === 'node_modules';

/**
 * The folder of runs, figures, downloads and caches: the repository's root, or `.bipe` in the
 * folder where the process of another project was started.
 */
export const workFolder = isInstalled ? join(process.cwd(), '.bipe') : projectRoot;

/** The folder of the packages that this one uses. */
export const packagesFolder = isInstalled ? dirname(projectRoot) : join(projectRoot, 'node_modules');

/** Joins parts to a path in the folder of written files. */
export function workPath(...parts: string[]): string {
  return join(workFolder, ...parts);
}

/**
 * Formats a path for a reader: relative to the repository's root, or to the folder of the project
 * that has this package, with forward slashes.
 */
export function displayPath(path: string): string {
  const fromRoot = relative(isInstalled ? process.cwd() : projectRoot, path);
  return fromRoot === '' || fromRoot.startsWith('..') ? path : fromRoot.split(sep).join('/');
}
