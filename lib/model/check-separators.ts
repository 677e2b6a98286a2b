// A bilevel model must read texts with the separators that it was trained with; with others its
// positions are meaningless. Callers that are given separators check here that a checkpoint agrees.

import { CheckpointError } from '../base/errors';
import { canonicalJson } from '../base/json';
import { areIds } from '../segment/ends';
import { type NestedSeparators } from '../segment/levels';
import { type ModelConfig } from './config';

/**
 * Makes sure that a model was trained with some separators. A model without segments accepts any.
 *
 * @param separators of each level but the outermost, innermost first, in any order within a level
 * @param where      the checkpoint, as the first words of the message
 * @throws CheckpointError if it was trained with others
 */
export function checkSeparators(
  { separators: trained }: Pick<ModelConfig, 'separators'>,
  separators: NestedSeparators,
  where: string,
): void {
  if (trained.length === 0 || sameSeparators(trained, separators)) return;
  throw new CheckpointError(
    `${where}: trained for segments that end at ${describe(trained)}, not at ${describe(separators)}; give the same separators, or a checkpoint trained for these`,
  );
}

/** True if two lists of separators are equal, with the ids of a level in any order. */
export function sameSeparators(first: NestedSeparators, second: NestedSeparators): boolean {
  return describe(first) === describe(second);
}

/** Levels in order, ids of each ascending. */
function describe(separators: NestedSeparators): string {
  const levels = separators.map((level) =>
    areIds(level) ? [...level].sort((a, b) => a - b).join(',') : canonicalJson(level),
  );
  return levels.length === 0 ? 'nothing' : levels.join(' / ');
}
