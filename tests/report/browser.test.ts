// In a process of its own, since it counts the browsers that are left.

import { spawnSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MachineError } from '../../lib/base/errors';
import { projectPath } from '../../lib/base/paths';
import { launchBrowser } from '../../lib/report/export/browser';
import { browserInstallHint, findBrowser } from '../../lib/report/export/find-browser';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bipe-browser-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function program(...parts: string[]): Promise<string> {
  const path = join(folder, ...parts);
  await mkdir(join(path, '..'), { recursive: true });
  await writeFile(path, '#!/bin/sh\necho "Imaginary Browser 12.3.4.5 for tests"\n');
  await chmod(path, 0o755);
  return path;
}

describe('findBrowser', () => {
  it('takes the browser that BIPE_CHROMIUM names before any other', async () => {
    const named = await program('mine');
    await program('bin', 'chromium');
    const env = { BIPE_CHROMIUM: named, PATH: join(folder, 'bin') };
    expect(findBrowser({ env, platform: 'linux' })).toEqual({ path: named, foundBy: 'BIPE_CHROMIUM' });
  });

  it('says which variable names something that is not a program', async () => {
    const text = join(folder, 'text');
    await writeFile(text, 'no program');
    for (const path of [text, folder, join(folder, 'missing')]) {
      const search = (): unknown => findBrowser({ env: { CHROME_PATH: path }, platform: 'linux' });
      expect(search).toThrow(MachineError);
      expect(search).toThrow(`CHROME_PATH=${path}: not a program`);
    }
  });

  it('prefers chromium to other browsers on PATH, whatever the order of its folders', async () => {
    await program('first', 'microsoft-edge');
    const chromium = await program('second', 'chromium');
    const env = { PATH: [join(folder, 'first'), join(folder, 'second')].join(delimiter) };
    expect(findBrowser({ env, platform: 'linux' })).toEqual({ path: chromium, foundBy: 'PATH' });
  });

  it('ignores relative folders on PATH, which anyone could fill', () => {
    expect(findBrowser({ env: { PATH: '.:bin', HOME: folder }, platform: 'darwin' })).toBeUndefined();
  });

  it('looks among the applications of a Mac', async () => {
    const path = await program('Applications', 'Chromium.app', 'Contents', 'MacOS', 'Chromium');
    expect(findBrowser({ env: { HOME: folder }, platform: 'darwin' })).toEqual({
      path,
      foundBy: 'usual place',
    });
  });

  it('looks among the programs of Windows, and on its PATH', async () => {
    // Here a backslash is a part of a name.
    const path = await program('C\\Google\\Chrome\\Application\\chrome.exe');
    const place = join(folder, 'C');
    for (const name of ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'])
      expect(findBrowser({ env: { [name]: place }, platform: 'win32' })).toEqual({
        path,
        foundBy: 'usual place',
      });
    expect(findBrowser({ env: { ProgramFiles: place }, platform: 'darwin' })).toBeUndefined();
    const onPath = await program('bin', 'chromium.exe');
    expect(findBrowser({ env: { Path: join(folder, 'bin') }, platform: 'win32' })).toEqual({
      path: onPath,
      foundBy: 'PATH',
    });
    expect(findBrowser({ env: { PATH: join(folder, 'bin') }, platform: 'darwin' })).toBeUndefined();
  });

  it('is none where BIPE_CHROMIUM says so', async () => {
    await program('chromium');
    expect(findBrowser({ env: { PATH: folder, BIPE_CHROMIUM: '' }, platform: 'linux' })?.foundBy).toBe(
      'PATH',
    );
    expect(findBrowser({ env: { PATH: folder, BIPE_CHROMIUM: 'none' }, platform: 'linux' })).toBeUndefined();
  });

  it('says in one line how to get one', () => {
    const path = ', or set BIPE_CHROMIUM to the path of a Chromium-like browser';
    for (const platform of ['darwin', 'win32'] as const)
      expect(browserInstallHint(platform)).toBe(`install Google Chrome${path}`);
    expect(browserInstallHint('linux', true)).toBe(`apt-get install chromium${path}`);
    expect(browserInstallHint('linux', false)).toBe(`install the package chromium${path}`);
  });
});

describe('launchBrowser', () => {
  it('says why a program that is no browser does not start', async () => {
    const path = await program('not-a-browser');
    await expect(launchBrowser({ path, foundBy: 'PATH' })).rejects.toThrow(MachineError);
    await expect(launchBrowser({ path, foundBy: 'PATH' })).rejects.toThrow(/^[^\n]+does not start[^\n]+$/);
  });

  it('removes profiles of processes that are gone, and no other folder', async () => {
    const gone = spawnSync(process.execPath, ['-e', '']).pid;
    expect(gone).toBeGreaterThan(9);
    const profiles = projectPath('.cache', 'browser');
    const kept = [`profile-${process.pid}-977`, `${gone}-1`, `profile-${gone}`, `profile-${gone}-1a`];
    const names = [`profile-${gone}-1`, `profile-${gone}-23`, ...kept];
    for (const name of names) await mkdir(join(profiles, name, 'Default'), { recursive: true });
    try {
      await expect(launchBrowser({ path: await program('none'), foundBy: 'PATH' })).rejects.toThrow(
        MachineError,
      );
      const left = await readdir(profiles);
      expect(names.filter((name) => left.includes(name))).toEqual(kept);
    } finally {
      for (const name of kept) await rm(join(profiles, name), { recursive: true });
    }
  });

  const found = findBrowser();
  it.skipIf(found === undefined)(
    'keeps its profile in the repository and removes it at the end',
    async () => {
      if (found === undefined) return;
      const profiles = async (): Promise<string[]> =>
        (await readdir(projectPath('.cache', 'browser'))).filter((name) =>
          name.startsWith(`profile-${process.pid}-`),
        );
      const browser = await launchBrowser(found);
      try {
        expect(await profiles()).toHaveLength(1);
        expect(browser.version).toMatch(/^\d+\./);
      } finally {
        await browser.close();
      }
      expect(await profiles()).toHaveLength(0);
    },
  );
});
