// Lays out titles, legend and panels in pixels, so that every figure reads alike and nothing is
// cut.

import { figureWidth, fontSize, ink, screenWidth, template } from './style';
import { type AxisSpec, axisId, type FigureSpec, markIn, type PlotlyObject } from './spec';
import { estimateWidth, wrapText } from './text';

const EDGE = 14; // px left free around everything
const LINE = 1.3; // line height in font sizes
const CAPITAL = 0.72; // height of capitals in font sizes
const LEGEND_KEY = 58; // px of a legend item beside its text
const LEGEND_ROW = 25; // px of a row of the legend
const LABELS_BELOW = 24; // px under a panel for tick labels
const LABELS_LEFT = 48; // px left of a panel for tick labels
const SCREEN_REACH = 16; // px; less than the narrowest gap and the right margin
const LEAST_COLUMN = 100; // px of a column with its gap, however many there are

/** The layout in a file: of a fixed width. */
export function fileLayout(spec: FigureSpec, data: readonly PlotlyObject[]): PlotlyObject {
  const width = figureWidth[spec.width ?? 'page'];
  return { ...layoutAt(spec, data, width), width };
}

/**
 * A layout that only has more room where it is wider than `screenWidth.least`. Logarithmic x axes
 * have so few labels that plotly does not turn them, for which the rows have no room.
 */
export function screenLayout(spec: FigureSpec, data: readonly PlotlyObject[]): PlotlyObject {
  const { panels = [{}] } = spec;
  const columns = columnsOf(spec);
  const nticks = Math.max(2, Math.floor(6 / columns));
  const withFewerLabels = panels.map((panel) =>
    panel.x?.['type'] === 'log' ? { ...panel, x: { nticks, ...panel.x } } : panel,
  );
  const width = Math.max(screenWidth.least, columns * LEAST_COLUMN);
  return layoutAt({ ...spec, panels: withFewerLabels }, data, width, SCREEN_REACH);
}

function columnsOf({ panels = [{}], columns = panels.length }: FigureSpec): number {
  return Math.min(columns, panels.length);
}

/**
 * Texts and panels that fit a figure of `width` px; the width itself is left open. Titles may be
 * `reach` px wider than their panels.
 */
function layoutAt(spec: FigureSpec, data: readonly PlotlyObject[], width: number, reach = 0): PlotlyObject {
  const head = headLayout(spec, data, width);
  const grid = gridLayout(spec, width, reach, head.height);
  const { shapes, annotations, ...further } = spec.layout ?? {};
  const marks = (spec.panels ?? []).flatMap((panel, index) =>
    (panel.marks ?? []).map((mark) => markIn(index, mark)),
  );
  const isText = (mark: PlotlyObject): boolean => 'text' in mark;
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
    shapes: [...marks.filter((mark) => !isText(mark)), ...asList(shapes)],
    annotations: [...grid.titles, ...marks.filter(isText), ...asList(annotations)],
  };
}

const asList = (value: unknown): unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** Title, subtitle and legend: their lines, and how much height they take. */
function headLayout(
  spec: FigureSpec,
  data: readonly PlotlyObject[],
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
  const names = legendNames(data);
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
