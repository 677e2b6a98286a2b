// Figure 3: accuracy on arithmetic, by encoding and by the size of the model. The `=` between the
// steps of a solution ends a segment, so a bilevel encoding tells a place in a step from the step.

import { z } from 'zod';
import { arithmeticLength, resolveArithmeticOptions } from '../../../data/arithmetic/generator';
import { arithmeticVocabulary } from '../../../data/arithmetic/vocabulary';
import { encodingNamed } from '../../../positional/registry';
import { encodingStyle } from '../../../report/style';
import { arithmeticFields, arithmeticRun, type AccuracyRow, accuracyRows, instancesOfStep } from './runs';
import { furtherEncodings, smallSines } from '../../charts/encoding-pairs';
import { modelPoints, runEach, trainingCost } from '../../run/compared-models';
import { defineExperiment } from '../../run/experiment';
import { type Presets } from '../../run/definition';
import { type TrainedRunOptions } from '../../run/trained-run';
import { drawFig3, type Fig3Result } from './draw';
import { count, encodingFields, listOf } from '../../settings/fields';
import { counted, encodingsListed, showsThatItRuns } from '../../settings/preset-words';

/** Checks the settings. */
export const fig3Schema = z
  .strictObject({
    ...encodingFields,
    hiddenSizes: listOf(count.multipleOf(8, 'must be a multiple of 8: four heads of an even width')).describe(
      'widths of the models',
    ),
    ...arithmeticFields,
  })
  .readonly();

/** Settings: which models are compared, and how they are trained. */
export type Fig3Settings = z.infer<typeof fig3Schema>;

/** The main four; the claim is about BiPE-ALiBi, so it stands first. */
const claimed = ['bipe_alibi', 'bipe_rope', 'rope', 'alibi'];
const all = [...claimed, ...furtherEncodings];

const variants = { sinusoidal: smallSines };

/** The paper's task; training and evaluation are as short as each preset says. */
const task = {
  variants,
  operators: 6,
  modulus: 11,
  batchSize: 32,
  accumulation: 8,
  learningRate: 2e-3,
  warmupSteps: 100,
  clipNorm: 1,
  dropout: 0,
  instances: null,
  questions: 1000,
  longer: [7, 8],
  evaluations: 10,
  evaluationQuestions: 500,
};

/** A sentence: what is compared, and how it is trained. */
function describe(settings: Fig3Settings): string {
  const { encodings, operators, modulus, hiddenSizes, seeds, steps } = settings;
  return (
    `${encodingsListed(encodings)}; ${counted(operators, 'operator')} modulo ${modulus}, hidden size ${hiddenSizes.join(', ')}, ` +
    `${counted(seeds.length, 'seed')}, ${counted(steps, 'step')} of ${counted(instancesOfStep(settings), 'instance')}`
  );
}

/** The scales at which Figure 3 can be measured. */
export const fig3Presets = {
  smoke: {
    description: (settings) => `${describe(settings)}: ${showsThatItRuns}`,
    time: 'seconds',
    settings: {
      ...task,
      encodings: ['bipe_alibi', 'rope'],
      hiddenSizes: [16],
      seeds: [1],
      operators: 1,
      modulus: 5,
      steps: 30,
      batchSize: 16,
      accumulation: 2,
      learningRate: 1e-2,
      warmupSteps: 5,
      questions: 50,
      longer: [2],
      evaluations: 2,
      evaluationQuestions: 20,
    },
  },
  quick: {
    description: (settings) =>
      `the paper's task and hidden size, with a short training: ${describe(settings)}`,
    time: 'about 10 minutes',
    settings: { ...task, encodings: claimed, hiddenSizes: [48], seeds: [1], steps: 1500 },
  },
  evening: {
    description: (settings) =>
      `the paper's task with a longer training, at three sizes: ${describe(settings)}`,
    time: 'about ten hours',
    settings: {
      ...task,
      encodings: all,
      hiddenSizes: [32, 48, 64],
      seeds: [1, 2, 3],
      steps: 4000,
      evaluations: 20,
    },
  },
  paper: {
    description: (settings) =>
      `the paper's task, hidden size and training, of the main four: ${describe(settings)}`,
    time: 'about two days',
    settings: {
      ...task,
      encodings: claimed,
      hiddenSizes: [48],
      seeds: [1],
      steps: 195_313,
      batchSize: 64,
      learningRate: 1e-4,
      warmupSteps: 9766,
      clipNorm: null,
      dropout: 0.1,
      instances: 1_000_000,
      questions: 10_000,
      evaluations: 100,
    },
  },
} satisfies Presets<Fig3Settings>;

/** Figure 3 as a paper item. */
export const fig3 = defineExperiment<Fig3Settings, Fig3Settings, Fig3Result, AccuracyRow>({
  id: 'fig3',
  title: 'Figure 3: arithmetic accuracy by encoding and size',
  question: 'Does a bilevel encoding help a small model to compute step by step?',
  answer: / computes better than /,
  claim:
    'On arithmetic modulo 11 with 6 operators, at hidden size 48, BiPE-ALiBi reaches about 97 % and the other encodings stay under 70 % (public notes on the paper).',
  notebook: 'notebooks/fig3.ipynb',
  revision: 4,
  schema: fig3Schema,
  presets: fig3Presets,
  seeds: ({ seeds }) => seeds,
  steps: ({ steps }) => steps,
  inPieces: true,
  usesEngine: true,
  prepare: (settings) => {
    // Settings that no run would accept are refused before the first one.
    resolveArithmeticOptions(settings);
    arithmeticVocabulary(settings.modulus);
    for (const name of settings.encodings) encodingNamed(name, settings.variants);
    return Promise.resolve({ input: settings, data: [], missing: [] });
  },
  run: async (settings, _input, context) => {
    const planned = modelPoints(settings).map((point) => ({
      style: encodingStyle(point.encoding, settings.encodings),
      which: `hidden size ${point.hiddenSize}, seed ${point.seed}`,
      cost: trainingCost({
        ...settings,
        ...point,
        batchSize: instancesOfStep(settings),
        time: arithmeticLength(settings.operators),
        layers: 3,
      }),
      run: (options: TrainedRunOptions) => arithmeticRun(point, settings, options),
    }));
    return { runs: await runEach(planned, context) };
  },
  scale: (settings) =>
    `Measured with at most ${counted(settings.operators, 'operator')} modulo ${settings.modulus}, hidden size ${settings.hiddenSizes.join(', ')}, ${counted(settings.steps, 'step')} of ${counted(instancesOfStep(settings), 'instance')}, ` +
    `${counted(settings.seeds.length, 'seed')}; the paper has 6 operators modulo 11, hidden size 48 and more and, after Feng et al., 195,313 steps of 512.`,
  draw: drawFig3,
  rows: ({ runs }) => accuracyRows(runs),
});
