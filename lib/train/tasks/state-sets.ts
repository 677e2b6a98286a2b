// The state-set task: the reachable states of a Bi-NFA after every prefix of a word. Random words
// without end, all of the training length; a sigmoid for each segment state and each sub-state; a
// prediction is correct if the whole set is.

import { z } from 'zod';
import { DataError } from '../../base/errors';
import { type BatchSource, drawnBatches } from '../../data/batches';
import { Random } from '../../engine/random/random';
import {
  evaluateStateSets,
  stateSetVocabulary,
  type StateSetWords,
  stateSetWriter,
} from '../../evaluate/state-sets';
import { bitsCrossEntropy } from '../../model/bits';
import { type Decoder, type ForwardOptions, logits } from '../../model/decoder';
import { type BiNfa } from '../../theory/automata/automaton';
import { automatonFrom } from '../../theory/automata/file';
import type * as tf from '@tensorflow/tfjs';
import { present } from '../../base/present';
import { withRandomInputs } from './random-inputs';
import { type LossFunction } from '../step/step';
import { checkVocabulary, type Task, type TaskContext, type TaskKind } from './task';

const automatonSchema = z.unknown().transform((value, context): BiNfa => {
  const fail = (message: string): never => {
    context.issues.push({ code: 'custom', message, input: value });
    return z.NEVER;
  };
  try {
    const automaton = automatonFrom(value, 'automaton');
    return automaton.type === 'bi-nfa' ? automaton : fail('has one level; give a "bi-nfa"');
  } catch (error) {
    if (error instanceof DataError) return fail(error.message);
    throw error;
  }
});

const schema = z
  .strictObject({
    kind: z.literal('state-sets'),
    automaton: automatonSchema,
    /** Most symbols of a segment without its separator; all lengths are equally likely. */
    maxSegmentLength: z
      .int()
      .min(0)
      .max(2 ** 20),
    /** Words of an evaluation. */
    testWords: z.int().min(2).default(100),
  })
  .readonly();

/**
 * Settings of the task. A word has one symbol fewer than `trainLength`: the start token comes
 * first.
 */
export type StateSetsTaskConfig = z.infer<typeof schema>;

/** The task for the registry. */
export const stateSetsTask: TaskKind<StateSetsTaskConfig> = {
  kind: 'state-sets',
  schema,
  metrics: ['accuracy', 'segmentLevel', 'subLevel'],
  size: ({ automaton, testWords }, trainLength) => {
    const states = automaton.segmentStates.length + automaton.subStates.length;
    return { time: trainLength, bytes: testWords * trainLength * (4 + states) };
  },
  create,
};

function create(config: StateSetsTaskConfig, { decoder, batchSize, seed, forward }: TaskContext): Task {
  const { automaton, maxSegmentLength, testWords } = config;
  const { trainLength } = decoder.architecture;
  const write = stateSetWriter(automaton, { length: trainLength - 1, maxSegmentLength });
  const segmentStates = automaton.segmentStates.length;
  const states = segmentStates + automaton.subStates.length;
  checkVocabulary(decoder, stateSetVocabulary(automaton), 'the state-set task of this automaton', states);
  const random = Random.fromSeed(seed);
  const source = stateSetBatches(write, { batch: batchSize, random: random.fork('state-set words') });
  return {
    batches: withRandomInputs(source, decoder, trainLength, random.fork('training inputs')),
    loss: stateSetLoss(decoder, forward),
    evaluate: async (parameters) => {
      const words = write(random.fork('evaluation words'), testWords);
      const { exact, segmentLevel, subLevel } = await evaluateStateSets(
        decoder,
        parameters,
        words,
        segmentStates,
      );
      return { accuracy: exact.mean, segmentLevel: segmentLevel.mean, subLevel: subLevel.mean };
    },
  };
}

/**
 * Makes the loss of state sets: the summed cross-entropy of their bits. A batch has `ids`, [batch,
 * time] int32, `sets`, [batch, time, states], and the inputs of `withRandomInputs`.
 */
export function stateSetLoss(decoder: Decoder, options: ForwardOptions = {}): LossFunction {
  return (parameters, { ids, sets, dropoutSeed, drawnPositions }) =>
    bitsCrossEntropy(
      logits(decoder, parameters, present(ids, 'ids') as tf.Tensor2D, {
        ...options,
        ...(dropoutSeed && { dropoutSeed: dropoutSeed as tf.Tensor1D }),
        ...(drawnPositions && { drawnPositions: drawnPositions as tf.Tensor1D }),
      }),
      present(sets, 'sets'),
    );
}

/**
 * Makes batches of new words, without end.
 *
 * @returns batches with `ids`, [batch, time] int32, and `sets`, [batch, time, states]
 */
export function stateSetBatches(
  write: (random: Random, words: number) => StateSetWords,
  { batch, random }: { readonly batch: number; readonly random: Random },
): BatchSource {
  return drawnBatches(
    random,
    (stream) => {
      const { time, states, ids, sets } = write(stream, batch);
      return {
        arrays: {
          ids: { values: ids, shape: [batch, time] },
          sets: { values: Float32Array.from(sets), shape: [batch, time, states] },
        },
        weight: batch * time,
        tokens: batch * time,
      };
    },
    'state-set batches',
  );
}
