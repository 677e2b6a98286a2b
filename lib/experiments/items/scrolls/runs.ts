// One model finetuned on one task and asked its instances: the unit of which the table of SCROLLS
// is made.

import { z } from 'zod';
import { shorten } from '../../../base/format';
import { displayPath } from '../../../base/paths';
import { openPromptedRows, type PromptedData, promptedDataSchema } from '../../../data/scrolls/prompted-data';
import { quickTasks } from '../../../data/scrolls/quick';
import { outputCue, sequenceOptions, type SequenceOptions } from '../../../data/scrolls/sequence';
import { scrollsTasks } from '../../../data/scrolls/tasks';
import { getTokenizer } from '../../../data/tokenizers/registry';
import { Random } from '../../../engine/random/random';
import { type TextMetricName, type TextScore } from '../../../evaluate/metrics/text-metrics';
import {
  generateAnswers,
  promptedInstances,
  type PromptedInstance,
  scoreAnswers,
  scoreSwapped,
  type SwappedScore,
} from '../../../evaluate/prompted';
import { quickMetrics, scrollsMetrics } from '../../../evaluate/scrolls';
import { type Decoder } from '../../../model/decoder';
import { type ModelParameters } from '../../../model/parameters';
import { type DataSource } from '../../../report/provenance';
import { type TrainingConfig } from '../../../train/config';
import { type Start } from './start';
import {
  clipNormField,
  count,
  dropoutField,
  productsField,
  type SettingsWith,
  tokenizerField,
  trainingFields,
  weightDecayField,
} from '../../settings/fields';
import {
  trainedRun,
  type TrainedRunOptions,
  type TrainedRunSpec,
  type TrainingFigures,
} from '../../run/trained-run';
import { trainingPlan } from '../../run/training-plan';

/** Checks a task and how long its outputs may be. */
export const promptedTaskSchema = z
  .strictObject({
    data: promptedDataSchema,
    /** Tokens that are kept free for an output and its end, in training and in generation. */
    outputTokens: count.min(2),
  })
  .readonly();

/** A task and how long its outputs may be. */
export type PromptedTaskSettings = z.infer<typeof promptedTaskSchema>;

/** The fields of how all models of a comparison are finetuned, and what they are asked. */
export const promptedRunFields = {
  tokenizer: tokenizerField,
  maxTokens: count.describe('the longest sequence (tokens); 8,192 in the paper'),
  ...trainingFields,
  accumulation: count.describe('batches whose gradients are added up for one update'),
  schedule: z
    .enum(['constant', 'linear'])
    .describe('what the learning rate does after the warm-up; linear falls to 0'),
  weightDecay: weightDecayField,
  dropout: dropoutField,
  clipNorm: clipNormField,
  inputWeight: z
    .number()
    .min(0)
    .max(1)
    .describe('weight of an input token in the loss, where an output token has 1; 0 on SCROLLS'),
  remember: z
    .enum(['all', 'block-inputs'])
    .describe(
      'what of a forward pass is kept for the gradients: all, or block-inputs, which takes less memory and more time',
    ),
  products: productsField,
  instances: count.nullable().describe('validation instances that are asked; null: all'),
  longer: z
    .array(count.min(2))
    .readonly()
    .describe(
      'longer sequences that the models are asked about besides, as multiples of maxTokens; documents of quick tasks are so many times as long',
    ),
};

/** Settings that all runs of a comparison share. */
export type PromptedRunSettings = SettingsWith<typeof promptedRunFields>;

/** Coordinates of a run. */
export interface PromptedRunPoint {
  readonly encoding: string;
  readonly seed: number;
  /** Of the quick tasks or of SCROLLS. */
  readonly task: string;
}

/** A question and what was written. */
export interface AnswerExample {
  /** The query before the document; null where the task has none. */
  readonly query: string | null;
  /** The beginning of the document. */
  readonly text: string;
  readonly answer: string;
  readonly references: readonly string[];
}

