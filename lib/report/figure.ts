// A figure is data: a plotly specification with its title, its caption and a description for those
// who cannot see it. This file lays out titles, legend and panels in pixels, so that every figure
// reads alike and nothing is cut.

import { ConfigError } from '../base/errors';
import { printable } from '../base/printable';
import {
  type ColorScale,
  figureWidth,
  fontSize,
  ink,
  inkOn,
  scaleColor,
  screenWidth,
  type SeriesStyle,
  template,
  translucent,
} from './style';
import { estimateWidth, onlySmallMarkup, wrapText } from './text';

/** A trace, an axis or a part of a layout, in plotly's own terms. */
export type PlotlyObject = Readonly<Record<string, unknown>>;

/**
 * What is exported and shown. Texts may use plotly's markup: `<b>`, `<i>`, `<sub>`, `<sup>`,
 * `<br>`.
 */
export interface Figure {
  /** File name without extension: lower-case letters, digits and `-`. */
  readonly id: string;
  readonly title: string;
  /** What a reader should see in it, as under a figure in a paper. */
  readonly caption: string;
  /** What it shows, for those who cannot see it. */
  readonly alt: string;
  /** plotly's traces. */
  readonly data: readonly PlotlyObject[];
  /** plotly's layout in a file, with the style's template inside. */
  readonly layout: PlotlyObject;
  /**
   * The layout on a screen: as wide as what it stands in, with nothing cut from `screenWidth.least`
   * px on.
   */
  readonly screen: PlotlyObject;
}

/** An axis in plotly's terms; `title` is the text alone. */
export interface AxisSpec {
  readonly title?: string;
  readonly [attribute: string]: unknown;
}

/** One coordinate system of a figure. */
export interface PanelSpec {
  /** Above the panel, at its left edge. */
  readonly title?: string;
  readonly x?: AxisSpec;
  readonly y?: AxisSpec;
}

/** What a figure says; its layout follows from it. */
export interface FigureSpec {
  readonly id: string;
  readonly title: string;
  /** A second, lighter line: the question or the finding. */
  readonly subtitle?: string;
  readonly caption: string;
  readonly alt: string;
  readonly data: readonly PlotlyObject[];
  /** Row by row; one panel without axis titles if left out. */
  readonly panels?: readonly PanelSpec[];
  /** Panels in a row; all in one row if left out. */
  readonly columns?: number;
  /** The panels of a column have the same x axis, labelled once, at its foot. */
  readonly sharedX?: boolean;
  /** The panels of a row have the same y axis, labelled once, at its left. */
  readonly sharedY?: boolean;
  /** Two columns of a paper (`page`, the default) or one. */
  readonly width?: keyof typeof figureWidth;
  /** Height of the panels, px, for all rows or row by row; 220 if left out. */
  readonly panelHeight?: number | readonly number[];
  /** Further plotly layout; its `shapes` and `annotations` are added to the figure's own. */
  readonly layout?: PlotlyObject;
}

const EDGE = 14; // px left free around everything
const LINE = 1.3; // line height in font sizes
const CAPITAL = 0.72; // height of capitals in font sizes
const LEGEND_KEY = 58; // px of a legend item beside its text
const LEGEND_ROW = 25; // px of a row of the legend
const LABELS_BELOW = 24; // px under a panel for tick labels
const LABELS_LEFT = 48; // px left of a panel for tick labels
const SCREEN_REACH = 16; // px; less than the narrowest gap and the right margin
const LEAST_COLUMN = 100; // px of a column with its gap, however many there are

/**
 * The panel `index` (from 0) of a trace, shape or annotation: spread into a trace, `...inPanel(2)`.
 */
export function inPanel(index: number): { xaxis: string; yaxis: string } {
  return { xaxis: axisId('x', index), yaxis: axisId('y', index) };
}

function axisId(letter: 'x' | 'y', index: number): string {
  return index === 0 ? letter : `${letter}${index + 1}`;
}

/**
 * A figure in the house style.
 *
 * @throws ConfigError if the id cannot be a file name, or a text a reader needs is missing
 */
