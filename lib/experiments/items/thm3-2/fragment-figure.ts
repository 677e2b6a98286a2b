// One fragment of a bilevel automaton's word, flattened and factored: why a summary takes k² + |S|²
// and not (k |S|)².

import { type Figure, makeFigure } from '../../../report/figure';
import { horizontalLine, verticalLine } from '../../../report/marks';
import { type PanelSpec } from '../../../report/spec';
import { heatScale } from '../../../report/style';
import { escapeMarkup } from '../../../report/text';
import { textMapTraces } from '../../../report/text-map';
import type { BiNfa, Word } from '../../../theory/automata/automaton';
import { flatten } from '../../../theory/automata/flatten';
import type { Relation } from '../../../theory/automata/relation';
import { fragmentSummary, relationOfFragment } from '../../../theory/automata/summary';

/**
 * Draws the relation of a fragment between all pairs of states, and the parts of its summary.
 *
 * @throws DataError for a symbol that the automaton does not have
 */
export function fragmentFigure(automaton: BiNfa, fragment: Word): Figure {
  const { segmentStates, subStates } = automaton;
  const [k, s] = [subStates.length, segmentStates.length];
  const flat = flatten(automaton);
  const { before, after } = fragmentSummary(automaton, fragment);
  const whole = relationOfFragment(flat, fragment);
  const parts = after === null ? `${k ** 2}` : `${k ** 2} + ${s ** 2} + ${k}`;
  const lines = segmentStates.slice(1).map((_, index) => (index + 1) * k - 0.5);
  return makeFigure({
    id: 'thm3-2-fragment',
    title: `One fragment: ${whole.rows ** 2} entries, or ${parts}`,
    subtitle: `Fragment ${fragment.map((name) => escapeMarkup(JSON.stringify(name))).join(' ')}; rows lead to columns`,
    caption:
      'Left, the relation of the fragment between all pairs of a segment state and a sub-state (lines part the segment states). ' +
      (after === null
        ? 'Without a separator the segment state stays as it is, so there is the same block for each on the diagonal, and nothing else: h, the relation of sub-states, is all there is to know.'
        : `Then the parts of its summary. h: the relation of sub-states of the symbols before the first separator, ${JSON.stringify(after.first)}. M: the relation of segment states of the segments closed after it. x: the sub-states since the last separator; a row, for a segment begins at one sub-state, whatever came before. ` +
          'So every block of the left matrix has the same columns: (s, q) leads to (s′, q′) exactly if the separator moves s by a sub-state in row q of h to a state from which M leads to s′, and x has q′.'),
    alt: `The relation between ${whole.rows} pairs has ${whole.entries.filter((entry) => entry === 1).length} of ${whole.rows ** 2} entries.`,
    columns: after === null ? 2 : 4,
    panelHeight: 260,
    panels: [
      {
        ...matrixPanel('Flattened', whole, flat.states, flat.states),
        marks: [...lines.map((at) => verticalLine(at)), ...lines.map((at) => horizontalLine(at))],
      },
      matrixPanel('h', before, subStates, subStates),
      ...(after === null
        ? []
        : [
            matrixPanel('M', after.closed, segmentStates, segmentStates),
            matrixPanel('x', after.since, [''], subStates),
          ]),
    ],
    layout: { showlegend: false },
  });
}

/** A Boolean matrix with names on its axes. */
function matrixPanel(
  title: string,
  { rows, columns, entries }: Relation,
  from: readonly string[],
  to: readonly string[],
): PanelSpec {
  const axis = (names: readonly string[]) => ({
    tickmode: 'array',
    tickvals: names.map((_, index) => index),
    ticktext: names.map(escapeMarkup),
    tickfont: { size: 10 },
    showgrid: false,
    ticks: '',
  });
  const z = Array.from({ length: rows }, (_, row) => [
    ...entries.subarray(row * columns, (row + 1) * columns),
  ]);
  return {
    title,
    x: { ...axis(to), title: '', tickangle: -60, range: [-0.5, columns - 0.5] },
    // A row alone is as high as those of a square.
    y: { ...axis(from), title: '', range: [Math.max(rows, columns) - 0.5, -0.5] },
    data: textMapTraces({
      z,
      zmin: 0,
      zmax: 2,
      colorscale: heatScale,
      text: z.map((row) => row.map(String)),
      size: 11,
      further: {
        xgap: 1,
        ygap: 1,
        customdata: from.map((begin) =>
          to.map((end) => escapeMarkup(begin === '' ? end : `${begin} → ${end}`)),
        ),
        hovertemplate: '%{customdata}: %{text}<extra></extra>',
      },
    }),
  };
}
