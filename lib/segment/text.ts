// A text as tokens with their positions: drawn by Figure 2 and printed by `bipe segment
// --text-file`.

import type { Tokenizer } from '../data/tokenizers/tokenizer';
import { type BilevelOptions, bilevelArrays } from './arrays';

/** A token of a text with its positions. */
export interface SegmentedToken {
  readonly id: number;
  /** The token as a figure prints it. */
  readonly text: string;
  /** Place in the whole text, from 0: the position a standard encoding uses. */
  readonly position: number;
  /** Place inside its segment, from 0. */
  readonly intra: number;
  /** Index of its segment, from 0. */
  readonly segment: number;
}

/**
 * The tokens of a text with their standard and bilevel positions.
 *
 * @param separators ids that end a segment, e.g. `separatorsFor(tokenizer, 'paper')`
 */
export function segmentText(
  text: string,
  tokenizer: Tokenizer,
  separators: readonly number[],
  options: Pick<BilevelOptions, 'intraSize'> = {},
): SegmentedToken[] {
  const ids = tokenizer.encode(text);
  const { intra, segment } = bilevelArrays(ids, separators, options);
  return Array.from(ids, (id, position) => ({
    id,
    text: tokenizer.tokenText(id),
    position,
    intra: intra[position] ?? 0,
    segment: segment[position] ?? 0,
  }));
}
