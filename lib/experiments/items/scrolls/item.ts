// The table of SCROLLS: language models finetuned on each of the seven tasks and scored on what
// they write. The presets that run in minutes do the same on quick tasks of the same shape, made
// from the bundled books; their rows say that they are not part of SCROLLS.

import { z } from 'zod';
import { sha256 } from '../../../base/files';
import { type Reporter } from '../../../base/progress';
import { downloadScrolls } from '../../../data/scrolls/download';
import { openPromptedRows, type PromptedData } from '../../../data/scrolls/prompted-data';
import { type QuickTaskName } from '../../../data/scrolls/quick';
import { type ScrollsTaskName } from '../../../data/scrolls/tasks';
import { prepareSource } from '../../../data/sources/prepare';
import { type DataSource } from '../../../report/provenance';
import { encodingStyle, type SeriesStyle } from '../../../report/style';
import { available, notMeasured } from '../../run/available';
import { mainFour } from '../../charts/encoding-pairs';
import { runEach, trainingCost } from '../../run/compared-models';
import { defineExperiment } from '../../run/experiment';
import { type Presets, type RunContext } from '../../run/definition';
import { type TrainedRunOptions } from '../../run/trained-run';
import { fig4Presets } from '../fig4/item';
import { encodingFields, listOf } from '../../settings/fields';
import { counted, encodingsListed, showsThatItRuns } from '../../settings/preset-words';
import {
  promptedRun,
  promptedRunFields,
  promptedTaskSchema,
  type PromptedTaskSettings,
  type ScoreRow,
  scoreRows,
} from './runs';
import { type PreparedStarts, prepareStarts, startSchema } from './start';
import { type TableScrollsResult } from './comparison';
import { drawTableScrolls } from './draw';
import { paperGain } from './findings';

const schema = z
  .strictObject({
    ...encodingFields,
    tasks: listOf(promptedTaskSchema)
      .refine((tasks) => new Set(tasks.map(({ data }) => data.task)).size === tasks.length, {
        error: 'two are the same task; give each once',
      })
      .describe('tasks of SCROLLS, or quick ones, and how long their outputs may be (tokens)'),
    start: startSchema.describe('the models that are finetuned'),
    ...promptedRunFields,
  })
  .readonly();

/** Settings: which models are finetuned on which tasks, and how. */
export type TableScrollsSettings = z.infer<typeof schema>;

/**
 * The first of the language models of a preset of Figure 4, which are not trained again for this.
 */
function languageModelsOf(
  preset: 'smoke' | 'quick' | 'evening',
  models: number,
): Pick<TableScrollsSettings, 'encodings' | 'start' | 'tokenizer'> {
  const { encodings, seeds, ...settings } = fig4Presets[preset].settings;
  return {
    encodings: encodings.slice(0, models),
    start: { kind: 'language-model', seed: seeds[0] ?? 1, ...settings },
    tokenizer: settings.tokenizer,
  };
}

const quickTask = (task: QuickTaskName, documentLength: number, perChapter: number): PromptedData => ({
  kind: 'quick',
  task,
  documentLength,
  perChapter,
  seed: 0,
});

const scrollsTask = (task: ScrollsTaskName, outputTokens: number): PromptedTaskSettings => ({
  data: { kind: 'scrolls', task },
  outputTokens,
});

const small = {
  seeds: [1],
  accumulation: 1,
  schedule: 'linear',
  weightDecay: 0.01,
  dropout: 0,
  clipNorm: 1,
  remember: 'all',
  longer: [],
} as const;

/** The tasks, and how long is trained on each. */
function describe({ tasks, maxTokens, steps, batchSize, accumulation }: TableScrollsSettings): string {
  return (
    `${tasks.map(({ data }) => data.task).join(', ')} at ${counted(maxTokens, 'token')}: ` +
    `${counted(steps, 'step')} of ${counted(batchSize * accumulation, 'sequence')}`
  );
}

function describeQuick(preset: keyof typeof fig4Presets, settings: TableScrollsSettings): string {
  return `quick tasks from the bundled books, not part of SCROLLS: ${describe(settings)}, ${encodingsListed(settings.encodings)} of Figure 4's preset ${preset}`;
}

