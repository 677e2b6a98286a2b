// The sources that are compiled, wherever they lie.

import { readdirSync, readFileSync } from 'node:fs';
import { projectPath } from '../../lib/base/paths';

/** Their folders, those of others below first. */
export const sourceFolders = ['lib', 'apps', 'bench/harness'] as const;

/** A source by its path from the project's root, between slashes. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** All of them. */
export function sources(): Source[] {
  return sourceFolders.flatMap((folder) =>
    readdirSync(projectPath(folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name.replaceAll('\\', '/')}`)
      .map((path) => ({ path, text: readFileSync(projectPath(path), 'utf8') })),
  );
}
