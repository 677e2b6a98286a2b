// Expressions of the arithmetic task as text and as token ids; their exact value modulo a prime;
// and a check that one expression follows from another by a single operation.

import { UsageError } from '../../base/errors';
import { shorten } from '../../base/format';
import {
  arithmeticIds as id,
  type ArithmeticVocabulary,
  arithmeticVocabulary,
  countOperators,
  isNumber,
  isOperator,
  operate,
} from './vocabulary';

/** An expression in a model's form. */
export interface ArithmeticExpression {
  /** Its token ids, without `=`. */
  readonly ids: Int32Array;
  /** Its token ids with the `=` that asks for the evaluation. */
  readonly prompt: Int32Array;
  /** Its value. */
  readonly answer: number;
  readonly operators: number;
}

/**
 * Parses an expression, with or without spaces between its tokens: `(7+5)/(6+4*3-2*7)`.
 *
 * @throws UsageError pointing at the wrong character: an unknown token, a number that is too large,
 *   a missing operand or parenthesis, a division by zero
 */
export function readExpression(
  text: string,
  vocabulary: ArithmeticVocabulary = arithmeticVocabulary(),
): ArithmeticExpression {
  const { ids, starts } = tokenize(text, vocabulary);
  const place = ids.findIndex((token) => token === id.equals || token < id.plus);
  if (place >= 0)
    throw pointAt(
      text,
      starts[place] ?? 0,
      `'${vocabulary.tokens[ids[place] ?? 0] ?? ''}' is not part of an expression; leave it out`,
    );
  try {
    const answer = evaluateExpression(ids, vocabulary);
    return { ids, prompt: Int32Array.of(...ids, id.equals), answer, operators: countOperators(ids) };
  } catch (error) {
    if (error instanceof ExpressionError)
      throw pointAt(text, starts[error.token] ?? text.length, error.message);
    throw error;
  }
}

/**
 * Parses a text of the task to token ids: expressions, `=` and `<eos>`, with or without spaces.
 *
 * @throws UsageError pointing at the first character that is no token
 */
export function encodeArithmetic(
  text: string,
  vocabulary: ArithmeticVocabulary = arithmeticVocabulary(),
): Int32Array {
  return tokenize(text, vocabulary).ids;
}

/**
 * Formats token ids as text, with spaces between tokens, up to the first `<eos>` and without
 * padding.
 */
export function formatArithmetic(
  ids: ArrayLike<number>,
  vocabulary: ArithmeticVocabulary = arithmeticVocabulary(),
): string {
  return Array.from(writtenTokens(ids), (token) => tokenText(token, vocabulary)).join(' ');
}

/** The text of each token, control tokens too: the labels of a picture of the sequence. */
export function arithmeticTokenTexts(
  ids: ArrayLike<number>,
  vocabulary: ArithmeticVocabulary = arithmeticVocabulary(),
): string[] {
  return Array.from(ids, (token) => tokenText(token, vocabulary));
}

/** Deepest nesting of parentheses: each level takes several calls of the parser. */
const mostNested = 500;

/**
 * Evaluates an expression by recursive descent: `*` and `/` before `+` and `-`, each from left to
 * right.
 *
 * @throws ExpressionError at the token that is wrong
 */
export function evaluateExpression(ids: ArrayLike<number>, vocabulary: ArithmeticVocabulary): number {
  let [place, open] = [0, 0];
  const fail = (what: string, at = place): never => {
    throw new ExpressionError(what, at);
  };
  const text = (at: number): string => (at < ids.length ? `'${tokenText(ids[at], vocabulary)}'` : 'the end');

  const operand = (): number => {
    const token = ids[place] ?? id.pad;
    if (isNumber(token)) {
      place += 1;
      return token - id.number;
    }
    if (token !== id.open) return fail(`a number or '(' is missing before ${text(place)}`);
    const opened = place;
    if (open >= mostNested) return fail(`this '(' is inside of ${mostNested} others; write it flatter`);
    place += 1;
    open += 1;
    const value = sum();
    open -= 1;
    const closing = ids[place];
    if (closing === undefined) return fail("this '(' is never closed", opened);
    if (closing !== id.close) return fail(`an operator or ')' is missing before ${text(place)}`);
    place += 1;
    return value;
  };
  const chain = (part: () => number, operators: readonly number[]): number => {
    let value = part();
    for (;;) {
      const token = ids[place];
      if (token === undefined || !operators.includes(token)) return value;
      const at = place;
      place += 1;
      value =
        operate(vocabulary, value, token, part()) ??
        fail(`the divisor is 0 modulo ${vocabulary.modulus}`, at);
    }
  };
  const product = (): number => chain(operand, [id.times, id.divide]);
  const sum = (): number => chain(product, [id.plus, id.minus]);

  const value = sum();
  if (ids[place] === id.close) fail("there is no '(' for this ')'");
  if (place < ids.length) fail(`an operator is missing before ${text(place)}`);
  return value;
}

/** An error in an expression, with its token. */
export class ExpressionError extends Error {
  constructor(
    message: string,
    readonly token: number,
  ) {
    super(message);
  }
}

