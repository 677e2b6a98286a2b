// Where this machine has a Chromium-like browser. None is ever downloaded.

import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';
import { MachineError } from '../../base/errors';

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
export function browserInstallHint(
  platform: NodeJS.Platform = process.platform,
  isDebian = existsSync('/etc/debian_version'),
): string {
  if (platform === 'darwin' || platform === 'win32')
    return 'install Google Chrome, or set BIPE_CHROMIUM to the path of a Chromium-like browser';
  return `${isDebian ? 'apt-get install chromium' : 'install the package chromium'}, or set BIPE_CHROMIUM to the path of a Chromium-like browser`;
}
