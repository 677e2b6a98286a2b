// A Chromium-like browser draws the figures that are exported. It is found where it is, never
// downloaded, and all it writes stays in `.cache/browser` of the repository.

import { accessSync, constants, existsSync, readdirSync, rmSync, statSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, isAbsolute, join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { type BrowserContext } from 'playwright-core';
import { MachineError, messageOf, systemCode } from '../../base/errors';
import { makeFolder } from '../../base/files';
import { workPath } from '../../base/paths';

/** A browser on this machine. */
export interface FoundBrowser {
  readonly path: string;
  /** How it was found: the environment variable that names it, or `PATH`, or `usual place`. */
  readonly foundBy: string;
}

/** The environment of the search; the machine's own if left out. */
export interface SearchPlace {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
}

const VARIABLES = ['BIPE_CHROMIUM', 'CHROME_PATH', 'PUPPETEER_EXECUTABLE_PATH'] as const;

const COMMANDS = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge-stable',
  'microsoft-edge',
  'brave-browser',
  'brave',
  'chrome',
  'msedge',
] as const;

const MAC_APPLICATIONS = ['Google Chrome', 'Chromium', 'Microsoft Edge', 'Brave Browser'] as const;

const WINDOWS_PROGRAMS = [
  'Google\\Chrome\\Application\\chrome.exe',
  'Chromium\\Application\\chrome.exe',
  'Microsoft\\Edge\\Application\\msedge.exe',
  'BraveSoftware\\Brave-Browser\\Application\\brave.exe',
] as const;

/**
 * The browser that `BIPE_CHROMIUM` (or `CHROME_PATH`, `PUPPETEER_EXECUTABLE_PATH`) names; else the
 * first on PATH; else one in the usual place of the system. `BIPE_CHROMIUM=none` stands for no
 * browser at all.
 *
 * @throws MachineError if such a variable names a file that cannot be run
 */
export function findBrowser(place: SearchPlace = {}): FoundBrowser | undefined {
  const env = place.env ?? process.env;
  const platform = place.platform ?? process.platform;
  if (env['BIPE_CHROMIUM'] === 'none') return undefined;
  for (const variable of VARIABLES) {
    const path = env[variable];
    if (path === undefined || path === '') continue;
    if (isProgram(path)) return { path, foundBy: variable };
    throw new MachineError(`${variable}=${path}: not a program that can be run; correct it or unset it`);
  }
  const suffix = platform === 'win32' ? '.exe' : '';
  const folders = (env['PATH'] ?? env['Path'] ?? '').split(delimiter).filter(isAbsolute);
  for (const command of COMMANDS) {
    for (const folder of folders) {
      const path = join(folder, command + suffix);
      if (isProgram(path)) return { path, foundBy: 'PATH' };
    }
  }
  const usual = usualPlaces(platform, env).find(isProgram);
  return usual === undefined ? undefined : { path: usual, foundBy: 'usual place' };
}

function usualPlaces(platform: NodeJS.Platform, env: Readonly<Record<string, string | undefined>>): string[] {
  if (platform === 'darwin') {
    const folders = [
      '/Applications',
      ...(env['HOME'] === undefined ? [] : [join(env['HOME'], 'Applications')]),
    ];
    return MAC_APPLICATIONS.flatMap((name) =>
      folders.map((folder) => join(folder, `${name}.app`, 'Contents', 'MacOS', name)),
    );
  }
  if (platform === 'win32') {
    const folders = [env['ProgramFiles'], env['ProgramFiles(x86)'], env['LOCALAPPDATA']];
    return WINDOWS_PROGRAMS.flatMap((name) =>
      folders.filter((folder) => folder !== undefined).map((folder) => `${folder}\\${name}`),
    );
  }
  return ['/opt/google/chrome/chrome', '/snap/bin/chromium', '/usr/lib/chromium/chromium'];
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** How to get a browser here, one line. */
export function browserInstallHint(platform: NodeJS.Platform = process.platform): string {
  if (platform === 'darwin' || platform === 'win32')
    return 'install Google Chrome, or set BIPE_CHROMIUM to the path of a Chromium-like browser';
  const debian = existsSync('/etc/debian_version')
    ? 'apt-get install chromium'
    : 'install the package chromium';
  return `${debian}, or set BIPE_CHROMIUM to the path of a Chromium-like browser`;
}

/**
 * What `path --version` prints, e.g. `Chromium 140.0.7339.127`; undefined where it prints nothing
 * (Windows).
 */
export function browserVersion(path: string): string | undefined {
  if (process.platform === 'win32') return undefined;
  const run = spawnSync(path, ['--version'], { encoding: 'utf8', timeout: 10_000 });
  return /\S.*?\d+(?:\.\d+)+/.exec(run.stdout)?.[0];
}

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
function childEnvironment(): Record<string, string> {
  const home = browserHome;
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    ...Object.fromEntries(inherited),
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
