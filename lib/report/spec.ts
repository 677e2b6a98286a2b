// How a figure is described: its texts, and its panels with what is drawn in each.

import { type figureWidth } from './style';

/** A trace, an axis or a part of a layout, in plotly's own terms. */
export type PlotlyObject = Readonly<Record<string, unknown>>;

/** An axis in plotly's terms; `title` is the text alone. */
export interface AxisSpec {
  readonly title?: string;
  readonly [attribute: string]: unknown;
}

/** One coordinate system of a figure, and what is drawn in it. */
export interface PanelSpec {
  /** Above the panel, at its left edge. */
  readonly title?: string;
  readonly x?: AxisSpec;
  readonly y?: AxisSpec;
  /** plotly's traces, without axes: theirs are the panel's. */
  readonly data?: readonly PlotlyObject[];
  /**
   * Lines, areas and texts: plotly's shapes and annotations, which refer to the axes as if this
   * were the only panel (`x`, `y domain`).
   */
  readonly marks?: readonly PlotlyObject[];
}

/** A figure as an item describes it; its layout follows from this. */
export interface FigureSpec {
  readonly id: string;
  readonly title: string;
  /** A second, lighter line: the question or the finding. */
  readonly subtitle?: string;
  readonly caption: string;
  readonly alt: string;
  /**
   * Traces of the first panel, after its own: all of them in a figure of one, or keys of the
   * legend.
   */
  readonly data?: readonly PlotlyObject[];
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

/** The axis of a panel, counted from 0, as plotly calls it: `x`, `x2`, ... */
export function axisId(letter: 'x' | 'y', panel: number): string {
  return panel === 0 ? letter : `${letter}${panel + 1}`;
}

/** The trace in a panel, counted from 0. */
export function traceIn(panel: number, trace: PlotlyObject): PlotlyObject {
  return { ...trace, xaxis: axisId('x', panel), yaxis: axisId('y', panel) };
}

/** The shape or annotation in a panel, counted from 0. */
export function markIn(panel: number, mark: PlotlyObject): PlotlyObject {
  const refer = (letter: 'x' | 'y'): string =>
    String(mark[`${letter}ref`]).replace(/^[xy]/, axisId(letter, panel));
  return { ...mark, xref: refer('x'), yref: refer('y') };
}
