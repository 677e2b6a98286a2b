// Reads a figure back as a reader sees it: panels with their axes, the legend, points inside them
// with whiskers and the text under the pointer, lines and labels. What is drawn is compared with
// the rows it was made from, whatever made it.

import { expect } from 'vitest';
import { present } from '../../lib/base/present';
import { type Figure } from '../../lib/report/figure';
import { type SeriesStyle } from '../../lib/report/style';

/** An axis: what stands beside it, and how it writes numbers. */
export interface ReadAxis {
  readonly title: string;
  /** plotly's type; absent where it follows from the data. */
  readonly type?: string;
  /** plotly's `tickformat`. */
  readonly format?: string;
  /** Labelled values, where they are given one by one. */
  readonly ticks?: readonly (readonly [number, string])[];
  /** Ends, in the units of the data. */
  readonly range?: readonly number[];
}

/** A point, a bar, or a cell of a heat map. */
export interface ReadPoint {
  readonly panel: number;
  readonly series?: string;
  readonly x: number | string;
  readonly y: number | string;
  /** Of a cell. */
  readonly z?: number;
  /** The ends of its whisker, as far as they are in sight. */
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  /** What is written on it. */
  readonly text?: string;
  /** What the pointer shows, where the figure says it. */
  readonly hover?: string;
}

/** An area between two curves, at one x. */
export type ReadBand = Required<Pick<ReadPoint, 'panel' | 'series' | 'x' | 'low' | 'high'>>;

/** A line along a panel: from one side to the other, or as far as its ends. */
export interface ReadLine {
  readonly panel: number;
  readonly x?: number;
  readonly y?: number;
  /** In the units of the axis that it runs along. */
  readonly ends?: readonly number[];
  readonly dash?: string;
}

/** A text inside a panel. */
export interface ReadLabel {
  readonly panel: number;
  readonly x: number | string;
  readonly y: number | string;
  readonly text: string;
}

/** A cell of a heat map and the colour that it is filled with. */
export type ReadColor = Required<Pick<ReadPoint, 'panel' | 'x' | 'y'>> & { readonly color: string };

/** A figure as it is read. */
export interface ReadFigure {
  /** Lines of the title, subtitle included. */
  readonly title: readonly string[];
  readonly panels: readonly { readonly title: string; readonly x: ReadAxis; readonly y: ReadAxis }[];
  /** In its order; a name twice where two of its entries have it. */
  readonly legend: readonly string[];
  readonly points: readonly ReadPoint[];
  readonly bands: readonly ReadBand[];
  readonly lines: readonly ReadLine[];
  readonly labels: readonly ReadLabel[];
  /** By series: colours, dashes and markers that it is drawn in. */
  readonly looks: ReadonlyMap<string, ReadonlySet<string>>;
}

type Values = readonly unknown[];

interface Whisker {
  readonly type: string;
  readonly symmetric?: boolean;
  readonly array: readonly number[];
  readonly arrayminus?: readonly number[];
}

interface Trace {
  readonly type: string;
  readonly mode?: string;
  readonly name?: string;
  readonly visible?: boolean;
  readonly showlegend?: boolean;
  readonly x?: Values;
  readonly y?: Values;
  readonly z?: readonly Values[];
  readonly zmin?: number;
  readonly zmax?: number;
  readonly colorscale?: readonly (readonly [number, string])[];
  readonly text?: Values | readonly Values[];
  readonly texttemplate?: string;
  readonly hovertext?: Values;
  readonly customdata?: Values | readonly Values[];
  readonly hovertemplate?: string;
  readonly hoverinfo?: string;
  readonly fill?: string;
  readonly line?: { readonly color?: string; readonly dash?: string; readonly width?: number };
  readonly marker?: {
    readonly color?: unknown;
    readonly symbol?: unknown;
    readonly size?: unknown;
    readonly line?: { readonly color?: unknown };
  };
  readonly error_x?: Whisker;
  readonly error_y?: Whisker;
  readonly xaxis?: string;
}

interface Axis {
  readonly title?: { readonly text?: string };
  readonly type?: string;
  readonly tickformat?: string;
  readonly tickvals?: readonly number[];
  readonly ticktext?: readonly string[];
  readonly range?: readonly number[];
}

interface Shape {
  readonly type: string;
  readonly xref: string;
  readonly yref: string;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
  readonly line?: { readonly dash?: string };
}

