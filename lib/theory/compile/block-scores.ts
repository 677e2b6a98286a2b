// By how much a head prefers the tokens of a block that it looks for, to first order in the unit of
// rounding. The bounds are derived for the compiler's weights (`block-addressing.ts`): in exact
// arithmetic, the tokens that match score `sharpness` above the start token, and that one as much
// above any other.

import { float32 } from '../lemmas/certificate';
import type { BlockSource, CopyHead, Network } from '../network/network';
import { placeFrequenciesOf, sharesByDistance, sharpnessOf } from './addressing';
import type { HeadScores } from './scores';

/** The distance between the scores of a head that may have several source tokens. */
export interface BlockScores extends HeadScores {
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
  const elsewhere = Math.exp(2 * (deviation + marks)) * attentionElsewhere(network, source);
  return {
    gap: sharpness - deviation - marks,
    elsewhere,
    rounding,
    unevenness: deviation + marks + rounding,
  };
}

/**
 * The attention on other tokens where a source token exists, plus that where the start token stands
 * in for it, in exact arithmetic. A block has as many tokens as there are indices. Those of another
 * block have at most the index that is asked for, which is why the start token scores above it.
 */
function attentionElsewhere(network: Network, { back, at }: BlockSource): number {
  const { automaton, places } = network;
  const sharpness = sharpnessOf(network);
  const indices = automaton.type === 'nfa' ? automaton.states.length : 0;
  const blocks = Math.ceil((places.rows - 1) / indices);
  const others =
    (at === 'all' ? 0 : Math.exp(-2 * sharpness)) +
    sharesByDistance(placeFrequenciesOf(network, indices), sharpness, {
      first: -back,
      last: blocks - 1 - back,
    });
  return Math.exp(-sharpness) + Math.exp(sharpness) * indices * others;
}
