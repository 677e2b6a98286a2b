// What a reader sees: `npm start`, the address it prints, a notebook in a real browser, every cell run, every figure
// drawn. The pictures are kept in .cache/screenshots, for a person to look at.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { displayPath, projectPath } from '../../lib/base/paths';
import {
  browserInstallHint,
  findBrowser,
  launchBrowser,
  type RunningBrowser,
} from '../../lib/report/browser';
import { type ExecutedCell, notebookOf } from '../support/notebook';

const minute = 60_000;
const screenshots = projectPath('.cache', 'screenshots');

let lab: ChildProcess | undefined;
let address: URL;
let browser: RunningBrowser | undefined;
/** Notebooks of this test alone, below the repository's folder, which is what JupyterLab shows. */
let folder: string;

beforeAll(async () => {
  const found = findBrowser();
  if (found === undefined)
    throw new Error(`no browser, so JupyterLab cannot be looked at: ${browserInstallHint()}`);
  mkdirSync(screenshots, { recursive: true });
  folder = mkdtempSync(projectPath('.cache', 'notebooks-'));
  // A port of its own, since the usual one may be taken, and no window; .cache is a hidden folder.
  const options = ['--port=0', '--no-browser', '--ContentsManager.allow_hidden=True'];
  lab = spawn(process.execPath, [projectPath('scripts', 'start.mjs'), ...options], {
    env: { ...process.env, BIPE_PRESET: 'smoke' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  address = await printedAddress(lab);
  browser = await launchBrowser(found);
  await browser.context.setOffline(false);
}, 3 * minute);

afterAll(async () => {
  await browser?.close();
  if (lab?.exitCode === null) {
    lab.kill('SIGINT');
    await once(lab, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}, minute);

/** The address in the line that `npm start` prints for people. */
async function printedAddress(child: ChildProcess): Promise<URL> {
  if (child.stdout === null) throw new Error('the output of npm start is not read');
  for await (const line of createInterface({ input: child.stdout })) {
    const printed = /^JupyterLab: (http\S+)$/.exec(line)?.[1];
    if (printed !== undefined) return new URL(printed);
  }
  throw new Error('npm start ended without an address');
}

async function newPage(): Promise<Page> {
  if (browser === undefined) throw new Error('the browser has not started');
  return browser.context.newPage();
}

/** Opens a notebook, given by its path in the repository, and waits until its kernel waits for work. */
async function open(path: string): Promise<Page> {
  const url = new URL(address);
  // A workspace of its own: JupyterLab would open again what the last one had open. Its name may have no full stop.
  url.pathname = `/lab/workspaces/test-${basename(path, '.ipynb').replace('.', '-')}/tree/${path}`;
  const page = await newPage();
  await page.setViewportSize({ width: 1400, height: 1000 });
  await page.goto(url.href);
  await idle(page);
  return page;
}

/** Waits until the status bar says that the kernel is there and has nothing to do. */
async function idle(page: Page): Promise<void> {
  await page
    .locator('#jp-main-statusbar')
    .getByText('TypeScript (BiPE) | Idle')
    .waitFor({ timeout: 10 * minute });
}

/** What stands in brackets before each code cell: its number, or a star while it waits or runs. */
const numbers = (page: Page): Promise<string[]> =>
  page.locator('.jp-CodeCell .jp-InputArea-prompt').allTextContents();

/** Run > Run All Cells, until nothing runs or waits any more. */
async function runAll(page: Page): Promise<void> {
  await page.getByRole('menuitem', { name: 'Run', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Run All Cells', exact: true }).click();
  await expect
    .poll(
      async () => {
        const [first = '', ...others] = await numbers(page);
        return /\d/.test(first) && ![first, ...others].some((text) => text.includes('*'));
      },
      { timeout: 10 * minute },
    )
    .toBe(true);
  await idle(page);
}

/** Scrolls through the notebook, so that what is drawn only in sight is drawn; takes pictures of each screen and figure. */
async function look(page: Page, name: string): Promise<void> {
  const cells = page.locator('.jp-Notebook .jp-Cell');
  const count = await cells.count();
  for (let index = 0; index < count; index += 1) {
    await cells.nth(index).scrollIntoViewIfNeeded();
    const picture = cells.nth(index).locator('.js-plotly-plot').first();
    if ((await picture.count()) > 0) await picture.locator('svg.main-svg').first().waitFor();
    await page.screenshot({ path: join(screenshots, `${name}-${String(index).padStart(2, '0')}.png`) });
  }
  for (const [index, figure] of (await page.locator('.jp-OutputArea .js-plotly-plot').all()).entries())
    await figure.screenshot({ path: join(screenshots, `${name}-figure-${index + 1}.png`) });
}

/** The errors below cells; JupyterLab draws them as it draws the standard error stream, which holds none here. */
const errorTexts = (page: Page): Promise<string[]> =>
  page.locator('.jp-OutputArea [data-mime-type="application/vnd.jupyter.stderr"]').allTextContents();

describe('JupyterLab', () => {
  it('asks nothing, offers one kernel, and opens the start page', async () => {
    const page = await newPage();
    await page.goto(address.href);
    expect(address.pathname).toBe('/lab/tree/notebooks/00_start_here.ipynb');
    await idle(page);
    expect(await page.locator('.jp-Dialog').count()).toBe(0);
    expect(await page.locator('.jp-toast-button, .Toastify__toast').count()).toBe(0);
    await expect
      .poll(() => page.locator('.jp-KernelName').first().textContent())
      .toContain('TypeScript (BiPE)');
    await page.close();
  });

  it('shows an error below its cell, and its line', { timeout: 3 * minute }, async () => {
    const path = join(folder, 'errors.ipynb');
    writeFileSync(path, notebookOf('const fine = 1;\nfine', 'const n: number =\n  fine.toFixed();', '2'));
    const page = await open(displayPath(path));
    await runAll(page);
    const errors = await errorTexts(page);
    expect(errors).toHaveLength(1);
    expect(errors[0]).toContain("Type 'string' is not assignable to type 'number'.");
    expect(errors[0]).toContain('> 1 | const n: number =');
    expect(await numbers(page)).toEqual(['[1]:', '[2]:', '[ ]:']);
    await page.screenshot({ path: join(screenshots, 'errors.png') });
    await page.close();
  });
});

describe('the notebook', () => {
  it.each([
    ['00_start_here.ipynb', 1],
    ['fig1.ipynb', 1],
    ['fig2.ipynb', 1],
    ['fig3.ipynb', 2],
    ['fig4.ipynb', 3],
    ['fig5.ipynb', 2],
    ['attention_by_segment.ipynb', 3],
    ['table_normal.ipynb', 2],
    ['table_ablation.ipynb', 1],
    ['table_scrolls.ipynb', 1],
    ['encodings.ipynb', 5],
    ['lemmas.ipynb', 11],
    ['thm3.1.ipynb', 4],
    ['thm3.2.ipynb', 3],
    ['arithmetic_playground.ipynb', 1],
    ['automaton_playground.ipynb', 2],
  ])('%s runs top to bottom and draws its figures', { timeout: 12 * minute }, async (name, leastFigures) => {
    const page = await open(`notebooks/${name}`);
    await runAll(page);
    expect(await errorTexts(page)).toEqual([]);
    await look(page, basename(name, '.ipynb'));
    const figures = page.locator('.jp-OutputArea .js-plotly-plot');
    expect(await figures.count()).toBeGreaterThanOrEqual(leastFigures);
    for (const figure of await figures.all())
      expect(await figure.locator('svg.main-svg').count()).toBeGreaterThan(0);
    await page.close();
  });

  it(
    'with a slider below a figure shows another step when that is moved',
    { timeout: 3 * minute },
    async () => {
      const path = join(folder, 'slider.ipynb');
      const source =
        "import { productSlider, showFigure } from '../../lib';\nshowFigure(productSlider(4, [1, 0.1, 0.01]));";
      writeFileSync(path, notebookOf(source));
      const page = await open(displayPath(path));
      await runAll(page);
      expect(await errorTexts(page)).toEqual([]);
      const figure = page.locator('.jp-OutputArea .js-plotly-plot').first();
      await figure.locator('svg.main-svg').first().waitFor();
      await figure.scrollIntoViewIfNeeded();
      const numbersAt = async (): Promise<string | undefined> =>
        /output weights [\d.e+]+/.exec((await figure.textContent()) ?? '')?.[0];
      const [before, shown] = [await numbersAt(), await numbers(page)];
      expect(before).toBeDefined();
      await figure.locator('.slider-rail-touch-rect').click();
      await expect.poll(numbersAt).not.toBe(before);
      expect(await numbers(page)).toEqual(shown);
      await page.close();
    },
  );

  it(
    'with a figure is saved with a still picture of it, and still shows the one that can be moved',
    { timeout: 3 * minute },
    async () => {
      const path = join(folder, 'still.ipynb');
      const source =
        "import { productSlider, showFigure } from '../../lib';\nshowFigure(productSlider(4, [1, 0.1, 0.01]));";
      writeFileSync(path, notebookOf(source));
      const page = await open(displayPath(path));
      await runAll(page);
      const figure = page.locator('.jp-OutputArea .js-plotly-plot');
      await figure.locator('svg.main-svg').first().waitFor();
      await page.keyboard.press('Control+s');
      const savedTypes = (): string[] => {
        const { cells } = JSON.parse(readFileSync(path, 'utf8')) as { cells: ExecutedCell[] };
        return cells.flatMap(({ outputs = [] }) => outputs.flatMap(({ data = {} }) => Object.keys(data)));
      };
      await expect.poll(savedTypes).toContain('image/svg+xml');
      expect(savedTypes()).toContain('application/vnd.plotly.v1+json');
      expect(await figure.count()).toBe(1);
      expect(await page.locator('.jp-RenderedSVG').count()).toBe(0);
      await page.close();
    },
  );

  it(
    'with a page in a frame below a cell lets it be edited, without the kernel',
    { timeout: 3 * minute },
    async () => {
      const path = join(folder, 'frame.ipynb');
      const source = "import { showAutomatonPage } from '../../lib';\nawait showAutomatonPage();";
      writeFileSync(path, notebookOf(source));
      const page = await open(displayPath(path));
      await runAll(page);
      expect(await errorTexts(page)).toEqual([]);
      const shown = await numbers(page);
      const frame = page.locator('.jp-OutputArea iframe').contentFrame();
      await frame.locator('#verdict').getByText('✓ After each of the 18 prefixes').waitFor();
      await frame.locator('#field-word').fill('ie;e;');
      await frame.locator('#status').getByText('{alarm} × {ok}, accepting').waitFor();
      await frame.locator('#field-word').fill('ie;x');
      await frame.locator('#problem-word').getByText('symbol 4, "x", is not in the alphabet').waitFor();
      expect(await numbers(page)).toEqual(shown);
      await page.screenshot({ path: join(screenshots, 'frame.png') });
      await page.close();
    },
  );
});
