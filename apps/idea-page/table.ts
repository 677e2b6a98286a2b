// The text as a table: a column for each token, a row for each position, and the distances from the
// query. As HTML text.

import { levelStyles, encodingStyles, translucent } from '../../lib/report/style';
import { escapeXml } from '../../lib/report/text';
import { largest } from './reading';
import { type IdeaState } from './state';

/** The colours of the three positions. */
export const positionColors = {
  position: encodingStyles.rope.color,
  place: levelStyles.sub.color,
  segment: levelStyles.segment.color,
} as const;

/** A sample of a line, for the name beside it. */
export function lineSample(color: string, dash = 'solid'): string {
  const dashes = dash === 'solid' ? '' : ` stroke-dasharray="${dash.replaceAll('px', '')}"`;
  return `<svg class="sample" viewBox="0 0 30 10" aria-hidden="true"><path d="M 1 5 H 29" stroke="${color}" stroke-width="3.5"${dashes}/></svg>`;
}

/** A token as it is shown: a line end has a sign. */
export function shownToken(token: string): string {
  return token === '\n' ? '↵' : token;
}

/** The table of the trained text. */
export function positionsTable({ trained, query }: IdeaState): string {
  const { tokens, position, place, segment } = trained;
  const columns = [...tokens.keys()];
  const classOf = (token: number): string =>
    [
      ...(token === query ? ['query'] : []),
      ...(token > 0 && segment[token] !== segment[token - 1] ? ['begins'] : []),
    ].join(' ');
  const row = (name: string, note: string, cells: readonly string[], kind = ''): string =>
    `<tr class="${kind}"><th scope="row">${name}<small>${note}</small></th>${cells.join('')}</tr>`;
  const numbers = (values: Int32Array, color: string): string[] => {
    const most = Math.max(1, largest(values));
    return columns.map((token) => {
      const value = values[token] ?? 0;
      return `<td class="${classOf(token)}" style="background:${translucent(color, (0.42 * value) / most)}">${value}</td>`;
    });
  };
  const distances = (values: Int32Array, color: string): string[] => {
    const from = values[query] ?? 0;
    const most = Math.max(1, from);
    return columns.map((token) => {
      if (token > query) return `<td class="later ${classOf(token)}">·</td>`;
      const back = from - (values[token] ?? 0);
      return `<td class="${classOf(token)}" style="background:${translucent(color, (0.42 * back) / most)}">${back}</td>`;
    });
  };
  const buttons = columns.map(
    (token) =>
      `<td class="${classOf(token)}"><button type="button" id="token-${token}" data-token="${token}" aria-pressed="${token === query}" aria-label="${escapeXml(shownToken(tokens[token] ?? ''))}, token ${token}: take as query">${escapeXml(shownToken(tokens[token] ?? ''))}</button></td>`,
  );
  return `<table><caption>Positions of each token, and distances from the query</caption><thead>${row('Token', 'click one: the query', buttons, 'tokens')}</thead><tbody>
${row('Position', 'one level', numbers(position, positionColors.position))}
${row('Place in its segment', 'BiPE', numbers(place, positionColors.place))}
${row('Segment', 'BiPE', numbers(segment, positionColors.segment))}
${row('Distance in tokens', 'RoPE, ALiBi', distances(position, positionColors.position), 'distances')}
${row('Distance in segments', 'BiPE-RoPE, BiPE-ALiBi', distances(segment, positionColors.segment))}
</tbody></table>`;
}

/** The query and its distance to the first token, in words. */
export function queryWords({ trained, query }: IdeaState): string {
  const { tokens, place, segment } = trained;
  if (tokens.length === 0) return 'Type a sentence.';
  const token = `“${escapeXml(shownToken(tokens[query] ?? ''))}”`;
  const count = (value: number, unit: string): string => `${value} ${unit}${value === 1 ? '' : 's'}`;
  return `The query ${token} is the token at position ${query}; with BiPE, at place ${place[query] ?? 0} of segment ${segment[query] ?? 0}. The first token is <b>${count(query, 'token')}</b> back, or <b>${count(segment[query] ?? 0, 'segment')}</b>.`;
}
