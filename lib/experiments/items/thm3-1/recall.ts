// One relation squeezed through d numbers: what goes in, what comes back, and what thresholds make
// of it.

import { ConfigError } from '../../../base/errors';
import { formatCount, formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { Random } from '../../../engine/random/random';
import { type Figure, makeFigure } from '../../../report/figure';
import { type PlotlyObject } from '../../../report/spec';
import { textMapTraces } from '../../../report/text-map';
import { fontSize, ink } from '../../../report/style';
import { type ClickedPoint } from '../../../report/widgets/outputs-page';
import { countRecalled, decode, thresholdRecall } from '../../../theory/bounds/codes';
import { codesForAll } from './measures';

const shades = [
  [0, '#F4F1E4'],
  [1, '#2B6C93'],
] as const;

/** Counts over all relations take too long for more states. */
const mostStates = 4;

/**
 * A relation, and what the best linear code leaves of it in some numbers.
 *
 * @param relation row by row, e.g. `110 011 101`: a 1 where the row's state leads to the column's
 * @param numbers from 1 to n^2; more count as n^2
 * @throws ConfigError for another text
 */
export function recallFigure(relation: string, numbers: number, seed = 1): Figure {
  const rows = rowsOf(relation);
  const states = rows.length;
  const entries = rows.flat();
  const used = Math.min(numbers, entries.length);
  const code = codesForAll(states, Random.fromSeed(seed).fork('code'))(used);
  const left = [...decode(code, entries, Infinity)];
  const recall = thresholdRecall(code, Infinity);
  const recalled = [...recall(entries)];
  const wrong = recalled.map((value, entry) => value !== entries[entry]);
  const right = countRecalled(recall, states);
  const all = 2 ** entries.length;
  const names = rows.map((_, state) => `q${state}`);
  const byRow = <T>(list: readonly T[]): T[][] =>
    names.map((_, row) => list.slice(row * states, (row + 1) * states));
  const cells = (z: readonly number[], texts: readonly string[]): PlotlyObject[] =>
    textMapTraces({
      x: names,
      y: names,
      z: byRow(z),
      zmin: 0,
      zmax: 1,
      colorscale: shades,
      text: byRow(texts),
      size: fontSize.label,
      further: { xgap: 2, ygap: 2, hovertemplate: 'from %{y} to %{x}: %{text}<extra></extra>' },
    });
  const y = { autorange: 'reversed', showgrid: false, ticks: '' };
  const x = { showgrid: false, ticks: '', title: 'to' };
  return makeFigure({
    id: 'thm3-1-recall',
    title: `A relation between ${states} states in ${used} ${used === 1 ? 'number' : 'numbers'}`,
    subtitle: `${wrong.filter(Boolean).length} of ${entries.length} entries wrong. Of all ${formatCount(all)} relations, ${formatCount(right)} come back (${formatPercent(right / all)})`,
    caption: `Left, where a fragment leads from each state. Middle, what the linear code of least squared error, for relations that are all as likely, has left of it in d numbers; right, its entries above one half, crosses where that is wrong. Only d = ${entries.length} numbers bring every relation back.`,
    alt: `Matrices of a relation, of what ${used} numbers make of it and of that rounded.`,
    columns: 3,
    panelHeight: 230,
    panels: [
      { title: 'Relation', x, y: { ...y, title: 'from' }, data: cells(entries, entries.map(String)) },
      {
        title: `From ${used} of ${entries.length} numbers`,
        x,
        y,
        data: cells(
          left,
          left.map((value) => value.toFixed(1).replace('-0.0', '0.0').replace('-', '−')),
        ),
      },
      {
        title: 'Above one half',
        x,
        y,
        data: cells(
          recalled,
          recalled.map((value, entry) => (wrong[entry] === true ? `<b>${value} ✗</b>` : String(value))),
        ),
      },
    ],
    layout: { font: { color: ink.text } },
  });
}

/** The relation with the entry changed that a reader clicked in the figure. */
export function flippedEntry(relation: string, { x, y }: ClickedPoint): string {
  const [row, column] = [Number(String(y).slice(1)), Number(String(x).slice(1))];
  return rowsOf(relation)
    .map((entries, from) =>
      entries.map((entry, to) => (from === row && to === column ? 1 - entry : entry)).join(''),
    )
    .join(' ');
}

/** Reads the rows of a relation. */
function rowsOf(relation: string): number[][] {
  const rows = relation.trim().split(/\s+/);
  if (rows.length > mostStates || rows.some((row) => row.length !== rows.length || /[^01]/.test(row)))
    throw new ConfigError(
      `relation ${JSON.stringify(relation)}: it is not n rows of n zeros and ones, n from 1 to ${mostStates}; write it as 110 011 101`,
    );
  return rows.map((row) => Array.from(row, (entry) => Number(present(entry, 'entry'))));
}