export function makeFigure(given: FigureSpec): Figure {
  checkTexts(given);
  const spec = withSmallMarkup(given);
  const { id, title, caption, alt, data } = spec;
  const width = figureWidth[spec.width ?? 'page'];
  return {
    id,
    title,
    caption,
    alt,
    data: [...data, ...unseenTraces(spec.panels?.length ?? 1, data)],
    layout: { ...layoutAt(spec, width), width },
    screen: screenLayout(spec),
  };
}

/**
 * A layout that only has more room where it is wider than `screenWidth.least`. Logarithmic x axes
 * have so few labels that plotly does not turn them, for which the rows have no room.
 */
function screenLayout(spec: FigureSpec): PlotlyObject {
  const { panels = [{}] } = spec;
  const columns = columnsOf(spec);
  const nticks = Math.max(2, Math.floor(6 / columns));
  const withFewerLabels = panels.map((panel) =>
    panel.x?.['type'] === 'log' ? { ...panel, x: { nticks, ...panel.x } } : panel,
  );
  const width = Math.max(screenWidth.least, columns * LEAST_COLUMN);
  return layoutAt({ ...spec, panels: withFewerLabels }, width, SCREEN_REACH);
}

function columnsOf({ panels = [{}], columns = panels.length }: FigureSpec): number {
  return Math.min(columns, panels.length);
}

/**
 * Texts and panels that fit a figure of `width` px; the width itself is left open. Titles may be
 * `reach` px wider than their panels.
 */
function layoutAt(spec: FigureSpec, width: number, reach = 0): PlotlyObject {
  const head = headLayout(spec, width);
  const grid = gridLayout(spec, width, reach, head.height);
  const { shapes, annotations, ...further } = spec.layout ?? {};
  return {
    template,
    height: grid.height,
    title: { ...head.title, y: 1 - (EDGE + CAPITAL * fontSize.title) / grid.height },
    showlegend: head.showLegend,
    legend: {
      orientation: 'h',
      xref: 'container',
      x: EDGE / width,
      xanchor: 'left',
      yref: 'container',
      y: 1 - head.legendTop / grid.height,
      yanchor: 'top',
    },
    margin: grid.margin,
    ...grid.axes,
    ...further,
    shapes: asList(shapes),
    annotations: [...grid.titles, ...asList(annotations)],
  };
}

/**
 * The value, in whose texts plotly finds no tags but the small ones: names come from whoever named
 * them. What has none stays itself.
 */
function withSmallMarkup<T>(value: T): T {
  if (typeof value === 'string') return onlySmallMarkup(printable(value)) as T;
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  const fields: readonly unknown[] = Object.values(value);
  const made = fields.map(withSmallMarkup);
  if (made.every((field, index) => Object.is(field, fields[index]))) return value;
  if (Array.isArray(value)) return made as T;
  return Object.fromEntries(Object.keys(value).map((key, index) => [key, made[index]])) as T;
}

/**
 * A trace without points in each panel that has none: plotly leaves out axes that no trace has, and
 * what refers to them.
 */
function unseenTraces(panels: number, data: readonly PlotlyObject[]): PlotlyObject[] {
  const drawn = new Set(data.map((trace) => trace['xaxis'] ?? 'x'));
  return Array.from({ length: panels }, (_, index) => inPanel(index))
    .filter(({ xaxis }) => !drawn.has(xaxis))
    .map((panel) => ({ type: 'scatter', x: [], y: [], hoverinfo: 'skip', showlegend: false, ...panel }));
}

