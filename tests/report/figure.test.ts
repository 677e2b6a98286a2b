import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { bandTrace, barTrace, colorKey, lineTrace } from '../../lib/report/traces';
import { textAt, verticalLine } from '../../lib/report/marks';
import { type FigureSpec, traceIn } from '../../lib/report/spec';
import { makeFigure, type Figure } from '../../lib/report/figure';
import { textMapTraces } from '../../lib/report/text-map';
import { encodingStyles, translucent } from '../../lib/report/style';

const texts = { id: 'a-figure', title: 'Title', caption: 'Caption.', alt: 'Alt.' };
const oneLine = lineTrace({ x: [1, 2], y: [3, 4], style: encodingStyles.rope });

function build(spec: Partial<FigureSpec>): Figure & { layout: Record<string, never> } {
  return makeFigure({ ...texts, data: [oneLine], ...spec }) as Figure & { layout: Record<string, never> };
}

interface PlacedAxis {
  domain: [number, number];
  matches?: string;
  showticklabels?: boolean;
  title: { text: string };
}

function axis(figure: Figure, name: string, on: 'layout' | 'screen' = 'layout'): PlacedAxis {
  return figure[on][name] as PlacedAxis;
}

describe('makeFigure', () => {
  it.each([
    ['layout', 4],
    ['screen', 40],
  ] as const)('lays the panels of a %s out without overlap, inside the plot', (on, mostColumns) => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: mostColumns }),
        fc.record({
          sharedX: fc.boolean(),
          sharedY: fc.boolean(),
          panelHeight: fc.oneof(
            fc.integer({ min: 60, max: 400 }),
            fc.array(fc.integer({ min: 60, max: 400 })),
          ),
        }),
        fc.string({ maxLength: 80 }),
        (count, columns, shared, words) => {
          const panels = Array.from({ length: count }, () => ({
            title: words,
            x: { title: words },
            y: { title: words },
          }));
          const figure = build({ panels, columns, ...shared });
          const places = panels.map((_, index) => {
            const suffix = index === 0 ? '' : String(index + 1);
            return {
              x: axis(figure, `xaxis${suffix}`, on).domain,
              y: axis(figure, `yaxis${suffix}`, on).domain,
            };
          });
          places.forEach((place, index) => {
            for (const [low, high] of [place.x, place.y]) {
              expect(low).toBeGreaterThanOrEqual(0);
              expect(high).toBeLessThanOrEqual(1);
              expect(high).toBeGreaterThan(low);
            }
            for (const other of places.slice(index + 1)) {
              const beside = place.x[1] <= other.x[0] || other.x[1] <= place.x[0];
              const above = place.y[0] >= other.y[1] || other.y[0] >= place.y[1];
              expect(beside || above).toBe(true);
            }
          });
        },
      ),
    );
  });

  it('keeps the axes of panels in which nothing is drawn: plotly drops those without a trace', () => {
    const { data } = build({ panels: [{}, {}, {}] });
    expect(data[0]).toMatchObject(oneLine);
    expect(data.slice(1)).toMatchObject([
      { x: [], y: [], xaxis: 'x2', yaxis: 'y2', showlegend: false },
      { x: [], y: [], xaxis: 'x3', yaxis: 'y3', showlegend: false },
    ]);
    expect(build({ panels: [{}] }).data).toEqual([traceIn(0, oneLine)]);
  });

  it('leaves the width on a screen to what the figure stands in', () => {
    const { layout, screen } = build({});
    expect(layout['width']).toBe(880);
    expect(screen).not.toHaveProperty('width');
    expect(screen).toMatchObject({ height: layout['height'], template: layout['template'] });
  });

  it('labels a logarithmic axis sparsely on a screen, unless it says otherwise', () => {
    const x = { type: 'log' };
    const { layout, screen }: Figure = build({ panels: [{ x }, { x: { ...x, nticks: 9 } }, { x: {} }] });
    const nticks = (given: Figure['layout']): unknown[] =>
      ['xaxis', 'xaxis2', 'xaxis3'].map((name) => (given[name] as { nticks?: number }).nticks);
    expect(nticks(screen)).toEqual([2, 9, undefined]);
    expect(nticks(layout)).toEqual([undefined, 9, undefined]);
  });

  it('gives each row the height asked for', () => {
    const figure = build({ panels: [{}, {}], columns: 1, panelHeight: [100, 300] });
    const span = ([low, high]: [number, number]): number => high - low;
    expect(span(axis(figure, 'yaxis2').domain) / span(axis(figure, 'yaxis').domain)).toBeCloseTo(3, 6);
  });

  it('labels a shared axis once, at the foot of its column or the left of its row', () => {
    const panel = { x: { title: 'length' }, y: { title: 'loss' } };
    const figure = build({ panels: [panel, panel, panel, panel], columns: 2, sharedX: true, sharedY: true });
    expect(['xaxis', 'xaxis2', 'xaxis3', 'xaxis4'].map((name) => axis(figure, name).title.text)).toEqual([
      '',
      '',
      'length',
      'length',
    ]);
    expect(['yaxis', 'yaxis2', 'yaxis3', 'yaxis4'].map((name) => axis(figure, name).title.text)).toEqual([
      'loss',
      '',
      'loss',
      '',
    ]);
    expect(axis(figure, 'xaxis3').matches).toBe('x');
    expect(axis(figure, 'yaxis4').matches).toBe('y3');
    expect(axis(figure, 'xaxis').showticklabels).toBe(false);
  });

  it('grows with the lines of title and legend', () => {
    const height = (spec: Partial<FigureSpec>): number => Number(build(spec).layout['height']);
    const many = Object.values(encodingStyles).map((style) => lineTrace({ x: [1], y: [1], style }));
    expect(height({ title: 'long '.repeat(60) })).toBeGreaterThan(height({}));
    expect(height({ data: many, width: 'column' })).toBeGreaterThan(height({ width: 'column' }));
  });

  it('refuses an id that cannot be a file name, and texts that are missing', () => {
    for (const id of ['', 'Fig 1', '../x', 'a--b', 'a.b']) expect(() => build({ id })).toThrow(ConfigError);
    for (const field of ['title', 'caption', 'alt']) {
      expect(() => build({ [field]: ' ' })).toThrow(new RegExp(`figure a-figure: ${field} is empty`));
    }
  });

  it('adds shapes and annotations of the caller to its own', () => {
    const figure = build({
      panels: [{ title: 'Books' }],
      layout: { shapes: [{ type: 'line' }], annotations: [{ text: 'here' }], barmode: 'stack' },
    });
    expect(figure.layout['shapes']).toHaveLength(1);
    expect(figure.layout['annotations']).toMatchObject([{ text: '<b>Books</b>' }, { text: 'here' }]);
    expect(figure.layout['barmode']).toBe('stack');
  });

  it('puts the traces and marks of a panel on its axes', () => {
    const { data, layout } = build({
      panels: [
        {},
        { data: [oneLine], marks: [verticalLine(3), textAt('here', { x: 1, yref: 'y domain', y: 1 })] },
      ],
    });
    expect(data).toMatchObject([
      { xaxis: 'x2', yaxis: 'y2', x: [1, 2] },
      { xaxis: 'x', yaxis: 'y', x: [1, 2] },
    ]);
    expect(layout['shapes']).toMatchObject([{ xref: 'x2', yref: 'y2 domain', x0: 3 }]);
    expect(layout['annotations']).toMatchObject([{ xref: 'x2', yref: 'y2 domain', text: 'here' }]);
  });

  it('names a series once in the legend, in whichever panel it comes first', () => {
    const { data } = build({
      data: [],
      panels: [
        { data: [oneLine, { ...oneLine, showlegend: true }] },
        { data: [oneLine, { type: 'scatter' }, { ...oneLine, name: 'another' }] },
      ],
    });
    expect(data.map(({ showlegend }) => showlegend)).toEqual([undefined, true, false, undefined, undefined]);
  });

  it('is plain JSON, so that a file says all of it', () => {
    const figure = build({ panels: [{ x: { title: 'x' } }] });
    expect(JSON.parse(JSON.stringify(figure))).toEqual(figure);
  });
});

