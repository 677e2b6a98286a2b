import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import {
  arithmeticTokenTexts,
  encodeArithmetic,
  formatArithmetic,
  isStep,
  judgeSteps,
  readExpression,
} from '../../lib/data/arithmetic/expression';
import { ArithmeticGenerator } from '../../lib/data/arithmetic/generator';
import {
  arithmeticIds,
  arithmeticSeparators,
  arithmeticVocabulary,
  arithmeticVocabularyOfSize,
} from '../../lib/data/arithmetic/vocabulary';
import { Random } from '../../lib/engine/random/random';
import { rewritings, valueOf } from './arithmetic.reference';

const paper = arithmeticVocabulary();

/** The expression of an instance with any options, as tokens. */
const anyExpression = fc
  .tuple(fc.nat(), fc.integer({ min: 1, max: 8 }), fc.constantFrom(3, 7, 11, 13))
  .map(([seed, operators, modulus]) => {
    const vocabulary = arithmeticVocabulary(modulus);
    const generator = new ArithmeticGenerator({ operators, modulus, mix: 'exact' }, Random.fromSeed(seed));
    const into = new Int32Array(generator.time);
    generator.draw(into, 0);
    const text = formatArithmetic(into.subarray(0, generator.promptLength - 1), vocabulary);
    return { vocabulary, modulus, tokens: text.split(' ') };
  });

describe('the vocabulary', () => {
  it('is that of the task: 21 tokens in its order', () => {
    expect(paper.tokens.join(' ')).toBe('<pad> <cls> <eos> + - * / ( ) = 0 1 2 3 4 5 6 7 8 9 10');
    expect(paper.size).toBe(21);
    const { number, ...signs } = arithmeticIds;
    expect(number).toBe(10);
    expect(Object.entries(signs).map(([name, id]) => [name, paper.tokens[id]])).toEqual([
      ['pad', '<pad>'],
      ['cls', '<cls>'],
      ['eos', '<eos>'],
      ['plus', '+'],
      ['minus', '-'],
      ['times', '*'],
      ['divide', '/'],
      ['open', '('],
      ['close', ')'],
      ['equals', '='],
    ]);
    expect(arithmeticSeparators().map((id) => paper.tokens[id])).toEqual(['=']);
  });

  it('follows the modulus, and is known again by its size', () => {
    expect(arithmeticVocabulary(5).size).toBe(15);
    expect(arithmeticVocabularyOfSize(15).modulus).toBe(5);
    expect(() => arithmeticVocabularyOfSize(32000)).toThrow('a vocabulary of 32000 tokens is not that of');
    expect(() => arithmeticVocabularyOfSize(20)).toThrow(/20 tokens/);
  });

  it('has the inverse of each number but 0', () => {
    for (const prime of [2, 3, 11, 241]) {
      const { inverses } = arithmeticVocabulary(prime);
      const products = Array.from(inverses, (inverse, number) => (inverse * number) % prime);
      expect(products).toEqual([0, ...new Array<number>(prime - 1).fill(1)]);
    }
  });
});

