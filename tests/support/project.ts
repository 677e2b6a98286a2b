// A miniature of the project in a temporary folder: its own lib and notebooks, this project's
// kernel and packages. Tests edit its lib without disturbing anybody.

import {
  copyFileSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectPath } from '../../lib/base/paths';

/** A project that is thrown away. */
export interface MiniatureProject {
  readonly root: string;
  readonly notebooks: string;
  /** Writes a file, given by its path from the root. */
  write(path: string, content: string): void;
  /** Removes a file, given by its path from the root. */
  remove(path: string): void;
  dispose(): void;
}

/**
 * Makes a project whose `lib` holds these files.
 *
 * @param lib content by path inside lib
 */
export function miniatureProject(lib: Readonly<Record<string, string>>): MiniatureProject {
  // Node resolves links, and paths are compared.
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'bipe-kernel-')));
  for (const folder of ['kernel', 'scripts/lib'])
    cpSync(projectPath(folder), join(root, folder), { recursive: true });
  for (const name of ['tsconfig.base.json', 'tsconfig.build.json'])
    copyFileSync(projectPath(name), join(root, name));
  symlinkSync(projectPath('node_modules'), join(root, 'node_modules'));
  const write = (path: string, content: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  };
  write('package.json', '{ "name": "bipe-workbench", "private": true }\n');
  const notebooks = join(root, 'notebooks');
  mkdirSync(notebooks);
  for (const [path, content] of Object.entries(lib)) write(join('lib', path), content);
  return {
    root,
    notebooks,
    write,
    remove: (path) => {
      rmSync(join(root, path));
    },
    dispose: () => {
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Text without the terminal's colours. */
export function plain(lines: readonly string[] | string): string {
  // eslint-disable-next-line no-control-regex -- an escape sequence begins with this character
  return (typeof lines === 'string' ? lines : lines.join('\n')).replace(/\u001b\[\d+m/g, '');
}
