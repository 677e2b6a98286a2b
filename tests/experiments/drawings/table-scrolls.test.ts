import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { scoreInterval } from '../../../lib/experiments/items/scrolls/score-intervals';
import { type PromptedRun } from '../../../lib/experiments/items/scrolls/runs';
import { drawTableScrolls } from '../../../lib/experiments/items/scrolls/draw';
import { encodingStyles } from '../../../lib/report/style';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure, tidy } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';

const some = new Differing();
const tasks = {
  find: { metric: 'f1', title: 'Find and answer', score: 'F1' },
  kind: { metric: 'exact_match', title: 'Novel or address', score: 'Exact match' },
  heading: { metric: 'rouge', title: 'Name the chapter', score: 'ROUGE, geometric mean' },
} as const;
type Task = keyof typeof tasks;
const taskNames = Object.keys(tasks) as Task[];
const names = { bipe_rope: 'BiPE-RoPE', rope: 'RoPE' } as const;
type Name = keyof typeof names;
const encodings = Object.keys(names) as Name[];

/** Answers of about a quarter right, or of none where they are handed to other instances. */
function parts(metric: PromptedRun['metric'], most: number): PromptedRun['byInstance'] {
  const keys = metric === 'rouge' ? ['rouge1', 'rouge2', 'rougeL'] : [metric];
  return Array.from({ length: 40 }, () => Object.fromEntries(keys.map((key) => [key, most * some.share()])));
}

function run(task: Task, encoding: Name): PromptedRun {
  const { metric } = tasks[task];
  return {
    task,
    encoding,
    seed: 1,
    metric,
    // A score says nothing of the parts here: each is shown where it belongs.
    score: 100 * some.share(),
    byInstance: parts(metric, 80),
    groups: Array.from({ length: 40 }, (_, index) => `chapter ${index % 10}`),
    swapped: { score: 10 * some.share(), rounds: [parts(metric, 8), parts(metric, 8)] },
    tokens: 144,
    longer: [],
    examples: [
      {
        query: `${task}?`,
        text: `${task} text`,
        answer: `${task} by ${encoding}`,
        references: [`${task} first`, `${task} second`],
      },
    ],
    parameters: some.count(),
    curve: some.curve(),
    tokensPerSecond: some.count(),
    seconds: some.count(),
  };
}

const runs = taskNames.flatMap((task) => encodings.map((encoding) => run(task, encoding)));
const runOf = (task: Task, encoding: Name): PromptedRun =>
  present(
    runs.find((one) => one.task === task && one.encoding === encoding),
    task,
  );
const drawing = drawTableScrolls({ runs });
const interval = ({ metric, byInstance, groups }: PromptedRun) => scoreInterval(metric, [byInstance], groups);
const swappedInterval = ({ metric, swapped, groups }: PromptedRun) =>
  scoreInterval(metric, swapped.rounds, groups);

