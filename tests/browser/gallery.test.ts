// The gallery in a real browser, opened from files: its figures are those of the run, and no page
// has a part beyond the edge, an error, or a request for anything outside its folder.

import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { writeGallery } from '../../apps/gallery/site';
import { projectPath } from '../../lib/base/paths';
import { silentReporter } from '../../lib/base/progress';
import { items } from '../../lib/experiments/registry';
import { type Report } from '../../lib/experiments/run/report';
import { RunStore } from '../../lib/experiments/run/store';
import { launchBrowser, type RunningBrowser } from '../../lib/report/export/browser';
import { findBrowser } from '../../lib/report/export/find-browser';
import { toPlain } from '../../lib/report/json';
import { picture } from '../support/pictures';

const found = findBrowser();

describe.skipIf(found === undefined)('the gallery', () => {
  const base = mkdtempSync(join(projectPath('.cache'), 'gallery-'));
  const folder = join(base, 'site');
  let browser: RunningBrowser;
  let page: Page;
  let errors: string[];
  let report: Report;
  let names: readonly string[];

  const open = async (name: string): Promise<void> => {
    await page.goto(pathToFileURL(join(folder, `${name}.html`)).href);
  };

  beforeAll(async () => {
    if (found === undefined) return;
    const store = new RunStore(join(base, 'runs'));
    report = await items.fig2.execute({ reporter: silentReporter, store });
    const { results } = await writeGallery({ folder, store });
    names = ['index', ...results.flat().map(({ name }) => name)];
    browser = await launchBrowser(found);
  });

  afterAll(async () => {
    await browser.close();
    rmSync(base, { recursive: true, force: true });
  });

  beforeEach(async () => {
    errors = [];
    page = await browser.context.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('request', (request) => {
      if (!/^(?:file|data|blob):/.test(request.url())) errors.push(request.url());
    });
    await page.setViewportSize({ width: 1280, height: 800 });
    return async () => {
      expect(errors).toEqual([]);
      await page.close();
    };
  });

  it('draws the figures of a run, with its data', async () => {
    await open('fig2');
    for (const { id, data, alt } of report.figures) {
      const drawing = page.locator(`#plot-${id} .js-plotly-plot`);
      await drawing.locator('svg.main-svg').first().waitFor();
      const drawn = await page.evaluate<unknown>(
        `document.querySelector('#plot-${id} .js-plotly-plot').data.map(({ x, y, z }) => ({ x, y, z }))`,
      );
      expect(toPlain(drawn)).toEqual(data.map(({ x, y, z }) => toPlain({ x, y, z })));
      expect(await page.locator(`#plot-${id}`).getAttribute('aria-label')).toBe(alt);
    }
  });

  it.each([
    [390, 'light'],
    [1280, 'dark'],
    [1920, 'light'],
  ] as const)(
    'has no part beyond the edge at %i px, %s',
    { timeout: 240_000 },
    async (width, colorScheme) => {
      await page.emulateMedia({ colorScheme });
      await page.setViewportSize({ width, height: 844 });
      // All of them are tried where room is scarcest.
      for (const name of width === 390 ? names : ['index', 'fig2', 'table-recipes-quick', 'lemma1-4-quick']) {
        await open(name);
        for (const summary of await page.locator('summary').all()) await summary.click();
        expect(await page.evaluate<number>('document.documentElement.scrollWidth'), name).toBe(width);
        expect(await page.locator('img:not([alt])').count(), name).toBe(0);
        await picture(page, `gallery-${name}-${width}-${colorScheme}`, true);
      }
    },
  );

  it('leads from the index to each result and back', async () => {
    await open('index');
    await page.getByRole('link', { name: items.fig4.title }).click();
    expect(await page.locator('h1').textContent()).toBe(items.fig4.title);
    await page.getByRole('link', { name: 'All results' }).click();
    await page.getByRole('link', { name: 'The idea in motion' }).click();
    expect(await page.locator('h1').textContent()).toBe('Two positions for each token');
  });
});
