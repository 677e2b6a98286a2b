// The picture in which the two levels of position show apart: attention by the distance of the segment, down, and by the place inside it seen
// from the query's own, across. Attention to places makes columns, attention to segments rows.

import { present } from '../base/present';
import { type AttentionMass, meanMass, type SequenceAttention } from '../evaluate/attention-mass';
import { type Figure, inPanel, makeFigure, type PlotlyObject } from '../report/figure';
import { ink, tintedHeatColor, tintedHeatScale } from '../report/style';

/** One panel. */
export interface AttentionMapPanel {
  readonly mean: Pick<AttentionMass, 'joint'>;
  /** Evenly spread attention, on the same queries and keys. */
  readonly uniform: Pick<AttentionMass, 'joint'>;
}

/** A figure of maps: a column for each model, say. */
export interface AttentionMaps {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly alt: string;
  readonly columns: readonly string[];
  readonly rows: readonly {
    /** Before the axis' title; empty: nothing. */
    readonly label: string;
    /** One for each column. */
    readonly panels: readonly AttentionMapPanel[];
  }[];
  /** Segments shown at most; default 8. */
  readonly segments?: number;
}

/** How many times evenly spread mass the lightest and the darkest cell have, and those that the legend names between them. */
const [lightest, between, darkest] = [0.1, [0.3, 1, 3, 10], 30] as const;

/** Attention as multiples of evenly spread attention. */
export function attentionMapFigure({ segments = 8, ...maps }: AttentionMaps): Figure {
  const { columns, rows } = maps;
  const [row = []] = present(rows[0]?.panels[0], 'panel').mean.joint;
  const reach = (row.length - 1) / 2;
  return makeFigure({
    id: maps.id,
    title: maps.title,
    subtitle: maps.subtitle,
    caption:
      `Across: the key's place in its segment less the query's place in its own, so 0 is the query's own place; the outermost columns hold all that is ${reach} places away and more. Down: segments back. ` +
      'Colour: mass as a multiple of what it would be if attention were evenly spread over the same keys, the first token left out, in the mean over layers and heads. White: no key; in the own segment keys stand before the query or are the token itself. ' +
      'A column that is darker than its neighbours all the way down is attention to a place, a row that is darker is attention to a segment.',
    alt: maps.alt,
    columns: columns.length,
    sharedX: true,
    sharedY: true,
    panelHeight: 170,
    panels: rows.flatMap(({ label }, index) =>
      columns.map((name) => ({
        ...(index === 0 ? { title: name } : {}),
        x: { title: "Place less query's", tickvals: [-reach, 0, reach], ticks: '', showgrid: false },
        y: {
          title: label === '' ? 'Segments back' : `${label}<br>segments back`,
          range: [segments - 0.5, -0.5],
          dtick: 2,
          ticks: '',
          showgrid: false,
        },
      })),
    ),
    data: [
      ...rows.flatMap(({ panels }, index) =>
        panels.map((panel, column) => mapTrace(panel, segments, index * columns.length + column)),
      ),
      ...[lightest, ...between, darkest].map(shadeKey),
    ],
    layout: { showlegend: true },
  });
}

/** Maps of what some models' heads do on some sequences each, in one row. */
export function drawAttentionMap(
  measured: Readonly<Record<string, readonly SequenceAttention[]>>,
  { title }: { readonly title: string },
): Figure {
  const names = Object.keys(measured);
  return attentionMapFigure({
    id: 'attention-map',
    title,
    subtitle: 'Attention as a multiple of evenly spread attention, mean over layers and heads',
    alt: `A map of segments by places for each of ${names.join(', ')}.`,
    columns: names,
    rows: [
      {
        label: '',
        panels: Object.values(measured).map((sequences) => ({
          mean: meanMass(sequences.flatMap(({ heads }) => heads.flat())),
          uniform: meanMass(sequences.map(({ uniform }) => uniform)),
        })),
      },
    ],
  });
}

/** 0 for the lightest colour, 1 for the darkest. */
function shade(times: number): number {
  const place = Math.log(times / lightest) / Math.log(darkest / lightest);
  return Math.min(1, Math.max(0, place));
}

function mapTrace({ mean, uniform }: AttentionMapPanel, segments: number, panel: number): PlotlyObject {
  const times = mean.joint
    .slice(0, segments)
    .map((row, segment) => row.map((mass, offset) => ratio(mass, uniform.joint[segment]?.[offset] ?? 0)));
  const reach = ((times[0]?.length ?? 1) - 1) / 2;
  return {
    type: 'heatmap',
    x: (times[0] ?? []).map((_, offset) => offset - reach),
    y: times.map((_, segment) => segment),
    z: times.map((row) => row.map((value) => (value === null ? null : shade(value)))),
    customdata: times,
    zmin: 0,
    zmax: 1,
    colorscale: tintedHeatScale,
    showscale: false,
    hovertemplate: '%{y} segments back, place %{x}: %{customdata:.2f} times evenly spread<extra></extra>',
    ...inPanel(panel),
  };
}

/** A multiple of evenly spread mass; null where there is no key. */
function ratio(mass: number, evenMass: number): number | null {
  return evenMass > 0 ? mass / evenMass : null;
}

/** An entry of the legend that says what a colour stands for. */
function shadeKey(times: number): PlotlyObject {
  const names: Readonly<Record<number, string>> = {
    [lightest]: `≤ ${lightest}`,
    1: '1 (evenly spread)',
    [darkest]: `≥ ${darkest}`,
  };
  return {
    type: 'scatter',
    mode: 'markers',
    name: names[times] ?? String(times),
    x: [null],
    y: [null],
    hoverinfo: 'skip',
    marker: {
      symbol: 'square',
      size: 13,
      color: tintedHeatColor(shade(times)),
      line: { color: ink.axis, width: 1 },
    },
    ...inPanel(0),
  };
}