/**
 * True if `next` is `previous` after one operation: two numbers and the operator between them are
 * replaced by the result, with the parentheses around them, if any; and only if precedence allows
 * that operation first.
 */
export function isStep(
  previous: ArrayLike<number>,
  next: ArrayLike<number>,
  vocabulary: ArithmeticVocabulary,
): boolean {
  for (let place = 1; place + 1 < previous.length; place += 1) {
    const [left = 0, operator = 0, right = 0] = [previous[place - 1], previous[place], previous[place + 1]];
    if (!isNumber(left) || !isOperator(operator) || !isNumber(right)) continue;
    const [before, after] = [previous[place - 2], previous[place + 2]];
    const enclosed = before === id.open && after === id.close;
    if (!enclosed && !mayGoFirst(before, operator, after)) continue;
    const result = operate(vocabulary, left - id.number, operator, right - id.number);
    const start = place - (enclosed ? 2 : 1);
    const removed = enclosed ? 5 : 3;
    if (result !== undefined && isReplaced(previous, next, start, removed, id.number + result)) return true;
  }
  return false;
}

/** True if an operation between these two tokens may be carried out before its surroundings. */
function mayGoFirst(before: number | undefined, operator: number, after: number | undefined): boolean {
  if (before === id.divide) return false;
  // a * (b / c) = (a * b) / c in a field, so after `*` a product or quotient may be computed first.
  if (operator === id.times || operator === id.divide) return true;
  return before !== id.minus && before !== id.times && after !== id.times && after !== id.divide;
}

function isReplaced(
  previous: ArrayLike<number>,
  next: ArrayLike<number>,
  start: number,
  removed: number,
  token: number,
): boolean {
  if (next.length !== previous.length - removed + 1 || next[start] !== token) return false;
  for (let index = 0; index < next.length; index += 1) {
    const source = index < start ? index : index + removed - 1;
    if (index !== start && next[index] !== previous[source]) return false;
  }
  return true;
}

/** One rewriting of an expression by a model. */
export interface ArithmeticStep {
  readonly ids: Int32Array;
  readonly text: string;
  /**
   * True if it follows from the one before by one operation; the first is the question, and so
   * correct.
   */
  readonly correct: boolean;
}

/** The rewritings in a sequence, up to the first `<eos>`, each with its correctness. */
export function judgeSteps(
  ids: ArrayLike<number>,
  vocabulary: ArithmeticVocabulary = arithmeticVocabulary(),
): ArithmeticStep[] {
  const expressions = splitSteps(ids);
  return expressions.map((step, index) => {
    const previous = expressions[index - 1];
    return {
      ids: step,
      text: formatArithmetic(step, vocabulary),
      correct: previous === undefined || isStep(previous, step, vocabulary),
    };
  });
}

function splitSteps(ids: ArrayLike<number>): Int32Array[] {
  const steps: Int32Array[] = [];
  let start = 0;
  const tokens = writtenTokens(ids);
  tokens.forEach((token, place) => {
    if (token !== id.equals) return;
    steps.push(tokens.slice(start, place));
    start = place + 1;
  });
  return [...steps, tokens.slice(start)];
}

/** The tokens before the first `<eos>`, without padding. */
function writtenTokens(ids: ArrayLike<number>): Int32Array {
  const tokens = Int32Array.from(ids);
  const end = tokens.indexOf(id.eos);
  return tokens
    .subarray(0, end < 0 ? tokens.length : end)
    .filter((token) => token !== id.pad && token !== id.cls);
}

interface Tokens {
  readonly ids: Int32Array;
  /** Start of each token in the text. */
  readonly starts: readonly number[];
}

function tokenize(text: string, { modulus, tokens }: ArithmeticVocabulary): Tokens {
  const ids: number[] = [];
  const starts: number[] = [];
  for (const match of text.matchAll(/\d+|<\w+>|\S/gu)) {
    const [token] = match;
    const found = tokens.indexOf(token);
    if (found < 0) {
      const what = /^\d/.test(token)
        ? `'${token}' is not a number from 0 to ${modulus - 1}`
        : `'${token}' is not one of 0 to ${modulus - 1}, + - * / ( ) =`;
      throw pointAt(text, match.index, what);
    }
    ids.push(found);
    starts.push(match.index);
  }
  return { ids: Int32Array.from(ids), starts };
}

/** Most characters of a text that an error message quotes. */
const quoted = 60;

function pointAt(text: string, index: number, what: string): UsageError {
  const line = text.replace(/\s+/g, ' ');
  // In code points, as a reader counts.
  const character = Array.from(text.slice(0, index)).length + 1;
  return new UsageError(`"${shorten(line, quoted, '...')}", character ${character}: ${what}`);
}

function tokenText(token: number | undefined, { tokens, size }: ArithmeticVocabulary): string {
  const text = token === undefined ? undefined : tokens[token];
  if (text === undefined)
    throw new UsageError(`token id ${String(token)}: ids of the arithmetic task go from 0 to ${size - 1}`);
  return text;
}
