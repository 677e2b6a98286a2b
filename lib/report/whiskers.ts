// Whiskers: how far a number may be from where it is drawn, and the same in words under the
// pointer, where plotly alone would show every digit.

import { formatRange, type Range } from '../base/format';
import { type PlotlyObject } from './figure';

/** What the pointer says of the points of a trace. */
export interface PointWords {
  /** The name and place of each point, e.g. `BiPE-RoPE at 4,096 tokens`. */
  readonly points: readonly string[];
  /** What is measured, e.g. `perplexity`. */
  readonly quantity: string;
  readonly format: (value: number) => string;
}

/** How whiskers look. */
export interface WhiskerLook {
  /** Along which axis they lie; default `y`. */
  readonly axis?: 'x' | 'y';
  /** Of the cross-bars, px; default 3. */
  readonly width?: number;
  /** That of the trace if left out. */
  readonly color?: string;
}

/** Whiskers to both ends of each range, with the text of each point: spread into a trace. */
export function whiskers(
  ranges: readonly Range[],
  { points, quantity, format }: PointWords,
  { axis = 'y', width = 3, color }: WhiskerLook = {},
): PlotlyObject {
  const lengths = {
    array: ranges.map(({ centre, high }) => high - centre),
    arrayminus: ranges.map(({ centre, low }) => centre - low),
  };
  // Of no length, as where there is no interval, whiskers would be cross-bars on their points.
  const hasLength = [...lengths.array, ...lengths.arrayminus].some((length) => length > 0);
  return {
    ...(hasLength && {
      [`error_${axis}`]: {
        type: 'data',
        symmetric: false,
        ...lengths,
        thickness: 1.25,
        width,
        ...(color === undefined ? {} : { color }),
      },
    }),
    hovertext: ranges.map(
      (range, index) => `${points[index] ?? ''}: ${quantity} ${formatRange(range, format)}`,
    ),
    hovertemplate: '%{hovertext}<extra></extra>',
  };
}
