// Draws the word as a score: a column for each token, a row for each layer. Lines lead from a
// copied token to the one that copies it; the current token's read-out depends on those that stand
// out. Below is the read-out after each token, compared with the set simulator.

import { ink, levelStyles } from '../../lib/report/style';
import { escapeXml, estimateWidth } from '../../lib/report/text';
import type { CopySource } from '../../lib/theory/network/network';
import {
  agreement,
  ancestry,
  copiedFrom,
  isAccepting,
  levelOf,
  reachedAt,
  type Scene,
  startSign,
  tokenName,
} from './scene';

/** Width of the labels' column, and room above and after the tokens, px. */
const [labelWidth, top, after] = [160, 34, 8] as const;
const [box, layerHeight, cell] = [30, 52, 17] as const;
/** Attention below this is not drawn. */
const leastDrawn = 0.01;

/**
 * The width of a token's column, px: all the room for short words, and never too narrow for a name.
 */
function columnWidth({ word, trace: { tokens } }: Scene, room = 840): number {
  const widest = Math.max(0, ...word.map((name) => estimateWidth(name, 14, true)));
  return Math.max(27, Math.min(46, (room - labelWidth - after) / tokens), Math.min(90, widest + 10));
}

/** Describes a head's source in few words, e.g. `2 back in the segment`. */
function shortSource({ among, back }: CopySource): string {
  if (among === 'separators') return `${back} segment${back === 1 ? '' : 's'} back`;
  return `${back} back in the ${among}`;
}

/** The places of rows, px from the top. */
interface Rows {
  /** Rows of the tokens' dots before each layer, and after the last. */
  readonly levels: readonly number[];
  /** Rows of states, by level. */
  readonly states: Readonly<Record<'segment' | 'sub', readonly number[]>>;
  readonly accepting: number;
  readonly agrees: number;
  readonly height: number;
}

function rowsOf({ network, automaton }: Scene): Rows {
  const levels = Array.from(
    { length: network.layers.length + 1 },
    (_, level) => top + box + 18 + level * layerHeight,
  );
  const first = (levels.at(-1) ?? 0) + 30;
  const segment = automaton.segmentStates.map((_, index) => first + index * cell);
  const second = first + segment.length * cell + 7;
  const sub = automaton.subStates.map((_, index) => second + index * cell);
  const accepting = second + sub.length * cell + 7;
  const agrees = accepting + cell + 3;
  return { levels, states: { segment, sub }, accepting, agrees, height: agrees + cell + 8 };
}

/** The labels left of the score, as SVG text; they stay when the score is scrolled. */
export function scoreLabels(scene: Scene): string {
  const { network, automaton } = scene;
  const { levels, states, accepting, agrees, height } = rowsOf(scene);
  const text = (y: number, content: string, color: string, look = 'font-size="13"'): string =>
    `<text x="${labelWidth - 8}" y="${y}" text-anchor="end" fill="${color}" ${look}>${escapeXml(content)}</text>`;
  return [
    `<svg width="${labelWidth}" height="${height}" viewBox="0 0 ${labelWidth} ${height}" aria-hidden="true">`,
    ...network.layers.map(({ head }, layer) => {
      const middle = ((levels[layer] ?? 0) + (levels[layer + 1] ?? 0)) / 2;
      const { color } = levelStyles[levelOf(head.register)];
      return (
        text(middle - 3, `Layer ${layer + 1}`, color, 'font-size="13" font-weight="700"') +
        text(middle + 13, shortSource(head.source), ink.muted, 'font-size="12"')
      );
    }),
    ...(['segment', 'sub'] as const).flatMap((level) => {
      const { color, name } = levelStyles[level];
      const names = level === 'segment' ? automaton.segmentStates : automaton.subStates;
      return [
        `<text x="0" y="${(states[level][0] ?? 0) + cell - 4}" font-size="12" font-weight="700" fill="${color}">${name.replace(' level', '')}</text>`,
        ...names.map((state, index) => text((states[level][index] ?? 0) + cell - 4, state, color)),
      ];
    }),
    text(accepting + cell - 4, 'accepting', ink.muted),
    text(agrees + cell - 4, 'agrees', ink.muted),
    '</svg>',
  ].join('');
}

