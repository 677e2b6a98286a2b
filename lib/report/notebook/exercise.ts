// Exercises of a notebook that check their own answers: one line below the cell says that the
// answer is right, what is wrong with it, or that there is none yet. A test of an answer is a
// function; the two that most exercises need are made by `equals` and `agreesWith`.

import { messageOf } from '../../base/errors';
import { toneColors } from '../style';
import { escapeHtml } from '../text';
import { displayFunction } from './display';

/**
 * Stands where an answer belongs: as a value, or as all that a function returns. It type-checks as
 * an answer of any type, so a cell with it runs.
 */
export const blank = Symbol('blank') as never;

/** Says why an answer is right. */
export interface Reason {
  readonly right: string;
}

/**
 * Says what is wrong with an answer and why; gives undefined if it is right, or, where a test can
 * have it, the reason.
 */
export type AnswerTest<T, Right = undefined> = (answer: T) => string | Right;

/** How answers are compared, and what is said about wrong ones. */
export interface AnswerOptions {
  /** Largest difference of two equal numbers, relative above 1; default 1e-6. */
  readonly tolerance?: number;
  /** What to say about a wrong answer that is foreseen, by the answer as text. */
  readonly hints?: Readonly<Record<string, string>>;
}

const looks = {
  right: { sign: '✓', color: toneColors.good },
  wrong: { sign: '✗', color: toneColors.bad },
  unanswered: { sign: '○', color: toneColors.open },
} as const;

interface Verdict {
  readonly kind: keyof typeof looks;
  readonly words: string;
}

/**
 * Shows whether an answer is right; nothing outside a notebook. An answer with a `blank` is "not
 * answered yet"; an error that it throws is shown, and ends nothing.
 *
 * @param name of the exercise, e.g. `Exercise 1`
 */
export function check<T>(name: string, answer: T, test: AnswerTest<T, Reason | undefined>): void {
  const { kind, words } = judge(answer, test);
  const { sign, color } = looks[kind];
  const html = `<span aria-hidden="true">${sign}</span> <b>${escapeHtml(name)}</b>: ${escapeHtml(words)}`;
  displayFunction()?.({
    'text/html': `<div role="status" style="color:${color};border-left:4px solid;padding:4px 10px">${html}</div>`,
    'text/plain': `${sign} ${name}: ${words}`,
  });
}

class Unanswered extends Error {}

function judge<T>(answer: T, test: AnswerTest<T, Reason | undefined>): Verdict {
  try {
    const found = test(answered(answer));
    if (typeof found === 'string') return { kind: 'wrong', words: found };
    return { kind: 'right', words: found === undefined ? 'right' : `right: ${found.right}` };
  } catch (error) {
    if (error instanceof Unanswered) return { kind: 'unanswered', words: 'not answered yet' };
    return { kind: 'wrong', words: `it throws an error: ${messageOf(error)}` };
  }
}

/** The answer, if it has no blank; a function is watched for what it returns. */
function answered<T>(answer: T): T {
  if (hasBlank(answer)) throw new Unanswered();
  if (typeof answer !== 'function') return answer;
  const call = answer as unknown as (...given: unknown[]) => unknown;
  return ((...given: unknown[]) => answered(call(...given))) as unknown as T;
}

function hasBlank(value: unknown): boolean {
  return value === blank || (Array.isArray(value) && value.some(hasBlank));
}

/**
 * Tests that an answer equals a value. A number that does not is called too small or too large, so
 * that the student can try again.
 */
export function equals<T>(expected: T, { tolerance, hints = {} }: AnswerOptions = {}): AnswerTest<T> {
  return (answer) => {
    const found = difference(answer, expected, tolerance);
    if (found === undefined) return undefined;
    return hintOf(hints, answer) ?? (isList(expected) ? found : comparison(answer, expected));
  };
}

/** What the hints say about an answer. */
function hintOf(hints: Readonly<Record<string, string>>, answer: unknown): string | undefined {
  return Object.hasOwn(hints, String(answer)) ? hints[String(answer)] : undefined;
}

function comparison(answer: unknown, expected: unknown): string {
  if (typeof answer !== 'number' || typeof expected !== 'number' || Number.isNaN(answer))
    return `${asText(answer)} is not right`;
  return `${asText(answer)} is too ${answer < expected ? 'small' : 'large'}`;
}

/**
 * Tests that a function returns what a reference returns, such as the library's; the first case
 * that differs is shown.
 *
 * @param cases arguments of each call
 * @param options hints go by what the function returns for the first such case
 */
export function agreesWith<Given extends readonly unknown[], Result>(
  reference: (...given: Given) => Result,
  cases: readonly Given[],
  { tolerance, hints = {} }: AnswerOptions = {},
): AnswerTest<(...given: Given) => Result> {
  return (answer) => {
    for (const given of cases) {
      const [result, expected] = [answer(...given), reference(...given)];
      const found = difference(result, expected, tolerance);
      if (found === undefined) continue;
      const hint = hintOf(hints, result);
      return `for (${given.map(asText).join(', ')}) it returns ${found}${hint === undefined ? '' : `: ${hint}`}`;
    }
    return undefined;
  };
}

/**
 * The first difference between two values, with its place in nested arrays; undefined if there is
 * none.
 *
 * @param tolerance largest difference of equal numbers, relative above 1
 */
export function difference(actual: unknown, expected: unknown, tolerance = 1e-6): string | undefined {
  return differenceAt('', actual, expected, tolerance);
}

function differenceAt(
  place: string,
  actual: unknown,
  expected: unknown,
  tolerance: number,
): string | undefined {
  if (isList(actual) && isList(expected)) {
    if (actual.length !== expected.length)
      return `${actual.length} values instead of ${expected.length}${where(place)}`;
    for (let index = 0; index < expected.length; index += 1) {
      const found = differenceAt(`${place}[${index}]`, actual[index], expected[index], tolerance);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (isEqual(actual, expected, tolerance)) return undefined;
  return `${asText(actual)} instead of ${asText(expected)}${where(place)}`;
}

const where = (place: string): string => (place === '' ? '' : ` at ${place}`);

/** An array or a typed array. */
function isList(value: unknown): value is ArrayLike<unknown> {
  return Array.isArray(value) || (ArrayBuffer.isView(value) && !(value instanceof DataView));
}

function isEqual(actual: unknown, expected: unknown, tolerance: number): boolean {
  if (Object.is(actual, expected) || actual === expected) return true;
  if (typeof actual !== 'number' || typeof expected !== 'number') return false;
  return Math.abs(actual - expected) <= tolerance * Math.max(1, Math.abs(expected));
}

/** A value in a sentence; long lists are cut. */
function asText(value: unknown): string {
  if (typeof value === 'string') return `"${value}"`;
  if (typeof value === 'number') return String(Number(value.toPrecision(6)));
  if (!isList(value)) return String(value);
  const shown = Array.from({ length: Math.min(value.length, longestList) }, (_, index) =>
    asText(value[index]),
  );
  return `[${[...shown, ...(value.length > longestList ? ['…'] : [])].join(', ')}]`;
}

const longestList = 12;
