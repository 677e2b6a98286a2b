// The page of the idea in a real browser. What it draws is held against what the same state draws
// in Node.js, whose positions and scores tests/apps/idea-page compares with the library's tensors.

import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { panels } from '../../apps/idea-page/body';
import { writeIdeaPage } from '../../apps/idea-page/document';
import { comparedEncodings, heatPixels } from '../../apps/idea-page/scores';
import { type Action, type IdeaState, nextIdea, openIdea } from '../../apps/idea-page/state';
import { projectPath } from '../../lib/base/paths';
import { launchBrowser, type RunningBrowser } from '../../lib/report/export/browser';
import { findBrowser } from '../../lib/report/export/find-browser';
import { picture } from '../support/pictures';

const found = findBrowser();
const file = projectPath('.cache', `idea-page-${process.pid}.html`);
const text = 'One stone hit. Two birds fell; he smiled.';
const after = (...actions: readonly Action[]): IdeaState => actions.reduce(nextIdea, openIdea({ text }));

describe.skipIf(found === undefined)('the page of the idea', () => {
  let browser: RunningBrowser;
  let page: Page;
  let errors: string[];
  let requests: string[];

  beforeAll(async () => {
    if (found === undefined) return;
    await writeIdeaPage(file, { text });
    browser = await launchBrowser(found);
  });

  afterAll(async () => {
    await browser.close();
    rmSync(file, { force: true });
  });

  beforeEach(async () => {
    [errors, requests] = [[], []];
    page = await browser.context.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('request', (request) => requests.push(request.url()));
    await page.setViewportSize({ width: 1280, height: 800 });
    await page.goto(pathToFileURL(file).href);
    return async () => {
      expect(errors).toEqual([]);
      expect(requests).toEqual([pathToFileURL(file).href]);
      await page.close();
    };
  });

  /** HTML as the browser writes it. */
  const written = (html: string): Promise<string> =>
    page.evaluate<string>(
      `(() => { const place = document.createElement('div'); place.innerHTML = ${JSON.stringify(html)}; return place.innerHTML; })()`,
    );

  async function expectShown(state: IdeaState): Promise<void> {
    for (const [id, html] of Object.entries(panels(state)))
      expect(await page.locator(`#${id}`).innerHTML(), id).toBe(await written(html));
    for (const [index, encoding] of comparedEncodings(state).entries()) {
      const size = encoding.positions.length;
      const pixels = await page.evaluate<number[]>(
        `[...document.querySelectorAll('canvas')[${index}].getContext('2d').getImageData(0, 0, ${size}, ${size}).data]`,
      );
      expect(pixels).toEqual([...heatPixels(encoding)]);
    }
  }

  it('opens as it was drawn in Node.js', async () => {
    await expectShown(after());
  });

  it('follows what is typed, chosen and dragged', async () => {
    await page.fill('#text', 'Up! Down. Left, right.');
    await page.selectOption('#ending', '. ! ? and new line');
    await page.locator('#length').fill('33');
    await page.click('#token-2');
    const actions: readonly Action[] = [
      { kind: 'text', text: 'Up! Down. Left, right.' },
      { kind: 'ending', ending: '. ! ? and new line' },
      { kind: 'length', length: 33 },
      { kind: 'query', token: 2 },
    ];
    await expectShown(after(...actions));
    await page.check('[value=alibi]');
    await page.selectOption('#head', { value: '5' });
    await expectShown(after(...actions, { kind: 'family', family: 'alibi' }, { kind: 'head', head: 5 }));
    await picture(page, 'idea-page-alibi', true);
    await page.fill('#text', '');
    expect(await page.locator('#query-words').textContent()).toBe('Type a sentence.');
  });

  it('moves by the keyboard alone', async () => {
    await page.focus('#token-3');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ArrowRight');
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('token-4');
    expect(await page.locator('[aria-pressed=true]').getAttribute('id')).toBe('token-4');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    await expectShown(after({ kind: 'query', token: 2 }));
    await page.focus('#length');
    await page.keyboard.press('Home');
    await expectShown(after({ kind: 'query', token: 2 }, { kind: 'length', length: 0 }));
  });

  it('plays until it is paused or at the end', async () => {
    await page.click('#play-length-button');
    await expect.poll(() => page.inputValue('#length'), { timeout: 20_000 }).not.toBe('40');
    await page.click('#play-length-button');
    const length = await page.inputValue('#length');
    await page.waitForTimeout(300);
    expect(await page.inputValue('#length')).toBe(length);
    await page.click('#token-8');
    await page.click('#play-query-button');
    await expect
      .poll(() => page.locator('#play-query-button').textContent(), { timeout: 20_000 })
      .toBe('Play');
    expect(await page.locator('[aria-pressed=true]').getAttribute('id')).toBe('token-10');
  });

  it.each([
    [320, 'light'],
    [390, 'light'],
    [390, 'dark'],
    [1280, 'light'],
    [1280, 'dark'],
    [1920, 'light'],
  ] as const)('has no part beyond the edge at %i px, %s', async (width, colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize({ width, height: 844 });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width);
    expect(await page.evaluate<string>('getComputedStyle(document.documentElement).filter')).toBe(
      colorScheme === 'dark' ? 'invert(0.85) hue-rotate(180deg)' : 'none',
    );
    await picture(page, `idea-page-${width}-${colorScheme}`, true);
  });

  it('has a name for each control and picture', async () => {
    await page.check('[value=alibi]');
    const parts = await page.locator('input, select, textarea, button, canvas, svg[role=img]').all();
    const unnamed: string[] = [];
    for (const part of parts) {
      const snapshot = await part.ariaSnapshot();
      if (!/"[^"]+"/.test(snapshot)) unnamed.push(snapshot);
    }
    expect(unnamed).toEqual([]);
  });

  it('opens without an error as it is kept in figures', async () => {
    await page.goto(pathToFileURL(projectPath('figures', 'idea.html')).href);
    await page.click('#play-query-button');
    requests.pop();
  });
});
