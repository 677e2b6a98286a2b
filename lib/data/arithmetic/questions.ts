// Questions for a test, each expression once: repeated questions would make an accuracy seem more
// certain than it is.

import { Random } from '../../engine/random/random';
import { type ArithmeticQuestion } from './file';
import { ArithmeticGenerator } from './generator';
import { arithmeticIds as id } from './vocabulary';

/** Options of a list of questions. */
export interface ArithmeticQuestionOptions {
  /** Operators of every question. */
  readonly operators: number;
  readonly modulus: number;
  /** Most questions. */
  readonly count: number;
  readonly seed: number;
}

/** Known expressions in a row after which there are hardly any others. */
const patience = 2000;

/**
 * Draws distinct expressions of the test split. With few operators there may be fewer than
 * requested: with one operator modulo 5 there are six.
 *
 * @throws ConfigError if an option is out of range
 */
export function distinctQuestions(options: ArithmeticQuestionOptions): ArithmeticQuestion[] {
  const { operators, modulus, count, seed } = options;
  const random = Random.fromSeed(seed).fork('arithmetic questions');
  const generator = new ArithmeticGenerator({ operators, modulus, split: 'test', mix: 'exact' }, random);
  const instance = new Int32Array(generator.time);
  const known = new Set<string>();
  const questions: ArithmeticQuestion[] = [];
  for (let misses = 0; questions.length < count && misses < patience; misses += 1) {
    const length = generator.draw(instance, 0);
    const prompt = instance.slice(0, generator.promptLength);
    const text = prompt.join(' ');
    if (known.has(text)) continue;
    known.add(text);
    // The last token is `<eos>`, the one before it the answer.
    questions.push({ prompt, answer: (instance[length - 2] ?? id.number) - id.number, operators });
    misses = -1;
  }
  return questions;
}