describe('the table of SCROLLS, read back', () => {
  it('says what its page has', () => expectPage('table-scrolls', drawing));

  it('shows the score of each model on each task, and that of swapped answers, in per cent', () => {
    const figure = readFigure(present(drawing.figures[0], 'figure'));
    expect(figure.panels).toEqual(
      taskNames.map((task) => ({
        title: tasks[task].title,
        x: { title: '', type: 'category' },
        y: { title: `${tasks[task].score} (%)`, range: [0, 112] },
      })),
    );
    const swapped = 'Same answers, other instances';
    expect(figure.legend).toEqual([...Object.values(names), swapped]);
    expectLooks(
      { ...figure, looks: new Map([...figure.looks].filter(([name]) => name !== swapped)) },
      { 'BiPE-RoPE': encodingStyles.bipe_rope, RoPE: encodingStyles.rope },
    );
    expectPoints(
      figure.points,
      taskNames.flatMap((task, panel) =>
        encodings.flatMap((encoding) => {
          const one = runOf(task, encoding);
          const { estimate: y, low, high } = interval(one);
          const [x, series] = [names[encoding], names[encoding]];
          const [a, b, c] = [y, low, high].map((value) => `${value.toFixed(1)} %`) as [
            string,
            string,
            string,
          ];
          const hover = `${x}: ${tasks[task].score.replace('Exact', 'exact')} ${a} (${b} to ${c})`;
          const line = { panel, series: swapped, x, y: one.swapped.score };
          // A light line under a dark one.
          return [{ panel, series, x, y, low, high, hover }, line, line];
        }),
      ),
    );
    expect(figure.labels).toEqual(
      tidy(
        taskNames.flatMap((task, panel) =>
          encodings.map((encoding) => {
            const { estimate, high } = interval(runOf(task, encoding));
            return { panel, x: names[encoding], y: high, text: estimate.toFixed(1) };
          }),
        ),
      ),
    );
    for (const one of runs)
      expect(drawing.figures[0]?.alt).toContain(
        `${names[one.encoding as Name]} ${interval(one).estimate.toFixed(1)}, swapped ${one.swapped.score.toFixed(1)}`,
      );
  });

  it('has the same scores in its table', () => {
    const read = recordsOf(readTable(present(drawing.tables[0], 'table')));
    expect(read.slice(0, 3)).toEqual(
      taskNames.map((task) => ({
        Task: tasks[task].title,
        Of: 'quick task',
        Score: tasks[task].score,
        'Measured here': 'yes',
        'Length (tokens)': '144',
        Instances: '40',
        ...Object.fromEntries(
          encodings.map((encoding) => [
            `${names[encoding]} (%)`,
            cells.fixed(runOf(task, encoding).score, 1),
          ]),
        ),
        ...Object.fromEntries(
          encodings.map((encoding) => [
            `${names[encoding]}, swapped (%)`,
            cells.fixed(runOf(task, encoding).swapped.score, 1),
          ]),
        ),
      })),
    );
    expect(read).toHaveLength(11);
  });

  it('has the intervals of both scores beside them', () => {
    const rows = drawing.tables[0]?.rows ?? [];
    taskNames.forEach((task, index) => {
      for (const encoding of encodings) {
        const [own, swapped] = [interval, swappedInterval].map((of) => of(runOf(task, encoding)));
        expect(rows[index]).toMatchObject({
          [`${encoding}Low`]: own?.low,
          [`${encoding}High`]: own?.high,
          [`${encoding}_swappedLow`]: swapped?.low,
          [`${encoding}_swappedHigh`]: swapped?.high,
        });
      }
    });
  });

  it('shows what each model wrote', () => {
    expect(recordsOf(readTable(present(drawing.tables[1], 'table')))).toEqual(
      taskNames.map((task) => ({
        Task: tasks[task].title,
        Query: `${task}?`,
        'Text begins': `${task} text`,
        Reference: `${task} first`,
        'BiPE-RoPE': `${task} by bipe_rope`,
        RoPE: `${task} by rope`,
      })),
    );
  });

  it('gives with each claim the scores of the task and models that it names', () => {
    expect(drawing.findings.map(({ claim }) => claim)).toEqual(
      taskNames.map(
        (task) =>
          `Quick task "${tasks[task].title}" (not part of SCROLLS): BiPE-RoPE answers better than RoPE`,
      ),
    );
    const minus = (value: number): string => value.toFixed(1).replace('-', '−');
    drawing.findings.forEach(({ measured }, index) => {
      const [first, second] = encodings.map((encoding) => runOf(present(taskNames[index], 'task'), encoding));
      if (first === undefined || second === undefined) throw new Error('no pair');
      const said = [first, second].map((one, place) => {
        const [low, high] = [swappedInterval(one).low, swappedInterval(one).high].map(minus);
        return `${Object.values(names)[place] ?? ''} ${one.score.toFixed(1)} (swapped ${one.swapped.score.toFixed(1)}, 95 % interval ${low ?? ''} to ${high ?? ''})`;
      });
      const difference = interval(first).estimate - interval(second).estimate;
      const start = `${said.join(', ')}: a difference of ${minus(difference)} points (95 % interval over chapters `;
      expect(measured.slice(0, start.length)).toBe(start);
    });
  });
});