function checkTexts(spec: FigureSpec): void {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(spec.id))
    throw new ConfigError(`figure id "${spec.id}": only lower-case letters, digits and single hyphens`);
  for (const field of ['title', 'caption', 'alt'] as const) {
    if (spec[field].trim() === '')
      throw new ConfigError(`figure ${spec.id}: ${field} is empty; say what it shows`);
  }
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** Title, subtitle and legend: their lines, and how much height they take. */
function headLayout(
  spec: FigureSpec,
  width: number,
): {
  title: PlotlyObject;
  height: number;
  legendTop: number;
  showLegend: boolean;
} {
  const room = width - 2 * EDGE;
  const titleLines = wrapText(spec.title, room, fontSize.title, true);
  const subtitleLines = spec.subtitle === undefined ? [] : wrapText(spec.subtitle, room, fontSize.subtitle);
  // plotly sets all lines of a title at the distance of its own font size.
  const titleHeight = (titleLines.length + subtitleLines.length) * fontSize.title * LINE;
  const legendTop = EDGE + titleHeight + 2;
  const names = legendNames(spec.data);
  const showLegend = names.length > 0;
  const legendHeight = showLegend ? legendRows(names, room) * LEGEND_ROW + 8 : 4;
  const text = [
    ...titleLines.map((line) => `<b>${line}</b>`),
    ...subtitleLines.map(
      (line) => `<span style="font-size:${fontSize.subtitle}px;color:${ink.muted}">${line}</span>`,
    ),
  ].join('<br>');
  return {
    title: {
      text,
      font: { size: fontSize.title },
      xref: 'container',
      x: EDGE / width,
      xanchor: 'left',
      yref: 'container',
      // The first line's base; plotly misplaces a title of several lines that hangs from its top.
      yanchor: 'bottom',
    },
    height: legendTop + legendHeight,
    legendTop,
    showLegend,
  };
}

function legendNames(data: readonly PlotlyObject[]): string[] {
  const names = data
    .filter((trace) => trace['showlegend'] !== false && trace['visible'] !== false)
    .map((trace) => trace['name'])
    .filter((name): name is string => typeof name === 'string');
  return [...new Set(names)];
}

/** How many rows plotly needs: it fills a row as long as the next item fits. */
function legendRows(names: readonly string[], room: number): number {
  let rows = 1;
  let filled = 0;
  for (const name of names) {
    const width = LEGEND_KEY + estimateWidth(name, fontSize.legend);
    if (filled > 0 && filled + width > room) {
      rows += 1;
      filled = 0;
    }
    filled += width;
  }
  return rows;
}

interface Grid {
  height: number;
  margin: PlotlyObject;
  axes: Record<string, unknown>;
  titles: PlotlyObject[];
}

/** Domains of the panels, with gaps in px, and their titles. */
function gridLayout(spec: FigureSpec, width: number, reach: number, headHeight: number): Grid {
  const { panels = [{}] } = spec;
  const columns = columnsOf(spec);
  const rows = Array.from({ length: Math.ceil(panels.length / columns) }, (_, row) =>
    panels.slice(row * columns, (row + 1) * columns),
  );
  const heightOf = (row: number): number => {
    const height = spec.panelHeight ?? 220;
    return typeof height === 'number' ? height : (height[row] ?? height.at(-1) ?? 220);
  };
  const mostLines = (texts: readonly (readonly string[])[]): number =>
    Math.max(0, ...texts.map((lines) => lines.length));
  const lineHeight = fontSize.label * LINE;

  const yTitles = panels.map((panel, index) =>
    wrapTitle(panel.y?.title, heightOf(Math.floor(index / columns))),
  );
  const yTitleWidth = mostLines(yTitles) === 0 ? 0 : mostLines(yTitles) * lineHeight + 2;
  const left = EDGE + LABELS_LEFT + yTitleWidth - 4;
  const right = EDGE + 6;
  const columnGap = spec.sharedY === true ? 22 : LABELS_LEFT + yTitleWidth;
  const plotWidth = width - left - right;
  const panelWidth = (plotWidth - (columns - 1) * columnGap) / columns;

  const xTitles = panels.map((panel) => wrapTitle(panel.x?.title, panelWidth + reach));
  const titles = panels.map((panel) => wrapTitle(panel.title, panelWidth + reach, true));
  const above = rows.map((_, row) => {
    const lines = mostLines(titles.slice(row * columns, (row + 1) * columns));
    return lines * fontSize.panel * LINE + 8;
  });
  const below = rows.map((_, row) => {
    if (spec.sharedX === true && row < rows.length - 1) return 10;
    const lines = mostLines(xTitles.slice(row * columns, (row + 1) * columns));
    return LABELS_BELOW + (lines === 0 ? 0 : lines * lineHeight + 6);
  });
  const tops = rows.map((_, row) => {
    let top = 0;
    for (let upper = 0; upper < row; upper += 1)
      top += heightOf(upper) + (below[upper] ?? 0) + (above[upper + 1] ?? 0);
    return top;
  });
  const plotHeight = (tops.at(-1) ?? 0) + heightOf(rows.length - 1);

  const layout: Record<string, unknown> = {};
  panels.forEach((panel, index) => {
    const column = index % columns;
    const row = Math.floor(index / columns);
    const x0 = (column * (panelWidth + columnGap)) / plotWidth;
    const y1 = 1 - (tops[row] ?? 0) / plotHeight;
    const isLowest = index + columns >= panels.length;
    layout[index === 0 ? 'xaxis' : `xaxis${index + 1}`] = {
      ...axisLayout(panel.x, xTitles[index] ?? [], spec.sharedX === true && !isLowest),
      ...(spec.sharedX === true && row > 0 ? { matches: axisId('x', column) } : {}),
      domain: [x0, Math.min(1, x0 + panelWidth / plotWidth)],
      anchor: axisId('y', index),
    };
    layout[index === 0 ? 'yaxis' : `yaxis${index + 1}`] = {
      ...axisLayout(panel.y, yTitles[index] ?? [], spec.sharedY === true && column > 0),
      ...(spec.sharedY === true && column > 0 ? { matches: axisId('y', row * columns) } : {}),
      domain: [Math.max(0, y1 - heightOf(row) / plotHeight), y1],
      anchor: axisId('x', index),
    };
  });
  const top = Math.round(headHeight + (above[0] ?? 0));
  const bottom = Math.round((below.at(-1) ?? 0) + EDGE);
  return {
    height: Math.round(top + plotHeight + bottom),
    margin: { l: left, r: right, t: top, b: bottom, pad: 0 },
    axes: layout,
    titles: titles.flatMap((lines, index) => (lines.length === 0 ? [] : [panelTitle(lines, index)])),
  };
}

