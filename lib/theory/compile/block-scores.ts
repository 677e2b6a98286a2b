// By how much a head prefers the tokens of a block that it looks for, to first order in the unit of
// rounding. The bounds are derived for the compiler's weights (`block-addressing.ts`), with which a
// certificate compares every number: in exact arithmetic, the tokens that match score `sharpness`
// above the start token, and that one as much above any other.

import { float32 } from '../lemmas/certificate';
import type { BlockSource, CopyHead, Network } from '../network/network';
import { sharpnessOf } from './weights';

/** The distance between a head's scores. */
export interface BlockScores {
  /** The source tokens' score minus the highest of any other token, at worst. */
  readonly gap: number;
  /** By how much float32 may bring two scores nearer to each other. */
  readonly rounding: number;
  /** By how much the scores of two source tokens may differ, rounding included. */
  readonly unevenness: number;
}

/**
 * Bounds a head's scores.
 *
 * @param entryError the largest error of an entry of the set from which `marked` indices are read
 */
export function blockScores(
  network: Network,
  { query, source }: Pick<CopyHead, 'query'> & { readonly source: BlockSource },
  entryError: number,
): BlockScores {
  const { unit } = float32;
  const sharpness = sharpnessOf(network);
  const { automaton } = network;
  const indices = automaton.type === 'nfa' ? automaton.states.length : 0;
  const pairs = (query.columns - 1 - indices) / 2;
  // A component of a query is the sum of two products of rounded numbers of at most 1 and the
  // sharpness, so it is off by 4 units of it; that of a key by one; indices and the start's by
  // less.
  const deviation = 2 * sharpness * unit * (5 * 2 * pairs + pairs + 3);
  const sizes = sharpness * (2 * pairs + 2 * indices + pairs + 1);
  const rounding = 2 * unit * (query.columns + 16) * sizes;
  // Marks are worth twice the sharpness, and both tokens' marks are off.
  const marks = source.at === 'marked' ? 4 * sharpness * entryError : 0;
  return { gap: sharpness - deviation - marks, rounding, unevenness: deviation + marks + rounding };
}