describe('an expression that somebody typed', () => {
  it('becomes what a model is asked with', () => {
    const { prompt, answer, operators } = readExpression('(7+5)/(6+4*3-2*7)');
    expect(formatArithmetic(prompt)).toBe('( 7 + 5 ) / ( 6 + 4 * 3 - 2 * 7 ) =');
    expect({ answer, operators }).toEqual({ answer: 3, operators: 6 });
    expect(readExpression(' 10 - 3*2 ').answer).toBe(4);
    expect(readExpression('((7))').answer).toBe(7);
  });

  it('has the value it has by another evaluator', () => {
    fc.assert(
      fc.property(anyExpression, ({ vocabulary, modulus, tokens }) => {
        const { answer, ids } = readExpression(tokens.join(''), vocabulary);
        expect(BigInt(answer)).toBe(valueOf(tokens, BigInt(modulus)));
        expect(formatArithmetic(ids, vocabulary)).toBe(tokens.join(' '));
      }),
    );
  });

  it.each([
    ['(7+x)/2', `"(7+x)/2", character 4: 'x' is not one of 0 to 10, + - * / ( ) =`],
    ['7+11', `"7+11", character 3: '11' is not a number from 0 to 10`],
    ['7+', `"7+", character 3: a number or '(' is missing before the end`],
    ['', `"", character 1: a number or '(' is missing before the end`],
    ['(7+5', `"(7+5", character 1: this '(' is never closed`],
    ['7+5)', `"7+5)", character 4: there is no '(' for this ')'`],
    ['7 5', `"7 5", character 3: an operator is missing before '5'`],
    ['(7 5)', `"(7 5)", character 4: an operator or ')' is missing before '5'`],
    ['2(3)', `"2(3)", character 2: an operator is missing before '('`],
    ['7*/5', `"7*/5", character 3: a number or '(' is missing before '/'`],
    ['-3', `"-3", character 1: a number or '(' is missing before '-'`],
    ['5/(3-3)', `"5/(3-3)", character 2: the divisor is 0 modulo 11`],
    ['7+5=1', `"7+5=1", character 4: '=' is not part of an expression; leave it out`],
    ['7 <eos>', `"7 <eos>", character 3: '<eos>' is not part of an expression; leave it out`],
    ['7 + 😀', `"7 + 😀", character 5: '😀' is not one of 0 to 10, + - * / ( ) =`],
    ['7\n+ y', `"7 + y", character 5: 'y' is not one of 0 to 10, + - * / ( ) =`],
  ])('is refused at the character that is not right: %j', (text, message) => {
    expect(() => readExpression(text)).toThrow(new UsageError(message));
  });

  it('is refused in a line of bounded length', () => {
    expect(() => readExpression(`${'1+'.repeat(500)}x`)).toThrow(
      new UsageError(`"${'1+'.repeat(30)}...", character 1001: 'x' is not one of 0 to 10, + - * / ( ) =`),
    );
  });

  it('is refused in a line that cuts no character', () => {
    expect(() => readExpression(`1${'😀'.repeat(70)}`)).toThrow(
      new UsageError(`"1${'😀'.repeat(59)}...", character 2: '😀' is not one of 0 to 10, + - * / ( ) =`),
    );
  });
});

describe('parentheses', () => {
  it('may be nested 500 deep, and are refused beyond that in one line', () => {
    const nested = (depth: number): string => `${'('.repeat(depth)}7${')'.repeat(depth)}`;
    expect(readExpression(nested(500)).answer).toBe(7);
    for (const text of [nested(501), nested(20_000), '('.repeat(1_000_000)])
      expect(() => readExpression(text)).toThrow(
        new UsageError(
          `"${'('.repeat(60)}...", character 501: this '(' is inside of 500 others; write it flatter`,
        ),
      );
  });
});

describe('token ids', () => {
  it('are written up to <eos>, or one by one with all control tokens', () => {
    const ids = encodeArithmetic('7 + 5 = 1 <eos> <pad>');
    expect(formatArithmetic(ids)).toBe('7 + 5 = 1');
    expect(arithmeticTokenTexts(ids)).toEqual(['7', '+', '5', '=', '1', '<eos>', '<pad>']);
    expect(() => formatArithmetic([21])).toThrow('token id 21: ids of the arithmetic task go from 0 to 20');
  });
});

describe('a step', () => {
  it('is exactly a rewriting that keeps the value whatever the numbers are', () => {
    fc.assert(
      fc.property(anyExpression, ({ vocabulary, modulus, tokens }) => {
        const ids = encodeArithmetic(tokens.join(' '), vocabulary);
        const all = rewritings(tokens, modulus);
        // Two operations may give the same text; then one that is allowed makes it a step.
        const allowed = new Set(all.filter((one) => one.allowed).map((one) => one.tokens.join(' ')));
        for (const { tokens: rewritten } of all) {
          const text = rewritten.join(' ');
          expect(isStep(ids, encodeArithmetic(text, vocabulary), vocabulary), text).toBe(allowed.has(text));
        }
        expect(isStep(ids, ids, vocabulary)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('is judged in what a model wrote', () => {
    const steps = judgeSteps(encodeArithmetic('(7+5)*2-3 = 1*2-3 = 2-3 = 9 <eos> = 4'));
    expect(steps.map(({ text, correct }) => [text, correct])).toEqual([
      ['( 7 + 5 ) * 2 - 3', true],
      ['1 * 2 - 3', true],
      ['2 - 3', true],
      ['9', false],
    ]);
    expect(judgeSteps(encodeArithmetic('1+2 = = 3')).map(({ correct }) => correct)).toEqual([
      true,
      false,
      false,
    ]);
  });
});
