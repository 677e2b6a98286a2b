// Whiskers: how far a number may be from where it is drawn, and the same in words under the
// pointer, where plotly alone would show every digit.

import { formatRange, type Range } from '../base/format';
import { inWords, valueInWords } from './axes';
import { type PlotlyObject } from './spec';
import { type Quantity } from './tables';

/** How whiskers look. */
export interface WhiskerLook {
  /** Along which axis they lie; default `y`. */
  readonly axis?: 'x' | 'y';
  /** Of the cross-bars, px; default 3. */
  readonly width?: number;
  /** That of the trace if left out. */
  readonly color?: string;
}

/**
 * Whiskers to both ends of each range, with the text of each point: spread into a trace.
 *
 * @param points   the name and place of each, e.g. `BiPE-RoPE at 4,096 tokens`
 * @param quantity what is measured
 */
export function whiskers(
  ranges: readonly Range[],
  points: readonly string[],
  quantity: Quantity,
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
      (range, index) =>
        `${points[index] ?? ''}: ${inWords(quantity)} ${formatRange(range, (value) => valueInWords(value, quantity))}`,
    ),
    hovertemplate: '%{hovertext}<extra></extra>',
  };
}
