// The interactive page of a bilevel automaton in a real browser. What it draws is held against what
// the same state draws in Node.js, and what it reads out against the set simulator. Pictures are
// kept in .cache/screenshots, for a person to look at.

import { rmSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { launchBrowser, type RunningBrowser } from '../../lib/report/export/browser';
import { findBrowser } from '../../lib/report/export/find-browser';
import { escapeXml } from '../../lib/report/text';
import { simulate } from '../../lib/theory/automata/simulate';
import { panels } from '../../apps/automaton-page/body';
import { automatonPage, writeAutomatonPage } from '../../apps/automaton-page/document';
import { pageExamples } from '../../apps/automaton-page/examples';
import { type Action, nextState, openPage, type PageState } from '../../apps/automaton-page/state';
import { picture } from '../support/pictures';

const found = findBrowser();
const file = projectPath('.cache', `automaton-page-${process.pid}.html`);
const [log] = pageExamples;
if (log === undefined) throw new Error('no example');
const opened = openPage({ ...log, example: 0 }, pageExamples);
const after = (...actions: readonly Action[]): PageState => actions.reduce(nextState, opened);

describe.skipIf(found === undefined)('the page of an automaton', () => {
  let browser: RunningBrowser;
  let page: Page;
  let errors: string[];
  let requests: string[];

  beforeAll(async () => {
    if (found === undefined) return;
    await writeAutomatonPage(file);
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
    page.on('request', (request) => requests.push(request.url()));
    await page.setViewportSize({ width: 900, height: 900 });
    await page.goto(pathToFileURL(file).href);
    return async () => {
      expect(errors).toEqual([]);
      expect(requests).toEqual([pathToFileURL(file).href]);
      await page.close();
    };
  });

  /** What is read in the panels, without markup and blanks. */
  const textOf = (html: string): string =>
    html
      .replace(/<[^>]*>/g, '')
      .replaceAll('&lt;', '<')
      .replaceAll('&gt;', '>')
      .replaceAll('&quot;', '"')
      .replaceAll('&amp;', '&')
      .replace(/\s+/g, '');

  async function expectShown(state: PageState): Promise<void> {
    for (const [id, html] of Object.entries(panels(state))) {
      const text = (await page.locator(`#${id}`).textContent()) ?? '';
      expect(text.replace(/\s+/g, ''), id).toBe(textOf(html));
    }
    expect(await page.locator('#place').inputValue()).toBe(String(state.token));
  }

  /** Fields with a line beside them. */
  async function problems(): Promise<string[]> {
    const lines = await page.locator('.problem').allTextContents();
    return lines.filter((line) => line !== '');
  }

  /** `token 3 of 17: {calm} × {error}` as the states by name. */
  async function readStates(): Promise<string[]> {
    const text = (await page.locator('#status').textContent()) ?? '';
    const sets = [...text.matchAll(/\{([^}]*)\}/g)].map(([, names = '']) => names.split(', '));
    const [segments = [], subs = []] = sets;
    return segments.flatMap((state) => subs.map((subState) => `${state},${subState}`)).sort();
  }

  it('opens as it was drawn in Node.js', async () => {
    await expectShown(opened);
    await picture(page, 'automaton-page', true);
  });

  it.each(pageExamples.map(({ name }, index) => [name, index] as const))(
    'shows the example %s, and scrolls to no side at 900 px',
    async (name, index) => {
      await page.selectOption('#example', String(index));
      await expectShown(after({ kind: 'example', index }));
      const widths = await page.evaluate<number[]>(
        '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
      );
      expect(widths[0]).toBeLessThanOrEqual(widths[1] ?? 0);
      await picture(page, `automaton-page-${name.toLowerCase().replaceAll(' ', '-')}`, true);
    },
  );

  it('has its four fields in one row in JupyterLab on a screen of 1,280 px', async () => {
    // What is left for the frame beside the list of files.
    await page.setViewportSize({ width: 825, height: 900 });
    const tops = await page.evaluate<number[]>(
      "[...document.querySelectorAll('.opening .field')].map((field) => field.getBoundingClientRect().top)",
    );
    expect(tops).toHaveLength(4);
    expect(new Set(tops).size).toBe(1);
  });

  it('compiles anew when an arrow is switched by mouse or by keyboard, which keeps the focus', async () => {
    const toggle: Action = { kind: 'toggle', field: 'subTransitions', arrow: ['error', 'i', 'ok'] };
    const [added, gone] = [after(toggle), after(toggle, toggle)];
    const isOn = (): Promise<string | null> => page.locator('#sub-0-1-0').getAttribute('aria-pressed');
    expect(await isOn()).toBe('false');
    await page.click('#sub-0-1-0');
    expect(await isOn()).toBe('true');
    await expectShown(added);
    expect(await page.locator('#score').textContent()).not.toContain('✗');
    expect(textOf(panels(added)['sub-diagram'] ?? '')).not.toBe(textOf(panels(opened)['sub-diagram'] ?? ''));
    expect(await page.inputValue('#field-subTransitions')).toContain('error i ok');
    await page.keyboard.press('Space');
    await expectShown(gone);
    expect(await page.evaluate<string>('document.activeElement.id')).toBe('sub-0-1-0');
  });

  it('reads a word that is typed, and after each token what the simulator says', async () => {
    const word = 'e;ie;;i';
    await page.fill('#field-word', word);
    await page.locator('h1, h2').first().click();
    const sets = simulate(log.automaton, Array.from(word));
    for (let token = word.length; token >= 0; token--) {
      expect(await readStates()).toEqual(sets[token]);
      expect(await page.locator('#verdict').textContent()).toContain('✓ After each of the 8 prefixes');
      await page.keyboard.press('ArrowLeft');
    }
    await page.keyboard.press('PageDown');
    expect(await page.inputValue('#place')).toBe('2');
    await page.locator('[data-token="5"]').click();
    await expectShown(after({ kind: 'edit', field: 'word', text: word }, { kind: 'go', token: 5 }));
  });

  it('says in one line beside the field what is wrong, and leaves the last good picture', async () => {
    await page.fill('#field-word', 'iix');
    expect(await problems()).toEqual(['symbol 3, "x", is not in the alphabet; known: "i", "e", ";"']);
    expect(await page.locator('#field-word').getAttribute('aria-invalid')).toBe('true');
    await expectShown(opened);
    await picture(page, 'automaton-page-problem');
    await page.fill('#field-word', 'iiiii');
    expect(await problems()).toEqual([
      'a segment of 5 symbols, and 3 are allowed for; raise the bound or shorten the word',
    ]);
    await page.fill('#field-maxSegmentLength', '5');
    expect(await problems()).toEqual([]);
    expect(await readStates()).toEqual(['calm,ok']);
  });

  it('shows texts that are wrong, even where they are folded away', async () => {
    await page.locator('#sub-texts summary').click();
    await page.fill('#field-subStates', 'ok ok error');
    expect(await problems()).toEqual(['sub-state "ok" is named twice; rename or remove one']);
    await page.fill('#field-subStates', 'ok');
    expect(await problems()).toEqual([
      'line 2: sub-state "error" is not among the sub-states; known: "ok"',
      'line 2: sub-state "error" is not among the sub-states; known: "ok"',
    ]);
    await page.locator('#problem-segmentTransitions').waitFor({ state: 'visible' });
    await picture(page, 'automaton-page-texts', true);
    await page.fill('#field-subStates', 'ok error');
    expect(await problems()).toEqual([]);
  });

  it('plays from the start to the end, token by token, and can be paused', async () => {
    await page.fill('#field-word', 'ie;');
    await page.selectOption('#speed', 'fast');
    await page.click('#play');
    expect(await page.inputValue('#place')).toBe('0');
    expect(await page.locator('#play').textContent()).toBe('Pause');
    await expect.poll(() => page.inputValue('#place'), { timeout: 20_000 }).toBe('3');
    await expect.poll(() => page.locator('#play').textContent()).toBe('Play');
    await page.click('#play');
    await page.click('#play');
    const place = await page.inputValue('#place');
    await page.waitForTimeout(700);
    expect(await page.inputValue('#place')).toBe(place);
  });

  it('keeps the current token of a long word in sight, and what stands beside the rows', async () => {
    await page.fill('#field-maxSegments', '16');
    await page.fill('#field-word', 'iie;'.repeat(16));
    const isInSight = async (): Promise<boolean> => {
      const [token, score] = [
        await page.locator('#score .now').boundingBox(),
        await page.locator('#score').boundingBox(),
      ];
      if (token === null || score === null) return false;
      return token.x >= score.x - 1 && token.x + token.width <= score.x + score.width + 1;
    };
    for (const place of ['64', '0', '40', '13']) {
      await page.fill('#place', place);
      await expect.poll(isInSight).toBe(true);
    }
    expect(await page.locator('#score-labels svg').boundingBox()).toMatchObject({ x: 18 });
  });

  it('moves nothing by itself for readers who want that', async () => {
    await page.fill('#place', '17');
    const moving = "getComputedStyle(document.querySelector('.flow')).animationName";
    expect(await page.evaluate<string>(moving)).toBe('flow');
    await page.emulateMedia({ reducedMotion: 'reduce' });
    expect(await page.evaluate<string>(moving)).toBe('none');
  });

  it('is dark where the reader wants that, but not in a frame, which JupyterLab inverts', async () => {
    const filter = 'getComputedStyle(document.documentElement).filter';
    expect(await page.evaluate<string>(filter)).toBe('none');
    await page.emulateMedia({ colorScheme: 'dark' });
    expect(await page.evaluate<string>(filter)).toBe('invert(0.85) hue-rotate(180deg)');
    await picture(page, 'automaton-page-dark');
    const framed = await automatonPage(undefined, true);
    await page.setContent(framed);
    expect(await page.evaluate<string>(filter)).toBe('none');
  });

  it.each([
    ['the frame in a notebook', 1000, 900],
    ['a phone', 390, 844],
  ])('has all layers and the read-out in sight while it plays in %s', async (_, width, height) => {
    await page.setViewportSize({ width, height });
    await page.click('#play');
    const [player, score] = [
      await page.locator('header').boundingBox(),
      await page.locator('#score').boundingBox(),
    ];
    if (player === null || score === null) throw new Error('not on the page');
    expect(score.y).toBeGreaterThanOrEqual(player.y + player.height);
    expect(score.y + score.height).toBeLessThanOrEqual(height);
    await picture(page, `automaton-page-playing-${width}`);
  });

  it.each([320, 390, 1280, 1920])('has no part beyond the edge at %i px', async (width) => {
    await page.setViewportSize({ width, height: 900 });
    for (const summary of await page.locator('summary').all()) await summary.click();
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(width);
    await picture(page, `automaton-page-${width}`, true);
  });

  it('plays in a sandboxed frame, as JupyterLab opens a file', async () => {
    const html = escapeXml(await automatonPage());
    await page.setContent(
      `<iframe sandbox="allow-scripts" width="100%" height="800" srcdoc="${html}"></iframe>`,
    );
    const inside = page.frameLocator('iframe');
    await inside.locator('#token-on').click();
    await inside.locator('#token-on').click();
    await expect.poll(() => inside.locator('#status').textContent()).toContain('Token 2 of 17');
  });

  it('says what to do where JupyterLab shows the file without scripts', async () => {
    const context = await browser.context.browser()?.newContext({ javaScriptEnabled: false });
    const still = await context?.newPage();
    await still?.goto(pathToFileURL(file).href);
    expect(await still?.locator('.no-script').textContent()).toContain('Trust HTML');
    await context?.close();
  });

  it('has a name for each control', async () => {
    const controls = await page.locator('input, select, textarea, button').all();
    const unnamed: string[] = [];
    for (const control of controls) {
      const snapshot = await control.ariaSnapshot();
      if (!/"[^"]+"|'[^']+'/.test(snapshot) && (await control.isVisible())) unnamed.push(snapshot);
    }
    expect(unnamed).toEqual([]);
  });

  it('opens without an error as it is kept in figures', async () => {
    await page.goto(pathToFileURL(projectPath('figures', 'automaton-playground.html')).href);
    await page.click('#sub-0-1-0');
    expect(await page.locator('#verdict').textContent()).toContain('✓ After each of the 18 prefixes');
    requests.pop();
  });
});
