import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { silentReporter } from '../../lib/base/progress';
import { scrollsTaskNames } from '../../lib/data/scrolls/tasks';
import { type TextMetricName, type TextScore } from '../../lib/evaluate/metrics/text-metrics';
import { quickMetrics, scrollsMetrics, scrollsScore } from '../../lib/evaluate/scrolls';
import { type PromptedRun, scoreRows } from '../../lib/experiments/items/scrolls/runs';
import { type RunConfiguration, RunStore } from '../../lib/experiments/run/store';
import { tableScrolls, tableScrollsPresets } from '../../lib/experiments/items/scrolls/item';
import { drawTableScrolls } from '../../lib/experiments/items/scrolls/draw';
import { type Figure } from '../../lib/report/figure';
import { answerAsHub, type HubFiles } from '../data/local-hub';
import { type LocalServer, serve } from '../data/local-server';
import { zipOf } from '../data/zip';
import { present } from '../../lib/base/present';
import { temporaryFolder } from '../support/command';
import { expectPage } from '../support/page';
import { readFigure } from '../support/read-figure';

/** What is read here of a finetuning's configuration. */
interface PromptedTraining {
  readonly initialCheckpoint: string;
  readonly task: { readonly data: { readonly task: string } };
}

const reporter = silentReporter;
const instances = 60;
let chapters = 20;

/** What so many right answers of 60 give. */
function partsOf(metric: TextMetricName, right: number): TextScore['parts'][] {
  return Array.from({ length: instances }, (_, index) => {
    const score = index < right ? 100 : 0;
    return metric === 'rouge' ? { rouge1: score, rouge2: score, rougeL: score } : { [metric]: score };
  });
}

const metricNamed = (task: string): TextMetricName =>
  ({ ...quickMetrics, ...scrollsMetrics })[task as keyof typeof scrollsMetrics];

function run(task: string, encoding: string, right: number, seed = 1, swappedRight = 6): PromptedRun {
  const metric = metricNamed(task);
  return {
    task,
    encoding,
    seed,
    metric,
    score: (100 * right) / instances,
    byInstance: partsOf(metric, right),
    groups: Array.from({ length: instances }, (_, index) => `chapter ${index % chapters}`),
    swapped: { score: (100 * swappedRight) / instances, rounds: [partsOf(metric, swappedRight)] },
    tokens: 144,
    longer: [],
    examples: [{ query: 'Who?', text: 'The whale.', answer: `${encoding} says`, references: ['he', 'him'] }],
    parameters: 10,
    curve: [{ step: 1, loss: 2 }],
    tokensPerSecond: 1,
    seconds: 1,
  };
}

const pair = (task: string, bipe: number, rope: number, swappedRight?: number): PromptedRun[] => [
  run(task, 'bipe_rope', bipe, 1, swappedRight),
  run(task, 'rope', rope, 1, swappedRight),
];

function figureOf(runs: readonly PromptedRun[]): Figure {
  const [figure] = drawTableScrolls({ runs }).figures;
  if (figure === undefined) throw new Error('no figure');
  return figure;
}

