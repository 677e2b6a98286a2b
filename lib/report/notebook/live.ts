// Curves that grow below a cell while something trains: an SVG that is updated in place, which a
// notebook redraws (an interactive figure it does not). Outside a notebook nothing is drawn.

import { displayFunction } from './display';
import { fontFamily, ink, type SeriesStyle } from '../style';
import { escapeXml } from '../text';

/** A picture that grows. */
export interface LiveCurves {
  /** One more point of a curve; drawn at most five times a second. */
  add(curve: string, style: SeriesStyle, x: number, y: number): void;
  /** Draws what was held back. */
  finish(): void;
}

interface Curve {
  readonly style: SeriesStyle;
  readonly points: (readonly [x: number, y: number])[];
}

const redrawMs = 200;
const [width, height] = [640, 260];
const frame = { left: 52, right: 150, top: 30, bottom: 38 };
let displayCount = 0;

/** Begins a picture below the cell that runs. */
export function liveCurves(title: string, xLabel: string, yLabel: string): LiveCurves {
  const curves = new Map<string, Curve>();
  displayCount += 1;
  const displayId = `live-curves-${process.pid}-${displayCount}`;
  let shown = false;
  let drawnAt = 0;
  const draw = (): void => {
    const display = displayFunction();
    if (display === undefined || curves.size === 0) return;
    const svg = curvesSvg(title, xLabel, yLabel, [...curves.values()]);
    display({ 'image/svg+xml': svg, 'text/plain': title }, undefined, { displayId, update: shown });
    shown = true;
    drawnAt = Date.now();
  };
  return {
    add: (name, style, x, y) => {
      const curve = curves.get(name) ?? { style, points: [] };
      curves.set(name, curve);
      curve.points.push([x, y]);
      if (Date.now() - drawnAt >= redrawMs) draw();
    },
    finish: draw,
  };
}

/** Lines over linear axes that begin at 0, with a legend on the right. */
export function curvesSvg(title: string, xLabel: string, yLabel: string, curves: readonly Curve[]): string {
  const points = curves.flatMap((curve) => curve.points);
  const largest = [
    Math.max(1e-9, ...points.map(([x]) => x)),
    Math.max(1e-9, ...points.map(([, y]) => y)),
  ] as const;
  const plot = { width: width - frame.left - frame.right, height: height - frame.top - frame.bottom };
  const place = ([x, y]: readonly [number, number]): string =>
    `${(frame.left + (x / largest[0]) * plot.width).toFixed(1)},${(frame.top + (1 - y / largest[1]) * plot.height).toFixed(1)}`;
  const text = (x: number, y: number, content: string, anchor = 'start', size = 12): string =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}" fill="${ink.text}">${escapeXml(content)}</text>`;
  const ticks = [0, 0.5, 1].flatMap((share) => [
    text(
      frame.left - 6,
      frame.top + (1 - share) * plot.height + 4,
      (share * largest[1]).toPrecision(2),
      'end',
      11,
    ),
    text(
      frame.left + share * plot.width,
      height - frame.bottom + 16,
      String(Math.round(share * largest[0])),
      'middle',
      11,
    ),
    `<line x1="${frame.left}" x2="${frame.left + plot.width}" y1="${frame.top + share * plot.height}" y2="${frame.top + share * plot.height}" stroke="${ink.grid}"/>`,
  ]);
  const names = new Map(curves.map(({ style }) => [style.name, style]));
  const stroke = (style: SeriesStyle): string =>
    `stroke="${style.color}" stroke-width="2" fill="none"${style.dash === 'solid' ? '' : ` stroke-dasharray="${style.dash.replaceAll('px', '')}"`}`;
  const legend = [...names.values()].flatMap((style, row) => {
    const [x, y] = [width - frame.right + 14, frame.top + 10 + 18 * row];
    return [
      `<line x1="${x}" x2="${x + 32}" y1="${y}" y2="${y}" ${stroke(style)}/>`,
      text(x + 38, y + 4, style.name),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family='${fontFamily}'>`,
    `<rect width="${width}" height="${height}" fill="${ink.paper}"/>`,
    text(frame.left, 18, title, 'start', 14),
    ...ticks,
    ...curves.map(
      ({ style, points: own }) => `<polyline points="${own.map(place).join(' ')}" ${stroke(style)}/>`,
    ),
    text(frame.left + plot.width / 2, height - 6, xLabel, 'middle'),
    `<g transform="translate(13 ${frame.top + plot.height / 2}) rotate(-90)">${text(0, 0, yLabel, 'middle')}</g>`,
    ...legend,
    '</svg>',
  ].join('');
}
