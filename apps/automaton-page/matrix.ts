// Draws a block of the residual stream as a small heat map with named rows and columns, as SVG
// text.

import { ink } from '../../lib/report/style';
import { escapeXml, estimateWidth } from '../../lib/report/text';
import type { HeldBlock } from './scene';

/** The look of a block. */
export interface MatrixLook {
  /** The colour of an entry of 1. */
  readonly color: string;
  /** The colour of an entry below 0; default `color`. */
  readonly negative?: string;
  /** The title above it. */
  readonly title: string;
  /** Whether nonzero entries are written in their cells; default true. */
  readonly numbers?: boolean;
}

const nameSize = 11;
const longestName = 62; // px
const titleHeight = 19;
/** The outline of entries that the last edit changed. */
const changeColor = '#E0A800';

/** The side of a cell, px: smaller for many columns. */
export function cellSize(columns: number): number {
  return columns <= 4 ? 22 : columns <= 6 ? 17 : 13;
}

/** Draws a block as SVG text. Entries that differ from `before` are outlined. */
export function matrixSvg(block: HeldBlock, look: MatrixLook, before: HeldBlock = block): string {
  const { color, negative, title, numbers = true } = look;
  const { rows, columns, values, readRow } = block;
  const cell = cellSize(columns.length);
  const isVector = rows.length === 1 && rows[0] === '';
  // Short names stand upright above their columns, long ones on their side.
  const isUpright = columns.every((name) => estimateWidth(name, nameSize) <= cell + 2);
  const left = isVector ? 1 : Math.min(longestName, Math.max(...rows.map(widthOfName))) + 5;
  const above =
    titleHeight + (isUpright ? 14 : Math.min(longestName, Math.max(...columns.map(widthOfName))) + 5);
  const [right, foot] = [left + columns.length * cell, above + rows.length * cell];
  const width = Math.max(right + 2, estimateWidth(title, nameSize, true) + 2);
  const columnNames = columns.map((name, column) => {
    const x = left + (column + 0.5) * cell;
    return isUpright
      ? `<text x="${x}" y="${above - 4}" text-anchor="middle">${escapeXml(name)}</text>`
      : `<text transform="translate(${x + 4} ${above - 4}) rotate(-90)">${shortened(name)}</text>`;
  });
  const rowNames = isVector
    ? []
    : rows.map(
        (name, row) =>
          `<text x="${left - 4}" y="${above + (row + 0.5) * cell + 4}" text-anchor="end"${row === readRow ? ' font-weight="700"' : ''}>${shortened(name)}</text>`,
      );
  const cells = rows.flatMap((rowName, row) =>
    columns.map((columnName, column) => {
      const value = values[row * columns.length + column] ?? Number.NaN;
      const [x, y] = [left + column * cell, above + row * cell];
      const name = isVector ? columnName : `${rowName} → ${columnName}`;
      const text = numbers ? written(value) : '';
      return (
        `<g><title>${escapeXml(name)}: ${exactly(value)}</title>` +
        `<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="${ink.paper}"/>` +
        `<rect x="${x}" y="${y}" width="${cell}" height="${cell}" fill="${value < 0 ? (negative ?? color) : color}" fill-opacity="${shade(value)}" stroke="${ink.axis}" stroke-width="0.6"/>` +
        (text === ''
          ? ''
          : `<text x="${x + cell / 2}" y="${y + cell / 2 + 4}" text-anchor="middle" fill="${shade(value) > 0.55 ? ink.paper : ink.text}">${text}</text>`) +
        '</g>'
      );
    }),
  );
  const changes = Array.from(values).flatMap((value, index) => {
    if (Math.abs(value - (before.values[index] ?? Number.NaN)) < 0.5) return [];
    const [x, y] = [
      left + (index % columns.length) * cell,
      above + Math.floor(index / columns.length) * cell,
    ];
    return [
      `<rect class="change" x="${x + 1}" y="${y + 1}" width="${cell - 2}" height="${cell - 2}" fill="none" stroke="${changeColor}" stroke-width="2.6"/>`,
    ];
  });
  const frame =
    readRow === undefined
      ? ''
      : `<rect x="${left}" y="${above + readRow * cell}" width="${columns.length * cell}" height="${cell}" fill="none" stroke="${ink.text}" stroke-width="2"/>`;
  const label = `${title}: ${describe(block)}`;
  return [
    `<svg class="matrix" width="${Math.ceil(width)}" height="${foot + 2}" viewBox="0 0 ${Math.ceil(width)} ${foot + 2}" role="img" aria-label="${escapeXml(label)}" font-size="${nameSize}">`,
    `<text x="${isVector ? 0 : Math.min(left, Math.max(0, width - estimateWidth(title, nameSize, true) - 2))}" y="11" font-weight="700" fill="${color}">${escapeXml(title)}</text>`,
    ...columnNames,
    ...rowNames,
    ...cells,
    frame,
    ...changes,
    '</svg>',
  ].join('');
}

/** Describes the nonzero entries in words. */
function describe({ rows, columns, values }: HeldBlock): string {
  const entries = rows.flatMap((row, first) =>
    columns.flatMap((column, second) => {
      const value = values[first * columns.length + second] ?? 0;
      if (written(value) === '') return [];
      return [`${row === '' ? '' : `${row} to `}${column} ${written(value)}`];
    }),
  );
  return entries.length === 0 ? 'all 0' : entries.join(', ');
}

/** Formats a number for a cell: empty for 0. */
export function written(value: number): string {
  const rounded = Math.round(value * 10) / 10;
  return rounded === 0 ? '' : String(rounded).replace('-', '−');
}

/** Formats a number so that its deviation from a whole number shows. */
export function exactly(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return Math.abs(value - Math.round(value)) < 1e-3 ? value.toPrecision(10) : value.toPrecision(4);
}

/** The opacity of an entry: 0 at 0, 1 from 1 on. */
function shade(value: number): number {
  return Math.round(100 * Math.min(1, Math.abs(value))) / 100;
}

function widthOfName(name: string): number {
  return estimateWidth(name, nameSize);
}

function shortened(name: string): string {
  if (widthOfName(name) <= longestName) return escapeXml(name);
  const characters = Array.from(name);
  while (characters.length > 1 && widthOfName(`${characters.join('')}…`) > longestName) characters.pop();
  return `${escapeXml(characters.join(''))}…<title>${escapeXml(name)}</title>`;
}
