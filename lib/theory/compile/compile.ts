// From an automaton to a Transformer that represents it: after every prefix of every word within
// the bounds, its read-out is the set of reachable states. By absolute positions (Theorem 3.1 says
// what width that takes), or bilevel ones (Theorem 3.2). Definitions and constructions are this
// project's: docs/theory.md.

import { UsageError } from '../../base/errors';
import type { BiNfa, Nfa } from '../automata/automaton';
import type { Activation } from '../network/mlp';
import type { Network } from '../network/network';
import { checkNetworkMemory, estimateNetwork } from './estimate';
import { bilevelProgram, flatProgram } from './program';
import { lower } from './weights';

/** What may be chosen. */
export interface CompileOptions {
  /** GELU by default, exact to what the certificate says; ReLU is exact but for rounding. */
  readonly activation?: Activation;
}

/**
 * The flat construction: ceil(log2 maxLength) layers, width O(|Q|^2). A bilevel automaton is
 * flattened first (`asNfa`).
 *
 * @throws UsageError for a length that is not a whole number of at least 1
 * @throws MachineError if the network would not fit into memory
 */
export function compileApe(
  automaton: Nfa,
  maxLength: number,
  { activation = 'gelu' }: CompileOptions = {},
): Network {
  checkBound('maxLength', maxLength);
  checkNetworkMemory(estimateNetwork(automaton, { encoding: 'ape', maxLength }, activation));
  return lower(flatProgram(automaton, maxLength), activation);
}

/** Of the bilevel construction. */
export interface BilevelBounds {
  /** Symbols in a segment, its separator left out. */
  readonly maxSegmentLength: number;
  /** Segments in a word; a last one without a separator counts. */
  readonly maxSegments: number;
}

/**
 * The bilevel construction: ceil(log2 (maxSegmentLength + 1)) + ceil(log2 maxSegments) layers,
 * width O(k^2 + |S|^2) for k sub-states and |S| segment states.
 *
 * @throws UsageError for a bound that is not a whole number of at least 1
 * @throws MachineError if the network would not fit into memory
 */
export function compileBiPE(
  automaton: BiNfa,
  bounds: BilevelBounds,
  { activation = 'gelu' }: CompileOptions = {},
): Network {
  checkBound('maxSegmentLength', bounds.maxSegmentLength);
  checkBound('maxSegments', bounds.maxSegments);
  checkNetworkMemory(estimateNetwork(automaton, { encoding: 'bipe', ...bounds }, activation));
  return lower(bilevelProgram(automaton, bounds), activation);
}

/**
 * Beyond, float32 does not tell the angles of segments apart, and a certificate, which looks at all
 * pairs of places, takes minutes.
 */
const mostPlaces = 2 ** 14;

/** @throws UsageError for a bound that is none */
export function checkBound(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > mostPlaces)
    throw new UsageError(
      `${name}: ${value}; it must be a whole number from 1 to ${mostPlaces.toLocaleString('en')}`,
    );
}