interface Annotation {
  readonly text: string;
  readonly xref: string;
  readonly yref: string;
  readonly x: number | string;
  readonly y: number | string;
  readonly yanchor?: string;
}

/** A place of a slider. */
export interface ReadStep {
  readonly label: string;
  /** The line of numbers below. */
  readonly text: string;
  readonly figure: ReadFigure;
}

interface Slider {
  readonly steps: readonly {
    readonly label: string;
    readonly args: readonly [{ readonly visible: readonly boolean[] }, Readonly<Record<string, string>>];
  }[];
}

/** Reads a figure with a slider, at each of its places. */
export function readSteps(figure: Figure): ReadStep[] {
  const [slider] = figure.layout['sliders'] as readonly Slider[];
  return present(slider, 'slider').steps.map(({ label, args: [{ visible }, texts] }) => ({
    label,
    text: Object.values(texts)[0] ?? '',
    figure: readFigure({
      ...figure,
      data: figure.data.map((trace, index) => ({ ...trace, visible: visible[index] })),
    }),
  }));
}

/** Reads a figure; of a slider, the step that is shown first. */
export function readFigure({ layout, data }: Figure): ReadFigure {
  const axes = layout as Readonly<Record<string, Axis | undefined>>;
  const panelCount = Object.keys(layout).filter((key) => /^xaxis\d*$/.test(key)).length;
  const axis = (letter: 'x' | 'y', panel: number): Axis =>
    present(axes[`${letter}axis${panel === 0 ? '' : panel + 1}`], 'axis');
  const annotations = layout['annotations'] as readonly Annotation[];
  const isTitle = ({ yref, y, yanchor }: Annotation): boolean =>
    yref.endsWith(' domain') && y === 1 && yanchor === 'bottom';
  const traces = (data as unknown as readonly Trace[]).filter(({ visible }) => visible !== false);
  for (const trace of traces) expectOwnLook(trace);
  const inLegend = traces.filter(({ showlegend }) => showlegend !== false);
  const isCellText = ({ mode, hoverinfo }: Trace): boolean => mode === 'text' && hoverinfo === 'skip';
  const cellTexts = new Map(
    traces
      .filter(isCellText)
      .flatMap(({ x = [], y = [], text = [], xaxis }) =>
        text.map((content, index) => [cellKey(panelOf(xaxis), x[index], y[index]), String(content)] as const),
      ),
  );
  const read = traces
    .filter((trace) => trace.fill !== 'toself' && !isCellText(trace))
    .flatMap((trace) => {
      const panel = panelOf(trace.xaxis);
      return trace.type === 'heatmap'
        ? cellsOf(trace, panel, axis('x', panel), axis('y', panel), cellTexts)
        : pointsOf(trace, panel, axis('x', panel), axis('y', panel));
    });
  return tidy({
    title: plainLines((layout['title'] as { text: string }).text),
    panels: Array.from({ length: panelCount }, (_, panel) => ({
      title: plainLines(
        annotations.find((one) => isTitle(one) && panelOf(one.xref) === panel)?.text ?? '',
      ).join(' '),
      x: readAxis(axis('x', panel)),
      y: readAxis(axis('y', panel)),
    })),
    legend: layout['showlegend'] === false ? [] : inLegend.flatMap(({ name }) => name ?? []),
    points: read.filter(({ panel, x, y }) => isInside(axis('x', panel), x) && isInside(axis('y', panel), y)),
    bands: traces.filter(({ fill }) => fill === 'toself').flatMap(bandOf),
    lines: (layout['shapes'] as readonly Shape[]).filter(({ type }) => type === 'line').map(readLine),
    labels: annotations
      .filter((one) => !isTitle(one) && one.xref !== 'paper')
      .map(({ text, xref, yref, x, y }): ReadLabel => {
        const panel = panelOf(xref);
        // Places on a logarithmic axis are given as logarithms.
        const place = (value: number | string, letter: 'x' | 'y', ref: string): number | string =>
          typeof value === 'number' && !ref.endsWith(' domain') && axis(letter, panel).type === 'log'
            ? 10 ** value
            : value;
        return { panel, x: place(x, 'x', xref), y: place(y, 'y', yref), text: plainLines(text).join(' ') };
      }),
    looks: looksOf(traces),
  });
}

