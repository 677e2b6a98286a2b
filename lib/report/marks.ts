// Lines and texts in a panel that are no data: limits, levels, names of bars.

import { type PlotlyObject } from './spec';
import { ink } from './style';

/** The dash of lines that stand for a guess or a second limit. */
export const broken = '6px,4px';

/** How a line looks: thin, muted and dotted where nothing is said. */
export interface LineLook {
  readonly color?: string;
  readonly width?: number;
  readonly dash?: string;
}

/** The look as plotly's traces and shapes take it. */
export function lineLook(look: LineLook = {}): PlotlyObject {
  const { dash = 'dot', ...others } = look;
  return { color: ink.muted, width: 1, ...(dash === 'solid' ? {} : { dash }), ...others };
}

/** A line from the foot of a panel to its top. */
export function verticalLine(x: number, look?: LineLook): PlotlyObject {
  return { type: 'line', xref: 'x', yref: 'y domain', x0: x, x1: x, y0: 0, y1: 1, line: lineLook(look) };
}

/** A line from one side of a panel to the other. */
export function horizontalLine(y: number, look?: LineLook): PlotlyObject {
  return { type: 'line', xref: 'x domain', yref: 'y', x0: 0, x1: 1, y0: y, y1: y, line: lineLook(look) };
}

/** A point of a panel. */
export type Point = readonly [x: number, y: number];

/** A straight line between two points of a panel. */
export function lineBetween([x0, y0]: Point, [x1, y1]: Point, look?: LineLook): PlotlyObject {
  return { type: 'line', xref: 'x', yref: 'y', x0, x1, y0, y1, line: lineLook(look) };
}

/**
 * A text at a place of a panel.
 *
 * @param place a place on a logarithmic axis is its logarithm; with `xref: 'x domain'` it is a
 *   share of the panel's width
 */
export function textAt(text: string, place: PlotlyObject): PlotlyObject {
  return { text, xref: 'x', yref: 'y', showarrow: false, ...place };
}
