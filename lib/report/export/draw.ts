// Figures as pictures: one browser page with plotly in it, started when the first figure needs it
// and kept for the others.

import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Page } from 'playwright-core';
import { messageOf } from '../../base/errors';
import { sha256 } from '../../base/files';
import { launchBrowser, type RunningBrowser } from './browser';
import { compactSvg } from './compact-svg';
import { browserInstallHint, findBrowser, type FoundBrowser } from './find-browser';
import { type Figure } from '../figure';
import { toPlain } from '../json';
import { type DrawRequest, drawInPage } from './page';
import { fontFamily, fontSize, ink } from '../style';
import { stripMarkup, wrapText } from '../text';

/** A figure as an SVG document and as a PNG of twice its size in px. */
export interface FigureImages {
  readonly svg: string;
  readonly png: Uint8Array;
}

/** Draws figures; `close` it when all are drawn. */
export interface FigureDrawer {
  /**
   * Starts what drawing needs; undefined if it can draw, else one line: why not, and what to do.
   */
  ready(): Promise<string | undefined>;
  /** The browser that draws, with its version; `none` before `ready`. */
  describe(): string;
  /**
   * `footer` is set small below the figure, wrapped to its width. Call it after `ready` gave
   * undefined.
   */
  draw(figure: Figure, footer: string): Promise<FigureImages>;
  close(): Promise<void>;
}

/** Draws pages too, with the same browser. */
export interface PageDrawer extends FigureDrawer {
  /** An HTML page as it opens, without a network, as PNG. Call it after `ready` gave undefined. */
  photograph(html: string, size: { readonly width: number; readonly height: number }): Promise<Uint8Array>;
}

const EDGE = 14;
const PNG_SCALE = 2;
const plotlyPath = require.resolve('plotly.js-dist-min');
const plotlyVersion = (
  JSON.parse(readFileSync(join(dirname(plotlyPath), 'package.json'), 'utf8')) as { version: string }
).version;

/**
 * Changes when the same figure would be drawn differently: with plotly's version and with the code
 * of the page.
 */
export function drawingVersion(): string {
  return sha256(`${plotlyVersion} ${drawInPage.toString()} ${JSON.stringify(footerStyle)}`).slice(0, 16);
}

const footerStyle: DrawRequest['footerStyle'] = {
  size: fontSize.footer,
  lineHeight: Math.round(fontSize.footer * 1.35),
  color: ink.muted,
  rule: ink.grid,
  family: fontFamily,
  edge: EDGE,
};

/** The request to the page: plain data, and the foot broken into lines. */
export function drawRequest(figure: Figure, footer: string): DrawRequest {
  const { width, height } = figure.layout;
  if (typeof width !== 'number' || typeof height !== 'number')
    throw new TypeError(`figure ${figure.id}: its layout has no width and height; make it with makeFigure`);
  return {
    data: toPlain(figure.data),
    layout: toPlain(figure.layout),
    width,
    height,
    title: stripMarkup(figure.title),
    description: stripMarkup(`${figure.alt} ${figure.caption}`),
    footer: footer === '' ? [] : wrapText(footer, width - 2 * EDGE, fontSize.footer),
    footerStyle,
    background: ink.paper,
    scale: PNG_SCALE,
  };
}

/** A drawer with the browser that `find` finds. Nothing starts before it is needed. */
export function figureDrawer(find: () => FoundBrowser | undefined = findBrowser): PageDrawer {
  let opening: Promise<{ browser: RunningBrowser; page: Page } | string> | undefined;
  let description = 'none';
  let before: Promise<unknown> = Promise.resolve();
  const open = async (): Promise<{ browser: RunningBrowser; page: Page } | string> => {
    try {
      const found = find();
      if (found === undefined) return `no Chromium-like browser found: ${browserInstallHint()}`;
      const browser = await launchBrowser(found);
      const page = browser.context.pages()[0] ?? (await browser.context.newPage());
      await page.addScriptTag({ path: plotlyPath });
      description = `plotly.js ${plotlyVersion} in Chromium ${browser.version}`;
      return { browser, page };
    } catch (error) {
      return messageOf(error);
    }
  };
  return {
    ready: async () => {
      const opened = await (opening ??= open());
      return typeof opened === 'string' ? opened : undefined;
    },
    describe: () => description,
    // The page draws one figure at a time.
    draw: (figure, footer) => {
      const drawing = before.then(async () => {
        const opened = await (opening ??= open());
        if (typeof opened === 'string') throw new Error(opened);
        const { svg, png } = await opened.page.evaluate(drawInPage, drawRequest(figure, footer));
        return { svg: compactSvg(svg), png: Buffer.from(png, 'base64') };
      });
      before = drawing.catch(() => undefined);
      return drawing;
    },
    photograph: async (html, size) => {
      const opened = await (opening ??= open());
      if (typeof opened === 'string') throw new Error(opened);
      const page = await opened.browser.context.newPage();
      try {
        await page.setViewportSize(size);
        await page.setContent(html);
        return await page.screenshot();
      } finally {
        await page.close();
      }
    },
    close: async () => {
      const opened = await opening;
      opening = undefined;
      if (opened !== undefined && typeof opened !== 'string') await opened.browser.close();
    },
  };
}
