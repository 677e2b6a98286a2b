// Draws a state diagram as SVG: states on an ellipse, one curve for all arrows between two states,
// loops outside, an arrow without a source at the start, a double line around accepting states. It
// is small enough to be redrawn at each step.

import { ink, type SeriesStyle } from '../../lib/report/style';
import { escapeXml, estimateWidth, wrapText } from '../../lib/report/text';
import type { MergedArrow } from './scene';

/** A state as it is drawn. */
export interface DrawnState {
  readonly name: string;
  readonly isStart: boolean;
  readonly isAccepting: boolean;
  readonly isReached: boolean;
}

/** A state diagram. */
export interface Diagram {
  readonly title: string;
  readonly states: readonly DrawnState[];
  readonly arrows: readonly MergedArrow[];
  readonly style: SeriesStyle;
  /** Whether the current token restarts the level. */
  readonly isRestarted: boolean;
}

/** A place in px. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

/** A state's place, its outline's half axes, and where its loop is, in radians: above or below. */
export interface PlacedState extends Point {
  readonly rx: number;
  readonly ry: number;
  readonly loopAt: number;
}

const width = 430;
const nameSize = 14;
const labelSize = 12.5;
const [labelWidth, labelLines] = [104, 4] as const; // px, and lines at an arrow
const [bend, loopHeight, startLength, headLength] = [26, 46, 34, 9];

/**
 * Places states on an ellipse, the first on the left, then clockwise; a single one in the middle.
 */
export function placeStates(names: readonly string[]): PlacedState[] {
  const widest = Math.max(0, ...names.map((name) => halfWidth(name)));
  const [a, b] = [width / 2 - widest - 66, names.length <= 3 ? 62 : 84];
  return names.map((name, index) => {
    const angle = Math.PI + (2 * Math.PI * index) / names.length;
    const isAlone = names.length === 1;
    return {
      x: width / 2 + (isAlone ? 0 : a * Math.cos(angle)),
      y: isAlone ? 0 : b * Math.sin(angle),
      rx: halfWidth(name),
      ry: 19,
      loopAt: Math.sin(angle) > 0.1 ? Math.PI / 2 : -Math.PI / 2,
    };
  });
}

function halfWidth(name: string): number {
  return Math.max(21, estimateWidth(name, nameSize, true) / 2 + 7);
}

/** The point where a ray from a state's middle leaves its outline, `margin` px outside of it. */
export function outlinePoint({ x, y, rx, ry }: PlacedState, towards: Point, margin = 0): Point {
  const [dx, dy] = [towards.x - x, towards.y - y];
  const scale = 1 / Math.hypot(dx / (rx + margin), dy / (ry + margin));
  return { x: x + dx * scale, y: y + dy * scale };
}

/** Draws a diagram as SVG text. */
export function diagramSvg({ title, states, arrows, style, isRestarted }: Diagram): string {
  const placed = placeStates(states.map(({ name }) => name));
  const reached = states.filter(({ isReached }) => isReached).map(({ name }) => name);
  const description = `${title}: reached ${reached.length === 0 ? 'no state' : reached.join(', ')}`;
  // Taken arrows lie above others; labels lie above all curves.
  const curves = [...arrows]
    .sort((one, other) => Number(one.isTaken) - Number(other.isTaken))
    .flatMap((arrow) => {
      const [from, to] = [placed[arrow.from], placed[arrow.to]];
      const isPair = arrows.some((other) => other.from === arrow.to && other.to === arrow.from);
      const labelled = {
        ...arrow,
        labels: arrow.labels.flatMap((line) => wrapText(line, labelWidth, labelSize)),
      };
      const middle = { x: width / 2, y: 0 };
      return from === undefined || to === undefined
        ? []
        : [curveOf(labelled, from, to, isPair ? undefined : middle, style)];
    });
  const top = Math.min(...placed.map(({ y, ry }) => y - ry), ...curves.map((curve) => curve.top)) - 4;
  const bottom = Math.max(...placed.map(({ y, ry }) => y + ry), ...curves.map((curve) => curve.bottom)) + 4;
  return [
    `<svg viewBox="0 ${top.toFixed(0)} ${width} ${(bottom - top).toFixed(0)}" role="img" aria-label="${escapeXml(description)}">`,
    ...curves.map(({ path }) => path),
    ...states.map((state, index) => {
      const place = placed[index];
      return place === undefined || !state.isStart ? '' : startArrow(place, isRestarted, style);
    }),
    ...states.map((state, index) => {
      const place = placed[index];
      return place === undefined ? '' : outline(state, place, style);
    }),
    ...curves.map(({ label }) => label),
    '</svg>',
  ].join('');
}

