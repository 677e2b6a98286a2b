// What a reader sees: `npm start`, the address it prints, a notebook in a real browser, every cell
// run, every figure drawn, and the notebook saved, of which git sees nothing.

import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { displayPath, projectPath } from '../../lib/base/paths';
import { alibiSlopes } from '../../lib/positional/by-distance';
import { screenWidth } from '../../lib/report/style';
import { errorTexts, idle, Lab, numbers, printedAddress, reloadInDark, runAll } from '../support/lab';
import { moveControls } from '../support/lab-controls';
import { contrast } from '../report/colour-vision';
import { type CellOutput, type ExecutedCell, notebookOf, projectNotebooks } from '../support/notebook';
import { picture } from '../support/pictures';

const minute = 60_000;

let lab: Lab;
/** The reader's copies, and notebooks of this test alone. */
let folder: string;
/** The project's files that a reader's work must not change, before it. */
let originals: Record<string, string>;

beforeAll(async () => {
  // Not the folder of whoever runs this test.
  folder = mkdtempSync(projectPath('work-test-'));
  originals = projectFiles();
  // A port of its own, since the usual one may be taken, and no window. JupyterLab would open again
  // what an earlier run had open.
  const workspaces = `--LabApp.workspaces_dir=${join(folder, '.workspaces')}`;
  const options = ['--port=0', '--no-browser', workspaces];
  const server = spawn(process.execPath, [projectPath('scripts', 'start.mjs'), ...options], {
    env: { ...process.env, BIPE_PRESET: 'smoke', BIPE_WORK: basename(folder) },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  lab = await Lab.meet(server, printedAddress(server));
}, 3 * minute);

afterAll(async () => {
  await lab.close();
  rmSync(folder, { recursive: true, force: true });
}, minute);

/** What git would notice: the originals by name, and its own word where this is a clone. */
function projectFiles(): Record<string, string> {
  const folders = ['notebooks', 'figures'];
  const { stdout } = spawnSync('git', ['status', '--porcelain', '--', ...folders], {
    cwd: projectPath(),
    encoding: 'utf8',
  });
  const names = projectNotebooks();
  const contents = names.map((name) => [name, readFileSync(projectPath('notebooks', name), 'utf8')]);
  return { 'git status': stdout, ...(Object.fromEntries(contents) as Record<string, string>) };
}

/** Saves the notebook as a reader does; the outputs that are then in its file. */
async function save(page: Page, path: string): Promise<ReturnType<typeof savedOutputs>> {
  await page.keyboard.press('Control+s');
  await expect.poll(() => savedOutputs(path).length).toBeGreaterThan(0);
  return savedOutputs(path);
}

function savedOutputs(path: string): readonly CellOutput[] {
  const { cells } = JSON.parse(readFileSync(path, 'utf8')) as { cells: ExecutedCell[] };
  return cells.flatMap(({ outputs = [] }) => outputs);
}

/** Scrolls through the cells, so that what is drawn only in sight is drawn; takes pictures. */
async function scroll(page: Page, name: string): Promise<void> {
  for (const [index, cell] of (await page.locator('.jp-Notebook .jp-Cell').all()).entries()) {
    if (!(await cell.isVisible())) continue;
    await cell.scrollIntoViewIfNeeded();
    const plot = cell.locator('.js-plotly-plot').first();
    if ((await plot.count()) > 0) await plot.locator('svg.main-svg').first().waitFor();
    await picture(page, `${name}-${String(index).padStart(2, '0')}`);
  }
}

/** How many screens of 1280 x 800 the notebook fills, with its folded sections folded. */
async function screens(page: Page): Promise<number> {
  await page.setViewportSize({ width: 1280, height: 800 });
  await scroll(page, 'folded');
  return page.evaluate<number>(`(() => {
  const cells = [...document.querySelectorAll('.jp-Notebook .jp-Cell')];
  const seen = document.querySelector('.jp-Notebook').getBoundingClientRect().height;
  return cells.reduce((sum, cell) => sum + cell.getBoundingClientRect().height, 0) / seen;
})()`);
}

/**
 * Unfolds all sections and looks at everything; takes pictures of each cell and figure.
 */
async function look(page: Page, name: string): Promise<void> {
  await page.setViewportSize({ width: 1400, height: 1000 });
  await page
    .locator('.jp-Notebook .jp-Cell')
    .first()
    .locator('.jp-InputPrompt, .jp-Cell-inputCollapser')
    .first()
    .click();
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Shift+ArrowRight');
  await expect.poll(() => page.locator('.jp-showHiddenCellsButton:visible').count()).toBe(0);
  await scroll(page, name);
  for (const [index, figure] of (await page.locator('.jp-OutputArea .js-plotly-plot').all()).entries())
    await picture(figure, `${name}-figure-${index + 1}`);
}

/**
 * Runs in the page: the texts that a figure's edge cuts; those inside a plot area are plotly's to
 * clip.
 */
const cutTexts = `[...document.querySelectorAll('.jp-OutputArea .js-plotly-plot')].flatMap((figure) => {
  const edge = figure.querySelector('svg.main-svg').getBoundingClientRect();
  const texts = [...figure.querySelectorAll('svg.main-svg text')].filter((text) => text.closest('.plot') === null);
  const isCut = ({ width, left, right, top, bottom }) =>
    width > 0 && (left < edge.left - 1 || right > edge.right + 1 || top < edge.top - 1 || bottom > edge.bottom + 1);
  return texts.filter((text) => isCut(text.getBoundingClientRect())).map((text) => text.textContent);
})`;

describe('JupyterLab', () => {
  afterEach(() => lab.closeNotebooks());

  it('asks nothing, offers one kernel, opens the start page, and finds nothing wrong', async () => {
    const page = await lab.newPage();
    const errors: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(lab.address.href);
    expect(lab.address.pathname).toBe(`/lab/tree/${basename(folder)}/00_start_here.ipynb`);
    await idle(page);
    expect(await page.locator('.jp-Dialog').count()).toBe(0);
    expect(await page.locator('.jp-toast-button, .Toastify__toast').count()).toBe(0);
    await expect
      .poll(() => page.locator('.jp-KernelName').first().textContent())
      .toContain('TypeScript (BiPE)');
    expect(errors).toEqual([]);
  });

  it('does not change a notebook that is only opened, so that its copy can give way', async () => {
    const page = await lab.open(`${basename(folder)}/table_recipes.ipynb`);
    expect(await page.locator('.jp-mod-dirty').count()).toBe(0);
  });

  it('shows an error below its cell, and its line', { timeout: 3 * minute }, async () => {
    const path = join(folder, 'errors.ipynb');
    writeFileSync(path, notebookOf('const fine = 1;\nfine', 'const n: number =\n  fine.toFixed();', '2'));
    const page = await lab.open(displayPath(path));
    await runAll(page);
    // It is drawn after the kernel is idle.
    await expect.poll(() => errorTexts(page)).toHaveLength(1);
    const errors = await errorTexts(page);
    expect(errors[0]).toContain("Type 'string' is not assignable to type 'number'.");
    expect(errors[0]).toContain('> 1 | const n: number =');
    expect(await numbers(page)).toEqual(['[1]:', '[2]:', '[ ]:']);
    await picture(page, 'errors');
  });
});

/** The notebooks, and the least number of figures and of controls in each. */
const contentsOf = {
  '00_start_here.ipynb': [1, 0],
  'fig1.ipynb': [2, 2],
  'fig2.ipynb': [2, 3],
  'fig3.ipynb': [3, 2],
  'fig4.ipynb': [4, 3],
  'fig5.ipynb': [4, 5],
  'attention_by_segment.ipynb': [3, 3],
  'needle.ipynb': [2, 4],
  'table_normal.ipynb': [2, 3],
  'table_ablation.ipynb': [1, 3],
  'table_recipes.ipynb': [0, 4],
  'table_scrolls.ipynb': [1, 3],
  'encodings.ipynb': [5, 6],
  'lemmas.ipynb': [11, 10],
  'thm3.1.ipynb': [4, 2],
  'thm3.2.ipynb': [3, 2],
  'thm3.2-trained.ipynb': [2, 2],
  'your_encoding.ipynb': [2, 2],
  'arithmetic_playground.ipynb': [1, 2],
  'automaton_playground.ipynb': [2, 0],
  'class/a_positions.ipynb': [2, 0],
} as const;

describe('the notebook', () => {
  afterEach(() => lab.closeNotebooks());

  it('is in the list of those that are run; of the lessons, all of which tests/kernel/class.test.ts runs, one', () => {
    const lesson = 'class/a_positions.ipynb';
    const wanted = projectNotebooks().filter((name) => !name.startsWith('class/') || name === lesson);
    expect(Object.keys(contentsOf).sort()).toEqual(wanted);
  });

  it.each(Object.entries(contentsOf))(
    '%s runs top to bottom, draws its figures, and each of its controls changes what is shown',
    { timeout: 12 * minute },
    async (name, [leastFigures, leastControls]) => {
      const path = join(folder, name);
      const page = await lab.open(displayPath(path));
      await runAll(page);
      expect(await errorTexts(page)).toEqual([]);
      // A lesson is read from top to end.
      if (!name.startsWith('class/')) expect(await screens(page)).toBeLessThan(8);
      await look(page, basename(name, '.ipynb'));
      const figures = page.locator('.jp-OutputArea .js-plotly-plot');
      await expect.poll(() => figures.count()).toBeGreaterThanOrEqual(leastFigures);
      for (const figure of await figures.all())
        expect(await figure.locator('svg.main-svg').count()).toBeGreaterThan(0);
      expect(await page.evaluate(cutTexts)).toEqual([]);
      expect(await page.locator('img[alt^="Published result"]:visible').count()).toBe(0);
      expect((await save(page, path)).length).toBeGreaterThan(leastFigures);
      expect(await moveControls(page)).toBeGreaterThanOrEqual(leastControls);
    },
  );

  it(
    'with a page in a frame below a cell lets it be edited, without the kernel',
    { timeout: 3 * minute },
    async () => {
      const path = join(folder, 'frame.ipynb');
      const source = "import { automata } from '../lib';\nawait automata.showAutomatonPage();";
      writeFileSync(path, notebookOf(source));
      const page = await lab.open(displayPath(path));
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
      await picture(page, 'frame');
    },
  );
});

describe('what a cell shows', () => {
  const source = `import { figures, showFigure, showTable, theory } from '../lib';
showFigure(theory.productSlider(4, [1, 0.1, 0.01]));
showFigure(figures.makeFigure({ id: 'dollars', title: '$5 and $6', caption: 'From $1 to $2.', alt: 'Nothing.', data: [] }));
const columns = [{ key: 'price', label: 'Price in $' }];
showTable({ id: 'prices', title: 'Costs $3 and $4', caption: '\\\\(x\\\\)', columns, rows: [{ price: '$7 and $8' }] });
const many = Array.from({ length: 60 }, (_, index) => ({ key: 'c' + index, label: 'Column ' + index }));
showTable({ id: 'wide', title: 'Wide', caption: 'Many words. '.repeat(30), columns: many, rows: [{}] });
({ [Symbol.for('Jupyter.display')]: () => ({ 'text/html': '<p>$x^2$</p>' }) })`;
  let path: string;
  let page: Page;

  beforeAll(async () => {
    path = join(folder, 'shown.ipynb');
    writeFileSync(path, notebookOf(source));
    page = await lab.open(displayPath(path));
    await runAll(page);
    expect(await errorTexts(page)).toEqual([]);
    await figure().locator('svg.main-svg').first().waitFor();
  }, 3 * minute);

  afterAll(() => lab.closeNotebooks());

  const figure = (): Locator => page.locator('.jp-OutputArea .js-plotly-plot').first();

  it('has dollars and backslashes in the texts of tables, captions and figures, and formulas in none', async () => {
    const outputs = page.locator('.jp-OutputArea');
    // What the cell shows last is a formula: by then the texts before it have been looked through.
    await outputs.locator('mjx-container').waitFor();
    expect(await outputs.locator('mjx-container').count()).toBe(1);
    const text = (await outputs.allTextContents()).join(' ');
    for (const shown of ['$5 and $6', 'From $1 to $2.', 'Price in $', '$3 and $4', '\\(x\\)', '$7 and $8'])
      expect(text).toContain(shown);
  });

  it('has the whole caption of a wide table in sight, wherever the table is moved', async () => {
    const table = page.locator('.jp-OutputArea table', { hasText: 'Column 59' });
    const boxes = async (): Promise<readonly (readonly [from: number, to: number])[]> => {
      const caption = table.locator('caption div');
      const found = await Promise.all([table, caption, table.locator('..')].map((one) => one.boundingBox()));
      return found.map((box) => [box?.x ?? NaN, (box?.x ?? NaN) + (box?.width ?? NaN)]);
    };
    const isInSight = async (): Promise<boolean> => {
      const [all = [0, 0], caption = [0, 0], shown = [0, 0]] = await boxes();
      return all[1] - all[0] > shown[1] - shown[0] && caption[0] >= shown[0] && caption[1] <= shown[1];
    };
    expect(await isInSight()).toBe(true);
    await table.evaluate('(element) => { element.parentElement.scrollLeft = 500; }');
    expect(await isInSight()).toBe(true);
  });

  it.each([
    [1280, 800],
    [1920, 1080],
  ])('fills its cell on a screen of %i px, up to the width it is made for', async (width, height) => {
    await page.setViewportSize({ width, height });
    const empty = async (): Promise<number> => {
      const [drawn, cell] = await Promise.all([
        figure().locator('svg.main-svg').first().boundingBox(),
        page.locator('.jp-Cell-outputWrapper').first().boundingBox(),
      ]);
      if (drawn === null || cell === null) return Infinity;
      return Math.min(screenWidth.most, cell.x + cell.width - drawn.x) - drawn.width;
    };
    // The cell ends a few px after its outputs.
    await expect.poll(empty).toSatisfy((px: number) => px >= 0 && px < 20);
    await picture(page, `shown-${width}`);
  });

  it('is another step of a figure when its slider is moved, without the kernel', async () => {
    await figure().scrollIntoViewIfNeeded();
    const numbersAt = async (): Promise<string | undefined> =>
      /output weights [\d.e+]+/.exec((await figure().textContent()) ?? '')?.[0];
    const [before, shown] = [await numbersAt(), await numbers(page)];
    expect(before).toBeDefined();
    await figure().locator('.slider-rail-touch-rect').click();
    await expect.poll(numbersAt).not.toBe(before);
    expect(await numbers(page)).toEqual(shown);
  });

  it('is saved with a still picture of a figure, and still is the one that can be moved', async () => {
    const types = (await save(page, path)).flatMap(({ data = {} }) => Object.keys(data));
    expect(types).toContain('image/svg+xml');
    expect(types).toContain('application/vnd.plotly.v1+json');
    expect(await page.locator('.jp-OutputArea .js-plotly-plot').count()).toBe(2);
    expect(await page.locator('.jp-RenderedSVG').count()).toBe(0);
    // What Save and Export Notebook As > HTML gets.
    const exported = new URL(`/nbconvert/html/${displayPath(path)}${lab.address.search}`, lab.address);
    expect(await (await fetch(exported)).text()).toMatch(/<img [^>]*src="data:image\/svg\+xml;base64,/);
  });

  it('can be read in the dark theme, too', async () => {
    await reloadInDark(page);
    await figure().locator('svg.main-svg').first().waitFor();
    const [text = '', background = '', filter] = await page.evaluate<string[]>(
      `['.jp-OutputArea p', '.jp-NotebookPanel-notebook', '.jp-RenderedPlotly'].map((selector) => getComputedStyle(document.querySelector(selector)))
        .map((style, index) => [style.color, style.backgroundColor, style.filter][index])`,
    );
    expect(contrastOn(text, background)).toBeGreaterThanOrEqual(4.5);
    expect(contrastOn('rgb(255, 255, 255)', background)).toBeGreaterThan(7);
    expect(filter).toMatch(/^invert\(.+\) hue-rotate\(180deg\)$/);
    await picture(page, 'shown-dark');
  });
});

describe('what a reader clicks', () => {
  afterEach(() => lab.closeNotebooks());

  it('is the token of Figure 2 whose distances are listed', { timeout: 3 * minute }, async () => {
    const page = await lab.open(`${basename(folder)}/fig2.ipynb`);
    await page.setViewportSize({ width: 1400, height: 2000 });
    await page.locator('.jp-CodeCell .cm-content').first().click();
    await page.keyboard.press('Control+Enter');
    const figure = page.locator('.bipe-output-figure').first();
    await figure.locator('svg.main-svg').first().waitFor();
    await idle(page);
    const title = (): Promise<string | null> =>
      page.locator('.bipe-output-html table caption, .bipe-output-html').nth(1).textContent();
    await expect.poll(title).toContain('From token 8, ·birds');
    // The second cell of the first strip, and the fifth row of the matrix on the right.
    for (const [axis, x, y, token] of [
      ['', 1, 0, '·stone'],
      ['6', 0, 4, '·up'],
    ] as const) {
      const [across, down] = await page.evaluate<[number, number]>(`(() => {
  const figure = document.querySelector('.bipe-output-figure');
  const { left, top } = figure.getBoundingClientRect();
  const { xaxis${axis}: x, yaxis${axis}: y } = figure._fullLayout;
  return [left + x._offset + x.d2p(${x}), top + y._offset + y.d2p(${y})];
})()`);
      await page.mouse.click(across, down);
      await expect.poll(title).toContain(token);
      // plotly takes two clicks that follow each other closely for a double click.
      await page.waitForTimeout(500);
    }
    await picture(page, 'clicked');
  });

  it('is the stop button of work that lasts', { timeout: 3 * minute }, async () => {
    const path = join(folder, 'stopped.ipynb');
    const source = `import { figures } from '../lib';
const task = figures.defaultReporter().task('counting', 1000, 'steps');
for (let step = 0; step < 1000; step += 1) {
  task.update(step);
  await new Promise((resolve) => setTimeout(resolve, 100));
}`;
    writeFileSync(path, notebookOf(source));
    const page = await lab.open(displayPath(path));
    await page.locator('.jp-CodeCell .cm-content').first().click();
    await page.keyboard.press('Control+Enter');
    const button = page.locator('.jp-OutputArea button', { hasText: /^Stop$/ });
    await button.click({ timeout: minute });
    await expect.poll(() => errorTexts(page)).toEqual([expect.stringContaining('KeyboardInterrupt')]);
    await expect.poll(() => button.count()).toBe(0);
    expect(await page.locator('.jp-OutputArea [role=progressbar]').count()).toBe(0);
    await picture(page, 'stopped');
  });
});

describe('controls', () => {
  const source = `import { encodings, figures, widgets } from '../lib';
const controls = {
  numHeads: widgets.slider(1, 16, { value: 8 }),
  words: widgets.text('some words'),
  power: widgets.choice([1, 2]),
  fails: widgets.checkbox(false),
};
await widgets.interact(controls, ({ numHeads, words, power, fails }) => {
  console.log('for', words);
  if (fails) throw new Error('as was asked');
  const y = encodings.alibiSlopes(numHeads).map((slope) => slope ** power);
  const style = figures.encodingStyle('alibi');
  const data = [figures.lineTrace({ x: y.map((_, head) => head), y, style })];
  return figures.makeFigure({ id: 'slopes', title: 'Slopes', caption: 'One a head.', alt: 'It falls.', panels: [{ data }] });
});`;
  let path: string;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    path = join(folder, 'controls.ipynb');
    writeFileSync(path, notebookOf(source, 'await new Promise((resolve) => setTimeout(resolve, 600_000));'));
    page = await lab.open(displayPath(path));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    page.on('pageerror', (error) => errors.push(error.message));
    await page.locator('.jp-Cell .cm-content').first().click();
    await page.keyboard.press('Shift+Enter');
    await page
      .locator('.bipe-output-figure svg.main-svg')
      .first()
      .waitFor({ timeout: 2 * minute });
    await idle(page);
  }, 3 * minute);

  afterAll(() => lab.closeNotebooks());

  /** The numbers that plotly draws. */
  const drawn = (): Promise<number[]> =>
    page.evaluate<number[]>("[...document.querySelector('.bipe-output-figure').data[0].y]");
  const slopes = (numHeads: number, power = 1): number[] =>
    alibiSlopes(numHeads).map((slope) => slope ** power);
  const said = (): Promise<string[]> => page.locator('.bipe-output-text').allTextContents();
  const press = async (key: string, times: number): Promise<void> => {
    await page.locator('.jp-OutputArea .noUi-handle').focus();
    for (let index = 0; index < times; index += 1) await page.keyboard.press(key);
  };

  it('move a figure, by keys, clicks and typing, in place', async () => {
    expect(await drawn()).toEqual(slopes(8));
    await page.evaluate("document.querySelector('.bipe-output-figure').isTheSame = true");
    await press('ArrowRight', 5);
    await expect.poll(drawn).toEqual(slopes(13));
    await page.locator('.jp-OutputArea button', { hasText: '2' }).click();
    await expect.poll(drawn).toEqual(slopes(13, 2));
    await page.locator('.jp-OutputArea input[type=text]').fill('other words');
    await expect.poll(said).toEqual(['for other words\n']);
    expect(await page.evaluate("document.querySelector('.bipe-output-figure').isTheSame")).toBe(true);
    await picture(page, 'controls');
  });

  it('have names for those who do not see them', async () => {
    for (const name of ['num heads', 'words', 'power', 'fails'])
      expect(await page.locator('.jp-OutputArea label', { hasText: name }).count()).toBeGreaterThan(0);
    const figure = page.locator('.bipe-output-figure');
    expect(await figure.getAttribute('role')).toBe('img');
    expect(await figure.getAttribute('aria-label')).toBe('Slopes. It falls.');
  });

  it('show below them what goes wrong, and recover', async () => {
    const box = page.locator('.jp-OutputArea input[type=checkbox]');
    await box.check();
    await expect.poll(async () => (await said()).join('')).toContain('as was asked');
    await box.uncheck();
    await expect.poll(said).toEqual(['for other words\n']);
    await expect.poll(drawn).toEqual(slopes(13, 2));
  });

  it('are heard while another cell waits', async () => {
    await page.locator('.jp-Cell .cm-content').nth(1).click();
    await page.keyboard.press('Control+Enter');
    await expect.poll(() => numbers(page)).toEqual(['[1]:', '[*]:']);
    await press('ArrowLeft', 3);
    await expect.poll(drawn).toEqual(slopes(10, 2));
    expect(await numbers(page)).toEqual(['[1]:', '[*]:']);
    await page.locator('.jp-Cell .cm-content').nth(1).click();
    for (const key of ['Escape', 'i', 'i']) await page.keyboard.press(key);
    await idle(page);
  });

  it('come back as they stood when the page is loaded again, and still move', async () => {
    await save(page, path);
    await page.reload();
    await page.locator('.bipe-output-figure svg.main-svg').first().waitFor({ timeout: minute });
    expect(await drawn()).toEqual(slopes(10, 2));
    await press('ArrowRight', 1);
    await expect.poll(drawn).toEqual(slopes(11, 2));
    expect(await page.locator('.bipe-twin').isVisible()).toBe(false);
    expect(errors).toEqual([]);
  });

  it('leave a still picture, which is seen without their kernel', async () => {
    await lab.closeNotebooks();
    page = await lab.open(displayPath(path));
    const twin = page.locator('.bipe-twin');
    await twin.locator('img').waitFor();
    expect(await twin.textContent()).toContain('for some words');
    expect(await twin.locator('img').getAttribute('alt')).toBe('Slopes. It falls.');
    expect(await page.getByText('Loading widget').isVisible()).toBe(false);
    const exported = new URL(`/nbconvert/html/${displayPath(path)}${lab.address.search}`, lab.address);
    expect(await (await fetch(exported)).text()).toContain('<div class="bipe-twin"><pre>for some words');
    await picture(page, 'controls-still');
  });
});

// The last of this file: by now every notebook was opened, run and saved.
describe('git', () => {
  it('sees none of what a reader did', () => {
    expect(projectFiles()).toEqual(originals);
  });
});

/** WCAG contrast of a text's computed colour, which may be translucent, on a background. */
function contrastOn(text: string, background: string): number {
  const numbersOf = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const [below, [red = 0, green = 0, blue = 0, opacity = 1]] = [numbersOf(background), numbersOf(text)];
  const mixed = [red, green, blue].map(
    (value, index) => opacity * value + (1 - opacity) * (below[index] ?? 0),
  );
  const hex = (channels: readonly number[]): string =>
    `#${channels.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;
  return contrast(hex(mixed), hex(below.slice(0, 3)));
}