describe('the table of SCROLLS', () => {
  it('says of each row whether it was measured, and has no mean of fewer than seven tasks', () => {
    const [table] = drawTableScrolls({ runs: [...pair('find', 30, 15), ...pair('qasper', 12, 9)] }).tables;
    expect(table?.rows.map(({ task, benchmark, measured }) => [task, benchmark, measured])).toEqual([
      ['Find and answer', 'quick task', 'yes'],
      ['GovReport', 'SCROLLS', 'not measured here'],
      ['SummScreenFD', 'SCROLLS', 'not measured here'],
      ['QMSum', 'SCROLLS', 'not measured here'],
      ['NarrativeQA', 'SCROLLS', 'not measured here'],
      ['Qasper', 'SCROLLS', 'yes'],
      ['QuALITY', 'SCROLLS', 'not measured here'],
      ['ContractNLI', 'SCROLLS', 'not measured here'],
      ['Mean of the seven', 'SCROLLS', 'not measured here'],
    ]);
    expect(table?.rows[0]).toMatchObject({
      metric: 'F1',
      instances: 60,
      bipe_rope: 50,
      bipe_rope_swapped: 10,
      rope: 25,
    });
    expect(table?.rows.at(-1)).toMatchObject({ bipe_rope: null, rope: null });
    expect(table?.caption).toMatch(/3\.98 points above RoPE on average \(public notes on the paper\)/);
  });

  it('has the official mean where all seven were measured, of quick tasks nothing', () => {
    const seven = scrollsTaskNames.flatMap((task, index) => pair(task, 30 + index, 20 + index));
    const [table] = drawTableScrolls({ runs: [...pair('kind', 60, 60), ...seven] }).tables;
    const scoresOf = (encoding: string): Record<string, number> =>
      Object.fromEntries(seven.flatMap((one) => (one.encoding === encoding ? [[one.task, one.score]] : [])));
    expect(table?.rows.at(-1)).toMatchObject({
      measured: 'yes',
      bipe_rope: scrollsScore(scoresOf('bipe_rope')),
      rope: scrollsScore(scoresOf('rope')),
    });
  });

  it('shows what each model wrote', () => {
    const [, examples] = drawTableScrolls({ runs: pair('find', 30, 15) }).tables;
    expect(examples?.rows).toEqual([
      {
        task: 'Find and answer',
        query: 'Who?',
        text: 'The whale.',
        reference: 'he',
        bipe_rope: 'bipe_rope says',
        rope: 'rope says',
      },
    ]);
  });

  it('is drawn on one scale of percentages, with lines across bars that the legend and the subtitle explain', () => {
    const figure = figureOf([...pair('find', 2, 1, 20), ...pair('kind', 60, 30)]);
    for (const axis of ['yaxis', 'yaxis2']) expect(figure.layout[axis]).toMatchObject({ range: [0, 112] });
    const named = figure.data.filter(({ showlegend }) => showlegend !== false).map(({ name }) => name);
    expect(named).toEqual(['BiPE-RoPE', 'RoPE', 'Same answers, other instances']);
    expect(JSON.stringify(figure.layout['title'])).toContain(
      'line across a bar: the same answers, handed to other',
    );
    const dark = figure.data.filter(({ mode }) => mode === 'markers').map(({ y }) => y);
    expect(dark.slice(0, 2)).toEqual([0, 1].map(() => [(100 * 20) / 60, (100 * 20) / 60]));
  });

  it('says above a panel who has not learnt its task, by the test of the findings', () => {
    const runs = [
      ...pair('kind', 60, 30),
      ...[run('find', 'bipe_rope', 40), run('find', 'rope', 7)],
      ...pair('heading', 4, 5),
    ];
    const { annotations } = figureOf(runs).layout as { annotations: { text: string }[] };
    expect(annotations.slice(0, 3).map(({ text }) => text)).toEqual([
      '<b>Novel or address</b>',
      '<b>Find and answer</b><br><b>not learnt by RoPE</b>',
      '<b>Name the chapter</b><br><b>not learnt</b>',
    ]);
  });

  it('says why a score of ROUGE can be 0 where the swapped one is not, where it is so', () => {
    const says = /geometric: it is 0 unless an answer has two words in a row right/;
    expect(figureOf(pair('heading', 0, 0, 1)).caption).toMatch(says);
    expect(figureOf(pair('heading', 9, 0, 0)).caption).not.toMatch(says);
    expect(figureOf(pair('find', 0, 0, 1)).caption).not.toMatch(says);
  });
});

