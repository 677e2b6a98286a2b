// A figure is data: a plotly specification with its title, its caption and a description for those
// who cannot see it.

import { ConfigError } from '../base/errors';
import { printable } from '../base/printable';
import { fileLayout, screenLayout } from './layout';
import { type FigureSpec, type PlotlyObject, traceIn } from './spec';
import { onlySmallMarkup } from './text';

/**
 * A figure to show and to export. Texts may use plotly's markup: `<b>`, `<i>`, `<sub>`, `<sup>`,
 * `<br>`.
 */
export interface Figure {
  /** File name without extension: lower-case letters, digits and `-`. */
  readonly id: string;
  readonly title: string;
  /** The text under it, as in a paper: how to read it, and what to look at. */
  readonly caption: string;
  /** A description for those who cannot see it. */
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

/**
 * A figure in the house style.
 *
 * @throws ConfigError if the id cannot be a file name, or a text a reader needs is missing
 */
export function makeFigure(given: FigureSpec): Figure {
  checkTexts(given);
  const spec = withSmallMarkup(given);
  const { id, title, caption, alt } = spec;
  const data = tracesOf(spec);
  return {
    id,
    title,
    caption,
    alt,
    data,
    layout: fileLayout(spec, data),
    screen: screenLayout(spec, data),
  };
}

/** The traces of all panels, each name once in the legend. */
function tracesOf({ panels = [{}], data = [] }: FigureSpec): PlotlyObject[] {
  const traces = panels.flatMap((panel, index) => (panel.data ?? []).map((trace) => traceIn(index, trace)));
  const all = namedOnce([...traces, ...data.map((trace) => ({ ...traceIn(0, {}), ...trace }))]);
  return [...all, ...unseenTraces(panels.length, all)];
}

/**
 * The traces, of which the first of each name is in the legend, and those that say themselves
 * whether they are.
 */
export function namedOnce(traces: readonly PlotlyObject[]): PlotlyObject[] {
  const seen = new Set<unknown>();
  return traces.map((trace) => {
    const { name, showlegend } = trace;
    if (name === undefined || showlegend !== undefined) return trace;
    const isNew = !seen.has(name);
    seen.add(name);
    return isNew ? trace : { ...trace, showlegend: false };
  });
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
  const drawn = new Set(data.map((trace) => trace['xaxis']));
  const empty = { type: 'scatter', x: [], y: [], hoverinfo: 'skip', showlegend: false };
  return Array.from({ length: panels }, (_, index) => traceIn(index, empty)).filter(
    ({ xaxis }) => !drawn.has(xaxis),
  );
}

function checkTexts(spec: FigureSpec): void {
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(spec.id))
    throw new ConfigError(`figure id "${spec.id}": only lower-case letters, digits and single hyphens`);
  for (const field of ['title', 'caption', 'alt'] as const) {
    if (spec[field].trim() === '')
      throw new ConfigError(`figure ${spec.id}: ${field} is empty; say what it shows`);
  }
}
