// Scores of quick tasks by length: the same models on inputs that are longer than those of the
// finetuning, beside the scores of their swapped answers.

import { formatCount } from '../../../base/format';
import { axisOf, stepsAxisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { type Measure, measuredLine } from '../../../report/measures';
import { type PanelSpec } from '../../../report/spec';
import { ink } from '../../../report/style';
import { lineKey, lineTrace } from '../../../report/traces';
import { whiskersWord } from '../../charts/seed-groups';
import { type Comparison, groupsWord, isQuick, metricNames, taskTitle, titleOf } from './comparison';

const length: Measure<Comparison> = {
  key: 'tokens',
  label: 'Length (tokens)',
  format: 'integer',
  place: (value) => `${formatCount(value)} tokens`,
  of: ({ tokens }) => tokens,
};

/**
 * A panel for each quick task.
 *
 * @param longer the same models on longer inputs
 */
export function lengthsFigure(comparison: Comparison, longer: readonly Comparison[]): Figure {
  const lengths = [comparison, ...longer];
  const { encodings, seeds } = comparison;
  const tasks = comparison.tasks.filter(isQuick);
  return makeFigure({
    id: 'table-scrolls-lengths',
    title: 'Quick tasks at longer lengths',
    subtitle: [
      `Finetuned at ${formatCount(comparison.tokens)} tokens, the leftmost points; thin lines: the same answers, handed to other instances`,
      `Not learnt: not clearly above its thin line there; ${whiskersWord(seeds, `95 % interval over ${groupsWord(tasks)}`)}`,
    ].join('\n'),
    caption:
      'Thin lines: the scores of the same answers when they are handed to other instances, as they would be without reading. ' +
      'To the right the same models read longer texts. Quick tasks are not part of SCROLLS, and their scores say nothing about it.',
    alt: tasks
      .map((task) => {
        const scores = encodings.map((encoding) => {
          const said = lengths.map(
            (at) => `${at.rangeOf(task, encoding).centre.toFixed(1)} at ${formatCount(at.tokens)} tokens`,
          );
          return `${comparison.styleOf(encoding).name} ${said.join(', ')}`;
        });
        return `${titleOf(task)}: ${scores.join('; ')}`;
      })
      .join('. '),
    columns: Math.min(3, tasks.length),
    panelHeight: 270,
    panels: tasks.map((task) => taskPanel(lengths, task)),
    data: [lineKey('Same answers, other instances', { color: ink.text, width: 1, dash: 'dot' })],
  });
}

/** A line for each encoding, and a thin one for its swapped answers. */
function taskPanel(lengths: readonly Comparison[], task: string): PanelSpec {
  const [first] = lengths;
  if (first === undefined) return {};
  const label = metricNames[first.metricOf(task)];
  const places = lengths.map(({ tokens }) => tokens);
  return {
    title: taskTitle(first, task),
    x: stepsAxisOf(length, places),
    // All percentages on one scale, so that a failure looks like one.
    y: axisOf({ label, unit: '%' }, { range: [0, 104], dtick: 20 }),
    data: first.encodings.flatMap((encoding) => {
      const style = first.styleOf(encoding);
      const score: Measure<Comparison> = {
        ...first.scoreMeasure(encoding),
        label,
        of: (at) => at.rangeOf(task, encoding),
      };
      const swapped = lengths.map((at) => at.swappedOf(task, encoding));
      return [
        measuredLine({ x: length, y: score }, { style, rows: lengths }),
        {
          ...lineTrace({ x: places, y: swapped, style, legend: false }),
          hoverinfo: 'skip',
          line: { color: style.color, dash: 'dot', width: 1 },
        },
      ];
    }),
  };
}
