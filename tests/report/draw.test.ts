import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type RunningBrowser } from '../../lib/report/export/browser';
import { findBrowser } from '../../lib/report/export/find-browser';
import {
  drawRequest,
  figureDrawer,
  type FigureDrawer,
  type FigureImages,
} from '../../lib/report/export/draw';
import { makeFigure, type Figure } from '../../lib/report/figure';
import { lineTrace, barTrace } from '../../lib/report/traces';
import { provenanceLine } from '../../lib/report/provenance-line';
import { encodingStyles, figureWidth, fontFamily, screenWidth } from '../../lib/report/style';
import { estimateWidth } from '../../lib/report/text';
import { productSlider } from '../../lib/experiments/items/lemmas/sliders';
import { sampleFigure, sampleProvenance } from './samples';

const found = findBrowser();
const footer = provenanceLine(sampleProvenance);
const longWords = ' and words that go on for much longer than there is room in any figure of any paper';

/** A figure that is narrow, with long category labels that want to leave it. */
function narrowFigure(): Figure {
  return makeFigure({
    id: 'narrow',
    title: 'A narrow figure with <i>many</i> entries & a title of two lines',
    caption: 'Caption with "quotes" & <b>markup</b>.',
    alt: 'Bars.',
    width: 'column',
    panels: [{ title: 'Panel', x: { title: 'Encoding' }, y: { title: 'Loss' } }],
    data: Object.values(encodingStyles).map((style, index) =>
      index % 2 === 0
        ? barTrace({ x: ['a very long category', 'another very long category'], y: [index + 1, 2], style })
        : lineTrace({ x: ['a very long category', 'another very long category'], y: [index, 3], style }),
    ),
  });
}

interface Measured {
  error: boolean;
  title: string;
  description: string;
  viewport: { left: number; top: number; right: number; bottom: number };
  texts: { text: string; left: number; top: number; right: number; bottom: number }[];
}