/** The scores of a model's answers at one length. */
export interface AnswersAtLength {
  /** The longest sequence (tokens). */
  readonly tokens: number;
  /** In percent. */
  readonly score: number;
  /**
   * Each instance's part in it, in the order of the instances, which is the same for all models.
   */
  readonly byInstance: readonly TextScore['parts'][];
  /** The chapter or document of each instance, in the same order. */
  readonly groups: readonly string[];
  /** Of its answers handed to other instances: what it scores without reading. */
  readonly swapped: SwappedScore;
}

/** The answers of a model, at the length of its finetuning first. */
export interface PromptedAnswers extends AnswersAtLength {
  readonly metric: TextMetricName;
  readonly examples: readonly AnswerExample[];
  /** To instances with longer texts. */
  readonly longer: readonly AnswersAtLength[];
}

/** The result of a run. */
export type PromptedRun = PromptedRunPoint & PromptedAnswers & TrainingFigures;

const revision = 2;

/**
 * Raise it when what is kept of answers changes, or how they are scored: the models stay trained.
 */
const answersRevision = 4;

/** The metric of a task. */
export function metricOf(data: PromptedData): TextMetricName {
  return data.kind === 'quick' ? quickMetrics[data.task] : scrollsMetrics[data.task];
}

function trainingConfig(
  { model, folder }: Start,
  seed: number,
  { data, outputTokens }: PromptedTaskSettings,
  settings: PromptedRunSettings,
): TrainingConfig {
  const { tokenizer, maxTokens, inputWeight, dropout, remember } = settings;
  return {
    model: { ...model, dropout },
    task: { kind: 'prompted', data, tokenizer, maxTokens, outputTokens, inputWeight, testRows: 200 },
    remember,
    initialCheckpoint: displayPath(folder),
    ...trainingPlan(settings, seed, 500),
  };
}

/**
 * Finetunes a model on a task, or goes on, or finds it finished; then asks it.
 *
 * @param data what the finetuning reads, with checksums
 * @throws MachineError if the run was interrupted
 */
export async function promptedRun(
  { start, seed, encoding }: { readonly start: Start; readonly seed: number; readonly encoding: string },
  task: PromptedTaskSettings,
  settings: PromptedRunSettings,
  data: readonly DataSource[],
  options: TrainedRunOptions,
): Promise<PromptedRun> {
  const point = { encoding, seed, task: task.data.task };
  const run: TrainedRunSpec<PromptedAnswers> = {
    item: 'prompted',
    revision,
    training: trainingConfig(start, seed, task, settings),
    data,
    label: `${encoding}, ${point.task}`,
    asked: { instances: settings.instances, longer: settings.longer, answersRevision },
    ask: (decoder, parameters) => ask(task, settings, decoder, parameters, options),
  };
  return { ...point, ...(await trainedRun(run, options)) };
}

/** The instances that every model of a comparison is asked. */
async function instancesOf(
  { data, outputTokens }: PromptedTaskSettings,
  { tokenizer, instances }: PromptedRunSettings,
  maxTokens: number,
): Promise<{ sequences: SequenceOptions; asked: PromptedInstance[] }> {
  const sequences = sequenceOptions({ tokenizer: await getTokenizer(tokenizer), maxTokens, outputTokens });
  const rows = await openPromptedRows(data, 'validation');
  const count = instances === null ? {} : { count: instances };
  return { sequences, asked: await promptedInstances(rows, sequences, count) };
}

/** Everything that is asked of a model. */
async function ask(
  task: PromptedTaskSettings,
  settings: PromptedRunSettings,
  decoder: Decoder,
  parameters: ModelParameters,
  options: TrainedRunOptions,
): Promise<PromptedAnswers> {
  const askAt = (multiple: number): ReturnType<typeof askAtLength> =>
    askAtLength(withLonger(task, multiple), settings, multiple, decoder, parameters, options);
  const { examples, ...answers } = await askAt(1);
  const longer: AnswersAtLength[] = [];
  for (const multiple of settings.longer) {
    const { examples: _, ...further } = await askAt(multiple);
    longer.push(further);
  }
  return { metric: metricOf(task.data), ...answers, examples, longer };
}