/** The score as SVG text, with the column of `token` marked. */
export function scoreSvg(scene: Scene, token: number): string {
  const { network, trace } = scene;
  const column = columnWidth(scene);
  const rows = rowsOf(scene);
  const x = (index: number): number => (index + 0.5) * column;
  const y = (level: number): number => rows.levels[level] ?? 0;
  const needed = ancestry(scene, token);
  const [width, height] = [trace.tokens * column + after, rows.height];
  return [
    `<svg class="score" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(describe(scene, token))}">`,
    `<rect class="now" x="${x(token) - column / 2}" y="${top - 6}" width="${column}" height="${height - top}" rx="5" fill="${currentColor}"/>`,
    segmentBrackets(scene, x, column),
    ...tokens(scene, x, column, token),
    ...residuals(scene, x, y, needed),
    ...network.layers.flatMap((_, layer) => copies(scene, layer, x, y, needed)),
    ...dots(scene, x, y, needed, token),
    ...answers(scene, rows, column, token),
    '</svg>',
  ].join('');
}

/** The background of the current token's column. */
const currentColor = '#FFF1C2';

function describe(scene: Scene, token: number): string {
  const lines = scene.network.layers.map((_, layer) => {
    const { from } = copiedFrom(scene, layer, token);
    return `layer ${layer + 1} copies from token ${from}, ${tokenName(scene, from)}`;
  });
  return `Token ${token}, ${tokenName(scene, token)}: ${lines.join('; ')}`;
}

function segmentBrackets({ segments }: Scene, x: (index: number) => number, column: number): string {
  const last = segments.at(-1) ?? -1;
  return Array.from({ length: last + 1 }, (_, segment) => {
    const [first, end] = [segments.indexOf(segment), segments.lastIndexOf(segment)];
    const [from, to] = [x(first) - column / 2 + 3, x(end) + column / 2 - 3];
    const name = to - from > 70 ? `segment ${segment + 1}` : String(segment + 1);
    return (
      `<path d="M ${from} 24 v -5 H ${to} v 5" fill="none" stroke="${ink.axis}"/>` +
      `<text x="${(from + to) / 2}" y="13" text-anchor="middle" font-size="12" fill="${ink.muted}">${name}</text>`
    );
  }).join('');
}

function tokens(scene: Scene, x: (index: number) => number, column: number, current: number): string[] {
  return scene.segments.map((_, token) => {
    const isSeparator = scene.isSeparator[token] === true;
    const color = isSeparator ? levelStyles.segment.color : levelStyles.sub.color;
    const width = column - 5;
    const what = token === 0 ? 'the start' : isSeparator ? 'a separator' : 'a symbol';
    const isCurrent = token === current;
    return (
      `<g class="token" data-token="${token}"><title>token ${token}: ${what}; click to go here</title>` +
      `<rect x="${x(token) - width / 2}" y="${top}" width="${width}" height="${box}" rx="${isSeparator ? 3 : 9}" fill="${isCurrent ? color : ink.paper}" stroke="${color}" stroke-width="${isCurrent ? 2.5 : 1.3}"/>` +
      `<text x="${x(token)}" y="${top + 20}" text-anchor="middle" font-size="14" font-weight="700" fill="${isCurrent ? ink.paper : color}">${escapeXml(tokenName(scene, token))}</text></g>`
    );
  });
}

/** The residual connections: every token keeps its vector from layer to layer. */
function residuals(
  { trace: { tokens: count } }: Scene,
  x: (index: number) => number,
  y: (level: number) => number,
  needed: readonly (readonly boolean[])[],
): string[] {
  return needed.slice(1).flatMap((after, layer) =>
    Array.from({ length: count }, (_, token) => {
      const isNeeded = after[token] === true;
      return `<line x1="${x(token)}" x2="${x(token)}" y1="${y(layer)}" y2="${y(layer + 1)}" stroke="${isNeeded ? ink.muted : ink.grid}" stroke-width="${isNeeded ? 2 : 1}"/>`;
    }),
  );
}

/**
 * A line for each token's attention; thin and broken from the start, where there is nothing to
 * copy.
 */
