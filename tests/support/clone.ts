// A clone of the project with its packages installed, on a machine that has nothing else.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { temporaryFolder } from './command';

/** Where it is, and an environment with a PATH of Node.js alone. */
export interface BareClone {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
}

/**
 * A copy of the project with its packages (hard links) but without the native engine.
 *
 * @param node the Node.js of its PATH
 */
export function bareClone(node: string = process.execPath): BareClone {
  const cache = projectPath('.cache');
  mkdirSync(cache, { recursive: true });
  const root = temporaryFolder(cache);
  for (const name of readdirSync(projectPath())) {
    if (/^(?:\.|node_modules$|dist$|runs$|figures$|work$|work-test-)/.test(name)) continue;
    cpSync(projectPath(name), join(root, name), {
      recursive: true,
      filter: (path) => !path.includes('datasets/cache'),
    });
  }
  const linked = spawnSync('cp', ['-al', projectPath('node_modules'), root], { encoding: 'utf8' });
  expect(linked.stderr).toBe('');
  rmSync(join(root, 'node_modules', '@tensorflow', 'tfjs-node-gpu', 'lib'), { recursive: true, force: true });
  const bin = join(root, 'bare-bin');
  mkdirSync(bin);
  symlinkSync(node, join(bin, 'node'));
  return { root, env: { PATH: bin, HOME: join(root, 'home'), BIPE_CHROMIUM: 'none' } };
}
