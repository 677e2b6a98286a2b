// What panels that show attention between the tokens of one sequence have in common: an axis with a label for each token, and the
// borders of segments.

import { type AxisSpec, inPanel, type PlotlyObject } from '../report/figure';
import { ink } from '../report/style';
import { segmentLengths } from '../segment/lengths';

/** An axis with a label for each token; `room` is what the labels share, in px of font size. */
export function tokenAxis(labels: readonly string[], room: number): AxisSpec {
  return {
    tickmode: 'array',
    tickvals: labels.map((_, index) => index),
    ticktext: labels,
    tickfont: { size: Math.max(6, Math.min(11, room / labels.length)) },
    tickangle: 0,
    showgrid: false,
    ticks: '',
  };
}

/** Lines between the segments of a sequence of token ids, in the lower triangle of a panel of queries by keys. */
export function segmentBorders(
  ids: ArrayLike<number>,
  separators: readonly number[],
  panel: number,
): PlotlyObject[] {
  const { xaxis, yaxis } = inPanel(panel);
  const line = { color: ink.axis, width: 1 };
  const [low, high] = [-0.5, ids.length - 0.5];
  let border = low;
  return [...segmentLengths(ids, separators)].slice(0, -1).flatMap((length) => {
    border += length;
    return [
      { type: 'line', xref: xaxis, yref: yaxis, x0: border, x1: border, y0: border, y1: high, line },
      { type: 'line', xref: xaxis, yref: yaxis, x0: low, x1: border, y0: border, y1: border, line },
    ];
  });
}
