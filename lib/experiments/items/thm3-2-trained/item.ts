// The trained counterpart of Theorem 3.2: small Transformers of growing width learn to tell the
// state sets of a Bi-NFA, which the theorem's are built to tell. Nothing here proves or refutes a
// theorem; it is what training makes of the same task.

import { z } from 'zod';
import { encodingNamed } from '../../../positional/registry';
import { encodingStyle } from '../../../report/style';
import { mainFour, smallSines } from '../../charts/encoding-pairs';
import { modelPoints, runEach, trainingCost } from '../../run/compared-models';
import { defineExperiment } from '../../run/experiment';
import { type Presets } from '../../run/definition';
import { type TrainedRunOptions } from '../../run/trained-run';
import { count, encodingFields, listOf } from '../../settings/fields';
import { counted, encodingsListed, showsThatItRuns } from '../../settings/preset-words';
import { drawThm32Trained, type Thm32TrainedResult } from './draw';
import {
  askedWords,
  chooseAutomaton,
  guessesOf,
  stateSetFields,
  stateSetRun,
  type StateSetRunSettings,
  type StateSetRow,
  stateSetRows,
} from './runs';

const schema = z
  .strictObject({
    ...encodingFields,
    hiddenSizes: listOf(count).describe('widths of the models'),
    ...stateSetFields,
  })
  .superRefine(({ hiddenSizes, heads, length, longer }, context) => {
    for (const [index, size] of hiddenSizes.entries())
      if (size % (2 * heads) !== 0)
        context.addIssue({
          code: 'custom',
          path: ['hiddenSizes', index],
          message: `${size} must be a multiple of ${2 * heads}: ${heads} heads of an even width`,
        });
    for (const [index, asked] of longer.entries())
      if (asked <= (longer[index - 1] ?? length))
        context.addIssue({
          code: 'custom',
          path: ['longer', index],
          message: `${asked} must be longer than what stands before it, and than the training's ${length}`,
        });
  })
  .readonly();

/** Settings: which models are compared, and how they are trained. */
export type Thm32TrainedSettings = z.infer<typeof schema>;

const main = [...mainFour, 'learned'];
const all = [...main, 'sinusoidal'];

/**
 * The bilevel encodings with a table as long as segments are, instead of 1,024 rows, so that
 * parameters are comparable; and small sines.
 */
function variantsFor(maxSegmentLength: number): StateSetRunSettings['variants'] {
  const intra = { kind: 'learned', rows: maxSegmentLength + 1 } as const;
  return {
    bipe_rope: { kind: 'bipe', intra, inter: { kind: 'rope' } },
    bipe_alibi: { kind: 'bipe', intra, inter: { kind: 'alibi', slopeFactor: 96 } },
    sinusoidal: smallSines,
  };
}

const small = {
  variants: variantsFor(7),
  automaton: {
    subStates: 4,
    segmentStates: 4,
    symbols: 3,
    separators: 2,
    density: 0.25,
    candidates: 200,
    seed: 1,
  },
  length: 63,
  maxSegmentLength: 7,
  longer: [127, 255],
  words: 400,
  layers: 3,
  heads: 4,
  batchSize: 32,
  learningRate: 1e-2,
  warmupSteps: 50,
  clipNorm: 1,
};

/** A sentence: what is compared, and how it is trained. */
function describe(settings: Thm32TrainedSettings): string {
  const { automaton, encodings, hiddenSizes, layers, length, seeds, steps } = settings;
  return (
    `${encodingsListed(encodings)}; a Bi-NFA of ${automaton.subStates} x ${automaton.segmentStates} states, words of ${length} symbols, ` +
    `${counted(layers, 'layer')} of width ${hiddenSizes.join(', ')}, ${counted(seeds.length, 'seed')}, ${counted(steps, 'step')}`
  );
}

