// What readers see who have no JupyterLab: the notebook as a web page and as Markdown.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { launchBrowser } from '../../lib/report/export/browser';
import { findBrowser } from '../../lib/report/export/find-browser';
import { temporaryFolder } from '../support/command';
import { notebookEnvironment, notebookOf } from '../support/notebook';

const figure =
  "import { automata, showFigure, theory } from '../../lib';\nshowFigure(theory.productSlider(4, [1, 0.1]));";

/** Where the pictures of a page end, and how wide they are, on paper of a width in CSS pixels. */
async function picturesOnPaper(path: string, paper: number): Promise<{ right: number; width: number }[]> {
  const browser = await launchBrowser(present(findBrowser(), 'browser'));
  try {
    const page = await browser.context.newPage();
    await page.setViewportSize({ width: paper, height: 800 });
    await page.emulateMedia({ media: 'print' });
    await page.goto(pathToFileURL(path).href, { waitUntil: 'load' });
    return await page.evaluate<{ right: number; width: number }[]>(
      '[...document.images].map((image) => { const { right, width } = image.getBoundingClientRect(); return { right, width }; })',
    );
  } finally {
    await browser.close();
  }
}

describe.skipIf(findBrowser() === undefined)('a notebook that nbconvert has executed', () => {
  it('holds a picture where a figure or a page was', { timeout: 300_000 }, async () => {
    const folder = temporaryFolder(projectPath('.cache'));
    const convert = (...args: string[]): string =>
      execFileSync(projectPath('.venv', 'bin', 'jupyter'), ['nbconvert', ...args], {
        cwd: folder,
        env: notebookEnvironment(),
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
    writeFileSync(join(folder, 'a.ipynb'), notebookOf(figure, 'await automata.showAutomatonPage();'));
    convert('--to', 'notebook', '--execute', '--inplace', 'a.ipynb');

    convert('--to', 'html', 'a.ipynb');
    const html = readFileSync(join(folder, 'a.html'), 'utf8');
    const [, encoded = ''] = /<img [^>]*src="data:image\/svg\+xml;base64,([^"]+)"/.exec(html) ?? [];
    expect(Buffer.from(encoded, 'base64').toString()).toContain('Lemma 1.1');
    expect(html).toMatch(/<img alt="A bilevel automaton[^>]*src="data:image\/png;base64,/);

    const widths = await picturesOnPaper(join(folder, 'a.html'), 600);
    expect(widths).toHaveLength(2);
    for (const { right, width } of widths) {
      expect(right).toBeLessThanOrEqual(600);
      expect(width).toBeGreaterThan(300);
    }

    convert('--to', 'markdown', 'a.ipynb');
    const markdown = readFileSync(join(folder, 'a.md'), 'utf8');
    const [, file = ''] = /!\[svg\]\(([^)]+)\)/.exec(markdown) ?? [];
    expect(readFileSync(join(folder, file), 'utf8')).toContain('Lemma 1.1');
    // An empty line would end what Markdown takes for HTML.
    const page = markdown.split('\n\n').find((block) => block.includes('<iframe')) ?? '';
    expect(page).toContain('</iframe></div>');
  });
});
