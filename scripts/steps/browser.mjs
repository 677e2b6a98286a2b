// A Chromium, to draw figures as SVG and PNG and to test the notebooks. An installed one is used;
// as root on Debian it is installed through apt. Numbers never need it.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDebianLike, isRoot } from '../lib/machine.mjs';
import { root } from '../lib/paths.mjs';
import { run, SetupError, toolEnvironment } from '../lib/run.mjs';

async function find() {
  const finder = await import(
    pathToFileURL(join(root, 'dist', 'lib', 'report', 'export', 'find-browser.js')).href
  );
  return { browser: finder.findBrowser(), hint: finder.browserInstallHint() };
}

export const browser = {
  id: 'browser',
  title: 'Chromium',
  required: false,
  without: 'figures are written as JSON alone, without SVG and PNG',
  async status() {
    const { browser, hint } = await find();
    return browser === undefined
      ? { done: false, detail: 'not found', mend: hint }
      : { done: true, detail: browser.path };
  },
  async perform(line) {
    const { hint } = await find();
    if (!isDebianLike() || !isRoot()) throw new SetupError(`not found: ${hint}`);
    const env = toolEnvironment({ DEBIAN_FRONTEND: 'noninteractive' });
    line.update('apt-get update');
    await run('apt-get', ['update'], { log: 'browser', env });
    let unpacked = 0;
    await run('apt-get', ['install', '-y', '--no-install-recommends', 'chromium', 'fonts-liberation'], {
      log: 'browser',
      env,
      onLine: (text) => {
        if (/^(Unpacking|Setting up)/.test(text)) unpacked += 1;
        line.update(unpacked === 0 ? 'downloading through apt' : `${unpacked} packages handled`);
      },
    });
    const { browser } = await find();
    if (browser === undefined) throw new SetupError(`apt brought no usable Chromium: ${hint}`);
    return browser.path;
  },
};
