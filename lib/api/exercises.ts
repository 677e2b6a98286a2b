/**
 * Exercises in a notebook that check their own answers.
 *
 * @example
 * ```ts
 * import { encodings, exercises } from 'bipe-workbench';
 *
 * // A cell for the student, who replaces `exercises.blank`:
 * const slopes: (heads: number) => number[] = () => exercises.blank;
 * // The cell after it, which says "not answered yet", "right", or the first case that differs:
 * exercises.check('Exercise 1', slopes, exercises.agreesWith(encodings.alibiSlopes, [[4], [8]]));
 *
 * console.log(exercises.difference([0.5, 0.125], encodings.alibiSlopes(2)));
 * ```
 *
 * @module
 */

export {
  agreesWith,
  type AnswerOptions,
  type AnswerTest,
  blank,
  check,
  difference,
  equals,
  type Reason,
} from '../report/notebook/exercise';
export { alikeAsPrefixes, hasPrice, summarizes, type SummaryAnswer } from '../theory/exercises';