function wrapTitle(title: string | undefined, room: number, bold = false): string[] {
  return title === undefined ? [] : wrapText(title, room, fontSize.label, bold);
}

function axisLayout(axis: AxisSpec | undefined, title: readonly string[], isInner: boolean): PlotlyObject {
  return {
    ...axis,
    title: { text: isInner ? '' : title.join('<br>') },
    ...(isInner ? { showticklabels: false, ticks: '' } : {}),
  };
}

function panelTitle(lines: readonly string[], index: number): PlotlyObject {
  return {
    text: lines.map((line) => `<b>${line}</b>`).join('<br>'),
    font: { size: fontSize.panel },
    align: 'left',
    xref: `${axisId('x', index)} domain`,
    x: 0,
    xanchor: 'left',
    yref: `${axisId('y', index)} domain`,
    y: 1,
    yanchor: 'bottom',
    yshift: 4,
    borderpad: 0,
    showarrow: false,
  };
}

/** Axes that several figures need. */
export const axes = {
  /** Counts: 1k, 10k, 100k; logarithmic on request. */
  count: (title: string, scale: 'linear' | 'log' = 'linear'): AxisSpec => ({
    title,
    type: scale,
    tickformat: '~s',
    ...(scale === 'log' ? { dtick: 1 } : { rangemode: 'tozero' }),
  }),
  /** Shares from 0 to 1, shown in per cent. */
  share: (title: string): AxisSpec => ({ title, tickformat: '.0%', range: [0, 1.02] }),
} as const;

/** Values of a curve. */
export interface Curve {
  readonly x: ArrayLike<number | string>;
  readonly y: ArrayLike<number | null>;
  readonly style: SeriesStyle;
  /** From 0; the first if left out. */
  readonly panel?: number;
  /** Shown in the legend, once for all panels with the same name; true if left out. */
  readonly legend?: boolean;
  /** Markers at the points: for measurements, not for dense curves; false if left out. */
  readonly markers?: boolean;
}

/** A line in the style of what it stands for. */
export function lineTrace(curve: Curve): PlotlyObject {
  const { style } = curve;
  return {
    type: 'scatter',
    mode: curve.markers === true ? 'lines+markers' : 'lines',
    name: style.name,
    legendgroup: style.name,
    showlegend: curve.legend ?? true,
    x: Array.from(curve.x),
    y: Array.from(curve.y),
    line: { color: style.color, dash: style.dash, width: 2.25 },
    marker: { color: style.color, symbol: style.symbol, size: 8, line: { color: style.color, width: 1.5 } },
    ...inPanel(curve.panel ?? 0),
  };
}