describe('the findings of the table', () => {
  const verdicts = (runs: readonly PromptedRun[]) =>
    drawTableScrolls({ runs }).findings.map(({ holds }) => holds);

  it('hold, do not hold or are inconclusive, as the interval of the difference has it', () => {
    expect(verdicts(pair('find', 40, 15))).toEqual([true]);
    expect(verdicts(pair('find', 15, 40))).toEqual([false]);
    expect(verdicts(pair('find', 31, 30))).toEqual([null]);
  });

  it('are inconclusive where neither model answers better where its answers belong than elsewhere', () => {
    expect(verdicts(pair('find', 14, 4))).toEqual([true]);
    const blind = pair('find', 14, 4, 14);
    expect(verdicts(blind)).toEqual([null]);
    expect(drawTableScrolls({ runs: blind }).findings[0]?.measured).toMatch(
      /neither has learnt to read for this task$/,
    );
  });

  it('are inconclusive from fewer than five chapters, whose bars have no whiskers', () => {
    chapters = 4;
    onTestFinished(() => {
      chapters = 20;
    });
    const { findings, figures } = drawTableScrolls({ runs: pair('find', 40, 15) });
    expect(findings.map(({ holds }) => holds)).toEqual([null]);
    expect(findings[0]?.measured).toMatch(
      /^BiPE-RoPE 66\.7 \(swapped 10\.0\), RoPE 25\.0 \(swapped 10\.0\): .*no interval: too few chapters that differ; one seed/,
    );
    expect(figures[0]?.data[0]).not.toHaveProperty('error_y');
  });

  it('say how sure they are: over what, and that one seed is one', () => {
    const seven = scrollsTaskNames.flatMap((task) => pair(task, 40, 15));
    const [quick, scrolls] = drawTableScrolls({ runs: [...pair('find', 40, 15), ...seven] }).findings;
    expect(quick?.measured).toMatch(/\(95 % interval over chapters [\d.]+ to [\d.]+; one seed\)$/);
    expect(scrolls?.measured).toMatch(/: 95 % interval over documents [\d.]+ to [\d.]+; one seed$/);
    const twice = seven.flatMap((one) => [one, { ...one, seed: 2 }]);
    expect(drawTableScrolls({ runs: twice }).findings[0]?.measured).toMatch(
      /over documents [\d.]+ to [\d.]+$/,
    );
  });

  it('say of swapped answers their interval, or over several seeds the least and the most', () => {
    const measured = (...seeds: PromptedRun[][]): string =>
      drawTableScrolls({ runs: seeds.flat() }).findings[0]?.measured ?? '';
    expect(measured(pair('find', 40, 15))).toMatch(
      /^BiPE-RoPE 66\.7 \(swapped 10\.0, 95 % interval [\d.]+ to [\d.]+\)/,
    );
    const second = pair('find', 40, 15, 9).map((one) => ({ ...one, seed: 2 }));
    expect(measured(pair('find', 40, 15), second)).toMatch(
      /^BiPE-RoPE 66\.7 \(swapped 12\.5, 10\.0 to 15\.0 over seeds\), RoPE/,
    );
  });

  it("never call a quick task one of SCROLLS', and say nothing of SCROLLS without all seven", () => {
    const six = scrollsTaskNames.slice(1).flatMap((task) => pair(task, 40, 15));
    const { findings } = drawTableScrolls({ runs: [...pair('find', 40, 15), ...six] });
    expect(findings.map(({ claim }) => claim)).toEqual([
      `Quick task "Find and answer" (not part of SCROLLS): BiPE-RoPE answers better than RoPE`,
    ]);
    const all = drawTableScrolls({ runs: [...six, ...pair('gov_report', 40, 15)] }).findings;
    expect(all.map(({ holds }) => holds)).toEqual([true]);
    expect(all[0]?.claim).toMatch(
      /mean of SCROLLS' seven tasks, BiPE-RoPE is above RoPE \(the paper: by 3\.98 points\)/,
    );
  });

  it('are over all seeds', () => {
    const runs = [...pair('find', 40, 15), run('find', 'bipe_rope', 0, 2), run('find', 'rope', 25, 2)];
    expect(verdicts(runs)).toEqual([null]);
  });
});

