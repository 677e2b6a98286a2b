// Compiles an automaton to a Transformer that represents it: after every prefix of every word
// within the bounds, its read-out is the set of reachable states. Positions are absolute (flat, the
// setting of Theorem 3.1, or compact) or bilevel (Theorem 3.2). Definitions and constructions are
// this project's: docs/theory.md.

import { UsageError } from '../../base/errors';
import type { BiNfa, Nfa } from '../automata/automaton';
import type { Activation } from '../network/mlp';
import type { BilevelBounds, Network } from '../network/network';
import { checkNetworkMemory, estimateNetwork } from './estimate';
import { carriedProgram } from './carried';
import { compactProgram } from './compact';
import { bilevelProgram, flatProgram } from './program';
import { spreadProgram } from './spread';
import { lower } from './weights';

/** Options of the compiler. */
export interface CompileOptions {
  /** GELU by default, whose error the certificate bounds; ReLU is exact except for rounding. */
  readonly activation?: Activation;
}

/**
 * Compiles by the flat construction: ceil(log2 maxLength) layers, width O(|Q|^2). Flatten a bilevel
 * automaton first (`asNfa`).
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

/**
 * Compiles by the compact construction, with absolute positions: ceil(log2 (maxLength + 1)) layers,
 * width O(k^2 + |S|^2) for k sub-states and |S| segment states.
 *
 * @throws UsageError for a length that is not a whole number of at least 1
 * @throws MachineError if the network would not fit into memory
 */
export function compileCompact(
  automaton: BiNfa,
  maxLength: number,
  { activation = 'gelu' }: CompileOptions = {},
): Network {
  checkBound('maxLength', maxLength);
  checkNetworkMemory(estimateNetwork(automaton, { encoding: 'compact', maxLength }, activation));
  return lower(compactProgram(automaton, maxLength), activation);
}

/**
 * Compiles by the bilevel construction: ceil(log2 (maxSegmentLength + 1)) + ceil(log2 maxSegments)
 * layers, width O(k^2 + |S|^2) for k sub-states and |S| segment states.
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
 * Compiles by the carried construction: a layer for each symbol, width O(|Q|). Flatten a bilevel
 * automaton first (`asNfa`).
 *
 * @throws UsageError for a length that is not a whole number of at least 1
 * @throws MachineError if the network would not fit into memory
 */
export function compileCarried(
  automaton: Nfa,
  maxLength: number,
  { activation = 'gelu' }: CompileOptions = {},
): Network {
  checkBound('maxLength', maxLength);
  checkNetworkMemory(estimateNetwork(automaton, { encoding: 'carried', maxLength }, activation));
  return lower(carriedProgram(automaton, maxLength), activation);
}

/**
 * Compiles by the spread construction: at most 3 |Q| + ceil(log2 (maxLength / |Q|)) + 1 layers,
 * width O(|Q| + log maxLength + symbols). Flatten a bilevel automaton first (`asNfa`).
 *
 * @throws UsageError for a length that is not a whole number of at least 1
 * @throws MachineError if the network would not fit into memory
 */
export function compileSpread(
  automaton: Nfa,
  maxLength: number,
  { activation = 'gelu' }: CompileOptions = {},
): Network {
  checkBound('maxLength', maxLength);
  checkNetworkMemory(estimateNetwork(automaton, { encoding: 'spread', maxLength }, activation));
  return lower(spreadProgram(automaton, maxLength), activation);
}

/** Most symbols or segments. Beyond, float32 cannot separate the angles of segments. */
const mostPlaces = 2 ** 14;

/**
 * Checks a bound.
 *
 * @throws UsageError unless it is a whole number in range
 */
export function checkBound(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 1 || value > mostPlaces)
    throw new UsageError(
      `${name}: ${value}; it must be a whole number from 1 to ${mostPlaces.toLocaleString('en')}`,
    );
}
