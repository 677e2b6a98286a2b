import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { encodeArithmetic, formatArithmetic, readExpression } from '../../lib/data/arithmetic/expression';
import { type ArithmeticQuestion, questionsOf } from '../../lib/data/arithmetic/file';
import { generateArithmeticSet } from '../../lib/data/arithmetic/set';
import { arithmeticIds, arithmeticVocabulary } from '../../lib/data/arithmetic/vocabulary';
import { startEngine } from '../../lib/engine/engine';
import { evaluateArithmetic, judge } from '../../lib/evaluate/arithmetic';
import { type Generator } from '../../lib/evaluate/generator';

beforeAll(async () => {
  await startEngine();
});

const vocabulary = arithmeticVocabulary();

/**
 * A "model" that writes down what it has been told for each prompt (read back: for runs operation
 * by operation).
 */
function scribe(written: ReadonlyMap<string, readonly number[]>): Generator {
  const size = vocabulary.size;
  const scores = (tokens: tf.Tensor1D): tf.Tensor2D => tf.oneHot(tokens, size).toFloat() as tf.Tensor2D;
  return {
    draw: () => ({}),
    prefill: (ids, lengths, capacity) => {
      const counts = lengths.dataSync();
      const rows = ids.arraySync().map((row, index) => {
        const answer = written.get(String(row.slice(0, counts[index]))) ?? [];
        return Array.from({ length: capacity }, (_, place) => answer[place] ?? arithmeticIds.pad);
      });
      const script = tf.tensor2d(rows, [rows.length, capacity], 'int32');
      return {
        logits: scores(script.slice([0, 0], [-1, 1]).flatten()),
        memory: { script, place: tf.scalar(1, 'int32') },
      };
    },
    step: ({ script, place }) => {
      const column = place?.dataSync()[0] ?? 0;
      const matrix = script as tf.Tensor2D;
      return {
        logits: scores(matrix.slice([0, column], [-1, 1]).flatten()),
        memory: { script: matrix, place: tf.scalar(column + 1, 'int32') },
      };
    },
  };
}

/** Questions with the solutions of the generator. */
function solved(operators: number, count: number): (readonly [ArithmeticQuestion, number[]])[] {
  const set = generateArithmeticSet({ operators, count, seed: operators, split: 'test', distinct: true });
  return questionsOf(set).map((question, row) => {
    const ids = Array.from(set.ids.subarray(row * set.time, (row + 1) * set.time));
    return [question, ids.slice(question.prompt.length, ids.indexOf(arithmeticIds.eos) + 1)] as const;
  });
}

async function evaluate(cases: readonly (readonly [ArithmeticQuestion, readonly number[]])[], batch = 16) {
  const written = new Map(cases.map(([{ prompt }, answer]) => [String(Array.from(prompt)), answer] as const));
  const questions = cases.map(([question]) => question);
  return await evaluateArithmetic(scribe(written), questions, { vocabulary, batch, eager: true });
}

