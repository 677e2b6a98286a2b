// Bounds the errors of a compiled network's numbers in float32, to first order in u, the unit of
// rounding. An entry is a number of a relation, rounded to 0 or 1. A count is an entry of a product
// of relations, the number of ways, before it is rounded.

import { float32 } from '../lemmas/certificate';
import { productRounding, productTruncation } from '../lemmas/product';
import type { Network } from '../network/network';
import { booleanProductScale, type RoundedSum } from './blocks';

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
export const largest = 1.01;

/**
 * Bounds the error of an entry. Rounding a count of up to n adds four units of up to 2n: GELU and
 * its weight err by 5 u, the sum before it by 2 u, each addition by 2 u n; 43 u n together. A
 * transition adds up k sub-states twice, in sums of up to 2k: 2 u k^2 more. A choice between
 * fragments adds up the marks of first separators instead of a count, a move of a set its states
 * and as many times the kind of a token, and a union n times a mean.
 */
export function entryError(network: Network): number {
  const { layout, automaton, bounds } = network;
  const marks = bounds.encoding === 'compact' ? sizesOf(network).separators + 1 : 0;
  const states = Math.max(marks, setSize(network), ...layout.blocks.map(({ rows }) => rows.length));
  const transitions = automaton.type === 'bi-nfa' ? 2 * states ** 2 : 0;
  return float32.unit * (48 * (states + 1) + transitions);
}

/** What the numbers that a block reads may be off by. */
export interface Errors {
  /** Attention on other tokens, in exact arithmetic. */
  readonly leak: number;
  /** The error of an entry. */
  readonly entry: number;
  /** By how much the scores of two source tokens may differ. */
  readonly unevenness: number;
}

/** What float32 may lose of a number that a head has copied. */
export function copyError(leak: number): number {
  return lost * leak + 16 * float32.unit;
}

/** Bounds the error of counts of a product over `states` states. */
export function countError(states: number, network: Network, { leak, entry }: Errors): number {
  const { unit } = float32;
  const factors = largest * states * (copyError(leak) + 2 * entry);
  const erasing = 8 * unit * states;
  const scale = booleanProductScale(states);
  const products =
    network.activation === 'gelu'
      ? productTruncation(scale, largest, states) + productRounding(scale, largest, float32, states)
      : 4 * unit * states * states;
  return factors + erasing + products;
}

/** Bounds the error of the sums that a block rounds beside counts. */
export function sumError(sums: RoundedSum, network: Network, { leak, entry, unevenness }: Errors): number {
  const { separators, subStates } = sizesOf(network);
  const n = setSize(network);
  const copied = copyError(leak) + 2 * entry;
  switch (sums) {
    case 'choice':
      // Up to k sub-states with k times the first separator; and all marks of first separators.
      return largest * (separators + 1) * copied + 2 * subStates * entry;
    case 'transition':
      // Up to k sub-states, and k times the separator; none of them is copied.
      return 2 * subStates * entry;
    case 'move':
      // Up to n states, and n times the kind of a token; either may be copied.
      return 2 * largest * n * copied;
    case 'mean':
      // n times a mean of up to n sets, whose weights differ by the unevenness, at most; where one
      // set has a state, the sum must not fall below 1.
      return largest * n * copied + Math.expm1(unevenness);
  }
}

/**
 * The largest allowed leak, in exact arithmetic, for a bound that grows in proportion to it. If it
 * is not above 0, no leak is small enough.
 */
export function mostLeak(errorAt: (leak: number) => number): number {
  const least = errorAt(0);
  return (room - least) / (errorAt(1) - least);
}

/** States of the sets that registers hold, where they hold sets and no relations. */
function setSize({ automaton, bounds }: Network): number {
  const holdsSets = bounds.encoding === 'carried' || bounds.encoding === 'spread';
  return holdsSets && automaton.type === 'nfa' ? automaton.states.length : 0;
}

function sizesOf({ automaton }: Network): { readonly separators: number; readonly subStates: number } {
  return automaton.type === 'nfa'
    ? { separators: 0, subStates: 0 }
    : { separators: automaton.separators.length, subStates: automaton.subStates.length };
}
