// Instances of the arithmetic task: an expression and its evaluation, one operation at a time, with
// `=` in between. The distribution is that of Feng et al. (2023, "Towards Revealing the Mystery
// behind Chain of Thought"), as in their data script (github.com/guyuntian/CoT_benchmark,
// arithmetic/data.py); the hot path works on bytes alone.

import { ConfigError } from '../../base/errors';
import { type Random } from '../../engine/random/random';
import { type ArithmeticSplit, splitOf } from './split';
import {
  arithmeticIds as id,
  type ArithmeticVocabulary,
  arithmeticVocabulary,
  paperModulus,
} from './vocabulary';

/**
 * Distribution of the number of operators: always all (`exact`), or i of n with probability i / (1
 * + ... + n) (`under`).
 */
export type OperatorMix = (typeof operatorMixes)[number];

/** The names of the distributions. */
export const operatorMixes = ['exact', 'under'] as const;

/** Options of a generator. */
export interface ArithmeticOptions {
  /** The most operators of an expression, 1 to 40; 6 in the paper. */
  readonly operators: number;
  /** A prime; default 11, the paper's. */
  readonly modulus?: number;
  /** One of the two disjoint sets of expressions; default `train`. */
  readonly split?: ArithmeticSplit;
  /** Default: `under` for training, `exact` for testing, as in Feng et al. */
  readonly mix?: OperatorMix;
}

/** Options with all defaults filled in. */
export type ResolvedArithmeticOptions = Required<ArithmeticOptions>;

/** Most operators of an instance: its evaluation has about twice as many tokens as their square. */
export const mostOperators = 40;

/**
 * Tokens of the longest instance with that many operators, `<eos>` included: 26 for 3, 86 for 6.
 * (Feng et al. store one padding more, 87, which their shift by one token removes again.)
 *
 * The first operation adds two tokens, each further one at most four: expressions of 3, 7, ..., 4n
 * - 1 tokens.
 */
export function arithmeticLength(operators: number): number {
  return 2 * operators * (operators + 1) + 2;
}

/**
 * Fills in the options' defaults.
 *
 * @throws ConfigError if a number is out of range
 */
export function resolveArithmeticOptions(options: ArithmeticOptions): ResolvedArithmeticOptions {
  const { operators, modulus = paperModulus, split = 'train' } = options;
  if (!Number.isInteger(operators) || operators < 1 || operators > mostOperators)
    throw new ConfigError(
      `arithmetic operators ${operators}: must be an integer from 1 to ${mostOperators}; the paper's is 6`,
    );
  return { operators, modulus, split, mix: options.mix ?? (split === 'train' ? 'under' : 'exact') };
}

/**
 * Draws instances.
 *
 * An expression is built backwards. It starts as one number, each equally likely. Then, n times,
 * one of its numbers, each equally likely, becomes an operation that yields it: a left operand and
 * an operator, each equally likely and drawn again if no right operand fits (0 x b or 0 / b for
 * results other than 0, a / b for 0 with a not 0, 0 / 0); the right operand is then the one that
 * fits, or any (but no divisor 0) if all do. The new operation gets parentheses where precedence or
 * left-associativity requires them: after `/` always, after `-` and on either side of `*` and
 * before `/` if it is + or -. Evaluation undoes these replacements in reverse order, so the order
 * of operations is random too.
 *
 * Two things differ from the script. There, an instance is not drawn for testing if training has
 * the same expression with the same evaluation; here, a hash of the expression alone decides
 * (`splitOf`), so no tested expression is trained on in any order of evaluation, and sets of any
 * seed and size are disjoint. There, duplicates within a set are dropped; here only if
 * `generateArithmeticSet` is told to drop them.
 */
export class ArithmeticGenerator {
  readonly options: ResolvedArithmeticOptions;
  readonly vocabulary: ArithmeticVocabulary;
  /** Most tokens of an instance. */
  readonly time: number;
  /** Operators of the last instance. */
  operators = 0;
  /** Tokens of the last instance through its first `=`: the prompt of a model. */
  promptLength = 0;
  readonly #random: Random;
  /** Row k: the expression as it was with k operators; its tokens are the first `#lengths[k]`. */
  readonly #expressions: Uint8Array;
  readonly #lengths: Int32Array;
  readonly #width: number;
  /** Result of `#drawOperation`, without an object for each. */
  #left = 0;
  #operator = 0;
  #right = 0;