describe('the accuracy of a model', () => {
  it('is 1 for one that writes the solutions, at any length, in the order of the questions', async () => {
    const cases = [...solved(6, 40), ...solved(1, 3), ...solved(9, 20)];
    const { accuracy, soundness, unfinished, byOperators, outcomes } = await evaluate(cases);
    expect(accuracy).toMatchObject({ successes: 63, trials: 63, share: 1, high: 1 });
    expect(soundness.share).toBe(1);
    expect(unfinished).toBe(0);
    expect(byOperators.map(({ operators, accuracy: own }) => [operators, own.trials])).toEqual([
      [1, 3],
      [6, 40],
      [9, 20],
    ]);
    expect(outcomes.map(({ generated }) => Array.from(generated))).toEqual(cases.map(([, answer]) => answer));
  });

  it('counts exactly the answers that are right, whatever the rest is', async () => {
    const right = solved(3, 12);
    const cases = right.map(([question, answer], index) => {
      const wrong = arithmeticIds.number + ((question.answer + 1) % 11);
      const eos = arithmeticIds.eos;
      const variants: readonly (readonly number[])[] = [
        answer,
        // A wrong answer by right steps.
        [...answer.slice(0, -2), wrong, eos],
        // The right answer by no steps at all.
        [arithmeticIds.number + question.answer, eos],
        // No end.
        answer.slice(0, -1),
        // Ends in no number.
        [...answer.slice(0, -2), arithmeticIds.plus, eos],
        // Ends at once.
        [eos],
      ];
      return [question, variants[index % 6] ?? []] as const;
    });
    const { accuracy, soundness, unfinished, outcomes } = await evaluate(cases, 5);
    expect(outcomes.map(({ correct }) => correct)).toEqual(
      cases.map((_, index) => index % 6 === 0 || index % 6 === 2),
    );
    expect(accuracy.successes).toBe(4);
    expect(soundness.successes).toBe(2);
    expect(unfinished).toBe(2);
  });

  it('is measured with room for what a reader wrote with needless parentheses', async () => {
    const { prompt, answer, operators } = readExpression('(((((1+2)))))+4');
    const written = Array.from(encodeArithmetic('(((((3)))))+4 = 3+4 = 7 <eos>'));
    const { outcomes } = await evaluate([[{ prompt, answer, operators }, written]]);
    expect(outcomes[0]).toMatchObject({ answer: 7, correct: true, sound: false });
    const single = readExpression('7');
    const { outcomes: trivial } = await evaluate([[single, Array.from(encodeArithmetic('7 <eos>'))]]);
    expect(trivial[0]?.correct).toBe(true);
  });
});

describe('a solution', () => {
  it('is sound as the generator writes it, and not with any one number, sign or step changed', () => {
    for (const [question, solution] of [...solved(4, 12), ...solved(2, 6)]) {
      const soundness = (written: readonly number[]): boolean =>
        judge(question, Int32Array.from(written), vocabulary).sound;
      expect(soundness(solution)).toBe(true);
      solution.forEach((token, place) => {
        for (let other = arithmeticIds.eos + 1; other < vocabulary.size; other += 1) {
          if (other === token || token === arithmeticIds.eos) continue;
          const changed = solution.with(place, other);
          expect(soundness(changed), formatArithmetic(Int32Array.from(changed))).toBe(false);
        }
        // One token left out: also the sign between two steps, or the end.
        const shorter = solution.toSpliced(place, 1);
        expect(soundness(shorter), formatArithmetic(Int32Array.from(shorter))).toBe(false);
      });
    }
  });
});

describe('an answer', () => {
  it.each([
    ['2*3+4', '6+4 = 10 <eos>', 10, true, true],
    ['2*3+4', '6+4 = 9 <eos>', 9, false, false],
    ['2*3+4', '2*7 = 10 <eos>', 10, true, false],
    ['2*3+4', '6+4 = 10', undefined, false, false],
    ['2*3+4', '6+4 = <eos>', undefined, false, false],
    ['2*3+4', '<eos> 10', undefined, false, false],
    ['2*3+4', '6+4 = 10 <eos> = 3 <eos>', 10, true, true],
    // Every step is right and the last number is the answer, but the last step is no number.
    ['0*3+7', '0+7 <eos>', 7, true, false],
    ['0*3+7', '0+7 = 7 <eos>', 7, true, true],
    // One step is left out, or comes twice.
    ['2*3+4', '10 <eos>', 10, true, false],
    ['2*3+4', '6+4 = 6+4 = 10 <eos>', 10, true, false],
    ['2*3+4', '6+4 = 10 = 10 <eos>', 10, true, false],
  ] as const)('of %s is the last number before <eos>: %j', (expression, text, answer, correct, sound) => {
    const question = { ...readExpression(expression), operators: 2 };
    const outcome = judge(question, encodeArithmetic(text), vocabulary);
    expect({ answer: outcome.answer, correct: outcome.correct, sound: outcome.sound }).toEqual({
      answer,
      correct,
      sound,
    });
    expect(formatArithmetic(outcome.question.prompt)).toBe(`${expression.split('').join(' ')} =`);
  });
});
