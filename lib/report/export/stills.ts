// Still pictures of what a cell shows, for readers in whose program nothing runs: nbconvert,
// GitHub, a PDF. One browser draws them all, one after another. It starts with the first and ends
// when nobody has asked for a while.

import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { MachineError, messageOf } from '../../base/errors';
import { sha256 } from '../../base/files';
import { figureDrawer, type PageDrawer } from './draw';
import { type Figure } from '../figure';

/**
 * A larger SVG becomes one that holds its PNG, so that a dense figure does not swell the notebook.
 */
const mostSvgBytes = 400_000;
const longestDrawingMs = 30_000;
const keepMs = 60_000;
const pauseMs = 20;

let drawer: PageDrawer | undefined;
/**
 * When the drawing that goes on has ended at the latest; a cell that is stopped may leave it
 * without an end.
 */
let busyUntil = 0;
let closing: NodeJS.Timeout | undefined;

/**
 * A figure as SVG, without scripts and without a foot, as wide as the place where it is shown.
 *
 * @throws MachineError if there is no browser, or if it does not draw
 */
export async function stillFigure(figure: Figure): Promise<string> {
  const { svg, png } = await drawn((browser) => browser.draw(figure, ''));
  return asWideAsItsPlace(withOwnNames(Buffer.byteLength(svg) <= mostSvgBytes ? svg : svgAround(svg, png)));
}

/**
 * An HTML page as it opens, as PNG.
 *
 * @throws MachineError if there is no browser, or if it does not draw
 */
export function stillPage(html: string, width: number, height: number): Promise<Uint8Array> {
  return drawn((browser) => browser.photograph(html, { width, height }));
}

/**
 * Draws when no other drawing goes on. Nobody waits for the other's promise: see docs/notebooks.md
 * on what a stop drops.
 */
async function drawn<T>(draw: (browser: PageDrawer) => Promise<T>): Promise<T> {
  while (performance.now() < busyUntil) await sleep(pauseMs);
  busyUntil = performance.now() + longestDrawingMs;
  try {
    return await drawNow(draw);
  } finally {
    busyUntil = 0;
  }
}

async function drawNow<T>(draw: (browser: PageDrawer) => Promise<T>): Promise<T> {
  clearTimeout(closing);
  const browser = (drawer ??= figureDrawer());
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(reject, longestDrawingMs, new Error('the browser does not answer'));
    });
    const work = async (): Promise<T> => {
      const obstacle = await browser.ready();
      if (obstacle !== undefined) throw new Error(obstacle);
      return draw(browser);
    };
    const result = await Promise.race([work(), late]);
    closing = setTimeout(() => void close(browser), keepMs).unref();
    return result;
  } catch (error) {
    // The next one gets a new browser.
    void close(browser);
    throw new MachineError(messageOf(error).split('\n')[0] ?? '', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function close(browser: PageDrawer): Promise<void> {
  if (drawer === browser) drawer = undefined;
  // A browser that has ended by itself is closed, too.
  await browser.close().catch(() => undefined);
}

/** The picture of an SVG, in an SVG of the same size. */
function svgAround(svg: string, png: Uint8Array): string {
  const head = /<svg[^>]*>/.exec(svg)?.[0] ?? '';
  const [width, height] = ['width', 'height'].map(
    (name) => new RegExp(` ${name}="([^"]*)"`).exec(head)?.[1] ?? '',
  );
  const texts = ['title', 'desc'].map(
    (name) => new RegExp(`<${name}[^>]*>[^<]*</${name}>`).exec(svg)?.[0] ?? '',
  );
  const data = Buffer.from(png).toString('base64');
  return `<svg xmlns="http://www.w3.org/2000/svg" role="img" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">${texts.join('')}<image width="${width}" height="${height}" href="data:image/png;base64,${data}"/></svg>\n`;
}

/**
 * On paper and in narrow pages, whose styles are not ours, a picture with a width of its own would
 * be cut.
 */
function asWideAsItsPlace(svg: string): string {
  return svg.replace(/^<svg[^>]*>/, (head) =>
    head.replace(/ height="[^"]*"/, '').replace(/ width="[^"]*"/, ' width="100%"'),
  );
}

/**
 * plotly gives the parts of all figures the same names; inside one page a figure would use
 * another's.
 */
function withOwnNames(svg: string): string {
  const own = sha256(svg).slice(0, 8);
  return svg.replace(/<[^>]*>/g, (tag) =>
    tag
      .replace(/ id="([^"]+)"/, ` id="$1-${own}"`)
      .replace(/ href="#([^"]+)"/, ` href="#$1-${own}"`)
      .replace(/url\((&quot;|')?#([^)&']+)\1\)/g, `url(#$2-${own})`),
  );
}