/** Expects that plotly chooses no colour, width or size of what a trace draws. */
function expectOwnLook({ type, mode = '', fill, line, marker, name }: Trace): void {
  const [hasLine, hasMarkers] = [mode.includes('lines'), mode.includes('markers')];
  const isEdge = marker?.symbol === 'line-ew';
  const given = {
    ...(hasLine && fill !== 'toself' && { lineColor: line?.color, lineWidth: line?.width }),
    ...((hasMarkers || type === 'bar') && { markerColor: isEdge ? marker.line?.color : marker?.color }),
    ...(hasMarkers && { markerSize: marker?.size }),
  };
  if (hasLine && line?.dash !== undefined)
    expect(line.dash, `dash of ${name}`).toMatch(
      /^(solid|dot|dash|longdash|dashdot|longdashdot|(\d+px,?)+)$/,
    );
  for (const [part, value] of Object.entries(given)) expect(value, `${part} of ${name}`).toBeDefined();
}

/** The colours of the cells of heat maps; between two colours of a scale plotly mixes them. */
export function readColors(figure: Figure): ReadColor[] {
  return (figure.data as unknown as readonly Trace[])
    .filter(({ type, visible }) => type === 'heatmap' && visible !== false)
    .flatMap((trace) => {
      const { z = [], x = [], y = [], zmin = NaN, zmax = NaN, colorscale = [], xaxis } = trace;
      if (!(zmin < zmax)) throw new Error(`a scale of colours from ${zmin} to ${zmax}`);
      return z.flatMap((cells, row) =>
        cells.flatMap((value, column): ReadColor[] => {
          if (!isNumber(value)) return [];
          const place = Math.min(1, Math.max(0, (value - zmin) / (zmax - zmin)));
          return [
            {
              panel: panelOf(xaxis),
              x: (x[column] ?? column) as number | string,
              y: (y[row] ?? row) as number | string,
              color: colorAt(colorscale, place),
            },
          ];
        }),
      );
    });
}