/** The scales at which it can be measured. */
export const thm32TrainedPresets = {
  smoke: {
    description: (settings) => `${describe(settings)}: ${showsThatItRuns}`,
    time: 'seconds',
    settings: {
      ...small,
      encodings: ['bipe_rope', 'learned'],
      hiddenSizes: [8],
      seeds: [1],
      longer: [127],
      words: 40,
      steps: 30,
      warmupSteps: 5,
    },
  },
  quick: {
    description: describe,
    time: 'about 9 minutes',
    settings: { ...small, encodings: main, hiddenSizes: [8, 16, 32], seeds: [1, 2], steps: 1000 },
  },
  evening: {
    description: describe,
    time: 'about 80 minutes',
    settings: {
      ...small,
      encodings: all,
      hiddenSizes: [8, 16, 32, 64],
      seeds: [1, 2, 3],
      words: 1000,
      steps: 5000,
      learningRate: 5e-3,
      warmupSteps: 200,
    },
  },
  paper: {
    description: (settings) => `a large comparison; the paper has no such training: ${describe(settings)}`,
    time: 'a GPU or a cluster',
    settings: {
      ...small,
      variants: variantsFor(15),
      automaton: { ...small.automaton, subStates: 6, segmentStates: 6, density: 1 / 6 },
      length: 255,
      maxSegmentLength: 15,
      longer: [511, 1023],
      encodings: all,
      hiddenSizes: [16, 32, 64, 128, 256],
      seeds: [1, 2, 3, 4, 5],
      words: 1000,
      layers: 6,
      steps: 50_000,
      batchSize: 64,
      learningRate: 1e-3,
      warmupSteps: 1000,
    },
  },
} satisfies Presets<Thm32TrainedSettings>;

/** The item. */
export const theorem32Trained = defineExperiment<
  Thm32TrainedSettings,
  Thm32TrainedSettings,
  Thm32TrainedResult,
  StateSetRow
>({
  id: 'thm3.2-trained',
  title: 'Theorem 3.2, trained: state sets of a Bi-NFA by encoding and width',
  question:
    'With bilevel positions, do trained models predict the states of a Bi-NFA better than others of the same width?',
  claim:
    'The theorem (public summary page) is an upper bound on what bilevel positions can represent. We know of no statement of the paper about what is learnt.',
  notebook: 'notebooks/thm3.2-trained.ipynb',
  revision: 2,
  schema,
  presets: thm32TrainedPresets,
  seeds: ({ seeds }) => seeds,
  steps: ({ steps }) => steps,
  inPieces: true,
  usesEngine: true,
  prepare: (settings) => {
    // Settings that no run would accept are refused before the first one.
    for (const name of settings.encodings) encodingNamed(name, settings.variants);
    return Promise.resolve({ input: settings, data: [], missing: [] });
  },
  run: async (settings, _input, context) => {
    const { automaton, statistics } = chooseAutomaton(settings);
    const planned = modelPoints(settings).map((point) => ({
      style: encodingStyle(point.encoding, settings.encodings),
      which: `hidden size ${point.hiddenSize}, seed ${point.seed}`,
      cost: trainingCost({ ...settings, ...point, time: settings.length }),
      run: (options: TrainedRunOptions) => stateSetRun(point, settings, automaton, options),
    }));
    const runs = await runEach(planned, context);
    const guesses = guessesOf(automaton, askedWords(automaton, settings));
    return { automaton, statistics, guesses, runs };
  },
  scale: ({ automaton, length, hiddenSizes, layers, steps, batchSize, seeds }) =>
    `A random Bi-NFA of ${automaton.segmentStates} segment states and ${automaton.subStates} sub-states, words of ${length} symbols, ${counted(layers, 'layer')} of width ${hiddenSizes.join(', ')}, ` +
    `${counted(steps, 'step')} of ${counted(batchSize, 'word')}, ${counted(seeds.length, 'seed')}. The paper has no such training.`,
  draw: drawThm32Trained,
  rows: ({ runs }) => stateSetRows(runs),
});