  /** @throws ConfigError if an option is out of range */
  constructor(options: ArithmeticOptions, random: Random) {
    this.options = resolveArithmeticOptions(options);
    this.vocabulary = arithmeticVocabulary(this.options.modulus);
    this.time = arithmeticLength(this.options.operators);
    this.#random = random;
    const rows = this.options.operators + 1;
    this.#width = 4 * this.options.operators;
    this.#expressions = new Uint8Array(rows * this.#width);
    this.#lengths = new Int32Array(rows);
  }

  /**
   * Draws an instance and writes its tokens, `<eos>` last. Elements after them stay unchanged.
   *
   * @param into      at least `time` elements from `offset` on
   * @param operators number of operators; default: drawn from the mix
   * @returns number of tokens written
   */
  draw(into: Int32Array | Uint8Array, offset: number, operators = this.#drawOperators()): number {
    const start = operators * this.#width;
    do this.#build(operators);
    while (splitOf(this.#expressions, start, start + this.#length(operators)) !== this.options.split);
    return this.#write(into, offset, operators);
  }

  #drawOperators(): number {
    const { operators, mix } = this.options;
    if (mix === 'exact') return operators;
    let ticket = this.#random.integer(0, (operators * (operators + 1)) / 2);
    let count = 1;
    while (ticket >= count) {
      ticket -= count;
      count += 1;
    }
    return count;
  }

  #build(operators: number): void {
    this.#expressions[0] = id.number + this.#random.integer(0, this.vocabulary.modulus);
    this.#lengths[0] = 1;
    for (let count = 0; count < operators; count += 1) this.#expand(count);
  }

  /** Writes the expression with one operator more than `count`. */
  #expand(count: number): void {
    const tokens = this.#expressions;
    const start = count * this.#width;
    const end = start + this.#length(count);
    const place = placeOfNumber(tokens, start, this.#random.integer(0, count + 1));
    this.#drawOperation((tokens[place] ?? 0) - id.number);
    const before = place > start ? tokens[place - 1] : undefined;
    const after = place + 1 < end ? tokens[place + 1] : undefined;
    const parentheses = needsParentheses(before, this.#operator, after);
    const row = start + this.#width;
    let to = row;
    for (let from = start; from < place; from += 1) tokens[to++] = tokens[from] ?? 0;
    if (parentheses) tokens[to++] = id.open;
    tokens[to++] = id.number + this.#left;
    tokens[to++] = this.#operator;
    tokens[to++] = id.number + this.#right;
    if (parentheses) tokens[to++] = id.close;
    for (let from = place + 1; from < end; from += 1) tokens[to++] = tokens[from] ?? 0;
    this.#lengths[count + 1] = to - row;
  }

  /** An operation whose result is `value`. */
  #drawOperation(value: number): void {
    const { modulus, inverses } = this.vocabulary;
    for (;;) {
      const left = this.#random.integer(0, modulus);
      const operator = id.plus + this.#random.integer(0, 4);
      let right: number;
      if (operator === id.plus) right = (value - left + modulus) % modulus;
      else if (operator === id.minus) right = (left - value + modulus) % modulus;
      else if (left === 0) {
        if (value !== 0) continue;
        right = this.#random.integer(0, modulus);
        if (operator === id.divide && right === 0) continue;
      } else if (operator === id.times) right = (value * (inverses[left] ?? 0)) % modulus;
      else if (value === 0) continue;
      else right = (left * (inverses[value] ?? 0)) % modulus;
      this.#left = left;
      this.#operator = operator;
      this.#right = right;
      return;
    }
  }

  /** Writes the expressions from the last one built to the first. */
  #write(into: Int32Array | Uint8Array, offset: number, operators: number): number {
    let to = offset;
    for (let count = operators; count >= 0; count -= 1) {
      const start = count * this.#width;
      const end = start + this.#length(count);
      for (let from = start; from < end; from += 1) into[to++] = this.#expressions[from] ?? 0;
      into[to++] = count === 0 ? id.eos : id.equals;
    }
    this.operators = operators;
    this.promptLength = this.#length(operators) + 1;
    return to - offset;
  }

  #length(operators: number): number {
    return this.#lengths[operators] ?? 0;
  }
}

/** True if an operation in place of a number between these two tokens needs parentheses. */
function needsParentheses(before: number | undefined, operator: number, after: number | undefined): boolean {
  if (before === id.divide) return true;
  if (operator !== id.plus && operator !== id.minus) return false;
  return before === id.times || before === id.minus || after === id.times || after === id.divide;
}

/** Index of the n-th number among the tokens from `start` on. */
function placeOfNumber(tokens: Uint8Array, start: number, index: number): number {
  let place = start;
  for (let left = index; ; place += 1) {
    if ((tokens[place] ?? 0) < id.number) continue;
    if (left === 0) return place;
    left -= 1;
  }
}
