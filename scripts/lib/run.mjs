// Runs the tools of a set-up step: output goes to a log, its lines show progress, and a failure is
// one line.
import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { cacheFolder, logFolder, root, temporaryFolder } from './paths.mjs';

/** A failed step; the message is one line: what failed, and how to mend it. */
export class SetupError extends Error {}

/** The environment of every tool: caches and temporary files stay inside the repository. */
export function toolEnvironment(extra = {}) {
  mkdirSync(temporaryFolder, { recursive: true });
  return {
    ...process.env,
    TMPDIR: temporaryFolder,
    PIP_CACHE_DIR: join(cacheFolder, 'pip'),
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    PIP_ROOT_USER_ACTION: 'ignore',
    PIP_NO_INPUT: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONNOUSERSITE: '1',
    npm_config_cache: join(cacheFolder, 'npm'),
    ...extra,
  };
}

const commonTroubles = [
  [
    /ENOSPC|No space left on device|not enough free space/i,
    'the disk is full: free about 3 GB and run the same command again',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNREFUSED|ECONNRESET|ENETUNREACH|Temporary failure (in name resolution|resolving)|Failed to establish a new connection|Name or service not known|Could not connect to|Network is unreachable|Cannot connect to proxy|ProxyError|ReadTimeoutError|ConnectTimeoutError/,
    'no network: check the connection (or the proxy settings) and run the same command again; it continues where it stopped',
  ],
  [
    /EACCES|Permission denied/,
    'a file of the repository is not writable by this user: change its owner (chown -R) and run the same command again',
  ],
];

let running;

/** Ends the running tool, if there is one, when the set-up is interrupted. */
export function stopRunning() {
  running?.kill('SIGTERM');
}

/**
 * Runs a command to its end, with its output in `.cache/setup/<log>.log`.
 *
 * @param onLine called with each line it prints, for progress
 * @throws SetupError with one line that names the trouble and the log
 */
export function run(
  command,
  args,
  { log, cwd = root, env = toolEnvironment(), onLine = () => {}, timeoutSeconds = 3600 },
) {
  mkdirSync(logFolder, { recursive: true });
  const logPath = join(logFolder, `${log}.log`);
  return new Promise((resolve, reject) => {
    const output = createWriteStream(logPath, { flags: 'a' });
    output.write(`\n$ ${command} ${args.join(' ')}\n`);
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    running = child;
    const timer = setTimeout(() => child.kill('SIGTERM'), timeoutSeconds * 1000);
    let tail = '';
    let pending = '';
    const take = (chunk) => {
      const text = String(chunk);
      output.write(text);
      tail = (tail + text).slice(-20_000);
      const lines = (pending + text).split(/[\r\n]+/);
      pending = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.on('error', (error) => {
      clearTimeout(timer);
      output.end();
      reject(new SetupError(`${command} could not be started (${error.message})`));
    });
    child.on('close', (code, signal) => {
      running = undefined;
      clearTimeout(timer);
      output.end();
      if (code === 0) resolve(tail);
      else reject(new SetupError(explain(command, code, signal, tail, relative(root, logPath))));
    });
  });
}

function explain(command, code, signal, tail, logPath) {
  for (const [pattern, text] of commonTroubles) if (pattern.test(tail)) return `${text} (log: ${logPath})`;
  const last = tail
    .trim()
    .split('\n')
    .filter((line) => /error|fail|cannot|not found/i.test(line))
    .at(-1)
    ?.trim();
  const ended = signal ? `was stopped by ${signal}` : `ended with code ${code}`;
  return `${command} ${ended}${last ? `: ${Array.from(last).slice(0, 200).join('')}` : ''} (log: ${logPath})`;
}
