import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateExpression } from '../../lib/data/arithmetic/expression';
import { distinctQuestions } from '../../lib/data/arithmetic/questions';
import { splitOf } from '../../lib/data/arithmetic/split';
import { arithmeticIds, arithmeticVocabulary, countOperators } from '../../lib/data/arithmetic/vocabulary';

describe('questions for a test', () => {
  it('are different expressions of the test split, with their values', () => {
    const options = fc.record({
      operators: fc.integer({ min: 1, max: 6 }),
      modulus: fc.constantFrom(2, 3, 5, 11),
      count: fc.integer({ min: 1, max: 60 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(options, (asked) => {
        const questions = distinctQuestions(asked);
        expect(questions.length).toBeLessThanOrEqual(asked.count);
        expect(new Set(questions.map(({ prompt }) => prompt.join(' '))).size).toBe(questions.length);
        for (const { prompt, answer, operators } of questions) {
          const expression = prompt.subarray(0, -1);
          expect(prompt.at(-1)).toBe(arithmeticIds.equals);
          expect(splitOf(expression)).toBe('test');
          expect(evaluateExpression(expression, arithmeticVocabulary(asked.modulus))).toBe(answer);
          expect([operators, countOperators(expression)]).toEqual([asked.operators, asked.operators]);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('are all there are of one operator, where fewer than asked for', () => {
    const modulus = 5;
    const numbers = Array.from({ length: modulus }, (_, number) => arithmeticIds.number + number);
    const { plus, minus, times, divide, number: zero } = arithmeticIds;
    const all = [plus, minus, times, divide].flatMap((operator) =>
      numbers.flatMap((left) => numbers.map((right) => [left, operator, right])),
    );
    const tested = all
      .filter(([, operator, right]) => operator !== divide || right !== zero)
      .filter((expression) => splitOf(expression) === 'test');
    const questions = distinctQuestions({ operators: 1, modulus, count: 500, seed: 1 });
    const asked = questions.map(({ prompt }) => [...prompt.subarray(0, -1)].join(' '));
    expect(asked.sort()).toEqual(tested.map((expression) => expression.join(' ')).sort());
    expect(tested.length).toBeGreaterThan(0);
  });

  it('are as many as asked for where there are enough, and the same for the same seed', () => {
    const options = { operators: 3, modulus: 5, count: 500, seed: 7 };
    const questions = distinctQuestions(options);
    expect(questions).toHaveLength(500);
    expect(distinctQuestions(options)).toEqual(questions);
    expect(distinctQuestions({ ...options, seed: 8 })).not.toEqual(questions);
  });
});
