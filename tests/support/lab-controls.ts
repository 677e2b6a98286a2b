// Moves every control of a notebook in JupyterLab, as a reader does, and looks at what is shown
// below it.

import type { Locator, Page } from 'playwright-core';
import { expect } from 'vitest';

// The few names of the page that are used, since tests are compiled without the browser's types.
interface PageElement {
  readonly textContent: string;
  readonly innerHTML: string;
  /** plotly's, where it has drawn. */
  readonly data?: unknown;
  querySelectorAll(selector: string): Iterable<PageElement>;
}

/** What is shown below a cell's controls, figures by what plotly draws. */
const shown = (cell: Locator): Promise<string> =>
  cell.evaluate((element) => {
    const outputs = (element as unknown as PageElement).querySelectorAll('[class^="bipe-output-"]');
    const seenIn = (output: PageElement): string => {
      if (output.data === undefined) return output.innerHTML;
      const drawings = [...output.querySelectorAll('svg.main-svg')];
      return JSON.stringify([output.data, drawings.map((drawing) => drawing.textContent)]);
    };
    return [...outputs].map(seenIn).join('\n');
  });

/** Errors below controls. */
const errorsBelow = (cell: Locator): Promise<string[]> =>
  cell.locator('.bipe-output-text[style*="border-left"]').allTextContents();

/** Moves a control. */
type Move = () => Promise<unknown>;

interface MovedControl {
  readonly name: string;
  /** Ways to move it, of which at least one must change what is shown. */
  readonly moves: readonly Move[];
  /** Takes a move back. */
  readonly back?: Move;
  /** What is typed may be refused. */
  readonly isTyped?: true;
}

/**
 * Moves each control of each cell by its keys, a click or typing, until what is shown changes.
 *
 * @returns the number of controls that were moved
 */
export async function moveControls(page: Page): Promise<number> {
  let moved = 0;
  for (const cell of await page.locator('.jp-Notebook .jp-CodeCell').all()) {
    if ((await cell.locator('[class^="bipe-output-"], .js-plotly-plot').count()) === 0) continue;
    for (const { name, moves, back, isTyped } of await controlsOf(cell)) {
      const changes = async (move: Move): Promise<boolean> => {
        const before = await shown(cell);
        await move();
        for (let waited = 0; waited < 5000; waited += 50) {
          if ((await shown(cell)) !== before) return true;
          await page.waitForTimeout(50);
        }
        return false;
      };
      let isChanged = false;
      for (const move of moves) isChanged ||= await changes(move);
      expect(isChanged, `${name} changes what is shown`).toBe(true);
      if (isTyped !== true) expect(await errorsBelow(cell), name).toEqual([]);
      if (back !== undefined) await changes(back);
      moved += 1;
    }
  }
  return moved;
}

async function controlsOf(cell: Locator): Promise<MovedControl[]> {
  const area = cell.locator('.jp-OutputArea');
  const found = async (selector: string): Promise<Locator[]> => area.locator(selector).all();
  const press =
    (place: Locator, ...keys: readonly string[]): Move =>
    async () => {
      await place.focus();
      for (const key of keys) await place.press(key);
    };
  return [
    ...(await found('.noUi-handle')).map((handle, index) => ({
      name: `slider ${index + 1}`,
      moves: [press(handle, 'ArrowLeft'), press(handle, 'ArrowRight', 'ArrowRight')],
    })),
    ...(await Promise.all((await found('.widget-dropdown select')).map(optionsOf))).map((moves, index) => ({
      name: `list ${index + 1}`,
      moves,
    })),
    ...(
      await Promise.all(
        (await found('.widget-toggle-buttons')).map((group) =>
          group.locator('button:not(.mod-active)').all(),
        ),
      )
    ).map((buttons, index) => ({
      name: `buttons ${index + 1}`,
      moves: buttons.map((button) => () => button.click()),
    })),
    ...(await found('input[type=checkbox]')).map((box, index) => ({
      name: `box ${index + 1}`,
      moves: [() => box.click()],
      back: () => box.click(),
    })),
    ...(await found('input[type=text], textarea')).map((field, index) => ({
      name: `field ${index + 1}`,
      moves: [
        press(field, 'End', 'Backspace'),
        press(field, 'End', 'z', 'q'),
        press(field, 'Home', 'z', 'q'),
      ],
      isTyped: true as const,
    })),
  ];
}

/** Ways to choose another option of a list than the one that is chosen. */
async function optionsOf(list: Locator): Promise<Move[]> {
  const [count, chosen] = [await list.locator('option').count(), await list.inputValue()];
  const values = await Promise.all(
    Array.from({ length: count }, (_, index) => list.locator('option').nth(index).getAttribute('value')),
  );
  return values.flatMap((value) =>
    value === null || value === chosen ? [] : [() => list.selectOption({ value })],
  );
}
