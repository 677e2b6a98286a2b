// Bounds the errors of a compiled network's numbers in float32, to first order in u, the unit of
// rounding. An entry is a number of a relation, rounded to 0 or 1. A count is an entry of a product
// of relations, the number of ways, before it is rounded.

import { float32 } from '../lemmas/certificate';
import { productRounding, productTruncation } from '../lemmas/product';
import type { Network } from '../network/network';
import { booleanProductScale } from './blocks';

/**
 * The allowed error of counts: those between 1/4 and 3/4 are not rounded, and GELU needs some
 * distance from there.
 */
export const room = 0.15;

/**
 * How often the leak counts: float32 may lose as much in the sum of softmax, and in the weighted
 * sum.
 */
const lost = 3;

/** Largest factor: entries may be a little above 1. */
const largest = 1.01;

/**
 * Bounds the error of an entry. Rounding a count of up to n adds four units of up to 2n: GELU and
 * its weight err by 5 u, the sum before it by 2 u, each addition by 2 u n; 43 u n together. A
 * transition adds up k sub-states twice, in sums of up to 2k: 2 u k^2 more.
 */
function entryError({ layout, automaton }: Network): number {
  const states = Math.max(...layout.blocks.map(({ rows }) => rows.length));
  const transitions = automaton.type === 'bi-nfa' ? 2 * states ** 2 : 0;
  return float32.unit * (48 * (states + 1) + transitions);
}

/**
 * Bounds the error of counts of a product over `states` states, if attention on other tokens is
 * `leak` in exact arithmetic.
 */
export function countError(states: number, network: Network, leak: number): number {
  const { unit } = float32;
  const factors = largest * states * (lost * leak + 2 * entryError(network) + 16 * unit);
  const erasing = 8 * unit * states;
  const scale = booleanProductScale(states);
  const products =
    network.activation === 'gelu'
      ? productTruncation(scale, largest, states) + productRounding(scale, largest, float32, states)
      : 4 * unit * states * states;
  return factors + erasing + products;
}

/** The largest allowed leak, in exact arithmetic. If it is not above 0, no leak is small enough. */
export function mostLeak(states: number, network: Network): number {
  return (room - countError(states, network, 0)) / (largest * lost * states);
}