describe('answers at longer lengths', () => {
  /** A model that answers so many of 60 instances, and of longer ones. */
  const longer = (encoding: string, right: number, rightLonger: number, blind = 6): PromptedRun => {
    const { tokens, ...answers } = run('name', encoding, rightLonger);
    return { ...run('name', encoding, right, 1, blind), longer: [{ ...answers, tokens: 4 * tokens }] };
  };
  const draw = (...runs: readonly PromptedRun[]) => drawTableScrolls({ runs });

  it('are findings and rows of their own, and a picture by length, which comes first', async () => {
    const { findings, tables, figures } = draw(longer('bipe_rope', 50, 40), longer('rope', 52, 15));
    expect(findings.map(({ claim, holds }) => [claim, holds])).toEqual([
      ['Quick task "Most frequent name" (not part of SCROLLS): BiPE-RoPE answers better than RoPE', null],
      [
        'Quick task "Most frequent name", 4 times the length of the finetuning: BiPE-RoPE answers better than RoPE',
        true,
      ],
    ]);
    const rows = tables[0]?.rows.filter(({ measured }) => measured === 'yes') ?? [];
    expect(rows.map(({ task, tokens, bipe_rope: score }) => [task, tokens, score])).toEqual([
      ['Most frequent name', 144, (100 * 50) / 60],
      ['Most frequent name', 576, (100 * 40) / 60],
    ]);
    expect(figures.map(({ id }) => id)).toEqual(['table-scrolls-lengths', 'table-scrolls-scores']);
    await expectPage('table-scrolls-lengths', { figures: figures.slice(0, 1) });
    const { points, panels, legend } = readFigure(present(figures[0], 'figure'));
    expect(panels.map(({ title, x, y }) => [title, x.title, y.title])).toEqual([
      ['Most frequent name', 'Length (tokens)', 'F1 (%)'],
    ]);
    expect(legend).toEqual(['BiPE-RoPE', 'RoPE', 'Same answers, other instances']);
    const share = (right: number): number => Number(((100 * right) / 60).toPrecision(9));
    const shown = points.map(({ series, x, y, hover = '' }) => [series, x, y, hover !== '']);
    for (const [name, right] of [
      ['BiPE-RoPE', [50, 40]],
      ['RoPE', [52, 15]],
    ] as const)
      for (const [place, x] of [144, 576].entries())
        expect(shown).toContainEqual([name, x, share(right[place] ?? 0), true]);
    const lines = figures[0]?.data.filter(({ mode }) => mode === 'lines+markers') ?? [];
    expect(lines.map(({ name, x }) => [name, x])).toEqual([
      ['BiPE-RoPE', [144, 576]],
      ['RoPE', [144, 576]],
    ]);
  });

  it('decide nothing unless both models learnt the task at the length of the finetuning', () => {
    const [, finding] = draw(longer('bipe_rope', 50, 40), longer('rope', 10, 5, 10)).findings;
    expect(finding?.holds).toBeNull();
    expect(finding?.measured).toMatch(/; not learnt at the length of the finetuning by RoPE$/);
  });

  it('are tidy rows, a row for each length', () => {
    const tidy = scoreRows([longer('bipe_rope', 50, 40)]);
    expect(tidy.map(({ tokens, score, swapped }) => [tokens, score, swapped])).toEqual([
      [144, (100 * 50) / 60, 10],
      [576, (100 * 40) / 60, 10],
    ]);
  });
});

describe('the replication', () => {
  it('has a table of its own, without a bilevel encoding', () => {
    const replication = drawTableScrolls({ runs: pair('name', 50, 40) }).tables.at(-1);
    expect(replication?.title).toBe('SCROLLS in an independent replication');
    expect(replication?.rows.map(({ task }) => task)).toHaveLength(scrollsTaskNames.length);
    expect(replication?.columns.map(({ key }) => key).filter((key) => key.startsWith('bipe'))).toEqual([]);
  });
});

