// Where the attention of Figure 4's models goes: how it falls with the distance of the segment,
// whether it lands on a certain place inside the segment, and how both change beyond the training
// length. Nothing is trained for it that Figure 4 does not train.

import { z } from 'zod';
import { ConfigError } from '../../../base/errors';
import { present } from '../../../base/present';
import { type Corpus } from '../../../data/tokens/corpus';
import { getTokenizer } from '../../../data/tokenizers/registry';
import { defaultAttentionBins } from '../../../evaluate/attention-mass';
import { loadCheckpoint } from '../../../model/files/checkpoint';
import { disposeParameters } from '../../../model/parameters';
import { encodingStyle } from '../../../report/style';
import { separatorsFor } from '../../../segment/separators';
import { drawAttentionBySegment } from './draw';
import { type AttentionBySegmentResult } from './result';
import { attentionInContexts, type ContextMeasurement, type ContextSettings, queriesOf } from './contexts';
import { measureDifference, measureNames, measuresOf } from './statistics';
import { notMeasured } from '../../run/available';
import { bilevelPairs, mainFour } from '../../charts/encoding-pairs';
import { defineExperiment } from '../../run/experiment';
import { type Presets } from '../../run/definition';
import { fig4Presets } from '../fig4/item';
import {
  comparisonFields,
  type PreparedModels,
  prepareLanguageModels,
} from '../../language-models/comparison';
import { trainedLanguageModel } from '../../language-models/runs';
import { commonSeparators } from '../../language-models/settings';
import { validationDocuments } from '../../language-models/text';
import { count, listOf } from '../../settings/fields';
import { counted, encodingsListed, showsThatItRuns } from '../../settings/preset-words';

/** Checks settings. */
export const attentionBySegmentSchema = z
  .strictObject({
    ...comparisonFields,
    times: listOf(count).describe('context lengths, as multiples of the training length'),
    modality: z.enum(['books', 'code', 'papers']).describe('the kind of text: books, papers or code'),
    documents: count.describe('at most so many held-out documents are read'),
  })
  .superRefine(({ times, trainLength, lengths }, context) => {
    const fail = (message: string): void => {
      context.addIssue({ code: 'custom', path: ['times'], message });
    };
    if (times[0] !== 1 || times.some((factor, index) => factor <= (times[index - 1] ?? 0)))
      fail(`${times.join(', ')} must begin with 1, the context of training, and ascend, e.g. 1, 4`);
    const most = Math.max(...lengths) / trainLength;
    if (Math.max(...times) > most)
      fail(
        `${Math.max(...times)} is too many: validation documents are as long as the longest of the lengths, ${most} times the training length`,
      );
  })
  .readonly();

/** Settings: which models of Figure 4 are watched, and over which text. */
export type AttentionBySegmentSettings = z.infer<typeof attentionBySegmentSchema>;

const looked = { times: [1, 4], modality: 'books', documents: 16 } as const;

function describe(
  preset: keyof typeof fig4Presets,
  { encodings, times, documents }: AttentionBySegmentSettings,
): string {
  return `${encodingsListed(encodings)} of Figure 4's preset ${preset}, at ${times.join(' and ')} times their training length, over ${counted(documents, 'document')} at most`;
}

/** The scales at which it can be measured: Figure 4's, with the main four encodings. */
export const attentionBySegmentPresets = {
  smoke: {
    description: (settings) => `${describe('smoke', settings)}: ${showsThatItRuns}`,
    time: 'seconds',
    settings: { ...fig4Presets.smoke.settings, ...looked, documents: 4 },
  },
  quick: {
    description: (settings) => describe('quick', settings),
    time: 'under a minute after fig4',
    settings: { ...fig4Presets.quick.settings, encodings: mainFour, seeds: [1], ...looked },
  },
  evening: {
    description: (settings) => describe('evening', settings),
    time: 'minutes after fig4',
    settings: { ...fig4Presets.evening.settings, encodings: mainFour, ...looked, documents: 32 },
  },
  paper: {
    description: (settings) => describe('paper', settings),
    time: 'minutes on a GPU after fig4',
    settings: { ...fig4Presets.paper.settings, encodings: mainFour, ...looked, documents: 50 },
  },
} satisfies Presets<AttentionBySegmentSettings>;

/** The item. */
export const attentionBySegment = defineExperiment<
  AttentionBySegmentSettings,
  PreparedModels<AttentionBySegmentSettings>,
  AttentionBySegmentResult
