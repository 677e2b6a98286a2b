// Fetches one Debian package as any user, independent of the system: apt runs with lists, cache and
// state of its own in a folder that is deleted afterwards, and nothing is installed. Servers and
// keys are the system's.

import { spawn } from 'node:child_process';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bipe } from '../../base/command';
import { AbsentError, MachineError, NetworkError, systemCode } from '../../base/errors';
import { cellInterrupt } from '../../base/interrupt';
import { makeFolder } from '../../base/files';
import { displayPath } from '../../base/paths';
import { type SourceContext } from './source';

/** A package file, described by its name: `<package>_<version>_<architecture>.deb`. */
export interface PackageFile {
  readonly path: string;
  readonly version: string;
}

/** Runs a program to its end and returns its output. */
async function runProgram(
  program: string,
  argv: readonly string[],
  folder: string,
  context: SourceContext,
): Promise<{ readonly code: number | null; readonly output: string }> {
  const environment = { ...context.environment, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' };
  const stop = cellInterrupt();
  stop?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = spawn(program, argv, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (piece: string) => {
        output = (output + piece).slice(-16_384);
      });
    child.on('error', (error) => {
      reject(
        systemCode(error) === 'ENOENT'
          ? new AbsentError(
              `${context.info.name}: needs ${program}, which only Debian and its like have; choose another source ` +
                `(${bipe('data list')}), or copy ${displayPath(join(context.cacheFolder, 'debian'))} from such a machine`,
              { cause: error },
            )
          : error,
      );
    });
    // Waits for it: until its end it may write into the folder, which is then removed.
    const end = (): void => {
      child.once('exit', () => {
        reject(stop?.reason as Error);
      });
      child.kill();
    };
    stop?.addEventListener('abort', end);
    child.on('close', (code) => {
      stop?.removeEventListener('abort', end);
      resolve({ code, output });
    });
  });
}

/**
 * Fetches the newest version of a package from the system's servers into `folder`.
 *
 * @throws AbsentError without apt
 * @throws MachineError without space
 * @throws NetworkError if apt cannot get it
 */
export async function fetchPackage(
  name: string,
  folder: string,
  context: SourceContext,
): Promise<PackageFile> {
  const state = join(folder, 'apt');
  const configuration = join(state, 'apt.conf');
  await makeFolder(join(state, 'lists', 'partial'));
  await makeFolder(join(state, 'cache', 'archives', 'partial'));
  await writeFile(join(state, 'status'), '');
  await writeFile(configuration, privateConfiguration(state));
  const task = context.reporter.task(`fetch ${name} with apt`, 0);
  let note = 'stopped';
  try {
    // A failing third-party server must not block the one that has the package.
    const update = await runProgram('apt-get', ['-c', configuration, 'update'], folder, context);
    const download = await runProgram('apt-get', ['-c', configuration, 'download', name], folder, context);
    const found = await findPackage(name, folder);
    if (download.code !== 0 || found === undefined)
      throw aptFailure(name, `${update.output}\n${download.output}`, context);
    note = `version ${found.version}`;
    return found;
  } finally {
    task.finish(note);
    await rm(state, { recursive: true, force: true });
  }
}

/** Finds the package file in a folder. */
export async function findPackage(name: string, folder: string): Promise<PackageFile | undefined> {
  const entries = await readdir(folder).catch(() => []);
  const file = entries.find((entry) => entry.startsWith(`${name}_`) && entry.endsWith('.deb'));
  if (file === undefined) return undefined;
  // apt writes the colon of an epoch as %3a.
  return { path: join(folder, file), version: decodeURIComponent(file.split('_')[1] ?? '') };
}

/**
 * Unpacks a package file into a folder.
 *
 * @throws AbsentError without dpkg-deb
 * @throws MachineError if it fails
 */
export async function unpackPackage(file: string, folder: string, context: SourceContext): Promise<void> {
  const { code, output } = await runProgram(
    'dpkg-deb',
    ['--extract', file, folder],
    context.cacheFolder,
    context,
  );
  if (code !== 0)
    throw new MachineError(
      `${displayPath(file)}: could not be unpacked (${lastLine(output)}); delete it and try again`,
    );
}

function privateConfiguration(state: string): string {
  const settings = [
    // The system's hooks notify other programs of new lists; these lists are private.
    '#clear APT::Update::Post-Invoke;',
    '#clear APT::Update::Post-Invoke-Success;',
    '#clear DPkg::Post-Invoke;',
    `Dir::State "${state}";`,
    `Dir::State::lists "${join(state, 'lists')}";`,
    `Dir::State::status "${join(state, 'status')}";`,
    `Dir::Cache "${join(state, 'cache')}";`,
    `Dir::Log "${state}";`,
    'Acquire::Languages "none";',
    'APT::Sandbox::User "root";', // only root would change user, and that user may not write here
  ];
  return `${settings.join('\n')}\n`;
}

function aptFailure(name: string, output: string, context: SourceContext): MachineError | NetworkError {
  const folder = displayPath(join(context.cacheFolder, 'debian'));
  if (output.includes('No space left on device'))
    return new MachineError(`${folder}: the disk is full; free some space and run the same command again`);
  return new NetworkError(
    `${context.info.name}: apt could not fetch ${name} (${lastLine(output)}); check the network and /etc/apt, ` +
      `or put the .deb file into ${folder} by hand`,
  );
}

/** The last error of apt or dpkg, or its last line. */
function lastLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return (
    lines.filter((line) => /^(E:|dpkg-deb: error)/.test(line)).at(-1) ??
    lines.at(-1) ??
    'no output'
  ).trim();
}