describe('traces', () => {
  const style = encodingStyles.bipe_alibi;

  it('carry the style of what they stand for, as lines and as bars', () => {
    expect(lineTrace({ x: [1], y: [1], style })).toMatchObject({
      name: style.name,
      line: { color: style.color, dash: style.dash },
      marker: { symbol: style.symbol },
    });
    expect(barTrace({ x: ['a'], y: [1], style })).toMatchObject({
      name: style.name,
      marker: {
        color: translucent(style.color, 0.6),
        line: { color: style.color },
        pattern: { shape: style.pattern },
      },
    });
  });

  it('take typed arrays and hold lists', () => {
    const trace = lineTrace({ x: new Int32Array([1, 2]), y: new Float64Array([3, 4]), style });
    expect(trace).toMatchObject({ x: [1, 2], y: [3, 4] });
  });

  it('draw a band as one closed outline that toggles with its line', () => {
    const band = bandTrace({ x: [1, 2], low: [3, 4], high: [5, 6], style });
    expect(band).toMatchObject({
      x: [1, 2, 2, 1],
      y: [5, 6, 4, 3],
      legendgroup: style.name,
      showlegend: false,
    });
  });
});

describe('the texts of a map', () => {
  const map = {
    z: [
      [0, 1],
      [null, 4],
    ],
    zmin: 0,
    zmax: 4,
    colorscale: [
      [0, '#FFFFFF'],
      [0.5, '#FFFF00'],
      [1, '#000080'],
    ],
    text: [
      ['none', ''],
      ['lost', 'all'],
    ],
    size: 12,
  } as const;

  it('stand in its cells, each in the ink that is read there; cells without a value have none', () => {
    const [cells, texts] = textMapTraces({ ...map, further: { xgap: 2 } });
    expect(cells).toMatchObject({ type: 'heatmap', z: map.z, zmax: 4, xgap: 2 });
    expect(cells).not.toHaveProperty('texttemplate');
    expect(texts).toMatchObject({
      mode: 'text',
      x: [0, 1],
      y: [0, 1],
      text: ['none', 'all'],
      textfont: { size: 12, color: ['#000000', '#FFFFFF'] },
      hoverinfo: 'skip',
    });
  });

  it('stand at the names of columns and rows, where they have names', () => {
    const [, texts] = textMapTraces({ ...map, x: ['a', 'b'], y: [10, 20] });
    expect(texts).toMatchObject({ x: ['a', 'b'], y: [10, 20] });
  });

  it('are left out where there are none', () => {
    expect(textMapTraces({ ...map, text: [] })).toHaveLength(1);
  });
});

it('names a colour of a map in the legend, and draws nothing', () => {
  const key = colorKey('highest', '#440F54');
  expect(key).toMatchObject({ name: 'highest', x: [null], y: [null], marker: { color: '#440F54' } });
  expect(key['showlegend'] ?? true).toBe(true);
});