>({
  id: 'attention_by_segment',
  title: 'What the models look at: attention by segment and by place',
  question:
    'Where does attention go with one and with two levels of position, and beyond the training length?',
  claim:
    "The method (public summary page) encodes a token's place in its segment absolutely and the distance of segments relatively. The paper's public page does not say how trained models use this in their attention: this is an observation.",
  notebook: 'notebooks/attention_by_segment.ipynb',
  revision: 2,
  schema: attentionBySegmentSchema,
  presets: attentionBySegmentPresets,
  seeds: ({ seeds }) => seeds.slice(0, 1),
  steps: ({ steps }) => steps,
  usesEngine: true,
  prepare: (settings, reporter) => prepareLanguageModels(settings, settings.encodings, reporter),
  run: async (_settings, { settings, corpus }, { reporter, store }) => {
    const documents = documentsOf(corpus, settings);
    const context = await contextSettings(settings);
    const measured: ContextMeasurement[] = [];
    for (const [index, encoding] of settings.encodings.entries()) {
      const point = { encoding, hiddenSize: settings.hiddenSize, seed: present(settings.seeds[0], 'seed') };
      reporter.note(
        `model ${index + 1} of ${settings.encodings.length}: ${encodingStyle(encoding, settings.encodings).name}`,
      );
      // Trained by Figure 4, or now; never anew, which is Figure 4's to do.
      const folder = await trainedLanguageModel(point, settings, corpus, { store, reporter });
      const { decoder, parameters } = await loadCheckpoint(folder);
      try {
        measured.push(await attentionInContexts(encoding, decoder, parameters, documents, context, reporter));
      } finally {
        disposeParameters(parameters);
      }
    }
    const { evenly } = present(measured[0], 'a model');
    return {
      trainLength: settings.trainLength,
      documents: documents.length,
      queries: queriesOf(settings),
      bins: context.bins,
      models: measured.map(({ model }) => model),
      evenly: measuresOf(evenly),
      differences: [
        ...bilevelPairs.flatMap(([bilevel, single]) => {
          const [first, second] = [bilevel, single].map((wanted) =>
            measured.find(({ name }) => name === wanted),
          );
          if (first === undefined || second === undefined) return [];
          return measureNames.map((measure) => measureDifference(measure, first, second));
        }),
        ...measured.flatMap((one) => [
          // Evenly spread attention moves where the keys are; half as much is a line between
          // following them and not.
          measureDifference('moved', one, evenly, 0.5),
          measureDifference('samePlace', one, evenly),
        ]),
      ],
    };
  },
  scale: (
    { hiddenSize, layers, trainLength, steps, batchSize, tokenizer, seeds },
    missing,
    { settings: { sources } },
  ) =>
    `The models of Figure 4 with seed ${present(seeds[0], 'seed')}: ${counted(layers, 'layer')} of width ${hiddenSize}, ${counted(steps, 'step')} of ${counted(batchSize, 'block')} of ${counted(trainLength, 'token')} on ${sources.join(', ')} (tokenizer ${tokenizer}). ` +
    "The paper's have 12 layers of width 768 and 1,000,000 steps; we know nothing of their attention." +
    notMeasured(missing),
  draw: drawAttentionBySegment,
});

/**
 * Validation documents of the kind, spread evenly over all there are, each as long as the longest
 * context.
 */
function documentsOf(corpus: Corpus, settings: AttentionBySegmentSettings): Int32Array[] {
  const { modality, trainLength, times, documents: most } = settings;
  const all = validationDocuments(corpus, settings).filter((one) => one.modality === modality);
  if (all.length === 0)
    throw new ConfigError(
      `modality ${modality}: no validation document of ${Math.max(...settings.lengths)} tokens in ${settings.sources.join(', ')}; give another modality, or sources with more of it`,
    );
  const chosen = Math.min(most, all.length);
  const length = trainLength * Math.max(...times);
  return Array.from({ length: chosen }, (_, index) =>
    present(all[Math.floor((index * all.length) / chosen)], 'document').ids.subarray(0, length),
  );
}

async function contextSettings({
  trainLength,
  times,
  tokenizer,
  separators,
}: AttentionBySegmentSettings): Promise<ContextSettings> {
  const own = defaultAttentionBins.distances;
  return {
    trainLength,
    times,
    separators: separatorsFor(await getTokenizer(tokenizer), commonSeparators({ separators })),
    // A group of its own begins where training ends.
    bins: { ...defaultAttentionBins, distances: [...new Set([...own, trainLength])].sort((a, b) => a - b) },
  };
}
