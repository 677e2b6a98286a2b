// The table of SCROLLS as a table, a picture and findings. Scores of quick tasks stand in rows of
// their own, and no mean has them.

import { type Range } from '../../../base/format';
import { scrollsTaskNames } from '../../../data/scrolls/tasks';
import { swaps } from '../../../evaluate/prompted';
import { axisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { textAt } from '../../../report/marks';
import { makeTable, measured, type Measure, measuredBar, rangeOf } from '../../../report/measures';
import { type PlotlyObject } from '../../../report/spec';
import { figureWidth, fontSize, ink } from '../../../report/style';
import { type Cell, type Table } from '../../../report/tables';
import { lineKey } from '../../../report/traces';
import { seedsWord, whiskersWord } from '../../charts/seed-groups';
import { type Drawing } from '../../run/report';
import {
  byLength,
  Comparison,
  groupsWord,
  isQuick,
  metricNames,
  type TableScrollsResult,
  taskTitle,
  titleOf,
} from './comparison';
import { paperGain, scrollsFindings } from './findings';
import { lengthsFigure } from './lengths-figure';
import { replicatedScores } from './replication';

/** Everything that is shown of a result. */
export function drawTableScrolls(result: TableScrollsResult): Drawing {
  const [comparison, ...longer] = byLength(result).map((one) => new Comparison(one));
  if (comparison === undefined) throw new Error('a result has one length at least');
  return {
    figures: [...(longer.length > 0 ? [lengthsFigure(comparison, longer)] : []), scoresFigure(comparison)],
    tables: [scoresTable(comparison, longer), examplesTable(comparison), replicatedScores()],
    findings: scrollsFindings(comparison, longer),
  };
}

const notMeasured = 'not measured here';

/** A row of the table: a task at a length, or null for the mean of SCROLLS' seven. */
interface Row {
  readonly task: string | null;
  readonly at: Comparison;
}

function scoresTable(comparison: Comparison, longer: readonly Comparison[]): Table {
  const { encodings, tasks } = comparison;
  const quick = tasks.filter(isQuick);
  const styles = encodings.map((encoding) => ({ encoding, ...comparison.styleOf(encoding) }));
  const isMeasured = ({ task }: Row): boolean =>
    task === null
      ? encodings.some((encoding) => comparison.scrollsMean(encoding) !== null)
      : tasks.includes(task);
  const ofTask =
    (of: (task: string, at: Comparison) => Cell | undefined) =>
    ({ task, at }: Row): Cell | undefined =>
      task === null ? null : of(task, at);
  const columns: readonly Measure<Row>[] = [
    { key: 'task', label: 'Task', of: ({ task }) => (task === null ? 'Mean of the seven' : titleOf(task)) },
    {
      key: 'benchmark',
      label: 'Of',
      of: ({ task }) => (task !== null && isQuick(task) ? 'quick task' : 'SCROLLS'),
    },
    {
      key: 'metric',
      label: 'Score',
      of: ofTask((task) => metricNames[comparison.metricOf(task)]),
    },
    { key: 'measured', label: 'Measured here', of: (row) => (isMeasured(row) ? 'yes' : notMeasured) },
    {
      key: 'tokens',
      label: 'Length (tokens)',
      format: 'integer',
      of: (row) => (isMeasured(row) ? row.at.tokens : null),
    },
    {
      key: 'instances',
      label: 'Instances',
      format: 'integer',
      of: ofTask((task, at) => encodings.flatMap((one) => at.runsOf(task, one))[0]?.byInstance.length),
    },
    ...encodings.map((encoding): Measure<Row> => ({
      ...comparison.scoreMeasure(encoding),
      of: ({ task, at }) =>
        task === null
          ? comparison.scrollsMean(encoding)
          : withCentre(at.scoreOf(task, encoding), () => at.rangeOf(task, encoding)),
    })),
    ...styles.map(({ encoding, name }) =>
      measured<Row>(
        { key: `${encoding}_swapped`, label: `${name}, swapped`, unit: '%', format: 'fixed1' },
        ({ task, at }) =>
          task === null
            ? undefined
            : withCentre(at.swappedOf(task, encoding), () => at.swappedRangeOf(task, encoding)),
      ),
    ),
  ];
  return makeTable(
    {
      id: 'table-scrolls',
      title: 'SCROLLS',
      caption:
        `Scores of greedy answers on validation instances, in percent${comparison.seeds > 1 ? `, ${seedsWord(comparison.seeds)}` : ''}. ` +
        'Swapped: the score of the same answers when they are handed to other instances, as they would be without reading. ' +
        belowSwapped(comparison) +
        (quick.length === 0
          ? ''
          : `Quick tasks are made from the bundled books and have the shape of SCROLLS' tasks; their scores say nothing about SCROLLS'. `) +
        `The mean over SCROLLS is that of all seven, and is not made of fewer. We know one number of the paper: BiPE-RoPE is ${paperGain} points above RoPE on average (public notes on the paper).`,
    },
    columns,
    [
      ...quick.flatMap((task) => [comparison, ...longer].map((at) => ({ task, at }))),
      ...scrollsTaskNames.map((task) => ({ task, at: comparison })),
      { task: null, at: comparison },
    ],
  );
}

/** A score as the run has it, within its range; undefined where it was not measured. */
function withCentre(centre: number | null, rangeOf: () => Range): Range | undefined {
  return centre === null ? undefined : { ...rangeOf(), centre };
}

/** Why a score can be below what chance gives; nothing where none is. */
function belowSwapped(comparison: Comparison): string {
  const { tasks, encodings } = comparison;
  const isBelow = (task: string): boolean =>
    encodings.some(
      (encoding) =>
        comparison.scoreOf(task, encoding) === 0 && (comparison.swappedOf(task, encoding) ?? 0) > 0,
    );
  return tasks.some((task) => comparison.metricOf(task) === 'rouge' && isBelow(task))
    ? `ROUGE's mean is geometric: it is 0 unless an answer has two words in a row right. Answers are swapped in ${swaps} ways, so chance has ${swaps} times as many tries, and one hit lifts the swapped score above 0. `
    : '';
}

/** An instance, and the answers of each model to it. */
interface Example {
  readonly task: string;
  readonly query: string | null;
  readonly text: string;
  readonly reference: string | null;
  readonly answers: readonly (string | null)[];
}

/** A few questions and the models' answers, so that a score can be seen for what it is. */
function examplesTable(comparison: Comparison): Table {
  const { encodings, tasks } = comparison;
  const rows = tasks.flatMap((task): Example[] => {
    const answered = encodings.map((encoding) => comparison.runsOf(task, encoding)[0]?.examples ?? []);
    return (answered[0] ?? []).map(({ query, text, references }, index) => ({
      task,
      query,
      text,
      reference: references[0] ?? null,
      answers: answered.map((examples) => examples[index]?.answer ?? null),
    }));
  });
  return makeTable<Example>(
    {
      id: 'table-scrolls-examples',
      title: 'Answers of the models',
      caption:
        'A few of the instances asked, at even distances among them. The query is the text before the document, where a task has one; of the references the first is shown.',
    },
    [
      { key: 'task', label: 'Task', of: ({ task }) => titleOf(task) },
      { key: 'query', label: 'Query', of: ({ query }) => query },
      { key: 'text', label: 'Text begins', of: ({ text }) => text },
      { key: 'reference', label: 'Reference', of: ({ reference }) => reference },
      ...encodings.map((encoding, place) => ({
        key: encoding,
        label: comparison.styleOf(encoding).name,
        of: ({ answers }: Example) => answers[place],
      })),
    ],
    rows,
  );
}

function scoresFigure(comparison: Comparison): Figure {
  const { tasks, encodings, seeds } = comparison;
  const columns = Math.min(3, tasks.length);
  return makeFigure({
    id: 'table-scrolls-scores',
    title: tasks.every(isQuick) ? "Quick tasks of SCROLLS' shape" : 'SCROLLS by task',
    subtitle: [
      'Scores of greedy answers; line across a bar: the same answers, handed to other instances, so without reading',
      `Not learnt: not clearly above that line; ${whiskersWord(seeds, `95 % interval over ${groupsWord(tasks)}`)}`,
    ].join('\n'),
    caption:
      'Line across a bar: the score of the same answers when they are handed to other instances, as they would be without reading. ' +
      belowSwapped(comparison) +
      (tasks.some(isQuick)
        ? 'Quick tasks are not part of SCROLLS, and their scores say nothing about it.'
        : ''),
    alt: tasks
      .map((task) => {
        const scores = encodings.map(
          (encoding) =>
            `${comparison.styleOf(encoding).name} ${comparison.rangeOf(task, encoding).centre.toFixed(1)}, swapped ${(comparison.swappedOf(task, encoding) ?? NaN).toFixed(1)}`,
        );
        return `${taskTitle(comparison, task).replace('\n', ', ')}: ${scores.join('; ')}`;
      })
      .join('; '),
    columns,
    panelHeight: 250,
    panels: tasks.map((task) => {
      const label = metricNames[comparison.metricOf(task)];
      return {
        title: taskTitle(comparison, task),
        // The legend names the bars.
        x: { type: 'category', showticklabels: false, ticks: '' },
        // All percentages on one scale, so that a failure looks like one; with room for a number
        // above 100.
        y: axisOf({ label, unit: '%' }, { range: [0, 112], dtick: 20 }),
        data: [
          ...encodings.map((encoding) => {
            const score = { ...comparison.scoreMeasure(encoding), label };
            return measuredBar(score, comparison.styleOf(encoding), task);
          }),
          ...swappedMarks(comparison, task, figureWidth.page / columns / encodings.length),
        ],
        marks: encodings.map((encoding) => barLabel(comparison, task, encoding)),
      };
    }),
    data: [lineKey(swappedName, { color: ink.text, width: 2 })],
  });
}

const swappedName = 'Same answers, other instances';

/** A line across each bar of a task, light around dark, so that it is seen on any bar. */
function swappedMarks(comparison: Comparison, task: string, roomForBar: number): PlotlyObject[] {
  const { encodings } = comparison;
  const line = (color: string, width: number): PlotlyObject => ({
    type: 'scatter',
    mode: 'markers',
    name: swappedName,
    showlegend: false,
    x: encodings.map((encoding) => comparison.styleOf(encoding).name),
    y: encodings.map((encoding) => comparison.swappedOf(task, encoding)),
    marker: { symbol: 'line-ew', size: Math.round(0.4 * roomForBar), line: { color, width } },
  });
  return [line(ink.paper, 4), line(ink.text, 2)];
}

/** The height of a bar, written above its whisker and the line across it. */
function barLabel(comparison: Comparison, task: string, encoding: string): PlotlyObject {
  const { centre, high } = rangeOf(comparison.scoreMeasure(encoding), task);
  return textAt(centre.toFixed(1), {
    x: comparison.styleOf(encoding).name,
    y: Math.max(high, comparison.swappedOf(task, encoding) ?? 0),
    yanchor: 'bottom',
    font: { size: fontSize.tick },
  });
}