describe.skipIf(found === undefined)('a drawn figure', () => {
  let drawer: FigureDrawer;
  let browser: RunningBrowser;
  const images = new Map<string, FigureImages>();
  const figures = {
    sample: sampleFigure(),
    long: { ...sampleFigure(longWords), id: 'long' },
    narrow: narrowFigure(),
  };
  const names = Object.keys(figures) as (keyof typeof figures)[];

  beforeAll(async () => {
    if (found === undefined) return;
    drawer = figureDrawer();
    expect(await drawer.ready()).toBeUndefined();
    for (const name of names) images.set(name, await drawer.draw(figures[name], footer));
    browser = await launchBrowser(found);
  });

  afterAll(async () => {
    await drawer.close();
    await browser.close();
  });

  function imagesOf(name: string): FigureImages {
    const drawn = images.get(name);
    if (drawn === undefined) throw new Error(`${name} was not drawn`);
    return drawn;
  }

  /**
   * What a reader's browser shows of the SVG; `family` stands in for fonts the reader does not
   * have.
   */
  async function measure(svg: string, family?: string): Promise<Measured> {
    const page = await browser.context.newPage();
    const replaced =
      family === undefined ? svg : svg.replaceAll(/Helvetica, Arial, [^;<]*?sans-serif/g, family);
    const script = `(text) => {
      const parsed = new DOMParser().parseFromString(text, 'image/svg+xml');
      const svg = document.importNode(parsed.documentElement, true);
      document.body.append(svg);
      const box = (node) => { const { left, top, right, bottom } = node.getBoundingClientRect(); return { left, top, right, bottom }; };
      return {
        error: parsed.querySelector('parsererror') !== null,
        title: svg.querySelector(':scope > title')?.textContent,
        description: svg.querySelector(':scope > desc')?.textContent,
        viewport: box(svg),
        texts: [...svg.querySelectorAll('text')].map((node) => ({ text: node.textContent, ...box(node) })),
      };
    }`;
    try {
      return await page.evaluate(`(${script})(${JSON.stringify(replaced)})`);
    } finally {
      await page.close();
    }
  }

  it.each(names)('is well-formed SVG that names and describes itself (%s)', async (name) => {
    const measured = await measure(imagesOf(name).svg);
    expect(measured.error).toBe(false);
    expect(measured.title).toBe(drawRequest(figures[name], '').title);
    expect(measured.description).toContain(figures[name].alt);
  });

  it.each(names)('shows every text whole, the foot included (%s)', async (name) => {
    const { texts, viewport } = await measure(imagesOf(name).svg);
    expect(texts.map((entry) => entry.text).join(' ')).toContain('Imaginary Processor 9000');
    for (const { text, left, top, right, bottom } of texts) {
      expect(left, text).toBeGreaterThanOrEqual(viewport.left);
      expect(top, text).toBeGreaterThanOrEqual(viewport.top);
      expect(right, text).toBeLessThanOrEqual(viewport.right);
      expect(bottom, text).toBeLessThanOrEqual(viewport.bottom);
    }
  });

  it.each(names)(
    'keeps title, foot and axis titles inside where the reader has only a wide font (%s)',
    async (name) => {
      const { texts, viewport } = await measure(imagesOf(name).svg, 'DejaVu Sans');
      const wide = texts.filter((entry) => entry.text.length > 30);
      expect(wide.length).toBeGreaterThan(1);
      for (const { text, right } of wide) expect(right, text).toBeLessThanOrEqual(viewport.right);
    },
  );

  /** No text lies over another. */
  async function checkTexts(svg: string): Promise<void> {
    const { texts } = await measure(svg);
    const shown = texts.filter((entry) => entry.text !== '' && entry.right > entry.left);
    shown.forEach((first, index) => {
      for (const second of shown.slice(index + 1)) {
        const across = Math.min(first.right, second.right) - Math.max(first.left, second.left);
        const down = Math.min(first.bottom, second.bottom) - Math.max(first.top, second.top);
        expect(across > 1.5 && down > 4, `"${first.text}" over "${second.text}"`).toBe(false);
      }
    });
  }

  it('does not let texts of the sample lie over each other', async () => {
    for (const name of ['sample', 'long'] as const) await checkTexts(imagesOf(name).svg);
  });

  it.each([screenWidth.least, 850, screenWidth.most])(
    'has room for all its texts on a screen, in a cell of %i px',
    async (width) => {
      for (const figure of [figures.sample, figures.long, productSlider(4, [1, 1e-3])]) {
        const { svg } = await drawer.draw({ ...figure, layout: { ...figure.screen, width } }, '');
        // A drawing grows where a text would be cut.
        expect(svg).toContain(`height="${String(figure.screen['height'])}" width="${width}"`);
        await checkTexts(svg);
      }
    },
  );

  it('is a PNG of twice the size of the SVG', () => {
    for (const name of names) {
      const { svg, png } = imagesOf(name);
      const size = /<svg[^>]* height="(\d+)"[^>]* width="(\d+)"/.exec(svg);
      expect([...png.slice(0, 8)]).toEqual([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
      const header = Buffer.from(png);
      expect([header.readUInt32BE(16), header.readUInt32BE(20)]).toEqual([
        2 * Number(size?.[2]),
        2 * Number(size?.[1]),
      ]);
    }
  });

  it('has the width asked for where its texts allow', () => {
    expect(imagesOf('sample').svg).toContain(`width="${figureWidth.page}"`);
    expect(imagesOf('long').svg).toContain(`width="${figureWidth.page}"`);
  });

  it('has the same bytes when drawn again, whatever was drawn before', async () => {
    const again = figureDrawer();
    try {
      await again.draw(figures.long, footer);
      const second = await again.draw(figures.sample, footer);
      // Compared as a truth value: a difference would print two documents of 100 kB.
      expect(second.svg === imagesOf('sample').svg).toBe(true);
      expect(Buffer.compare(Buffer.from(second.png), Buffer.from(imagesOf('sample').png))).toBe(0);
    } finally {
      await again.close();
    }
  });

  it('refers to nothing outside itself', () => {
    for (const name of names) {
      expect(imagesOf(name).svg.replaceAll(/xmlns(:\w+)?="[^"]*"/g, '')).not.toMatch(
        /https?:|<script|<image|@import/,
      );
    }
  });

  it('grows where a text would leave it', async () => {
    const figure = makeFigure({
      id: 'leaving',
      title: 'Title',
      caption: 'Caption.',
      alt: 'Alt.',
      data: [lineTrace({ x: [1, 2], y: [1, 2], style: encodingStyles.none })],
      layout: {
        annotations: [
          {
            text: 'far to the right of the plot',
            xref: 'paper',
            x: 1.1,
            yref: 'paper',
            y: 0.5,
            showarrow: false,
            xanchor: 'left',
          },
        ],
      },
    });
    const { svg } = await drawer.draw(figure, '');
    const { texts, viewport } = await measure(svg);
    expect(viewport.right - viewport.left).toBeGreaterThan(figureWidth.page);
    for (const { text, right } of texts) expect(right, text).toBeLessThanOrEqual(viewport.right);
  });

  it('estimates text widths on the safe side for the fonts of this machine', async () => {
    const page = await browser.context.newPage();
    const samples = [
      footer,
      'Perplexity beyond the training length',
      'THE QUICK BROWN FOX 0123456789',
      'wwwwwwwwww mmmmmmm',
      'illicit lilt',
      'Zahl der Segmente: größer, naïve café',
      'αβγ ≤ ∞ → 中文字',
      'a_b^c{d}[e]|f~#$%&*@?!',
    ];
    const widths: number[] = await page.evaluate(
      `(${JSON.stringify([fontFamily, 'DejaVu Sans'])}).flatMap((family) => ${JSON.stringify(samples)}.map((text) => {
        const context = document.createElement('canvas').getContext('2d');
        context.font = '100px ' + family;
        return context.measureText(text).width;
      }))`,
    );
    await page.close();
    widths.forEach((width, index) => {
      const text = samples[index % samples.length] ?? '';
      expect(width, text).toBeLessThanOrEqual(estimateWidth(text, 100));
    });
  });
});

describe('figureDrawer without a browser', () => {
  it('says in one line what is missing and what to do', async () => {
    const drawer = figureDrawer(() => undefined);
    expect(await drawer.ready()).toMatch(/^no Chromium-like browser found: [^\n]*install[^\n]+$/);
    await drawer.close();
  });

  it('says so too where the browser does not start', async () => {
    const drawer = figureDrawer(() => ({ path: '/does/not/exist', foundBy: 'PATH' }));
    expect(await drawer.ready()).toMatch(
      /^\/does\/not\/exist: the browser does not start \([^\n]*\/does\/not\/exist[^\n]*\); [^\n]+$/,
    );
    await drawer.close();
  });
});
