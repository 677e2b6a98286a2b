// The positions of a text that is longer than the one that was trained on: a small chart for each
// kind of position, all on one scale, as SVG text. A band marks the values of training.

import { ink, translucent } from '../../lib/report/style';
import { largest, type Reading } from './reading';
import { type IdeaState, timesOf } from './state';
import { lineSample, positionColors } from './table';

/** A kind of position with its words. */
interface Kind {
  readonly key: 'position' | 'place' | 'segment';
  readonly title: string;
  readonly who: string;
  readonly unit: string;
}

const kinds: readonly Kind[] = [
  { key: 'position', title: 'Position', who: 'one level: RoPE, ALiBi', unit: 'positions' },
  { key: 'place', title: 'Place in its segment', who: 'BiPE, inside segments', unit: 'places' },
  { key: 'segment', title: 'Segment', who: 'BiPE, between segments', unit: 'segments' },
];

/** Colour of what training never had. */
export const unseenColor = '#B01E0A';

const [width, height, left, bottom, top, right] = [340, 190, 38, 26, 10, 8] as const;

/** Values of a longer text that the trained one does not have. */
export function newValues(trained: Int32Array, longer: Int32Array): number {
  const known = new Set(trained);
  return [...new Set(longer)].filter((value) => !known.has(value)).length;
}

/** The three charts. */
export function growthCharts(state: IdeaState): string {
  return kinds.map((kind) => chart(kind, state)).join('');
}

function chart({ key, title, who, unit }: Kind, { trained, longer }: IdeaState): string {
  const color = positionColors[key];
  const known = largest(trained[key]);
  const [most, last] = [largest(longer[key]), Math.max(1, longer.tokens.length - 1)];
  const ceiling = Math.max(1.25 * Math.max(1, trained.tokens.length - 1), last);
  const x = (token: number): number => left + (token / last) * (width - left - right);
  const y = (value: number): number => height - bottom - (value / ceiling) * (height - top - bottom);
  const added = newValues(trained[key], longer[key]);
  const words =
    added === 0
      ? `0 to ${most}: <b>nothing new</b>`
      : `0 to ${most}; training had 0 to ${known}: <b style="color:${unseenColor}">${added} new ${unit}</b>`;
  const label = `${title} of each token: 0 to ${most}; training had 0 to ${known}`;
  return `<figure><figcaption>${lineSample(color)}<b>${title}</b> <span>${who}</span></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<rect x="${left}" y="${y(known + 0.5).toFixed(1)}" width="${width - left - right}" height="${(y(-0.5) - y(known + 0.5)).toFixed(1)}" fill="${translucent(color, 0.14)}"/>
<path d="M ${left} ${top} V ${height - bottom} H ${width - right}" fill="none" stroke="${ink.axis}"/>
${ticks(ceiling)
  .map((value) => `<text x="${left - 6}" y="${(y(value) + 4).toFixed(1)}" text-anchor="end">${value}</text>`)
  .join('')}
<text x="${left}" y="${height - 8}">0</text><text x="${width - right}" y="${height - 8}" text-anchor="end">token ${last}</text>
${lines(longer, key, known, x, y)
  .map(
    ({ path, isNew }) =>
      `<path d="${path}" fill="none" stroke="${isNew ? unseenColor : color}" stroke-width="${isNew ? 3 : 2.5}" stroke-linejoin="round"${isNew ? ' stroke-dasharray="6 3"' : ''}/>`,
  )
  .join('')}
</svg><p>${words}</p></figure>`;
}

/** Ticks at the bottom, in the middle and at the top. */
function ticks(ceiling: number): number[] {
  return [0, Math.round(ceiling / 2), Math.floor(ceiling)];
}

/** The line of positions in pieces: those that training had, and those that it never had. */
function lines(
  { tokens, ...reading }: Reading,
  key: Kind['key'],
  known: number,
  x: (token: number) => number,
  y: (value: number) => number,
): { readonly path: string; readonly isNew: boolean }[] {
  const values = reading[key];
  const pieces: { steps: string[]; isNew: boolean }[] = [];
  tokens.forEach((_, token) => {
    const value = values[token] ?? 0;
    const isNew = value > known;
    const step = `H ${x(token).toFixed(1)} V ${y(value).toFixed(1)}`;
    const piece = pieces.at(-1);
    if (piece?.isNew === isNew) piece.steps.push(step);
    // A piece begins where the one before it ends.
    else
      pieces.push({
        steps: [
          `M ${x(Math.max(0, token - 1)).toFixed(1)} ${y(values[token - 1] ?? value).toFixed(1)}`,
          step,
        ],
        isNew,
      });
  });
  return pieces.map(({ steps, isNew }) => ({ path: steps.join(' '), isNew }));
}

/** What a longer text brings, in words. */
export function growthWords(state: IdeaState): string {
  const { trained, longer, length } = state;
  const added = (key: Kind['key']): number => newValues(trained[key], longer[key]);
  if (length === trained.tokens.length)
    return 'The text has the length of training. Make it longer: it is repeated, so its segments stay as they are.';
  const places = added('place');
  return `At ${timesOf(state).toFixed(1)} times the training length an encoding with one level meets <b>${added('position')}</b> distances that training never had. BiPE meets <b>${added('segment')}</b>, in segments, and ${places === 0 ? 'no new place in a segment' : `<b>${places}</b> new places in a segment`}.`;
}
