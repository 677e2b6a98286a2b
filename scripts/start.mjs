// `npm start`: JupyterLab on this machine, with the start page open. What follows `--` goes to JupyterLab
// (npm start -- --port 9000). Ctrl+C ends it, kernels included.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from './lib/console.mjs';
import { jupyterEnvironment } from './lib/jupyter.mjs';
import { root, venvPython } from './lib/paths.mjs';
import { setup } from './setup.mjs';

const startPage = 'notebooks/00_start_here.ipynb';
const pollMs = 100;
const patienceMs = 1000;

const hasDisplay =
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const page = existsSync(join(root, startPage)) ? `/lab/tree/${startPage}` : '/lab';

await setup({ needs: ['python', 'kernel'] });

const options = [
  '--ServerApp.ip=127.0.0.1',
  `--ServerApp.root_dir=${root}`,
  `--LabApp.default_url=${page}`,
  ...(hasDisplay ? [] : ['--no-browser']),
  ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
];
// npm removes the `--` before what is not meant for it; node leaves it.
const given = process.argv.slice(process.argv[2] === '--' ? 3 : 2);
// With a token of its own making JupyterLab would print its addresses too.
const environment = { ...jupyterEnvironment(), JUPYTER_TOKEN: randomBytes(24).toString('hex') };
const lab = spawn(venvPython, ['-m', 'jupyterlab', ...options, ...given], {
  cwd: root,
  env: environment,
  stdio: ['ignore', 'inherit', 'inherit'],
  // Ctrl+C goes to everything in the terminal's process group; two signals at once would hang JupyterLab.
  detached: true,
});

let stoppedAt;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // Once is enough; who asks again a while later does not want to wait.
    const isAgain = stoppedAt !== undefined && Date.now() - stoppedAt > patienceMs;
    stoppedAt ??= Date.now();
    lab.kill(isAgain ? 'SIGKILL' : 'SIGTERM');
  });
}
lab.on('error', (error) => fail(`JupyterLab could not start: ${error.message}`));
lab.on('exit', (code) => process.exit(stoppedAt === undefined ? (code ?? 1) : 0));

// The server says in this file where it listens, whatever port it found free and whatever options it got.
const infoPath = join(environment.JUPYTER_RUNTIME_DIR, `jpserver-${lab.pid}.json`);
rmSync(infoPath, { force: true });
while (!existsSync(infoPath)) await sleep(pollMs);
const { url, token } = JSON.parse(readFileSync(infoPath, 'utf8'));
const address = `${url.replace(/\/$/, '')}${page}${token === '' ? '' : `?token=${token}`}`;
process.stdout.write(`JupyterLab: ${address}\nCtrl+C ends it.\n`);
