// Heat maps with a text in each cell.

import { type ColorScale, inkOn, scaleColor } from './style';
import { type PlotlyObject } from './spec';

/** A heat map whose cells have texts. */
export interface TextMap {
  /** Row by row; null in cells without a value, which have no text. */
  readonly z: readonly (readonly (number | null)[])[];
  readonly zmin: number;
  readonly zmax: number;
  readonly colorscale: ColorScale;
  /** [rows][columns]; '' for none. */
  readonly text: readonly (readonly string[])[];
  /** Names or numbers of columns and rows; from 0 if left out. */
  readonly x?: readonly (number | string)[];
  readonly y?: readonly (number | string)[];
  /** Of the texts, px. */
  readonly size: number;
  /** Further attributes of plotly's trace. */
  readonly further?: PlotlyObject;
}

/**
 * The traces of a heat map with texts in its cells, black or white, whichever is read better in
 * either theme. plotly's own texts are of one colour, or of a grey that is lost on colours of
 * medium lightness.
 */
export function textMapTraces(map: TextMap): PlotlyObject[] {
  const { z, zmin, zmax, colorscale, text, x, y, size, further } = map;
  const cells = z.flatMap((row, down) =>
    row.flatMap((value, across) => {
      const content = text[down]?.[across] ?? '';
      if (value === null || content === '') return [];
      const color = inkOn(scaleColor(colorscale, (value - zmin) / (zmax - zmin)));
      return [{ x: x?.[across] ?? across, y: y?.[down] ?? down, content, color }];
    }),
  );
  const places = { ...(x && { x }), ...(y && { y }) };
  return [
    {
      type: 'heatmap',
      ...places,
      z,
      zmin,
      zmax,
      colorscale,
      showscale: false,
      text,
      ...further,
    },
    cells.length > 0 && {
      type: 'scatter',
      mode: 'text',
      x: cells.map((cell) => cell.x),
      y: cells.map((cell) => cell.y),
      text: cells.map((cell) => cell.content),
      textfont: { size, color: cells.map((cell) => cell.color) },
      showlegend: false,
      hoverinfo: 'skip',
    },
  ].filter((trace) => trace !== false);
}
