// Lines, bands and bars in the style of what they stand for, and keys of the legend.

import { type PlotlyObject } from './spec';
import { ink, type SeriesStyle, translucent } from './style';

/** Values of a curve. */
export interface Curve {
  readonly x: ArrayLike<number | string>;
  readonly y: ArrayLike<number | null>;
  readonly style: SeriesStyle;
  /** False keeps it out of the legend, in which each name stands once anyway. */
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
    ...named(curve),
    line: { color: style.color, dash: style.dash, width: 2.25 },
    marker: { color: style.color, symbol: style.symbol, size: 8, line: { color: style.color, width: 1.5 } },
  };
}

/** The points of a curve without its line. */
export function pointsTrace(curve: Omit<Curve, 'markers'>): PlotlyObject {
  return { ...lineTrace(curve), mode: 'markers' };
}

/**
 * Bars in the style of what they stand for, which differ in black and white by their pattern. Their
 * fill is light enough for a whisker to be seen down to its lower end.
 */
export function barTrace(curve: Omit<Curve, 'markers'>): PlotlyObject {
  const { style } = curve;
  return {
    type: 'bar',
    ...named(curve),
    marker: {
      color: translucent(style.color, 0.6),
      line: { color: style.color, width: 1.5 },
      pattern: { shape: style.pattern, fillmode: 'overlay', fgcolor: ink.paper, size: 6, solidity: 0.3 },
    },
  };
}

function named({ x, y, style: { name }, legend }: Curve): PlotlyObject {
  return {
    name,
    legendgroup: name,
    ...(legend === undefined ? {} : { showlegend: legend }),
    x: Array.from(x),
    y: Array.from(y),
  };
}

/** The area between two curves over the same x, behind their line. */
export interface Band {
  readonly x: ArrayLike<number>;
  readonly low: ArrayLike<number>;
  readonly high: ArrayLike<number>;
  readonly style: SeriesStyle;
}

/** A band in the style of the line it belongs to; not in the legend. */
export function bandTrace({ x, low, high, style }: Band): PlotlyObject {
  const along = Array.from(x);
  return {
    type: 'scatter',
    mode: 'lines',
    name: style.name,
    legendgroup: style.name,
    showlegend: false,
    hoverinfo: 'skip',
    x: [...along, ...[...along].reverse()],
    y: [...Array.from(high), ...Array.from(low).reverse()],
    fill: 'toself',
    fillcolor: translucent(style.color, 0.18),
    line: { width: 0 },
  };
}

/**
 * An entry of the legend that says what a colour of a map stands for. Texts about a map name these
 * entries and no shades, since what is dark on paper is light in a dark theme.
 */
export function colorKey(name: string, color: string): PlotlyObject {
  return {
    ...markerKey(name, { symbol: 'square', size: 13, color, line: { color: ink.axis, width: 1 } }),
    // By itself: plotly sets what has no group in columns as wide as the longest name.
    legendgroup: name,
    hoverinfo: 'skip',
  };
}

/** An entry of the legend for a marker that is no series. */
export function markerKey(name: string, marker: PlotlyObject): PlotlyObject {
  return { type: 'scatter', mode: 'markers', name, x: [null], y: [null], marker };
}

/** An entry of the legend for a line that is no series. */
export function lineKey(name: string, line: PlotlyObject): PlotlyObject {
  return { type: 'scatter', mode: 'lines', name, x: [null], y: [null], line };
}
