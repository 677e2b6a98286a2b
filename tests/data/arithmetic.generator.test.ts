import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatArithmetic } from '../../lib/data/arithmetic/expression';
import {
  ArithmeticGenerator,
  arithmeticLength,
  type ArithmeticOptions,
} from '../../lib/data/arithmetic/generator';
import { splitOf } from '../../lib/data/arithmetic/split';
import { arithmeticIds, arithmeticVocabulary, countOperators } from '../../lib/data/arithmetic/vocabulary';
import { Random } from '../../lib/engine/random/random';
import { faultsOf, instanceProbabilities, surprise } from './arithmetic.reference';

/** Instances as the generator draws them, each without padding. */
function instances(count: number, options: ArithmeticOptions, seed = 1): Int32Array[] {
  const generator = new ArithmeticGenerator(options, Random.fromSeed(seed));
  return Array.from({ length: count }, () => {
    const into = new Int32Array(generator.time);
    const length = generator.draw(into, 0);
    const ids = into.subarray(0, length);
    expect(ids.indexOf(arithmeticIds.eos)).toBe(length - 1);
    expect(ids.indexOf(arithmeticIds.equals)).toBe(generator.promptLength - 1);
    expect(countOperators(ids)).toBe(generator.operators);
    return ids;
  });
}

function texts(count: number, options: ArithmeticOptions, seed = 1): string[] {
  const vocabulary = arithmeticVocabulary(options.modulus);
  return instances(count, options, seed).map((ids) => formatArithmetic(ids, vocabulary));
}

/**
 * The part of a test that all expressions of a task come from, as (instance, probability within the
 * split).
 */
function cells(operators: number, modulus: number, split: 'train' | 'test'): Map<string, number> {
  const vocabulary = arithmeticVocabulary(modulus);
  const all = instanceProbabilities(operators, modulus);
  const kept = [...all].filter(([text]) => {
    const ids = (text.split(' = ')[0] ?? '').split(' ').map((token) => vocabulary.tokens.indexOf(token));
    return splitOf(ids) === split;
  });
  const total = kept.reduce((sum, [, probability]) => sum + probability, 0);
  return new Map(kept.map(([text, probability]) => [text, probability / total]));
}

const modulus = fc.constantFrom(2, 3, 5, 7, 11, 13, 241);

describe('an instance', () => {
  it('is an expression, its evaluation by single operations, and parentheses only where they are needed', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 9 }), modulus, (seed, operators, prime) => {
        const options = { operators, modulus: prime, split: 'train' } as const;
        for (const text of texts(8, { ...options, mix: 'exact' }, seed)) {
          expect(faultsOf(text, prime), text).toEqual([]);
          expect(text.split(' = ').length).toBe(operators + 1);
        }
      }),
      { numRuns: 150 },
    );
  });

  it('is right 5,000 times for the task of the paper, training and test', () => {
    const faults = (['train', 'test'] as const).flatMap((split) =>
      texts(2500, { operators: 6, split }).flatMap((text) => faultsOf(text, 11)),
    );
    expect(faults).toEqual([]);
  });

  it('has at most 87 tokens with 6 operators, and as many as stated where a draw comes upon it', () => {
    expect(arithmeticLength(6)).toBeLessThanOrEqual(87);
    for (const operators of [1, 2, 3]) {
      const lengths = instances(4000, { operators, mix: 'exact' }).map((ids) => ids.length);
      expect(Math.max(...lengths)).toBe(arithmeticLength(operators));
    }
  });

  it('is the same for the same seed', () => {
    expect(texts(20, { operators: 6 }, 7)).toEqual(texts(20, { operators: 6 }, 7));
    expect(texts(20, { operators: 6 }, 7)).not.toEqual(texts(20, { operators: 6 }, 8));
  });
});

