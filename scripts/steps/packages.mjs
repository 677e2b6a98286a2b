// node_modules, exactly as the lock file says. Packages' own install scripts do not run (.npmrc):
// what needs building is built by a step of its own.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from '../lib/links.mjs';
import { nodeModules, root } from '../lib/paths.mjs';
import { run } from '../lib/run.mjs';
import { fingerprint, hasStamp, renewStamp } from '../lib/stamps.mjs';

const stamp = join(nodeModules, '.installed-from-lock');

function lockFile() {
  return readFileSync(join(root, 'package-lock.json'), 'utf8');
}

function key() {
  return fingerprint(lockFile(), process.platform, process.arch);
}

/** The npm that started this script, or the one in PATH. */
function npmCommand() {
  const path = process.env.npm_execpath;
  if (path !== undefined && /npm-cli\.c?js$/.test(path)) return [process.execPath, path];
  return [process.platform === 'win32' ? 'npm.cmd' : 'npm'];
}

export const packages = {
  id: 'packages',
  title: 'npm packages',
  required: true,
  status() {
    if (hasStamp(stamp, key())) return { done: true, detail: 'as in package-lock.json' };
    const detail = existsSync(nodeModules) ? 'not as in package-lock.json' : 'not installed';
    return { done: false, detail, mend: 'npm run setup' };
  },
  async perform(line) {
    const total = Object.keys(JSON.parse(lockFile()).packages).length - 1;
    let fetched = 0;
    // npm empties this folder.
    ownFolder(nodeModules);
    const succeed = renewStamp(stamp, key());
    line.update(`${total} packages`);
    const [command, ...prefix] = npmCommand();
    await run(
      command,
      [...prefix, 'ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'http'],
      {
        log: 'packages',
        onLine: (text) => {
          if (text.includes('http fetch GET') || text.includes('http cache')) fetched += 1;
          line.update(`${Math.min(fetched, total)} of about ${total} packages`);
        },
      },
    );
    succeed();
    return `${total} packages`;
  },
};