function curveOf(
  arrow: MergedArrow,
  from: PlacedState,
  to: PlacedState,
  avoided: Point | undefined,
  style: SeriesStyle,
): {
  readonly path: string;
  readonly label: string;
  /** Top and bottom edge, px. */
  readonly top: number;
  readonly bottom: number;
} {
  const [first, control, second, end] = arrow.from === arrow.to ? loop(from) : between(from, to, avoided);
  const color = arrow.isTaken ? style.color : ink.axis;
  const strokeWidth = arrow.isTaken ? 3 : 1.4;
  // The label goes from the middle of the cubic curve to the side to which it bends.
  const straight = { x: (first.x + end.x) / 2, y: (first.y + end.y) / 2 };
  const curved = {
    x: (first.x + 3 * control.x + 3 * second.x + end.x) / 8,
    y: (first.y + 3 * control.y + 3 * second.y + end.y) / 8,
  };
  const aside = Math.atan2(curved.y - straight.y, curved.x - straight.x);
  const away = 3 + labelRoom(arrow.labels, aside);
  const middle = { x: curved.x + away * Math.cos(aside), y: curved.y + away * Math.sin(aside) };
  const points = [first, control, second, end].map(({ x, y }) => `${x.toFixed(1)} ${y.toFixed(1)}`);
  const kind = arrow.isTaken ? ' class="taken"' : '';
  const half = labelRoom(arrow.labels, Math.PI / 2) + 3;
  return {
    top: Math.min(curved.y, middle.y - half),
    bottom: Math.max(curved.y, middle.y + half),
    path:
      `<path${kind} d="M ${points[0]} C ${points.slice(1).join(', ')}" fill="none" stroke="${color}" stroke-width="${strokeWidth}"/>` +
      arrowHead(second, end, color, arrow.isTaken ? 1.25 : 1),
    label: labelAt(arrow, middle, arrow.isTaken ? style.color : ink.text),
  };
}

/** The distance from a label's middle to its edge in a direction. */
function labelRoom(labels: readonly string[], direction: number): number {
  const wide = Math.max(0, ...labels.map((line) => estimateWidth(line, labelSize))) / 2;
  const high = (Math.min(labels.length, labelLines) * labelSize) / 2;
  return Math.abs(wide * Math.cos(direction)) + Math.abs(high * Math.sin(direction));
}

/**
 * A curve between two states. It bends to the left of its direction, so that the curves of both
 * directions do not meet, or away from the point to avoid.
 */
function between(
  from: PlacedState,
  to: PlacedState,
  avoided: Point | undefined,
): [Point, Point, Point, Point] {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.max(1, Math.hypot(dx, dy));
  const [aside, along] = [bend + 0.06 * length, 0.3];
  const towards =
    avoided === undefined
      ? 0
      : dy * ((from.x + to.x) / 2 - avoided.x) - dx * ((from.y + to.y) / 2 - avoided.y);
  const side = towards < -1 ? -aside : aside;
  const [nx, ny] = [(dy / length) * side, (-dx / length) * side];
  const first = { x: from.x + along * dx + nx, y: from.y + along * dy + ny };
  const second = { x: to.x - along * dx + nx, y: to.y - along * dy + ny };
  return [outlinePoint(from, first), first, second, outlinePoint(to, second, 3)];
}