describe('the distribution', () => {
  it.each([
    { operators: 1, modulus: 11, split: 'train', draws: 200_000 },
    { operators: 2, modulus: 3, split: 'train', draws: 200_000 },
    { operators: 3, modulus: 2, split: 'train', draws: 300_000 },
    { operators: 2, modulus: 3, split: 'test', draws: 20_000 },
  ] as const)(
    'is the described one over all instances: $operators operators modulo $modulus, $split',
    { timeout: 60_000 },
    ({ draws, ...options }) => {
      const probabilities = cells(options.operators, options.modulus, options.split);
      const counts = new Map<string, number>([...probabilities.keys()].map((text) => [text, 0]));
      const vocabulary = arithmeticVocabulary(options.modulus);
      const generator = new ArithmeticGenerator({ ...options, mix: 'exact' }, Random.fromSeed(2024));
      const into = new Int32Array(generator.time);
      for (let drawn = 0; drawn < draws; drawn += 1) {
        const length = generator.draw(into, 0);
        const text = formatArithmetic(into.subarray(0, length), vocabulary);
        const count = counts.get(text);
        expect(count, text).toBeDefined();
        counts.set(text, (count ?? 0) + 1);
      }
      // Rare instances together in one cell, so that each cell is expected five times or more.
      const expected = [...probabilities.values()].map((probability) => probability * draws);
      const rare = expected.map((mean) => mean < 5);
      const observed = [...counts.values()];
      const merge = (values: readonly number[]): number[] => {
        const rest = values.reduce((sum, value, cell) => sum + (rare[cell] === true ? value : 0), 0);
        return [...values.filter((_, cell) => rare[cell] === false), ...(rest > 0 ? [rest] : [])];
      };
      expect(Math.abs(surprise(merge(observed), merge(expected)))).toBeLessThan(4);
    },
  );

  it('has 1 to 6 operators in proportion to their count in training', () => {
    const counts = new Array<number>(6).fill(0);
    for (const ids of instances(21_000, { operators: 6 })) {
      const operators = countOperators(ids);
      counts[operators - 1] = (counts[operators - 1] ?? 0) + 1;
    }
    expect(Math.abs(surprise(counts, [1000, 2000, 3000, 4000, 5000, 6000]))).toBeLessThan(4);
  });

  it('has all operators in testing', () => {
    const counts = instances(500, { operators: 6, split: 'test' }).map(countOperators);
    expect(new Set(counts)).toEqual(new Set([6]));
  });

  it('has operations evaluated in any order, not from left to right alone', () => {
    const chosen = texts(2000, { operators: 2, mix: 'exact' });
    // a + b + c = a + d: the second operation went first.
    expect(chosen.some((text) => /^(\d+) \+ \d+ \+ \d+ = \1 \+ \d+ = /.test(text))).toBe(true);
    expect(chosen.some((text) => /^\d+ \+ \d+ \+ (\d+) = \d+ \+ \1 = /.test(text))).toBe(true);
  });
});

describe('training and test', () => {
  it('have expressions each in the smallest task, of 14', () => {
    expect(new Set(texts(200, { operators: 1, modulus: 2, split: 'test' })).size).toBeGreaterThan(0);
    expect(new Set(texts(200, { operators: 1, modulus: 2, split: 'train' })).size).toBeGreaterThan(9);
  });

  it('have no expression in common, whatever the seeds', () => {
    const expressions = (split: 'train' | 'test', seed: number): string[] =>
      texts(5000, { operators: 3, modulus: 3, split, mix: 'under' }, seed).map(
        (text) => text.split(' = ')[0] ?? '',
      );
    const trained = new Set([...expressions('train', 1), ...expressions('train', 2)]);
    const tested = [...expressions('test', 1), ...expressions('test', 3)];
    expect(tested.filter((expression) => trained.has(expression))).toEqual([]);
  });

  it('share expressions nine to one', () => {
    const vocabulary = arithmeticVocabulary();
    let tested = 0;
    let all = 0;
    for (let a = 0; a < 11; a += 1)
      for (let b = 0; b < 11; b += 1)
        for (let c = 0; c < 11; c += 1)
          for (const sign of ['+', '-', '*', '/']) {
            const ids = [String(a), sign, String(b), '+', String(c)].map((t) => vocabulary.tokens.indexOf(t));
            all += 1;
            if (splitOf(ids) === 'test') tested += 1;
          }
    // 5,324 expressions; 0.0041 is the standard deviation of the share.
    expect(Math.abs(tested / all - 0.1)).toBeLessThan(0.0165);
  });

  it('never change: checkpoints have been trained on one of them', () => {
    const vocabulary = arithmeticVocabulary();
    const split = (text: string): string =>
      splitOf(text.split(' ').map((token) => vocabulary.tokens.indexOf(token)));
    const tested = Array.from({ length: 121 }, (_, pair) => `${Math.floor(pair / 11)} + ${pair % 11}`).filter(
      (text) => split(text) === 'test',
    );
    expect(tested).toMatchInlineSnapshot(`
      [
        "1 + 3",
        "1 + 5",
        "1 + 7",
        "2 + 7",
        "4 + 5",
        "6 + 7",
        "6 + 8",
        "7 + 6",
        "7 + 7",
        "9 + 8",
        "10 + 10",
      ]
    `);
  });
});

describe('what is asked for wrongly', () => {
  const ask = (options: ArithmeticOptions) => () => new ArithmeticGenerator(options, Random.fromSeed(1));
  it('is refused with the number and what would be right', () => {
    expect(ask({ operators: 0 })).toThrow('arithmetic operators 0: must be an integer from 1 to 40');
    expect(ask({ operators: 2.5 })).toThrow('arithmetic operators 2.5: must be');
    expect(ask({ operators: 3, modulus: 9 })).toThrow('arithmetic modulus 9: must be a prime up to 241');
  });
});
