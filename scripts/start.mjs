// `npm start`: opens JupyterLab on this machine at the start page. It shows the reader's copies of
// the notebooks (lib/copies.mjs); with --originals, for authors of the project's notebooks, the
// notebooks themselves. All other options go to JupyterLab (npm start -- --port 9000). Ctrl+C ends
// it, kernels included.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fail } from './lib/console.mjs';
import { updateCopies } from './lib/copies.mjs';
import { jupyterEnvironment } from './lib/jupyter.mjs';
import { waitForLock } from './lib/lock.mjs';
import { cacheFolder, root, venvPython } from './lib/paths.mjs';
import { setup } from './setup.mjs';

const pollMs = 100;
const patienceMs = 1000;

// npm removes the `--` before these options; node keeps it.
const given = process.argv.slice(process.argv[2] === '--' ? 3 : 2);
const wantsOriginals = given.includes('--originals');
/** The folder to open. Tests use another one beside it. */
const folder = wantsOriginals ? 'notebooks' : process.env.BIPE_WORK || 'work';

await setup({ needs: ['python', 'kernel'] });
if (!wantsOriginals)
  await renewCopies().catch(({ message }) =>
    fail(`the notebooks could not be copied to ${folder}: ${message}`),
  );

const hasDisplay =
  process.platform !== 'linux' || Boolean(process.env.DISPLAY || process.env.WAYLAND_DISPLAY);
const startPage = `${folder}/00_start_here.ipynb`;
const page = existsSync(join(root, startPage)) ? `/lab/tree/${startPage}` : '/lab';
const options = [
  '--ServerApp.ip=127.0.0.1',
  `--ServerApp.root_dir=${root}`,
  `--LabApp.default_url=${page}`,
  ...(hasDisplay ? [] : ['--no-browser']),
  ...(process.getuid?.() === 0 ? ['--allow-root'] : []),
];
const environment = {
  ...jupyterEnvironment(),
  // With a token that it makes itself, JupyterLab would print its addresses, too.
  JUPYTER_TOKEN: randomBytes(24).toString('hex'),
  // For jupyter_copies.py.
  BIPE_WORK: wantsOriginals ? '' : folder,
};
const forJupyter = given.filter((option) => option !== '--originals');
const lab = spawn(venvPython, ['-m', 'jupyterlab', ...options, ...forJupyter], {
  cwd: root,
  env: environment,
  stdio: ['ignore', 'inherit', 'inherit'],
  // Ctrl+C goes to everything in the terminal's process group; two signals at once would hang
  // JupyterLab.
  detached: true,
});

let stoppedAt;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    // The first signal asks JupyterLab to end; a later one ends it without waiting.
    const isAgain = stoppedAt !== undefined && Date.now() - stoppedAt > patienceMs;
    stoppedAt ??= Date.now();
    lab.kill(isAgain ? 'SIGKILL' : 'SIGTERM');
  });
}
lab.on('error', (error) => fail(`JupyterLab could not start: ${error.message}`));
lab.on('exit', (code) => process.exit(stoppedAt === undefined ? (code ?? 1) : 0));

// The server writes its address into this file, with the port that it found free.
const infoPath = join(environment.JUPYTER_RUNTIME_DIR, `jpserver-${lab.pid}.json`);
rmSync(infoPath, { force: true });
while (!existsSync(infoPath)) await sleep(pollMs);
const { url, token } = JSON.parse(readFileSync(infoPath, 'utf8'));
const address = `${url.replace(/\/$/, '')}${page}${token === '' ? '' : `?token=${token}`}`;
process.stdout.write(`JupyterLab: ${address}\nCtrl+C ends it.\n`);

/** Brings the copies up to date, and lists those of the reader's that have a new name. */
async function renewCopies() {
  mkdirSync(cacheFolder, { recursive: true });
  const path = join(cacheFolder, 'copies.lock');
  const release = await waitForLock(path, ({ name }) =>
    console.log(`${name} copies the notebooks; waiting (if it is gone: delete ${path}) ...`),
  );
  try {
    for (const { name, keptAs } of updateCopies(join(root, 'notebooks'), join(root, folder)))
      console.log(`${folder}/${name}: the project has a new version; yours is now ${folder}/${keptAs}`);
  } finally {
    release();
  }
}