/** The scales at which the table can be measured. */
export const tableScrollsPresets = {
  smoke: {
    description: (settings) => `${describeQuick('smoke', settings)}: ${showsThatItRuns}`,
    time: 'seconds',
    settings: {
      ...small,
      ...languageModelsOf('smoke', 2),
      tasks: [{ data: quickTask('kind', 200, 2), outputTokens: 8 }],
      maxTokens: 160,
      steps: 6,
      batchSize: 8,
      learningRate: 1e-3,
      warmupSteps: 1,
      inputWeight: 0,
      instances: 20,
      longer: [2],
    },
  },
  quick: {
    description: (settings) => describeQuick('quick', settings),
    time: 'about 2 minutes after fig4',
    settings: {
      ...small,
      ...languageModelsOf('quick', 4),
      tasks: [
        { data: quickTask('name', 120, 64), outputTokens: 8 },
        { data: quickTask('choice', 120, 64), outputTokens: 8 },
      ],
      maxTokens: 96,
      steps: 160,
      batchSize: 32,
      learningRate: 2e-3,
      warmupSteps: 10,
      inputWeight: 0,
      instances: 200,
      longer: [2, 4, 16],
    },
  },
  evening: {
    description: (settings) => describeQuick('evening', settings),
    time: 'about an hour after fig4',
    settings: {
      ...small,
      ...languageModelsOf('evening', 4),
      tasks: [
        { data: quickTask('name', 300, 64), outputTokens: 8 },
        { data: quickTask('choice', 300, 64), outputTokens: 8 },
        { data: quickTask('find', 600, 64), outputTokens: 12 },
        { data: quickTask('heading', 600, 64), outputTokens: 16 },
      ],
      maxTokens: 256,
      steps: 200,
      batchSize: 16,
      learningRate: 1e-3,
      warmupSteps: 20,
      inputWeight: 0,
      instances: 500,
      longer: [2, 4, 16],
    },
  },
  paper: {
    description: (settings) => `${describe(settings)}, the released models finetuned as the paper's`,
    time: 'a GPU or a cluster',
    settings: {
      ...small,
      encodings: mainFour,
      start: { kind: 'released' },
      tokenizer: 'llama2',
      tasks: [
        scrollsTask('gov_report', 1024),
        scrollsTask('summ_screen_fd', 512),
        scrollsTask('qmsum', 512),
        scrollsTask('narrative_qa', 64),
        scrollsTask('qasper', 128),
        scrollsTask('quality', 128),
        scrollsTask('contract_nli', 16),
      ],
      maxTokens: 8192,
      steps: 5000,
      batchSize: 1,
      accumulation: 64,
      learningRate: 1e-5,
      warmupSteps: 0,
      schedule: 'constant',
      clipNorm: null,
      remember: 'block-inputs',
      inputWeight: 0,
      instances: null,
    },
  },
} satisfies Presets<TableScrollsSettings>;

/** A task whose rows are on this machine. */
interface PreparedTask {
  readonly settings: PromptedTaskSettings;
  readonly data: readonly DataSource[];
}

interface Prepared {
  readonly starts: PreparedStarts;
  readonly tasks: readonly PreparedTask[];
}

async function prepareTask(settings: PromptedTaskSettings, reporter: Reporter): Promise<PreparedTask> {
  const { data } = settings;
  if (data.kind === 'quick') {
    const sources: DataSource[] = [];
    for (const name of ['moby-dick', 'sotu']) {
      const { info, checksum } = await prepareSource(name, { reporter });
      sources.push({ name, version: info.version, checksum });
    }
    return { settings, data: sources };
  }
  const { task, folder } = data;
  const version = folder ?? (await downloadScrolls(task, { reporter })).revision;
  const [train, validation] = [
    await openPromptedRows(data, 'train'),
    await openPromptedRows(data, 'validation'),
  ];
  const checksum = sha256(`${train.sha256} ${validation.sha256}`);
  return { settings, data: [{ name: `SCROLLS ${task}`, version, checksum }] };
}

