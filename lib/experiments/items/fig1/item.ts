// Figure 1: how many tokens a segment has, and how many segments a sequence, on real text of three
// kinds. The statement behind bilevel positions: segments stay short however long the sequence;
// only their number grows.

import { z } from 'zod';
import { formatCount } from '../../../base/format';
import { type Reporter } from '../../../base/progress';
import { type Modality, type PreparedSource } from '../../../data/sources/source';
import { prepareSource } from '../../../data/sources/prepare';
import { getTokenizer } from '../../../data/tokenizers/registry';
import { separatorsFor } from '../../../segment/separators';
import { absentNames, available, notMeasured } from '../../run/available';
import { defineExperiment } from '../../run/experiment';
import { type PreparedInput, type Presets, type RunContext } from '../../run/definition';
import { drawFig1, type Fig1Result, type ModalityStatistics } from './draw';
import { ascendingLengths, listOf, sourcesField } from '../../settings/fields';
import { counted } from '../../settings/preset-words';
import { measureSegments } from './segment-statistics';

/** The kinds of text, in the order of the figure's columns. */
const modalities: readonly Modality[] = ['books', 'papers', 'code'];

const schema = z
  .strictObject({
    sources: sourcesField,
    separators: listOf(z.enum(['paper', 'released'])).describe('sets of separators: paper, released'),
    sequenceLengths: ascendingLengths(1).describe('sequence lengths (tokens), ascending'),
    maxTokens: z.number().int().positive().describe('at most so many tokens of each kind of text are read'),
  })
  .readonly();

/** Settings of Figure 1. */
export type Fig1Settings = z.infer<typeof schema>;

const lengthsToTheCaptions = [512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536, 120_000];

async function prepare(settings: Fig1Settings, reporter: Reporter): Promise<PreparedInput<PreparedSource[]>> {
  const { had, absent } = await available(settings.sources, (name) => prepareSource(name, { reporter }));
  // The kind of text is part of the data: the result has its numbers under that.
  const data = had.map(({ info: { name, version, modality }, checksum }) => ({
    name,
    version,
    checksum,
    modality,
  }));
  return { input: [...had], data, missing: absentNames(absent) };
}

async function run(
  settings: Fig1Settings,
  input: PreparedSource[],
  { reporter }: RunContext,
): Promise<Fig1Result> {
  const tokenizer = await getTokenizer('llama2');
  const separators = new Map(settings.separators.map((name) => [name, separatorsFor(tokenizer, name)]));
  const measured: ModalityStatistics[] = [];
  for (const modality of modalities) {
    const sources = input.filter((source) => source.info.modality === modality);
    if (sources.length === 0) continue;
    const task = reporter.task(`${modality}: tokens`, settings.maxTokens, 'tokens');
    const text = await measureSegments(documentsOf(sources), {
      tokenizer,
      separators,
      sequenceLengths: settings.sequenceLengths,
      maxTokens: settings.maxTokens,
      onProgress: (tokens) => {
        task.update(tokens);
      },
    });
    task.finish(`${formatCount(text.tokens)} in ${formatCount(text.documents)} documents`);
    measured.push({ modality, sources: sources.map((source) => source.info.name), ...text });
  }
  return { modalities: measured };
}

async function* documentsOf(sources: readonly PreparedSource[]) {
  for (const source of sources) yield* source.documents();
}

/** The scales at which Figure 1 can be measured. */
export const fig1Presets = {
  smoke: {
    description: ({ sources, maxTokens }) =>
      `the first ${counted(maxTokens, 'token')} of ${sources.join(', ')}`,
    time: 'seconds',
    settings: {
      sources: ['moby-dick'],
      separators: ['paper', 'released'],
      sequenceLengths: [512, 1024, 2048, 4096, 8192],
      maxTokens: 60_000,
    },
  },
  quick: {
    description: ({ maxTokens }) =>
      `books, papers and code that come with packages; up to ${counted(maxTokens, 'token')} of each`,
    time: 'about a minute',
    settings: {
      sources: ['moby-dick', 'sotu', 'latex-manuals', 'npm-sources', 'typescript-compiler'],
      separators: ['paper', 'released'],
      sequenceLengths: lengthsToTheCaptions,
      maxTokens: 4_000_000,
    },
  },
  paper: {
    description: () => "the paper's corpora: PG-19, ArXiv and GitHub, validation sets (downloads)",
    time: 'the downloads, then about 15 minutes',
    settings: {
      sources: ['pg19-validation', 'pile-arxiv', 'pile-github'],
      separators: ['paper', 'released'],
      sequenceLengths: lengthsToTheCaptions,
      maxTokens: 1_000_000_000,
    },
  },
} satisfies Presets<Fig1Settings>;

/** Figure 1 as a paper item. */
export const fig1 = defineExperiment<Fig1Settings, PreparedSource[], Fig1Result>({
  id: 'fig1',
  title: 'Figure 1: tokens per segment, segments per sequence',
  question:
    'Do segments stay short when sequences grow, so that only the number of segments must extrapolate?',
  claim:
    'On PG-19, tokenized for Llama 2 and cut at "." and newline, most sentences stay under 50 tokens even in sequences of about 120 k tokens, while the number of sentences grows up to about 10 k (caption of Figure 1, public summary page).',
  notebook: 'notebooks/fig1.ipynb',
  revision: 1,
  schema,
  presets: fig1Presets,
  prepare,
  run,
  scale: (settings, missing) =>
    `Measured on ${settings.sources.join(', ')}, at most ${formatCount(settings.maxTokens)} tokens of each kind; the paper measured PG-19.${notMeasured(missing)}`,
  draw: drawFig1,
});
