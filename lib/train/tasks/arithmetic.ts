// The arithmetic task (Feng et al. 2023): training on new instances without end or on stored ones
// in epochs; evaluation of generated answers.

import { z } from 'zod';
import { countUpTo } from '../../base/schema';
import { storedArithmeticBatches, streamArithmeticBatches } from '../../data/arithmetic/batches';
import { questionsOf } from '../../data/arithmetic/file';
import { arithmeticLength, mostOperators, operatorMixes } from '../../data/arithmetic/generator';
import { generateArithmeticSet, mostInstances } from '../../data/arithmetic/set';
import { paperModulus } from '../../data/arithmetic/vocabulary';
import { Random } from '../../engine/random/random';
import { evaluateArithmetic } from '../../evaluate/arithmetic';
import { decoderGenerator } from '../../evaluate/generator';
import { withRandomInputs } from './random-inputs';
import { checkVocabulary, nextTokens, type Task, type TaskContext, type TaskKind } from './task';

const count = countUpTo(mostInstances);

const schema = z
  .strictObject({
    kind: z.literal('arithmetic'),
    /** The most operators of an expression; 6 in the paper. */
    operators: countUpTo(mostOperators),
    /** A prime; the paper's is 11. */
    modulus: z.int().default(paperModulus),
    /**
     * Number of distinct instances to store and go through in epochs; left out: new ones without
     * end.
     */
    instances: count.exactOptional(),
    /** Questions of an evaluation. */
    testInstances: count.default(500),
    /**
     * Their operators: in the proportions of training (`under`), or always the most (`exact`). Left
     * out: `under`.
     */
    testMix: z.enum(operatorMixes).exactOptional(),
  })
  .readonly();

/** Settings of the task. */
export type ArithmeticTaskConfig = z.infer<typeof schema>;

/** The task for the registry. */
export const arithmeticTask: TaskKind<ArithmeticTaskConfig> = {
  kind: 'arithmetic',
  schema,
  metrics: ['accuracy', 'soundness'],
  size: ({ operators, instances = 0, testInstances }) => {
    const time = arithmeticLength(operators);
    return { time, bytes: (instances + testInstances) * time };
  },
  create,
};

function create(
  config: ArithmeticTaskConfig,
  { decoder, batchSize, accumulation = 1, seed, forward }: TaskContext,
): Task {
  const { operators, modulus, instances, testInstances, testMix = 'under' } = config;
  const order = { operators, modulus, batch: batchSize, together: accumulation, seed };
  const source =
    instances === undefined
      ? streamArithmeticBatches(order)
      : storedArithmeticBatches(
          generateArithmeticSet({ operators, modulus, seed, count: instances, distinct: true }),
          order,
        );
  const { vocabulary, time } = source;
  checkVocabulary(decoder, vocabulary.size, `the arithmetic task modulo ${modulus}`);
  const questions = questionsOf(
    generateArithmeticSet({
      operators,
      modulus,
      seed,
      split: 'test',
      mix: testMix,
      count: testInstances,
    }),
  );
  const random = Random.fromSeed(seed);
  return {
    batches: withRandomInputs(source, decoder, time, random.fork('training inputs')),
    loss: nextTokens(decoder, forward),
    evaluate: async (parameters) => {
      const generator = decoderGenerator(decoder, parameters, random.fork('evaluation inputs'));
      const { accuracy, soundness } = await evaluateArithmetic(generator, questions, { vocabulary });
      return { accuracy: accuracy.share, soundness: soundness.share };
    },
  };
}