describe.each(Object.entries(tableScrollsPresets))('the preset %s', (name, { settings }) => {
  it("measures SCROLLS' own tasks in the preset paper alone, and there all of them as the paper does", () => {
    const own = settings.tasks.filter(({ data }) => data.kind === 'scrolls').map(({ data }) => data.task);
    expect(own).toEqual(name === 'paper' ? scrollsTaskNames : []);
    if (name !== 'paper') return;
    const { maxTokens, steps, batchSize, accumulation, learningRate, weightDecay, dropout } = settings;
    expect([maxTokens, steps, batchSize * accumulation]).toEqual([8192, 5000, 64]);
    expect([learningRate, weightDecay, dropout]).toEqual([1e-5, 0.01, 0]);
  });
});

describe('table-scrolls', () => {
  let server: LocalServer | undefined;
  afterEach(async () => {
    vi.unstubAllEnvs();
    await server?.close();
    server = undefined;
  });

  it('finetunes and asks each model once, however often it is asked for', { timeout: 300_000 }, async () => {
    const store = new RunStore(temporaryFolder());
    const options = { preset: 'smoke', reporter, store };
    const { numbers, provenance } = await tableScrolls.execute(options);
    const { runs } = numbers;
    expect(runs.map(({ encoding, task }) => [encoding, task])).toEqual([
      ['bipe_rope', 'kind'],
      ['rope', 'kind'],
    ]);
    for (const { byInstance, groups, swapped, examples, tokens, longer } of runs) {
      expect(longer.map((one) => one.tokens)).toEqual([2 * tokens]);
      expect(longer[0]?.byInstance).toHaveLength(20);
      expect(byInstance).toHaveLength(20);
      expect(groups).toEqual(runs[0]?.groups);
      expect(groups.every((group) => /^(heading|id) /.test(group))).toBe(true);
      for (const parts of swapped.rounds) expect(parts).toHaveLength(20);
      // From instances far apart: of both kinds, all different, and none of them begins with the
      // question.
      expect(new Set(examples.map(({ references }) => references[0]))).toEqual(
        new Set(['A novel', 'An address']),
      );
      expect(new Set(examples.map(({ text }) => text)).size).toBe(5);
      for (const { query, text } of examples) {
        expect(query).toBe('Is the text from a novel or from an address?');
        expect(text).toMatch(/^(?!Is the text)[^]{60,}$/);
        expect(text).not.toMatch(/Answer:|\n/);
      }
    }
    expect(provenance.data.map(({ name }) => name).sort()).toEqual(['moby-dick', 'sotu']);
    expect(await store.count('prompted')).toBe(2);
    expect((await tableScrolls.execute(options)).reused).toBe(true);
    // Another question finds the models trained.
    const more = await tableScrolls.execute({ ...options, settings: { instances: 25 } });
    expect(await store.count('language-model')).toBe(2);
    expect(more.numbers.runs.map(({ curve }) => curve)).toEqual(runs.map(({ curve }) => curve));
  });

  it('refuses settings that do not fit together, before anything is trained', async () => {
    const { tasks } = tableScrollsPresets.smoke.settings;
    for (const [settings, says] of [
      [
        { tokenizer: 'llama2' },
        /tokenizer: llama2, but the models to start from read llama2-1024; give the same/,
      ],
      [{ tasks: [...tasks, ...tasks] }, /tasks: two are the same task; give each once/],
      [{ inputWeight: -0.1 }, /^table-scrolls settings: inputWeight: /],
      [{ inputWeight: 1.1 }, /^table-scrolls settings: inputWeight: /],
      [{ encodings: ['bipe_rop'] }, /did you mean bipe_rope\?/],
      [
        { start: { kind: 'released' }, encodings: ['t5'] },
        /no checkpoint of t5 was released; take some of bipe_rope/,
      ],
    ] as const)
      await expect(tableScrolls.execute({ preset: 'smoke', settings, reporter })).rejects.toThrow(says);
  });

  it(
    "runs the paper's preset to its mean: golden models and made-up files stand for the released ones",
    { timeout: 400_000 },
    async () => {
      const golden = (name: string): HubFiles => {
        const file = (path: string): Buffer => readFileSync(projectPath('tests', 'golden', name, path));
        return {
          small: { 'config.json': file('config.json') },
          large: { 'model.safetensors': file('model.safetensors') },
        };
      };
      const line = (id: number): string =>
        `${JSON.stringify({ id: `${id}`, pid: `${id}_0`, input: `Who?\n\nThe whale, ${id}.`, output: 'The whale' })}\n`;
      const archives = scrollsTaskNames.map((task) => {
        const members = ['train', 'validation', 'test'].map((split) => [
          `${task}/${split}.jsonl`,
          line(1) + line(2),
        ]);
        return [`${task}.zip`, zipOf(Object.fromEntries(members) as Record<string, string>)] as const;
      });
      const models = {
        'hzy00/BiPE_RoPE-151M': golden('bipe_rope'),
        'hzy00/RoPE-151M': golden('rope'),
        'tau/scrolls': { small: {}, large: Object.fromEntries(archives) },
      };
      server = await serve((request, response) => {
        request.url = (request.url ?? '').replace('/datasets/', '/');
        answerAsHub(models, request, response);
      });
      vi.stubEnv('BIPE_MIRROR_HUGGINGFACE', server.url);
      vi.stubEnv('BIPE_DATASETS', temporaryFolder());
      const store = new RunStore(join(temporaryFolder(), 'runs'));
      const { figures, tables, findings, missing, provenance } = await tableScrolls.execute({
        preset: 'paper',
        settings: {
          encodings: ['bipe_rope', 'rope', 'alibi'],
          tokenizer: 'llama2-1000',
          tasks: scrollsTaskNames.map((task) => ({ data: { kind: 'scrolls', task }, outputTokens: 8 })),
          maxTokens: 48,
          steps: 2,
          accumulation: 2,
        },
        reporter,
        store,
      });
      expect(missing).toEqual([expect.stringMatching(/^hzy00\/ALiBi-151M \(main\): has no config\.json/)]);
      expect(provenance.scale).toMatch(/Not measured on this machine: hzy00\/ALiBi-151M/);
      expect(provenance.data.map(({ name }) => name)).toEqual([
        'hzy00/BiPE_RoPE-151M',
        'hzy00/RoPE-151M',
        ...scrollsTaskNames.map((task) => `SCROLLS ${task}`),
      ]);
      const rows = tables[0]?.rows ?? [];
      expect(rows.map(({ measured }) => measured)).toEqual(Array.from({ length: 8 }, () => 'yes'));
      expect(typeof rows.at(-1)?.['bipe_rope']).toBe('number');
      expect(findings).toHaveLength(1);
      expect(figures).toHaveLength(1);
      // Each finetuning depends on the model that it starts from, and not on the others of the
      // comparison.
      const finetuned = readdirSync(store.folder)
        .filter((name) => /^prompted-[0-9a-f]{16}$/.test(name))
        .map((name) => {
          const text = readFileSync(join(store.folder, name, 'config.json'), 'utf8');
          return JSON.parse(text) as RunConfiguration & { settings: { training: PromptedTraining } };
        });
      expect(finetuned).toHaveLength(14);
      for (const { data, settings } of finetuned) {
        const { initialCheckpoint, task } = settings.training;
        const names = [`hzy00/${basename(initialCheckpoint)}`, `SCROLLS ${task.data.task}`];
        expect(data.map(({ name }) => name)).toEqual(names);
      }
    },
  );
});
