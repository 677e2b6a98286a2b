// The picture in which the two levels of position show apart: attention by the distance of the segment, down, and by the place inside it seen
// from the query's own, across. Attention to places makes columns, attention to segments rows.

import { UsageError } from '../base/errors';
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
    /** At its left. */
    readonly label: string;
    /** One for each column. */
    readonly panels: readonly AttentionMapPanel[];
  }[];
}

/** Segments that a panel shows. */
const mostSegments = 8;

/** How many times evenly spread mass the lightest and the darkest cell have, and those that the legend names between them. */
const [lightest, between, darkest] = [0.1, [0.3, 1, 3, 10], 30] as const;

/** Attention as multiples of evenly spread attention. */
export function attentionMapFigure(maps: AttentionMaps): Figure {
  const { columns, rows } = maps;
  const { joint } = present(rows[0]?.panels[0], 'panel').mean;
  // The last row holds all that is farther.
  const segments = Math.min(mostSegments, joint.length - 1);
  const reach = ((joint[0] ?? []).length - 1) / 2;
  return makeFigure({
    id: maps.id,
    title: maps.title,
    subtitle: maps.subtitle,
    caption:
      `Across: the key's place in its segment less the query's place in its own, so 0 is the query's own place; the outermost columns hold all that is ${reach} places away and more. Down: segments back. ` +
      'Colour: mass as a multiple of what it would be if attention were evenly spread over the same keys, the first token left out. White: no key; in the own segment keys stand before the query or are the token itself. ' +
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
          title: `${label}<br>segments back`,
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

/** What is shown of measured models. */
export interface HeadMapOptions {
  readonly title: string;
  /** From 0. */
  readonly layer: number;
}

/**
 * Maps of each head of a layer, over some sequences: a row for each model.
 *
 * @param measured by the name of the model, all of as many heads and with the same bins
 * @throws UsageError if a model has no such layer
 */
export function drawHeadMaps(
  measured: Readonly<Record<string, readonly SequenceAttention[]>>,
  { title, layer }: HeadMapOptions,
): Figure {
  const models = Object.entries(measured).map(([name, sequences]) => {
    const layers = sequences.map(({ heads }) => heads[layer] ?? []);
    const [first = []] = layers;
    if (first.length === 0)
      throw new UsageError(
        `${name} has no layer ${layer}; count layers from 0, and measure a sequence at least`,
      );
    const uniform = meanMass(sequences.map((sequence) => sequence.uniform));
    const panels = first.map((_, head) => ({
      mean: meanMass(layers.map((heads) => present(heads[head], 'head'))),
      uniform,
    }));
    return { label: name, panels };
  });
  const [{ panels }] = models as [(typeof models)[number]];
  return attentionMapFigure({
    id: 'attention-map',
    title,
    subtitle: `Attention as a multiple of evenly spread attention, layer ${layer}`,
    alt: `A map of segments by places for each of ${panels.length} heads of ${Object.keys(measured).join(', ')}.`,
    columns: panels.map((_, head) => `Head ${head}`),
    rows: models,
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