function copies(
  scene: Scene,
  layer: number,
  x: (index: number) => number,
  y: (level: number) => number,
  needed: readonly (readonly boolean[])[],
): string[] {
  const { attention = new Float64Array() } = scene.trace.layers[layer] ?? {};
  const { color } = levelStyles[levelOf(scene.network.layers[layer]?.head.register ?? '')];
  const { tokens: count } = scene.trace;
  const lines = Array.from({ length: count }, (_, token) => {
    const isNeeded = needed[layer + 1]?.[token] === true;
    return Array.from({ length: token + 1 }, (__, other) => {
      const weight = attention[token * count + other] ?? 0;
      if (weight < leastDrawn || other === token) return '';
      const isStart = other === 0;
      const [from, to] = [
        { x: x(other), y: y(layer) },
        { x: x(token), y: y(layer + 1) },
      ];
      const kind = isNeeded && !isStart ? ' class="flow"' : '';
      const stroke = isNeeded
        ? `stroke="${color}" stroke-width="${isStart ? 1.4 : 2.8}" stroke-opacity="${weight.toFixed(3)}"`
        : `stroke="${color}" stroke-width="1" stroke-opacity="${(isStart ? 0.1 : 0.24) * weight}"`;
      const dash = isStart ? ' stroke-dasharray="2 4"' : '';
      return {
        isNeeded,
        svg: `<path${kind} d="M ${from.x} ${from.y} C ${from.x} ${from.y + 0.55 * layerHeight}, ${to.x} ${to.y - 0.55 * layerHeight}, ${to.x} ${to.y}" fill="none" ${stroke}${dash}><title>token ${token} copies from token ${other}: attention ${weight.toFixed(6)}</title></path>`,
      };
    });
  })
    .flat()
    .filter((line) => line !== '');
  return lines.sort((one, other) => Number(one.isNeeded) - Number(other.isNeeded)).map(({ svg }) => svg);
}

function dots(
  { trace: { tokens: count } }: Scene,
  x: (index: number) => number,
  y: (level: number) => number,
  needed: readonly (readonly boolean[])[],
  current: number,
): string[] {
  return needed.flatMap((at, level) =>
    Array.from({ length: count }, (_, token) => {
      const isNeeded = at[token] === true;
      const isAnswer = token === current && level === needed.length - 1;
      const fill = isNeeded ? ink.text : ink.paper;
      return `<circle cx="${x(token)}" cy="${y(level)}" r="${isAnswer ? 6 : isNeeded ? 4 : 2.4}" fill="${fill}" stroke="${isNeeded ? ink.text : ink.axis}"/>`;
    }),
  );
}

/**
 * A row for each state: tinted where the simulator reaches it, a dot where the network reads it.
 */
function answers(scene: Scene, rows: Rows, column: number, current: number): string[] {
  const { simulated, trace } = scene;
  const agree = agreement(scene);
  const width = Math.min(column - 4, 34);
  return agree.flatMap((isRight, token) => {
    const x = (token + 0.5) * column;
    const [should, does] = [reachedAt(scene, simulated, token), reachedAt(scene, trace.reached, token)];
    const states = (['segment', 'sub'] as const).flatMap((level) =>
      rows.states[level].map((y, index) => {
        const [wanted, found] = [should[level][index] === true, does[level][index] === true];
        const [edge, edgeWidth] = wanted === found ? [ink.grid, 1] : [wrongColor, 2.5];
        const { color } = levelStyles[level];
        return (
          `<rect x="${x - width / 2}" y="${y + 1}" width="${width}" height="${cell - 2}" rx="2" fill="${color}" fill-opacity="${wanted ? 0.32 : 0}" stroke="${edge}" stroke-width="${edgeWidth}"/>` +
          (found ? `<circle cx="${x}" cy="${y + cell / 2}" r="4.4" fill="${color}"/>` : '')
        );
      }),
    );
    const accepting = isAccepting(scene, token)
      ? [5, 2.4].map(
          (r) =>
            `<circle cx="${x}" cy="${rows.accepting + cell / 2}" r="${r}" fill="none" stroke="${ink.text}" stroke-width="1.2"/>`,
        )
      : [];
    const color = isRight ? rightColor : wrongColor;
    const mark = `<text x="${x}" y="${rows.agrees + cell - 3}" text-anchor="middle" font-size="14" font-weight="700" fill="${color}"${token === current ? ' text-decoration="underline"' : ''}>${isRight ? '✓' : '✗'}</text>`;
    return [...states, ...accepting, mark];
  });
}

/** The colours of a right and of a wrong read-out. */
export const [rightColor, wrongColor] = ['#0B6B4A', '#B01E0A'] as const;

/** The legend of the score's signs. */
export const scoreLegend = `${startSign} is the token before every word. Thick lines: the copies on which the current token’s read-out depends. Thin dotted lines come from ${startSign}: there is nothing to copy, and nothing changes. Below: a tint where the set simulator reaches a state, a dot where the network reads it.`;
