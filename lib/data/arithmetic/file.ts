// Files of arithmetic instances, one a line. Every line is checked on reading, since results on a
// file with wrong answers are meaningless.

import { bipe } from '../../base/command';
import { DataError, UsageError } from '../../base/errors';
import { readTextLines } from '../../base/files';
import { displayPath } from '../../base/paths';
import { encodeArithmetic, evaluateExpression, ExpressionError } from './expression';
import { mostOperators } from './generator';
import { type ArithmeticSet } from './set';
import { arithmeticIds as id, type ArithmeticVocabulary, countOperators } from './vocabulary';

/** A question with its correct answer. */
export interface ArithmeticQuestion {
  /** The expression and the `=` after it. */
  readonly prompt: Int32Array;
  readonly answer: number;
  readonly operators: number;
}

/**
 * Reads the questions of a file with an instance on each line, as `bipe arithmetic generate` writes
 * them: an expression, `=`, and more, with the answer as the last number. Empty lines are skipped.
 *
 * @throws DataError naming file and line: a token outside the vocabulary, no `=`, no expression,
 *   more than 40 operators, or an answer that is wrong for this modulus
 */
export async function readArithmeticFile(
  path: string,
  vocabulary: ArithmeticVocabulary,
): Promise<ArithmeticQuestion[]> {
  const questions: ArithmeticQuestion[] = [];
  let number = 0;
  for await (const line of readTextLines(path)) {
    number += 1;
    if (line.trim() !== '') questions.push(questionOf(line, vocabulary, `${displayPath(path)}:${number}`));
  }
  if (questions.length === 0)
    throw new DataError(`${displayPath(path)}: no instances; write some with ${bipe('arithmetic generate')}`);
  return questions;
}

function questionOf(line: string, vocabulary: ArithmeticVocabulary, where: string): ArithmeticQuestion {
  const ids = encodeLine(line, vocabulary, where);
  const equals = ids.indexOf(id.equals);
  if (equals < 0)
    throw new DataError(`${where}: no '='; a line is an expression, '=' and its evaluation, e.g. 7 + 5 = 1`);
  const eos = ids.indexOf(id.eos);
  const last = ids[(eos < 0 ? ids.length : eos) - 1] ?? id.pad;
  if (last < id.number)
    throw new DataError(
      `${where}: does not end with the answer, a number from 0 to ${vocabulary.modulus - 1}`,
    );
  const expression = ids.subarray(0, equals);
  const operators = countOperators(expression);
  if (operators > mostOperators)
    throw new DataError(
      `${where}: ${operators} operators, more than ${mostOperators}; give expressions that a model of this task can evaluate`,
    );
  const answer = evaluateLine(expression, vocabulary, where);
  if (answer !== last - id.number)
    throw new DataError(
      `${where}: the answer is ${last - id.number}, but modulo ${vocabulary.modulus} the expression is ${answer}; was the file made for another modulus?`,
    );
  return { prompt: ids.slice(0, equals + 1), answer, operators };
}

function encodeLine(line: string, vocabulary: ArithmeticVocabulary, where: string): Int32Array {
  try {
    return encodeArithmetic(line, vocabulary);
  } catch (error) {
    if (error instanceof UsageError) throw new DataError(`${where}: ${error.message}`, { cause: error });
    throw error;
  }
}

function evaluateLine(ids: Int32Array, vocabulary: ArithmeticVocabulary, where: string): number {
  try {
    return evaluateExpression(ids, vocabulary);
  } catch (error) {
    if (error instanceof ExpressionError)
      throw new DataError(`${where}: token ${error.token + 1}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** The questions of a stored set. */
export function questionsOf(set: ArithmeticSet): ArithmeticQuestion[] {
  const { ids, time, promptLengths, operators } = set;
  return Array.from({ length: set.count }, (_, row) => {
    const start = row * time;
    const tokens = ids.subarray(start, start + time);
    const answer = (tokens[tokens.indexOf(id.eos) - 1] ?? id.number) - id.number;
    return {
      prompt: Int32Array.from(tokens.subarray(0, promptLengths[row])),
      answer,
      operators: operators[row] ?? 0,
    };
  });
}
