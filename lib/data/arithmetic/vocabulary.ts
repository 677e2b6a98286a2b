// Tokens of the arithmetic task, in the order of Feng et al. (2023): three control tokens, four
// operators, two parentheses, the equals sign, and the numbers below the modulus. A token's id is
// its index in that order.

import { ConfigError } from '../../base/errors';

/** Ids of tokens that do not depend on the modulus. Numbers follow: `n` has the id `number + n`. */
export const arithmeticIds = {
  pad: 0,
  cls: 1,
  eos: 2,
  plus: 3,
  minus: 4,
  times: 5,
  divide: 6,
  open: 7,
  close: 8,
  equals: 9,
  number: 10,
} as const;

const signs = ['<pad>', '<cls>', '<eos>', '+', '-', '*', '/', '(', ')', '='] as const;

/** The paper's modulus: numbers 0 to 10, 21 tokens. */
export const paperModulus = 11;

/** Largest modulus: ids must fit into a byte. */
const largestModulus = 241;

/** The tokens for numbers modulo a prime. */
export interface ArithmeticVocabulary {
  readonly modulus: number;
  /** Ids are in [0, size): `modulus` + 10. */
  readonly size: number;
  /** The text of each id. */
  readonly tokens: readonly string[];
  /** `inverses[n]` x n = 1 modulo the modulus; 0 for n = 0, which has none. [modulus] */
  readonly inverses: Uint8Array;
}

/**
 * Makes the vocabulary for a modulus. The modulus is a prime, since only in a field is each
 * quotient one number.
 *
 * @throws ConfigError if it is not a prime up to 241
 */
export function arithmeticVocabulary(modulus: number = paperModulus): ArithmeticVocabulary {
  if (modulus > largestModulus || !isPrime(modulus))
    throw new ConfigError(
      `arithmetic modulus ${modulus}: must be a prime up to ${largestModulus}, so that every division has one result; the paper's is ${paperModulus}`,
    );
  const numbers = Array.from({ length: modulus }, (_, number) => number);
  const inverse = (number: number): number => numbers.find((other) => (number * other) % modulus === 1) ?? 0;
  return {
    modulus,
    size: arithmeticIds.number + modulus,
    tokens: [...signs, ...numbers.map(String)],
    inverses: Uint8Array.from(numbers, inverse),
  };
}

/**
 * Finds the vocabulary of a model by its number of tokens.
 *
 * @throws ConfigError if no arithmetic vocabulary has that many
 */
export function arithmeticVocabularyOfSize(size: number): ArithmeticVocabulary {
  const modulus = size - arithmeticIds.number;
  if (modulus > largestModulus || !isPrime(modulus))
    throw new ConfigError(
      `a vocabulary of ${size} tokens is not that of the arithmetic task, which has 10 and a prime number of numbers (21 in the paper); give a checkpoint trained on it`,
    );
  return arithmeticVocabulary(modulus);
}

/**
 * Separators of bilevel encodings for this task: `=` ends a segment, so each rewriting of the
 * expression is one.
 */
export function arithmeticSeparators(): readonly number[] {
  return [arithmeticIds.equals];
}

/** True if an id is a number's. */
export function isNumber(id: number): boolean {
  return id >= arithmeticIds.number;
}

/** True if an id is an operator's. */
export function isOperator(id: number): boolean {
  return id >= arithmeticIds.plus && id <= arithmeticIds.divide;
}

/** Number of operators among these tokens, before the first `=`. */
export function countOperators(ids: ArrayLike<number>): number {
  const tokens = Array.from(ids);
  const end = tokens.indexOf(arithmeticIds.equals);
  return tokens.slice(0, end < 0 ? tokens.length : end).filter(isOperator).length;
}

/**
 * Computes one operation on numbers modulo the modulus; undefined for a division by zero.
 *
 * @param operator id of `+`, `-`, `*` or `/`
 */
export function operate(
  { modulus, inverses }: ArithmeticVocabulary,
  left: number,
  operator: number,
  right: number,
): number | undefined {
  switch (operator) {
    case arithmeticIds.plus:
      return (left + right) % modulus;
    case arithmeticIds.minus:
      return (left - right + modulus) % modulus;
    case arithmeticIds.times:
      return (left * right) % modulus;
    default:
      return right === 0 ? undefined : (left * (inverses[right] ?? 0)) % modulus;
  }
}

function isPrime(number: number): boolean {
  if (!Number.isInteger(number) || number < 2) return false;
  for (let divisor = 2; divisor * divisor <= number; divisor += 1) if (number % divisor === 0) return false;
  return true;
}