function colorAt(scale: Required<Trace>['colorscale'], place: number): string {
  const above = Math.max(
    1,
    scale.findIndex(([end]) => end >= place),
  );
  const [[start, from], [end, to]] = [present(scale[above - 1], 'colour'), present(scale[above], 'colour')];
  if (from === to || place === start) return from;
  if (place === end) return to;
  const channels = (color: string): number[] =>
    [1, 3, 5].map((first) => Number.parseInt(color.slice(first, first + 2), 16));
  const [low, high] = [channels(from), channels(to)];
  const mixed = low.map((value, index) =>
    Math.round(value + ((place - start) / (end - start)) * ((high[index] ?? NaN) - value)),
  );
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`.toUpperCase();
}

/** Numbers to nine digits, so that sums in another order are the same. */
export function tidy<T>(value: T, digits = 9): T {
  if (typeof value === 'number') return Number(value.toPrecision(digits)) as T;
  if (typeof value !== 'object' || value === null || value instanceof Map) return value;
  if (Array.isArray(value)) return value.map((one: unknown) => tidy(one, digits)) as T;
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([key, field]) => [key, tidy(field, digits)])) as T;
}

/** Expects that a figure shows these points, in any order, and no others. */
export function expectPoints(read: readonly ReadPoint[], wanted: readonly ReadPoint[]): void {
  const sorted = (points: readonly ReadPoint[]): ReadPoint[] => {
    const key = ({ panel, series, x, y }: ReadPoint): string => JSON.stringify([panel, series, x, y]);
    return [...points].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  };
  expect(sorted(read)).toEqual(sorted(tidy(wanted)));
}

/** Expects that each of these series is drawn in its style everywhere, and no other is drawn. */
export function expectLooks({ looks }: ReadFigure, styles: Readonly<Record<string, SeriesStyle>>): void {
  const seen = Object.fromEntries([...looks].map(([name, look]) => [name, [...look].sort()]));
  const wanted = Object.entries(styles).map(([name, style]) => [name, lookOf(style)]);
  expect(Object.keys(seen).sort()).toEqual(Object.keys(styles).sort());
  for (const [name, look] of wanted as [string, readonly string[]][])
    for (const one of seen[name] ?? []) expect(look, name).toContain(one);
}

const lookOf = ({ color, dash, symbol }: SeriesStyle): string[] => [color, dash, symbol, `${symbol}-open`];

function looksOf(traces: readonly Trace[]): Map<string, Set<string>> {
  const looks = new Map<string, Set<string>>();
  for (const { name, type, mode = '', line, marker, fill } of traces) {
    if (name === undefined || type === 'heatmap' || fill === 'toself') continue;
    const look = looks.get(name) ?? new Set();
    looks.set(name, look);
    const [hasLine, hasMarkers] = [mode.includes('lines'), mode.includes('markers')];
    // Where no colour or symbol is given plotly takes its own.
    const parts = [
      ...(hasLine ? [line?.color ?? 'no colour', line?.dash] : []),
      ...(hasMarkers || type === 'bar' ? [opaque(marker?.color ?? 'no colour')] : []),
      ...(hasMarkers ? [marker?.symbol ?? 'circle'] : []),
    ];
    for (const part of parts) if (typeof part === 'string') look.add(part);
  }
  return looks;
}

/** Whether an axis shows a place; without a range it shows all. */
function isInside({ type, range }: Axis, place: number | string): boolean {
  if (range === undefined || typeof place === 'string') return true;
  const at = type === 'log' ? Math.log10(place) : place;
  return Math.min(...range) <= at && at <= Math.max(...range);
}

/** From 0, by a reference such as `x3` or `y3 domain`. */
function panelOf(reference = 'x'): number {
  const [, number = ''] = /^[xy](\d*)/.exec(reference) ?? [];
  return number === '' ? 0 : Number(number) - 1;
}

function plainLines(text: string): string[] {
  return text.split('<br>').map((line) => line.replace(/<\/?(?:b|i|span)[^>]*>/g, ''));
}

function readAxis({ title, type, tickformat, tickvals, ticktext, range }: Axis): ReadAxis {
  return {
    title: plainLines(title?.text ?? '').join(' '),
    ...(type === undefined ? {} : { type }),
    ...(tickformat === undefined ? {} : { format: tickformat }),
    ...(tickvals === undefined
      ? {}
      : { ticks: tickvals.map((value, index) => [value, ticktext?.[index] ?? String(value)] as const) }),
    ...(range === undefined ? {} : { range: type === 'log' ? range.map((end) => 10 ** end) : range }),
  };
}

const isNumber = (value: unknown): value is number => typeof value === 'number' && !Number.isNaN(value);
const isShown = (value: unknown): value is number | string => isNumber(value) || typeof value === 'string';

function pointsOf(trace: Trace, panel: number, xAxis: Axis, yAxis: Axis): ReadPoint[] {
  const { name, x = [], y = [], error_x: across, error_y: up } = trace;
  // Of other types the lengths are shares or one number; symmetric ones have no end of their own.
  for (const whisker of [across ?? [], up ?? []].flat())
    expect([whisker.type, whisker.symmetric]).toEqual(['data', false]);
  return y.flatMap((value, index) => {
    const place = x[index];
    if (!isShown(place) || !isShown(value)) return [];
    const [whisker, centre, axis] = across === undefined ? [up, value, yAxis] : [across, place, xAxis];
    const end = (at: number): number | undefined =>
      Number.isNaN(at) || !isInside(axis, at) ? undefined : at;
    const ends =
      whisker === undefined || !isNumber(centre)
        ? {}
        : {
            low: end(centre - ((whisker.arrayminus ?? whisker.array)[index] ?? NaN)),
            high: end(centre + (whisker.array[index] ?? NaN)),
          };
    const hover = hoverAt(trace, {
      x: [place, xAxis.tickformat, labelOn(xAxis, place)],
      y: [value, yAxis.tickformat, labelOn(yAxis, value)],
      text: [trace.text?.[index]],
      hovertext: [trace.hovertext?.[index]],
      customdata: [trace.customdata?.[index]],
    });
    return [
      { panel, ...(name === undefined ? {} : { series: name }), x: place, y: value, ...ends, ...hover },
    ];
  });
}

/** Names a cell of a heat map: what a text at its place belongs to. */
const cellKey = (panel: number, x: unknown, y: unknown): string => JSON.stringify([panel, x, y]);

function cellsOf(
  trace: Trace,
  panel: number,
  xAxis: Axis,
  yAxis: Axis,
  cellTexts: ReadonlyMap<string, string>,
): ReadPoint[] {
  const at = (values: Trace['text'], row: number, column: number): unknown =>
    (values?.[row] as Values | undefined)?.[column];
  // Places are given for all rows, or plotly counts them.
  expect([undefined, trace.z?.length]).toContain(trace.y?.length);
  return (trace.z ?? []).flatMap((cells, row) =>
    cells.flatMap((z, column): ReadPoint[] => {
      const [x, y] = [trace.x?.[column] ?? column, trace.y?.[row] ?? row] as [number, number];
      const text = at(trace.text, row, column);
      const written =
        trace.texttemplate?.replace('%{text}', String(text)) ?? cellTexts.get(cellKey(panel, x, y)) ?? '';
      const shown = written === '' ? {} : { text: plainLines(written).join(' ') };
      // A cell without a value has no colour and nothing under the pointer, but what is written on
      // it is seen.
      if (!isNumber(z)) return written === '' ? [] : [{ panel, x, y, ...shown }];
      const values = {
        x: [x, undefined, labelOn(xAxis, x)],
        y: [y, undefined, labelOn(yAxis, y)],
        z: [z],
        text: [text],
        customdata: [at(trace.customdata, row, column)],
      } as const;
      return [
        {
          panel,
          x,
          y,
          z,
          ...shown,
          ...hoverAt(trace, values),
        },
      ];
    }),
  );
}

/** The label of a place on its axis, if it has one. */
function labelOn({ tickvals = [], ticktext = [] }: Axis, place: number | string): string | undefined {
  return ticktext[tickvals.findIndex((value) => value === place)];
}

/** Values that a template may name, each with the format of its axis and its label there. */
type HoverValues = Readonly<
  Record<string, readonly [value: unknown, format?: string | undefined, label?: string | undefined]>
>;

/** The text under the pointer; what plotly says by itself is left out. */
function hoverAt({ hovertemplate, hoverinfo, name }: Trace, values: HoverValues): { hover?: string } {
  if (hovertemplate === undefined || hoverinfo === 'skip') return {};
  const [shown = '', extra] = hovertemplate.split('<extra>');
  const filled = shown.replace(/%\{(\w+)(?::([^}]+))?\}/g, (_, key: string, format?: string) => {
    const [value, ofAxis, label] = present(values[key], `value of %{${key}}`);
    // A template's own format is of the number.
    return format === undefined && label !== undefined ? label : formatted(value, format ?? ofAxis);
  });
  // The name stands beside, unless the template says what does.
  return { hover: `${plainLines(filled).join(' ')}${extra === undefined ? ` | ${name ?? ''}` : ''}` };
}

/** As plotly writes it, for the formats that figures use. */
export function formatted(value: unknown, format?: string): string {
  if (typeof value === 'string') return value;
  if (typeof value !== 'number') throw new Error('a hover text names what is not there');
  if (format === undefined) return String(value);
  if (format === ',d') return value.toLocaleString('en');
  const [, digits = '', type = ''] = /^\.(\d+)([fg%])$/.exec(format) ?? [];
  if (type === 'f') return value.toFixed(Number(digits));
  if (type === 'g') return value.toPrecision(Number(digits));
  if (type === '%') return `${(100 * value).toFixed(Number(digits))}%`;
  throw new Error(`format ${format} is not known here`);
}

function bandOf({ name = '', x = [], y = [], xaxis }: Trace): ReadBand[] {
  return x.slice(0, x.length / 2).map((place, index) => ({
    panel: panelOf(xaxis),
    series: name,
    x: place as number,
    low: y[x.length - 1 - index] as number,
    high: y[index] as number,
  }));
}

function readLine({ xref, yref, x0, x1, y0, y1, line }: Shape): ReadLine {
  const panel = panelOf(xref);
  const dash = line?.dash === undefined ? {} : { dash: line.dash };
  return {
    panel,
    ...(x0 === x1 && !xref.endsWith(' domain') ? { x: x0 } : {}),
    ...(y0 === y1 && !yref.endsWith(' domain') ? { y: y0 } : {}),
    ...(x0 === x1 && !yref.endsWith(' domain') ? { ends: [y0, y1] } : {}),
    ...(y0 === y1 && !xref.endsWith(' domain') ? { ends: [x0, x1] } : {}),
    ...dash,
  };
}

/** The colour of which `rgba(...)` is a tint, as bars have it; any other as it is. */
function opaque(color: unknown): unknown {
  const channels = typeof color === 'string' ? /^rgba\((\d+), (\d+), (\d+), 0\.6\)$/.exec(color) : null;
  if (channels === null) return color;
  const digits = channels.slice(1).map((one) => Number(one).toString(16).padStart(2, '0'));
  return `#${digits.join('')}`.toUpperCase();
}
