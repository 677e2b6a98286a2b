// JupyterLab in a real browser, driven as a reader drives it.

import { type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { basename } from 'node:path';
import { createInterface } from 'node:readline';
import type { Page } from 'playwright-core';
import { vi } from 'vitest';
import { launchBrowser, type RunningBrowser } from '../../lib/report/export/browser';
import { browserInstallHint, findBrowser } from '../../lib/report/export/find-browser';

const minute = 60_000;

/** A JupyterLab that runs, and a browser to look at it. */
export class Lab {
  private constructor(
    private readonly server: ChildProcess,
    /** Where it opens by itself. */
    readonly address: URL,
    private readonly browser: RunningBrowser,
  ) {}

  /** Opens a browser once the server, which was just started, says where it listens. */
  static async meet(server: ChildProcess, address: Promise<URL>): Promise<Lab> {
    const found = findBrowser();
    if (found === undefined)
      throw new Error(`no browser, so JupyterLab cannot be looked at: ${browserInstallHint()}`);
    const where = await address;
    const browser = await launchBrowser(found);
    await browser.context.setOffline(false);
    return new Lab(server, where, browser);
  }

  async close(): Promise<void> {
    await this.browser.close();
    if (this.server.exitCode !== null) return;
    const exit = once(this.server, 'exit');
    this.server.kill('SIGTERM');
    await exit;
  }

  /**
   * Closes all pages, since JupyterLab would go on saving what one has open into its notebook, and
   * ends their kernels, each of which has an engine and a browser.
   */
  async closeNotebooks(): Promise<void> {
    for (const page of this.browser.context.pages()) await page.close();
    const headers = { authorization: `token ${this.address.searchParams.get('token') ?? ''}` };
    const kernels = new URL('/api/kernels', this.address);
    const running = (await (await fetch(kernels, { headers })).json()) as { readonly id: string }[];
    for (const { id } of running) {
      const { status } = await fetch(new URL(`/api/kernels/${id}`, kernels), { method: 'DELETE', headers });
      if (status !== 204) throw new Error(`JupyterLab did not end a kernel: ${status}`);
    }
  }

  newPage(): Promise<Page> {
    return this.browser.context.newPage();
  }

  /**
   * Opens a notebook, given by its path below the server's folder, and waits until its kernel waits
   * for work.
   */
  async open(path: string): Promise<Page> {
    const url = new URL(this.address);
    // A workspace of its own: JupyterLab would open again what the last one had open. Its name may
    // have no full stop.
    url.pathname = `/lab/workspaces/test-${basename(path, '.ipynb').replace('.', '-')}/tree/${path}`;
    const page = await this.newPage();
    await page.setViewportSize({ width: 1400, height: 1000 });
    await page.goto(url.href);
    await idle(page);
    return page;
  }
}

/** The address in the line that `npm start` prints for people. */
export async function printedAddress({ stdout }: ChildProcess): Promise<URL> {
  if (stdout === null) throw new Error('the output of npm start is not read');
  for await (const line of createInterface({ input: stdout })) {
    const printed = /^JupyterLab: (http\S+)$/.exec(line)?.[1];
    if (printed !== undefined) return new URL(printed);
  }
  throw new Error('npm start ended without an address');
}

/** Waits until the status bar says that the kernel is there and has nothing to do. */
export async function idle(page: Page): Promise<void> {
  await page
    .locator('#jp-main-statusbar')
    .getByText(/TypeScript \(BiPE.*\) \| Idle/)
    .waitFor({ timeout: 10 * minute });
}

/** Opens the page again, in JupyterLab's dark theme. The reader's own setting is not touched. */
export async function reloadInDark(page: Page): Promise<void> {
  const themes = '@jupyterlab/apputils-extension:themes';
  await page.route(/\/lab\/api\/settings\?\d+$/, async (route) => {
    const response = await route.fetch();
    const { settings } = (await response.json()) as { settings: { id: string }[] };
    const raw = '{ "theme": "JupyterLab Dark" }';
    const dark = settings.map((setting) => (setting.id === themes ? { ...setting, raw } : setting));
    await route.fulfill({ response, json: { settings: dark } });
  });
  await page.reload();
  await idle(page);
}

/** What stands in brackets before each code cell: its number, or a star while it waits or runs. */
export const numbers = (page: Page): Promise<string[]> =>
  page.locator('.jp-CodeCell .jp-InputArea-prompt').allTextContents();

/** Run > Run All Cells, until nothing runs or waits any more. */
export async function runAll(page: Page): Promise<void> {
  await page.getByRole('menuitem', { name: 'Run', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Run All Cells', exact: true }).click();
  await vi.waitUntil(
    async () => {
      const [first = '', ...others] = await numbers(page);
      return /\d/.test(first) && ![first, ...others].some((text) => text.includes('*'));
    },
    { timeout: 10 * minute },
  );
  await idle(page);
}

/** The errors below cells; JupyterLab draws them as it draws the standard error stream. */
export const errorTexts = (page: Page): Promise<string[]> =>
  page.locator('.jp-OutputArea [data-mime-type="application/vnd.jupyter.stderr"]').allTextContents();