/** The task with longer documents; a document of SCROLLS is as long as it is. */
function withLonger(task: PromptedTaskSettings, multiple: number): PromptedTaskSettings {
  const { data } = task;
  if (data.kind !== 'quick') return task;
  return { ...task, data: { ...data, documentLength: data.documentLength * multiple } };
}

async function askAtLength(
  task: PromptedTaskSettings,
  settings: PromptedRunSettings,
  multiple: number,
  decoder: Decoder,
  parameters: ModelParameters,
  { reporter }: TrainedRunOptions,
): Promise<AnswersAtLength & Pick<PromptedAnswers, 'examples'>> {
  const tokens = settings.maxTokens * multiple;
  const { sequences, asked } = await instancesOf(task, settings, tokens);
  const answers = await generateAnswers(decoder, parameters, asked, sequences, { reporter });
  const metric = metricOf(task.data);
  const { score, byInstance } = scoreAnswers(metric, asked, answers);
  const random = Random.fromSeed(0).fork('swapped answers');
  const swapped = scoreSwapped(metric, asked, answers, random);
  const groups = asked.map(({ group }) => group);
  const examples = examplesOf(task, asked, answers, sequences);
  return { tokens, score, byInstance, groups, swapped, examples };
}

const examplesShown = 5;
const charactersShown = 240;

/** Instances at even distances: those that follow each other are often of the same document. */
function examplesOf(
  { data }: PromptedTaskSettings,
  asked: readonly PromptedInstance[],
  answers: ReadonlyMap<string, string>,
  { tokenizer }: SequenceOptions,
): AnswerExample[] {
  const count = Math.min(examplesShown, asked.length);
  const shown = Array.from({ length: count }, (_, index) =>
    Math.floor(((index + 0.5) * asked.length) / count),
  );
  return shown.flatMap((place) => {
    const instance = asked[place];
    if (instance === undefined) return [];
    const { id, prompt, references } = instance;
    const { query, text } = partsOfInput(tokenizer.decode(prompt), hasQuery(data));
    return [{ query, text, answer: answers.get(id) ?? '', references }];
  });
}

function hasQuery(data: PromptedData): boolean {
  const { query } = data.kind === 'quick' ? quickTasks[data.task] : scrollsTasks[data.task];
  return query !== null;
}

/**
 * A query stands before its document, with an empty line in between; the cue after both is not
 * shown.
 */
function partsOfInput(prompt: string, asks: boolean): Pick<AnswerExample, 'query' | 'text'> {
  const input = prompt.endsWith(outputCue) ? prompt.slice(0, -outputCue.length) : prompt;
  if (!asks) return { query: null, text: beginningOf(input) };
  const end = input.indexOf('\n\n');
  return end < 0
    ? { query: beginningOf(input), text: '' }
    : { query: beginningOf(input.slice(0, end)), text: beginningOf(input.slice(end)) };
}

/** On one line, with an ellipsis where something is left out. */
function beginningOf(text: string): string {
  return shorten(text.trim().replace(/\s+/g, ' '), charactersShown, ' …');
}

/**
 * A model's score on one task at one length, and what the same answers score when they are handed
 * to other instances.
 */
export type ScoreRow = Readonly<
  Record<'encoding' | 'task' | 'metric', string> &
    Record<'seed' | 'tokens' | 'instances' | 'score' | 'swapped', number>
>;

/** A row for each model, seed, task and length. */
export function scoreRows(runs: readonly PromptedRun[]): ScoreRow[] {
  return runs.flatMap(({ encoding, task, metric, seed, longer, ...run }) =>
    [run, ...longer].map(({ tokens, byInstance, score, swapped }) => ({
      encoding,
      task,
      metric,
      seed,
      tokens,
      instances: byInstance.length,
      score,
      swapped: swapped.score,
    })),
  );
}