function loop(state: PlacedState): [Point, Point, Point, Point] {
  const reach = Math.hypot(state.rx * Math.cos(state.loopAt), state.ry * Math.sin(state.loopAt)) + loopHeight;
  const at = (turn: number): Point => ({
    x: state.x + reach * 1.1 * Math.cos(state.loopAt + turn),
    y: state.y + reach * 1.1 * Math.sin(state.loopAt + turn),
  });
  const [first, second] = [at(-0.42), at(0.42)];
  return [outlinePoint(state, first), first, second, outlinePoint(state, second, 3)];
}

function startArrow(state: PlacedState, isRestarted: boolean, style: SeriesStyle): string {
  const angle = state.x <= width / 2 ? Math.PI : 0;
  const far = { x: state.x + 400 * Math.cos(angle), y: state.y + 400 * Math.sin(angle) };
  const end = outlinePoint(state, far, 3);
  const from = { x: end.x + startLength * Math.cos(angle), y: end.y + startLength * Math.sin(angle) };
  const color = isRestarted ? style.color : ink.axis;
  return (
    `<line x1="${from.x.toFixed(1)}" y1="${from.y.toFixed(1)}" x2="${end.x.toFixed(1)}" y2="${end.y.toFixed(1)}" stroke="${color}" stroke-width="${isRestarted ? 3 : 1.4}"/>` +
    arrowHead(from, end, color, isRestarted ? 1.25 : 1)
  );
}

function arrowHead(from: Point, tip: Point, color: string, scale: number): string {
  const angle = Math.atan2(tip.y - from.y, tip.x - from.x);
  const corner = (turn: number): string =>
    `${(tip.x - headLength * scale * Math.cos(angle + turn)).toFixed(1)},${(tip.y - headLength * scale * Math.sin(angle + turn)).toFixed(1)}`;
  return `<polygon points="${tip.x.toFixed(1)},${tip.y.toFixed(1)} ${corner(0.42)} ${corner(-0.42)}" fill="${color}"/>`;
}

function outline(
  { name, isAccepting, isReached }: DrawnState,
  place: PlacedState,
  style: SeriesStyle,
): string {
  const { x, y, rx, ry } = place;
  const ellipse = (less: number, fill: string, stroke: string): string =>
    `<ellipse cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" rx="${rx - less}" ry="${ry - less}" fill="${fill}" stroke="${stroke}" stroke-width="1.6"/>`;
  return [
    ellipse(0, isReached ? style.color : ink.paper, isReached ? style.color : ink.muted),
    isAccepting ? ellipse(3.5, 'none', isReached ? ink.paper : ink.muted) : '',
    `<text x="${x.toFixed(1)}" y="${(y + 5).toFixed(1)}" text-anchor="middle" font-size="${nameSize}" font-weight="700" fill="${isReached ? ink.paper : ink.text}">${escapeXml(name)}</text>`,
  ].join('');
}

function labelAt({ labels, isTaken }: MergedArrow, { x, y }: Point, color: string): string {
  const shown = labels.length > labelLines ? [...labels.slice(0, labelLines - 1), '…'] : labels;
  const height = labelSize * 1.15;
  const top = y - ((shown.length - 1) * height) / 2 + labelSize * 0.36;
  const lines = shown.map(
    (line, index) =>
      `<tspan x="${x.toFixed(1)}" y="${(top + index * height).toFixed(1)}">${escapeXml(line)}</tspan>`,
  );
  return `<text class="halo" text-anchor="middle" font-size="${labelSize}"${isTaken ? ' font-weight="700"' : ''} fill="${color}"><title>${escapeXml(labels.join('\n'))}</title>${lines.join('')}</text>`;
}
