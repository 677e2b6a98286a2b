// A model is trained in a browser by the code that trains it in Node.js: no module of Node.js is in
// the way, and the losses have the same bits.

import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { build } from 'esbuild';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { packageFile } from '../../lib/engine/backends/tensorflow';
import { startEngine } from '../../lib/engine/engine';
import { launchBrowser, type RunningBrowser } from '../../lib/report/export/browser';
import { findBrowser } from '../../lib/report/export/find-browser';
import { trainTiny } from './tiny-training';

const found = findBrowser();
const address = 'http://page.test/';
const wasmFiles = dirname(packageFile('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'));

/** Code with all that it imports, for a browser. An import of Node.js is an error. */
async function bundled(code: string): Promise<{ readonly script: string; readonly sources: string[] }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents: code, resolveDir: projectPath(), loader: 'ts' },
    absWorkingDir: projectPath(),
    bundle: true,
    write: false,
    metafile: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  });
  return { script: outputFiles.map(({ text }) => text).join(''), sources: Object.keys(metafile.inputs) };
}

describe('a bundle for a browser', () => {
  const folders = ['segment', 'positional', 'model', 'train/step'];

  it('takes all that a model and a training step are, and nothing of Node.js with it', async () => {
    const modules = folders.flatMap((folder) =>
      readdirSync(projectPath('lib', folder))
        .filter((file) => file.endsWith('.ts'))
        .map((file) => `import './lib/${folder}/${file}';`),
    );
    expect(modules.length).toBeGreaterThan(40);
    const { sources } = await bundled(modules.join('\n'));
    expect(sources).toContain('lib/model/decoder.ts');
  });

  it('does not take a module of Node.js, however far below', async () => {
    await expect(bundled("import './lib/train/train';")).rejects.toThrow('Could not resolve "node:fs"');
  });
});

describe.skipIf(found === undefined)('training in a browser', () => {
  let browser: RunningBrowser;
  let page: Page;

  beforeAll(async () => {
    if (found === undefined) return;
    await startEngine({ backend: 'wasm' });
    const { script } = await bundled("import './tests/browser/tiny-training.page';");
    browser = await launchBrowser(found);
    page = await browser.context.newPage();
    await page.route(`${address}**`, async (route) => {
      const file = new URL(route.request().url()).pathname.slice(1);
      if (file === '') await route.fulfill({ contentType: 'text/html', body: '<title>training</title>' });
      else await route.fulfill({ path: join(wasmFiles, file), contentType: 'application/wasm' });
    });
    await page.goto(address);
    await page.addScriptTag({ content: script });
  });

  afterAll(async () => {
    await browser.close();
  });

  it.each(['bipe_alibi', 'bipe_rope', 'rope', 'sinusoidal'])(
    'with %s gives the losses of Node.js',
    async (encoding) => {
      const { backend, losses } = await page.evaluate<{ backend: string; losses: number[] }>(
        `trainInPage('${encoding}')`,
      );
      expect(backend).toBe('wasm');
      expect(losses).toEqual(trainTiny(encoding));
      const each = losses.map((sum, step) => sum - (losses[step - 1] ?? 0));
      expect(each.at(-1)).toBeLessThan(0.95 * (each[0] ?? NaN));
    },
  );
});