/** Each source once. */
function distinct(data: readonly DataSource[]): DataSource[] {
  return [...new Map(data.map((source) => [source.name, source])).values()];
}

async function run(
  settings: TableScrollsSettings,
  { starts, tasks }: Prepared,
  context: RunContext,
): Promise<TableScrollsResult> {
  const styleOf = (encoding: string): SeriesStyle => encodingStyle(encoding, starts.encodings);
  const begun = await runEach(
    starts.encodings.map((encoding) => ({
      style: styleOf(encoding),
      which: 'what the finetuning starts from',
      cost: starts.cost,
      run: async ({ store, reporter }: TrainedRunOptions) => ({
        encoding,
        // Never trained anew here: they are another item's models.
        start: await starts.startOf(encoding, { store, reporter }),
      }),
    })),
    context,
    'Training loss',
  );
  // One seed of everything before the next seed, so that an interrupted comparison is a comparison
  // already.
  const planned = settings.seeds.flatMap((seed) =>
    tasks.flatMap((task) =>
      begun.map(({ encoding, start }) => ({
        style: styleOf(encoding),
        which: `${task.settings.data.task}, seed ${seed}`,
        cost: trainingCost({
          ...settings,
          time: settings.maxTokens,
          hiddenSize: start.model.hiddenSize,
          layers: start.model.numLayers,
        }),
        run: (options: TrainedRunOptions) =>
          promptedRun(
            { start, seed, encoding },
            task.settings,
            settings,
            distinct([...start.data, ...task.data]),
            options,
          ),
      })),
    ),
  );
  return { runs: await runEach(planned, context, 'Finetuning: loss of an output token') };
}

/** The table of SCROLLS as a paper item. */
export const tableScrolls = defineExperiment<TableScrollsSettings, Prepared, TableScrollsResult, ScoreRow>({
  id: 'table-scrolls',
  title: 'SCROLLS: long texts after finetuning',
  question: 'Does a bilevel encoding help a language model that is finetuned to answer about long texts?',
  claim: `Finetuned at 8,192 tokens on the seven tasks of SCROLLS, BiPE-RoPE is ${paperGain} points above RoPE on average (public notes on the paper); we have not seen its scores by task.`,
  notebook: 'notebooks/table_scrolls.ipynb',
  revision: 6,
  schema,
  presets: tableScrollsPresets,
  seeds: ({ seeds }) => seeds,
  steps: ({ steps }) => steps,
  inPieces: true,
  usesEngine: true,
  prepare: async (settings, reporter) => {
    const starts = await prepareStarts(settings.start, settings.encodings, settings.tokenizer, reporter);
    const { had: tasks, absent } = await available(settings.tasks, (task) =>
      prepareTask(task, reporter),
    ).catch((error: unknown) => {
      starts.close?.();
      throw error;
    });
    const missing = [...starts.missing, ...absent.map(({ error }) => error.message)];
    // Without a model, or without a task, there is nothing to be measured.
    const complete = starts.encodings.length > 0 && tasks.length > 0;
    const data = complete ? distinct([...starts.data, ...tasks.flatMap((task) => task.data)]) : [];
    return { input: { starts, tasks }, data, missing, ...(starts.close && { close: starts.close }) };
  },
  run,
  scale: ({ maxTokens, steps, batchSize, accumulation, seeds }, missing, { starts, tasks }) =>
    `Measured on ${tasks.map(({ settings: { data } }) => (data.kind === 'quick' ? `${data.task} (a quick task, not part of SCROLLS)` : data.task)).join(', ')}; ${starts.models} finetuned at ${maxTokens.toLocaleString('en')} tokens for ` +
    `${counted(steps, 'step')} of ${counted(batchSize * accumulation, 'sequence')}, ${counted(seeds.length, 'seed')}; the paper finetunes models of 151 M parameters on SCROLLS' seven tasks at 8,192 tokens for 5,000 steps of 64.${notMeasured(missing)}`,
  draw: (result) => drawTableScrolls(result),
  rows: ({ runs }) => scoreRows(runs),
});
