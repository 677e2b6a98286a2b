// The picture in which the two levels of position show apart: attention by the distance of the
// segment, down, and by the place inside it seen from the query's own, across. Attention to places
// makes columns, attention to segments rows.

import { UsageError } from '../../base/errors';
import { present } from '../../base/present';
import { type AttentionMass, meanMass, type SequenceAttention } from '../../evaluate/attention-mass';
import { colorKey } from '../../report/traces';
import { type Figure, makeFigure } from '../../report/figure';
import { type PlotlyObject } from '../../report/spec';
import { verticalLine } from '../../report/marks';
import { ink, tintedHeatColor, tintedHeatScale } from '../../report/style';

/** One panel. */
export interface AttentionMapPanel {
  readonly title: string;
  readonly mean: Pick<AttentionMass, 'joint'>;
  /** Evenly spread attention, on the same queries and keys. */
  readonly uniform: Pick<AttentionMass, 'joint'>;
  /** The multiple that evenly spread attention is shown as; default 1. */
  readonly evenly?: number;
}

/** A figure of maps: a row for each model, say. */
export interface AttentionMaps {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  /** A sentence or more: what a colour is a multiple of. */
  readonly unit: string;
  /**
   * Names of evenly spread attention in the legend, by the multiple it is shown as, 1 among them.
   */
  readonly evenly: ReadonlyMap<number, string>;
  readonly alt: string;
  /** Panels in a row. */
  readonly columns: number;
  /** Row by row. */
  readonly panels: readonly AttentionMapPanel[];
}

/** Segments that a panel shows. */
const mostSegments = 8;

/**
 * The multiples that have the first and the last colour of the legend, and those that it names
 * between them.
 */
const [least, between, most] = [0.03, [0.1, 0.3, 1, 3, 10], 30] as const;

/**
 * Attention to the keys of each cell, as multiples of what they would have if attention were evenly
 * spread.
 */
export function attentionMapFigure(maps: AttentionMaps): Figure {
  const { columns, panels } = maps;
  const { joint } = present(panels[0], 'panel').mean;
  // The last row holds all that is farther.
  const segments = Math.min(mostSegments, joint.length - 1);
  const reach = ((joint[0] ?? []).length - 1) / 2;
  return makeFigure({
    id: maps.id,
    title: maps.title,
    subtitle: maps.subtitle,
    caption:
      'Across: the place of the key in its segment minus the place of the query in its own, so 0 is the query’s own place. ' +
      `The outermost columns, set apart, hold all keys that are ${reach} places away and more. Down: segments back, 0 being the query’s own segment. ` +
      `Colour: ${maps.unit} The first token of all is left out. ` +
      'Blank: no key. In the own segment keys stand before the query or are the token itself. ' +
      `A column that is nearer to the legend’s end (≥ ${most}) than its neighbours all the way down is attention to a place, a row that is nearer to it is attention to a segment.`,
    alt: maps.alt,
    columns,
    sharedX: true,
    sharedY: true,
    panelHeight: 122,
    panels: panels.map((panel) => ({
      title: panel.title,
      x: placeAxis(reach, columns > 2),
      y: { title: 'Segments back', range: [segments - 0.5, -0.5], dtick: 2, ticks: '', showgrid: false },
      data: [mapTrace(panel, segments)],
      // Lines in the colour of paper set the outermost columns apart, which hold more than one
      // place.
      marks: [-reach, reach - 1].map((left) =>
        verticalLine(left + 0.5, { color: ink.paper, width: 3, dash: 'solid' }),
      ),
    })),
    data: [...new Set([least, ...between, most, ...maps.evenly.keys()])]
      .sort((a, b) => a - b)
      .map((times) => shadeKey(times, maps.evenly.get(times))),
  });
}

/**
 * An axis of the key's place minus the query's.
 *
 * @param reach  what lies as far away and more is one place at either end
 * @param narrow whether there is no room but for the ends and 0
 */
export function placeAxis(reach: number, narrow: boolean): PlotlyObject {
  const half = Math.floor(reach / 2);
  const inside = narrow || half === 0 ? [0] : [-half, 0, half];
  const margin = (2 * reach + 1) / 40;
  return {
    title: 'Place of key − place of query',
    range: [-reach - 0.5 - margin, reach + 0.5 + margin],
    tickvals: [-reach, ...inside, reach],
    ticktext: [`≤ −${reach}`, ...inside.map((place) => String(place).replace('-', '−')), `≥ ${reach}`],
    tickangle: 0,
    ticks: '',
    showgrid: false,
  };
}

/** The layer to show, and the title. */
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
  const rows = Object.entries(measured).map(([name, sequences]) => {
    const layers = sequences.map(({ heads }) => heads[layer] ?? []);
    const [first = []] = layers;
    if (first.length === 0)
      throw new UsageError(
        `${name} has no layer ${layer}; count layers from 0, and measure a sequence at least`,
      );
    const uniform = meanMass(sequences.map((sequence) => sequence.uniform));
    return first.map((_, head) => ({
      title: `${name}, head ${head}`,
      mean: meanMass(layers.map((heads) => present(heads[head], 'head'))),
      uniform,
    }));
  });
  const heads = rows[0]?.length ?? 0;
  return attentionMapFigure({
    id: 'attention-map',
    title,
    subtitle: `Attention as a multiple of evenly spread attention, layer ${layer}; layers and heads are counted from 0`,
    unit: 'mass as a multiple of what it would be if attention were evenly spread over the same keys.',
    evenly: new Map([[1, 'evenly spread']]),
    alt: `A map of segments by places for each of ${heads} heads of ${Object.keys(measured).join(', ')}.`,
    columns: heads,
    panels: rows.flat(),
  });
}

/** The place of a multiple's colour in the scale, 0 to 1. */
function shade(times: number): number {
  const place = Math.log(times / least) / Math.log(most / least);
  return Math.min(1, Math.max(0, place));
}

function mapTrace({ mean, uniform, evenly = 1 }: AttentionMapPanel, segments: number): PlotlyObject {
  const times = mean.joint
    .slice(0, segments)
    .map((row, segment) =>
      row.map((mass, offset) => ratio(evenly * mass, uniform.joint[segment]?.[offset] ?? 0)),
    );
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
    hovertemplate: '%{y} segments back, place %{x}: %{customdata:.2f}<extra></extra>',
  };
}

/** A multiple of evenly spread mass; null where there is no key. */
function ratio(mass: number, evenMass: number): number | null {
  return evenMass > 0 ? mass / evenMass : null;
}

/** An entry of the legend that says what a colour stands for, and what else is to be said of it. */
function shadeKey(times: number, word: string | undefined): PlotlyObject {
  const names: Readonly<Record<number, string>> = {
    [least]: `≤ ${least}`,
    [most]: `≥ ${most}`,
  };
  const name = names[times] ?? String(Number(times.toPrecision(2)));
  return colorKey(word === undefined ? name : `${name} (${word})`, tintedHeatColor(shade(times)));
}
