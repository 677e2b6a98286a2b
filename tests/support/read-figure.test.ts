import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { launchBrowser, type RunningBrowser } from '../../lib/report/export/browser';
import { findBrowser } from '../../lib/report/export/find-browser';
import { axes } from '../../lib/report/axes';
import { lineTrace } from '../../lib/report/traces';
import { makeFigure } from '../../lib/report/figure';
import { encodingStyles } from '../../lib/report/style';
import { stripMarkup } from '../../lib/report/text';
import { whiskers } from '../../lib/report/whiskers';
import { readFigure } from './read-figure';

const style = encodingStyles.rope;
const figure = makeFigure({
  id: 'read',
  title: 'A figure to be read',
  caption: 'Caption.',
  alt: 'Alt.',
  columns: 3,
  panels: [
    {
      title: 'Whiskers',
      x: { title: 'Length', type: 'log' },
      data: [
        {
          ...lineTrace({ x: [10, 1000], y: [2, 4], style, markers: true }),
          ...whiskers(
            [
              { centre: 2, low: 1, high: 3 },
              { centre: 4, low: 3, high: 5 },
            ],
            ['a < b', '%{x}'],
            { label: 'Loss', format: 'fixed2' },
          ),
        },
      ],
    },
    {
      title: 'Shares',
      x: { tickvals: [3], ticktext: ['three'] },
      y: axes.share('Share'),
      data: [
        {
          ...lineTrace({ x: [1.5, 3], y: [0.123, 0.5], style, markers: true }),
          hovertemplate: 'at %{x}, %{x:.3g}: %{y}, %{y:.1%}, %{text}',
          text: ['first', 'second'],
        },
      ],
    },
    {
      title: 'Cells',
      x: { tickvals: [5, 6], ticktext: ['≤ 5', 'six'] },
      data: [
        {
          type: 'heatmap',
          x: [5, 6],
          y: [7, 8],
          z: [
            [-0.5, 1],
            [2, 3],
          ],
          text: [
            ['a', 'b'],
            ['c', 'd'],
          ],
          customdata: [
            [0.1234, 0.2],
            [0.3, 0.4],
          ],
          showscale: false,
          hovertemplate: '%{x}, %{y}: %{z:.2f}, %{customdata:.2f}, %{text}<extra></extra>',
        },
      ],
    },
  ],
});

const found = findBrowser();

describe.skipIf(found === undefined)('the reader of figures', () => {
  let browser: RunningBrowser;
  beforeAll(async () => {
    if (found !== undefined) browser = await launchBrowser(found);
  });
  afterAll(() => browser.close());

  it('reads under the pointer what plotly shows there', async () => {
    const page = await browser.context.newPage();
    await page.addScriptTag({ path: require.resolve('plotly.js-dist-min') });
    const { points } = readFigure(figure);
    const places = points.map(({ panel, x, y }) => [panel, x, y]);
    // Where a point is on the screen.
    const positions: [number, number][] = await page.evaluate(`(async () => {
      const element = document.createElement('div');
      document.body.append(element);
      await Plotly.newPlot(element, ${JSON.stringify(figure.data)}, ${JSON.stringify(figure.layout)});
      const { left, top } = element.getBoundingClientRect();
      return ${JSON.stringify(places)}.map(([panel, x, y]) => {
        const suffix = panel === 0 ? '' : panel + 1;
        const [across, up] = [element._fullLayout['xaxis' + suffix], element._fullLayout['yaxis' + suffix]];
        return [left + across._offset + across.d2p(x), top + up._offset + up.d2p(y)];
      });
    })()`);
    const shown: string[] = [];
    for (const [left, top] of positions) {
      await page.mouse.move(0, 0);
      await page.mouse.move(left, top);
      await page.waitForSelector('.hoverlayer .hovertext');
      const [text, name] = await page.evaluate<[string, string]>(
        `['.nums', '.name'].map((part) => document.querySelector('.hoverlayer .hovertext ' + part)?.textContent ?? '')`,
      );
      shown.push(name === '' ? text : `${text} | ${name}`);
      await page.mouse.move(0, 0);
      await page.waitForSelector('.hoverlayer .hovertext', { state: 'detached' });
    }
    expect(points).toHaveLength(8);
    expect(shown).toEqual(points.map(({ hover = '' }) => stripMarkup(hover)));
    await page.close();
  });
});
