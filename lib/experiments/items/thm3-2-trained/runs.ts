// One model trained on the state-set task of a Bi-NFA, and asked about words as long as in training
// and longer ones.

import { z } from 'zod';
import { Random } from '../../../engine/random/random';
import {
  evaluateStateSets,
  guessStateSets,
  type StateSetAccuracy,
  type StateSetGuesses,
  stateSetSeparators,
  stateSetVocabulary,
  type StateSetWords,
  stateSetWriter,
} from '../../../evaluate/state-sets';
import { type ModelConfig } from '../../../model/config';
import { createEncoding, encodingNamed } from '../../../positional/registry';
import { type BiNfa } from '../../../theory/automata/automaton';
import { informativeBiNfa, type InformativeBiNfa } from '../../../theory/automata/informative';
import { type TrainingConfig } from '../../../train/config';
import { type ModelPoint } from '../../run/compared-models';
import { comparedModel, trainingPlan } from '../../run/training-plan';
import { trainedRun, type TrainedRunOptions, type TrainingFigures } from '../../run/trained-run';
import {
  clipNormField,
  count,
  layerFields,
  type SettingsWith,
  trainingFields,
  variantsField,
} from '../../settings/fields';

/** Settings of `informativeBiNfa`, which chooses the automaton. */
const chosenAutomaton = z.strictObject({
  subStates: count,
  segmentStates: count,
  symbols: count,
  separators: count,
  /** The probability of each arrow. */
  density: z.number().gt(0).max(1),
  /** The number of random automata to choose from. */
  candidates: count,
  seed: z.int().min(0),
});

/** The fields of the settings that all runs of a comparison share. */
export const stateSetFields = {
  variants: variantsField,
  automaton: chosenAutomaton.describe('what the automaton is drawn from'),
  length: count.describe('symbols and separators of a training word'),
  maxSegmentLength: z.int().min(0).describe('the most symbols of a segment, without its separator'),
  longer: z
    .array(count)
    .readonly()
    .describe('lengths of words beyond training that are asked too, ascending'),
  words: z.int().min(2).describe('words that are asked, of each length'),
  ...layerFields,
  ...trainingFields,
  clipNorm: clipNormField,
};

/** Settings that all runs of a comparison share. */
export type StateSetRunSettings = SettingsWith<typeof stateSetFields>;

/** A model's accuracy. */
export interface StateSetAnswers {
  /** By the length of words, that of training first. */
  readonly byLength: readonly StateSetAccuracy[];
}

/** The result of a run. */
export type StateSetRun = ModelPoint & StateSetAnswers & TrainingFigures;

const revision = 1;

/**
 * Words by which automata are compared: fewer than a model is asked, since there are many automata.
 */
const wordsOfChoice = 100;

/** The automaton of a comparison. */
export function chooseAutomaton(settings: StateSetRunSettings): InformativeBiNfa {
  const { automaton, length, maxSegmentLength } = settings;
  const { candidates, seed, ...size } = automaton;
  return informativeBiNfa(Random.fromSeed(seed).fork('state-set automata'), size, {
    candidates,
    words: wordsOfChoice,
    length,
    maxSegmentLength,
  });
}

/** The words that every model is asked about, by length, that of training first. */
export function askedWords(automaton: BiNfa, settings: StateSetRunSettings): StateSetWords[] {
  const { length, longer, maxSegmentLength, words } = settings;
  return [length, ...longer].map((symbols) => {
    const random = Random.fromSeed(0).fork(`state-set words of ${symbols} symbols`);
    return stateSetWriter(automaton, { length: symbols, maxSegmentLength })(random, words);
  });
}

/** The accuracy of guessing on these words, by length. */
export function guessesOf(automaton: BiNfa, asked: readonly StateSetWords[]): StateSetGuesses[] {
  return asked.map((words) => guessStateSets(words, automaton.segmentStates.length));
}

function modelConfig(point: ModelPoint, settings: StateSetRunSettings, automaton: BiNfa): ModelConfig {
  const encoding = encodingNamed(point.encoding, settings.variants);
  const { levels } = createEncoding(encoding);
  return {
    ...comparedModel(point, settings),
    vocabSize: stateSetVocabulary(automaton),
    outputs: automaton.segmentStates.length + automaton.subStates.length,
    trainLength: settings.length + 1,
    separators: Array.from({ length: levels - 1 }, () => stateSetSeparators(automaton)),
    encoding,
  };
}

function trainingConfig(point: ModelPoint, settings: StateSetRunSettings, automaton: BiNfa): TrainingConfig {
  const { maxSegmentLength } = settings;
  return {
    model: modelConfig(point, settings, automaton),
    // A glance at the end of training; the words of the comparison come after it.
    task: { kind: 'state-sets', automaton, maxSegmentLength, testWords: 20 },
    ...trainingPlan(settings, point.seed, 1000),
  };
}

/**
 * Trains a model, or goes on, or finds it finished; then asks it.
 *
 * @throws MachineError if the run was interrupted
 */
export async function stateSetRun(
  point: ModelPoint,
  settings: StateSetRunSettings,
  automaton: BiNfa,
  options: TrainedRunOptions,
): Promise<StateSetRun> {
  const { words, longer } = settings;
  const run = await trainedRun<StateSetAnswers>(
    {
      item: 'state-sets',
      revision,
      label: `${point.encoding}, hidden size ${point.hiddenSize}`,
      training: trainingConfig(point, settings, automaton),
      asked: { words, longer },
      ask: async (decoder, parameters) => {
        const byLength: StateSetAccuracy[] = [];
        for (const asked of askedWords(automaton, settings))
          byLength.push(await evaluateStateSets(decoder, parameters, asked, automaton.segmentStates.length));
        return { byLength };
      },
    },
    options,
  );
  return { ...point, ...run };
}

/**
 * Share of words of one length after which a model tells the whole set of states, with its
 * interval, and the shares of each level alone.
 */
export type StateSetRow = Readonly<
  Record<'encoding', string> &
    Record<'hiddenSize' | 'seed' | 'length' | 'exact' | 'low' | 'high' | 'segmentLevel' | 'subLevel', number>
>;

/** A row for each model, seed and length of words. */
export function stateSetRows(runs: readonly StateSetRun[]): StateSetRow[] {
  return runs.flatMap(({ encoding, hiddenSize, seed, byLength }) =>
    byLength.map(({ length, exact: { mean: exact, low, high }, segmentLevel, subLevel }) => ({
      encoding,
      hiddenSize,
      seed,
      length,
      exact,
      low,
      high,
      segmentLevel: segmentLevel.mean,
      subLevel: subLevel.mean,
    })),
  );
}