/**
 * An entry of the legend that says what a colour of a map stands for. Texts about a map name these
 * entries and no shades, since what is dark on paper is light in a dark theme.
 */
export function colorKey(name: string, color: string): PlotlyObject {
  return {
    type: 'scatter',
    mode: 'markers',
    name,
    // By itself: plotly sets what has no group in columns as wide as the longest name.
    legendgroup: name,
    x: [null],
    y: [null],
    hoverinfo: 'skip',
    marker: { symbol: 'square', size: 13, color, line: { color: ink.axis, width: 1 } },
    ...inPanel(0),
  };
}

/** A heat map whose cells have texts. */
export interface TextMap {
  /** Row by row; null in cells without a value, which have no text. */
  readonly z: readonly (readonly (number | null)[])[];
  readonly zmin: number;
  readonly zmax: number;
  readonly colorscale: ColorScale;
  /** [rows][columns]; '' for none. */
  readonly text: readonly (readonly string[])[];
  /** Names or numbers of columns and rows; from 0 if left out. */
  readonly x?: readonly (number | string)[];
  readonly y?: readonly (number | string)[];
  /** From 0; the first if left out. */
  readonly panel?: number;
  /** Of the texts, px. */
  readonly size: number;
  /** Further attributes of plotly's trace. */
  readonly further?: PlotlyObject;
}

/**
 * The traces of a heat map with texts in its cells, black or white, whichever is read better in
 * either theme. plotly's own texts are of one colour, or of a grey that is lost on colours of
 * medium lightness.
 */
export function textMapTraces(map: TextMap): PlotlyObject[] {
  const { z, zmin, zmax, colorscale, text, x, y, panel = 0, size, further } = map;
  const cells = z.flatMap((row, down) =>
    row.flatMap((value, across) => {
      const content = text[down]?.[across] ?? '';
      if (value === null || content === '') return [];
      const color = inkOn(scaleColor(colorscale, (value - zmin) / (zmax - zmin)));
      return [{ x: x?.[across] ?? across, y: y?.[down] ?? down, content, color }];
    }),
  );
  const places = { ...(x && { x }), ...(y && { y }) };
  return [
    {
      type: 'heatmap',
      ...places,
      z,
      zmin,
      zmax,
      colorscale,
      showscale: false,
      text,
      ...further,
      ...inPanel(panel),
    },
    cells.length > 0 && {
      type: 'scatter',
      mode: 'text',
      x: cells.map((cell) => cell.x),
      y: cells.map((cell) => cell.y),
      text: cells.map((cell) => cell.content),
      textfont: { size, color: cells.map((cell) => cell.color) },
      showlegend: false,
      hoverinfo: 'skip',
      ...inPanel(panel),
    },
  ].filter((trace) => trace !== false);
}

/** The area between two curves over the same x, behind their line. */
export interface Band {
  readonly x: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly style: SeriesStyle;
  readonly panel?: number;
}

/** A band in the style of the line it belongs to; not in the legend. */
export function bandTrace(band: Band): PlotlyObject {
  const x = Array.from(band.x);
  return {
    type: 'scatter',
    mode: 'lines',
    name: band.style.name,
    legendgroup: band.style.name,
    showlegend: false,
    hoverinfo: 'skip',
    x: [...x, ...[...x].reverse()],
    y: [...Array.from(band.high), ...Array.from(band.low).reverse()],
    fill: 'toself',
    fillcolor: translucent(band.style.color, 0.18),
    line: { width: 0 },
    ...inPanel(band.panel ?? 0),
  };
}

/** Bars in the style of what they stand for, told apart in black and white by their pattern. */
export function barTrace(curve: Curve): PlotlyObject {
  const { style } = curve;
  return {
    type: 'bar',
    name: style.name,
    legendgroup: style.name,
    showlegend: curve.legend ?? true,
    x: Array.from(curve.x),
    y: Array.from(curve.y),
    marker: {
      color: style.color,
      line: { color: style.color, width: 1 },
      pattern: { shape: style.pattern, fillmode: 'overlay', fgcolor: ink.paper, size: 6, solidity: 0.3 },
    },
    ...inPanel(curve.panel ?? 0),
  };
}
