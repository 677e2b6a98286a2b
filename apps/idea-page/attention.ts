// The pictures of scores: frames of the two maps, whose pixels the page's script draws, and the
// scores of the last token by distance. As HTML and SVG text.

import { ink, tintedHeatColor, translucent } from '../../lib/report/style';
import { unseenColor } from './growth';
import { comparedEncodings, type ScoredEncoding, scoreRange, trainedFrom } from './scores';
import { type IdeaState } from './state';
import { lineSample } from './table';

/** The two maps' frames, and the curves. */
export function scorePanels(state: IdeaState): Readonly<Record<string, string>> {
  const [one, two] = comparedEncodings(state);
  return {
    'map-one-title': titleOf(one),
    'map-two-title': titleOf(two),
    'map-one-edge': edgeOf(one),
    'map-two-edge': edgeOf(two),
    'map-one-words': rangeWords(one),
    'map-two-words': rangeWords(two),
    curves: curves([one, two]),
  };
}

function titleOf({ style, unit }: ScoredEncoding): string {
  return `${lineSample(style.color, style.dash)}<b>${style.name}</b> <span>distance in ${unit}</span>`;
}

/** A score, short. */
function shown(score: number): string {
  const digits = Math.abs(score) >= 100 ? 0 : Math.abs(score) >= 10 ? 1 : 2;
  return score.toFixed(digits).replace('-', '−');
}

/** The range of the trained text beside that of the longer one, and the scale of colours. */
function rangeWords(encoding: ScoredEncoding): string {
  const { positions, trainedDistance, unit } = encoding;
  const [least, most] = scoreRange(encoding);
  const farthest = positions.at(-1) ?? 0;
  const isLonger = farthest > trainedDistance;
  const ramp = [0, 0.2, 0.4, 0.6, 0.8, 1].map(tintedHeatColor).join(', ');
  return (
    `<span class="scale"><span>${shown(least)}</span><span class="ramp" style="background:linear-gradient(90deg, ${ramp})"></span><span>${shown(most)}</span></span>` +
    (isLonger
      ? `Left of the line: more than ${trainedDistance} ${unit}, which training never had. The farthest are ${farthest}.`
      : `All distances, up to ${trainedDistance} ${unit}, are those of training.`)
  );
}

/** The line between trained distances and new ones, and the square of the trained text. */
function edgeOf(encoding: ScoredEncoding): string {
  const from = trainedFrom(encoding);
  const length = from.length;
  const points = Array.from(from, (key, query) => `L ${key} ${query} L ${key} ${query + 1}`);
  const first = from.findIndex((key) => key > 0);
  const path = first < 0 ? '' : `M 0 ${first} ${points.slice(first).join(' ')}`;
  // A wider line of paper below it, since the map's colours change.
  const strokes = [
    `stroke="${ink.paper}" stroke-width="6"`,
    `stroke="${unseenColor}" stroke-width="2.5" stroke-dasharray="7 4"`,
  ];
  return `<svg viewBox="0 0 ${length} ${length}" preserveAspectRatio="none" aria-hidden="true">${strokes
    .map((stroke) => `<path d="${path}" fill="none" ${stroke} vector-effect="non-scaling-stroke"/>`)
    .join('')}</svg>`;
}

const [width, height, left, bottom, top, right] = [340, 300, 46, 40, 12, 10] as const;

/** Scores of the last token with each earlier one, by distance in tokens. */
function curves(encodings: readonly ScoredEncoding[]): string {
  const ranges = encodings.flatMap(scoreRange);
  const [least, most] = [Math.min(...ranges), Math.max(...ranges)];
  const room = Math.max(most - least, 1e-9);
  const [first] = encodings;
  const last = Math.max(1, (first?.positions.length ?? 1) - 1);
  const x = (back: number): number => left + (back / last) * (width - left - right);
  const y = (score: number): number => top + ((most - score) / room) * (height - top - bottom);
  const trained = first?.trainedDistance ?? 0;
  const paths = encodings.map(({ positions, scoreOf, style }) => {
    if (positions.length === 0) return '';
    const end = positions.at(-1) ?? 0;
    const points = Array.from(positions, (_, back) => {
      const distance = end - (positions[positions.length - 1 - back] ?? 0);
      return `${x(back).toFixed(1)} ${y(scoreOf(distance)).toFixed(1)}`;
    });
    const dash = style.dash === 'solid' ? '' : ` stroke-dasharray="${style.dash.replaceAll('px', '')}"`;
    return `<path d="M ${points.join(' L ')}" fill="none" stroke="${style.color}" stroke-width="2.4"${dash}/>`;
  });
  const names = encodings.map(({ style }) => style.name);
  const label = `Scores of the last token by distance, ${names.join(' and ')}: between ${shown(least)} and ${shown(most)}`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${label}">
<rect x="${left}" y="${top}" width="${(x(Math.min(trained, last)) - left).toFixed(1)}" height="${height - top - bottom}" fill="${translucent(ink.axis, 0.16)}"/>
<path d="M ${left} ${top} V ${height - bottom} H ${width - right}" fill="none" stroke="${ink.axis}"/>
<text x="${left - 6}" y="${top + 8}" text-anchor="end">${shown(most)}</text><text x="${left - 6}" y="${height - bottom}" text-anchor="end">${shown(least)}</text>
<text x="${left}" y="${height - bottom + 17}">0</text><text x="${width - right}" y="${height - bottom + 17}" text-anchor="end">${last}</text>
<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">tokens back from the last token</text>
${paths.join('')}</svg>`;
}
