// A model of segments reads a text in those that it was trained on; in others its positions mean
// nothing. Who is told what ends a segment asks here whether a checkpoint agrees.

import { CheckpointError } from '../base/errors';
import { canonicalJson } from '../base/json';
import { areIds } from '../segment/ends';
import { type NestedSeparators } from '../segment/levels';
import { type ModelConfig } from './config';

/**
 * Makes sure that a model was trained for some separators. One without segments was trained for
 * any.
 *
 * @param separators of each level but the outermost, innermost first, in any order within a level
 * @param where      the checkpoint, as the message's first words
 * @throws CheckpointError if it was trained for others
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

/** Whether segments of each level end alike, in whatever order the ids of a level are given. */
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
