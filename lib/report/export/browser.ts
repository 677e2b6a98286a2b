// A Chromium-like browser draws the figures that are exported. All it writes stays in
// `.cache/browser` of the repository.

import { existsSync, readdirSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BrowserContext } from 'playwright-core';
import { MachineError, messageOf, systemCode } from '../../base/errors';
import { makeFolder } from '../../base/files';
import { workPath } from '../../base/paths';
import { browserInstallHint, type FoundBrowser } from './find-browser';

/** A running browser: its context opens pages; `close` ends it and removes its profile. */
export interface RunningBrowser {
  readonly context: BrowserContext;
  readonly version: string;
  close(): Promise<void>;
}

const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Text is drawn the same on every screen: no subpixel colours, no hinting.
  '--disable-lcd-text',
  '--font-render-hinting=none',
] as const;

let profileCount = 0;

/**
 * Starts a browser without a window, in a new profile inside the repository.
 *
 * @throws MachineError with the browser's own last words if it does not start
 */
export async function launchBrowser(found: FoundBrowser): Promise<RunningBrowser> {
  const folder = workPath('.cache', 'browser');
  removeLeftovers(folder);
  profileCount += 1;
  const profile = join(folder, `profile-${process.pid}-${profileCount}`);
  const artifacts = join(profile, 'artifacts');
  await makeFolder(artifacts);
  await makeFolder(browserHome);
  const isRoot = process.getuid?.() === 0;
  try {
    // Chromium refuses its sandbox as root, and fails with it where the system forbids user
    // namespaces.
    const context = isRoot
      ? await start(found, profile, artifacts, false)
      : await start(found, profile, artifacts, true).catch(() => start(found, profile, artifacts, false));
    return {
      context,
      version: context.browser()?.version() ?? 'unknown',
      close: async () => {
        await context.close();
        await removeProfile(profile);
      },
    };
  } catch (error) {
    await removeProfile(profile);
    const [reason = ''] = messageOf(error).split('\n');
    throw new MachineError(`${found.path}: the browser does not start (${reason}); ${browserInstallHint()}`, {
      cause: error,
    });
  }
}

async function start(
  found: FoundBrowser,
  profile: string,
  artifacts: string,
  sandbox: boolean,
): Promise<BrowserContext> {
  const { chromium } = await import('playwright-core');
  return chromium.launchPersistentContext(profile, {
    executablePath: found.path,
    artifactsDir: artifacts,
    headless: true,
    chromiumSandbox: sandbox,
    offline: true,
    args: [...FLAGS],
    env: childEnvironment(),
    timeout: 60_000,
    // A signal is for this process, whose way to end is its own; the browser ends when its pipe
    // closes.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
  });
}

const browserHome = workPath('.cache', 'browser', 'home');

// A Unix socket's path may have 107 bytes, and Chromium's, below TMPDIR, adds 45.
const LONGEST_TEMPORARY = 107 - 45;

/** The child's environment: its home and caches inside the repository. */
function childEnvironment(): NodeJS.ProcessEnv {
  const home = browserHome;
  return {
    ...process.env,
    HOME: home,
    XDG_CONFIG_HOME: home,
    XDG_CACHE_HOME: home,
    XDG_DATA_HOME: home,
    // In a deeply nested repository Chromium gets a folder of the system's, and empties it when it
    // ends.
    TMPDIR: [home, tmpdir()].find((folder) => Buffer.byteLength(folder) <= LONGEST_TEMPORARY) ?? '/tmp',
  };
}

async function removeProfile(profile: string): Promise<void> {
  // The browser's children may still be writing for a moment after it has ended.
  await rm(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}

/** Removes profiles of processes that ended without closing their browser. */
function removeLeftovers(folder: string): void {
  if (!existsSync(folder)) return;
  for (const name of readdirSync(folder)) {
    const owner = /^profile-(\d+)-\d+$/.exec(name)?.[1];
    if (owner === undefined || isRunning(Number(owner))) continue;
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isRunning(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return systemCode(error) === 'EPERM';
  }
}
