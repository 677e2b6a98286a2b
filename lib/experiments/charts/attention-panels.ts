// The panels of figures of attention between the tokens of one sequence: a map of weights in each,
// axes with a label for each token, and the borders of segments.

import { type AxisSpec, type FigureSpec, type PlotlyObject } from '../../report/spec';
import { lineBetween } from '../../report/marks';
import { colorKey } from '../../report/traces';
import { heatColor, heatScale, ink } from '../../report/style';
import { segmentLengths } from '../../segment/lengths';

/** Maps of attention over the tokens of one sequence. */
export interface AttentionPanels {
  /** One of each panel. */
  readonly titles: readonly string[];
  /** [panels][queries][keys]; what lies after a query is not shown. */
  readonly maps: readonly (readonly (readonly number[])[])[];
  /** The tokens as axes call them. */
  readonly labels: readonly string[];
  readonly ids: ArrayLike<number>;
  readonly separators: readonly number[];
  /** Of a panel, px. */
  readonly height: number;
  /** The weight from which on all have one colour; default 1. */
  readonly largest?: number;
  /** Digits of a weight under the pointer; default 2. */
  readonly digits?: number;
  /** Turns the labels of keys, for those that are words; default 0. */
  readonly labelAngle?: number;
}

/** The parts of a figure that shows attention, two panels in a row. */
export function attentionPanels({
  titles,
  maps,
  labels,
  ids,
  separators,
  height,
  largest = 1,
  digits = 2,
  labelAngle = 0,
}: AttentionPanels): Required<Pick<FigureSpec, 'columns' | 'panelHeight' | 'panels' | 'data' | 'layout'>> {
  const size = labels.length;
  const ticks = tokenAxis(labels, 0.9 * height);
  return {
    columns: 2,
    panelHeight: height,
    panels: titles.map((title, panel) => ({
      title,
      x: { ...ticks, tickangle: labelAngle, range: [-0.5, size - 0.5] },
      y: { ...ticks, range: [size - 0.5, -0.5] },
      data: [
        {
          type: 'heatmap',
          z: maps[panel]?.map((row, query) => row.map((weight, key) => (key <= query ? weight : null))),
          zmin: 0,
          zmax: largest,
          colorscale: heatScale,
          showscale: false,
          hovertemplate: `query %{y}, key %{x}: %{z:.${digits}f}<extra></extra>`,
        },
      ],
      marks: segmentBorders(ids, separators),
    })),
    data: weightKeys(largest),
    layout: { showlegend: true },
  };
}

/** The legend of the colours; with a largest weight below 1 there may be larger ones. */
function weightKeys(largest: number): PlotlyObject[] {
  const shares = [0, 0.25, 0.5, 0.75, 1];
  const nameOf = (share: number): string =>
    `${share === 0 ? 'weight ' : ''}${share === 1 && largest < 1 ? '≥ ' : ''}${formatWeight(share * largest)}`;
  return shares.map((share) => colorKey(nameOf(share), heatColor(share)));
}

function formatWeight(weight: number): string {
  return String(Number(weight.toPrecision(2)));
}

/** An axis with a label for each token; `room` is what the labels share, in px of font size. */
function tokenAxis(labels: readonly string[], room: number): AxisSpec {
  return {
    tickmode: 'array',
    tickvals: labels.map((_, index) => index),
    ticktext: labels,
    tickfont: { size: Math.max(6, Math.min(11, room / labels.length)) },
    showgrid: false,
    ticks: '',
  };
}

/**
 * Lines between the segments of a sequence of token ids, in the lower triangle of a panel of
 * queries by keys.
 */
function segmentBorders(ids: ArrayLike<number>, separators: readonly number[]): PlotlyObject[] {
  const look = { color: ink.axis, dash: 'solid' };
  const [low, high] = [-0.5, ids.length - 0.5];
  let border = low;
  return [...segmentLengths(ids, separators)].slice(0, -1).flatMap((length) => {
    border += length;
    return [
      lineBetween([border, border], [border, high], look),
      lineBetween([low, border], [border, border], look),
    ];
  });
}
