// The questions of an evaluation of the arithmetic task.

import { expect, it, vi } from 'vitest';
import { type ArithmeticQuestion } from '../../lib/data/arithmetic/file';
import { Random } from '../../lib/engine/random/random';
import { createDecoder } from '../../lib/model/config';
import { disposeParameters, initialParameters } from '../../lib/model/parameters';
import { parseTrainingConfig } from '../../lib/train/config';
import { createTask } from '../../lib/train/tasks/registry';
import { smallConfig } from './small-config';

const asked: (readonly ArithmeticQuestion[])[] = [];

vi.mock('../../lib/evaluate/arithmetic', () => ({
  evaluateArithmetic: (_generator: unknown, questions: readonly ArithmeticQuestion[]) => {
    asked.push(questions);
    return Promise.resolve({ accuracy: { share: 0.25 }, soundness: { share: 0.125 } });
  },
}));

it.each([
  [undefined, { 1: 100, 2: 200, 3: 300 }],
  ['under', { 1: 100, 2: 200, 3: 300 }],
  ['exact', { 3: 600 }],
] as const)('have operators in the mix %s', async (testMix, wanted) => {
  const task = {
    kind: 'arithmetic',
    operators: 3,
    modulus: 7,
    testInstances: 600,
    ...(testMix && { testMix }),
  };
  const { model, ...config } = parseTrainingConfig({ ...smallConfig, task });
  const decoder = createDecoder({ ...model, encoding: { kind: 'rope' } });
  const parameters = initialParameters(decoder.parameters, 0.02, Random.fromSeed(1));
  const { evaluate } = await createTask(config.task, { decoder, batchSize: 4, seed: 1 });
  expect(await evaluate(parameters)).toEqual({ accuracy: 0.25, soundness: 0.125 });
  const operators = (asked.at(-1) ?? []).map((question) => question.operators);
  expect(
    Object.fromEntries(
      [1, 2, 3].flatMap((count) => {
        const questions = operators.filter((own) => own === count).length;
        return questions === 0 ? [] : [[count, questions]];
      }),
    ),
  ).toEqual(wanted);
  disposeParameters(parameters);
});
