// One relation squeezed through d numbers, with a slider for d: what goes in, what comes back, and
// what thresholds make of it.

import { formatCount, formatPercent } from '../../../base/format';
import { Random } from '../../../engine/random/random';
import { type Figure } from '../../../report/figure';
import { type PlotlyObject } from '../../../report/spec';
import { textMapTraces } from '../../../report/text-map';
import { sliderFigure, type SliderStep } from '../../../report/slider';
import { fontSize, ink } from '../../../report/style';
import { countRecalled, decode, thresholdRecall } from '../../../theory/bounds/codes';
import { codesForAll } from './measures';

const shades = [
  [0, '#F4F1E4'],
  [1, '#2B6C93'],
] as const;

/** A random relation between `states` states, at most 4, in 1 to n^2 numbers. */
export function recallSlider(states: number, seed = 1): Figure {
  const random = Random.fromSeed(seed);
  const entries = states * states;
  const relation = Array.from({ length: entries }, () => random.integer(0, 2));
  const codeOfNumbers = codesForAll(states, random.fork('code'));
  const names = Array.from({ length: states }, (_, state) => `q${state}`);
  const rows = (list: readonly number[]): number[][] =>
    names.map((_, row) => list.slice(row * states, (row + 1) * states));
  const cells = (z: readonly number[], texts: readonly string[]): PlotlyObject[] =>
    textMapTraces({
      x: names,
      y: names,
      z: rows(z),
      zmin: 0,
      zmax: 1,
      colorscale: shades,
      text: names.map((_, row) => texts.slice(row * states, (row + 1) * states)),
      size: fontSize.label,
      further: { xgap: 2, ygap: 2, hovertemplate: 'from %{y} to %{x}: %{text}<extra></extra>' },
    });
  const steps = Array.from({ length: entries }, (_, index): SliderStep => {
    const code = codeOfNumbers(index + 1);
    const values = [...decode(code, relation, Infinity)];
    const recall = thresholdRecall(code, Infinity);
    const recalled = [...recall(relation)];
    const wrong = recalled.map((value, entry) => value !== relation[entry]);
    const right = countRecalled(recall, states);
    return {
      label: String(index + 1),
      text: `${wrong.filter(Boolean).length} of ${entries} entries wrong. Of all ${formatCount(2 ** entries)} relations, ${formatCount(right)} come back (${formatPercent(right / 2 ** entries)}).`,
      panels: [
        [],
        cells(
          values,
          values.map((value) => value.toFixed(1).replace('-0.0', '0.0').replace('-', '−')),
        ),
        cells(
          recalled,
          recalled.map((value, entry) => (wrong[entry] === true ? `<b>${value} ✗</b>` : String(value))),
        ),
      ],
    };
  });
  const y = { autorange: 'reversed', showgrid: false, ticks: '' };
  const x = { showgrid: false, ticks: '', title: 'to' };
  return sliderFigure(
    {
      id: 'thm3-1-slider',
      title: `A relation between ${states} states in d numbers`,
      subtitle: 'The linear code of least squared error, for relations that are all as likely',
      caption: `Left, where a fragment leads from each state. Middle, what that code has left of it in d numbers; right, its entries above one half, crosses where that is wrong. Only d = ${entries} numbers bring every relation back.`,
      alt: `Matrices of a relation, of what d numbers make of it and of that rounded, for d = 1 to ${entries}.`,
      columns: 3,
      panelHeight: 230,
      panels: [
        { title: 'Relation', x, y: { ...y, title: 'from' }, data: cells(relation, relation.map(String)) },
        { title: 'From d numbers', x, y },
        { title: 'Above one half', x, y },
      ],
      layout: { font: { color: ink.text } },
    },
    { prefix: 'd = ', steps, active: Math.floor(entries / 2) - 1 },
  );
}
