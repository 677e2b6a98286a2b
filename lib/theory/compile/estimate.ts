// Estimates the size of a network before any of it is built. The product of relations between n
// states takes n^3 multiplications, so an automaton of a few kilobytes can need gigabytes.

import { MachineError } from '../../base/errors';
import { formatBytes, formatCount } from '../../base/format';
import { availableMemory } from '../../base/memory';
import { type Automaton, type BiNfa } from '../automata/automaton';
import { conjoin, multiply } from '../lemmas/product';
import { atLeastOne } from '../lemmas/rectifier';
import { pass } from '../lemmas/selection';
import { type Activation, MlpBuilder } from '../network/mlp';
import { type Bounds } from '../network/network';
import { frequenciesFor } from './addressing';
import { doublings } from './program';
import { placesOf } from './weights';

/** The estimated size of a network. */
export interface NetworkEstimate {
  /** Layers of attention. */
  readonly depth: number;
  /** Coordinates of the residual stream. */
  readonly width: number;
  /** Units of the widest feed-forward block. */
  readonly hidden: number;
  /** Stored numbers: weights, with the zeros of matrices, and lists of connections. */
  readonly numbers: number;
  /** Peak memory of compiling, certifying and writing, in bytes; about. */
  readonly memory: number;
  /** Pairs of (kind of token, place) that the certificate compares, over all layers. */
  readonly comparisons: number;
}

/** Checks if the work takes about a second or more, so that progress should be shown. */
export function isLong({ memory, comparisons }: NetworkEstimate): boolean {
  return memory > 1e8 || comparisons > 1e6;
}

/** Hidden units and their connections. */
interface Count {
  readonly units: number;
  readonly connections: number;
}

/**
 * Estimates the network of an automaton, flattened for the absolute encoding, without building it.
 */
export function estimateNetwork(
  automaton: Automaton,
  bounds: Bounds,
  activation: Activation,
): NetworkEstimate {
  const { tokens, separators, registers } = shapeOf(automaton, bounds);
  const depth = registers.reduce((sum, { layers }) => sum + layers, 0);
  const largest = Math.max(...registers.map(({ states }) => states));
  const places = placesOf({ bounds });
  const [placePairs, segmentPairs] = [
    frequenciesFor(places).length,
    bounds.encoding === 'ape' ? 0 : frequenciesFor(bounds.maxSegments).length,
  ];
  const relations = registers.reduce((sum, { states }) => sum + states ** 2, 0);
  const width = 2 + separators + 2 * placePairs + relations + largest ** 2;
  const heads = registers.reduce(
    (sum, { layers, seesPlaces }) =>
      sum + layers * (2 * segmentPairs + (seesPlaces ? 2 * placePairs : 0) + 1),
    0,
  );
  const blocks = [
    ...registers.flatMap(({ states, layers }) => (layers === 0 ? [] : blocksOf(states, activation))),
    ...(bounds.encoding === 'bipe' && automaton.type === 'bi-nfa'
      ? [transitionOf(automaton, activation)]
      : []),
  ];
  const { units, connections } = sum(blocks);
  const matrices = (tokens + places + 2 * heads) * width;
  // Lists grow by doubling and are copied when a block is done; float32 copies join them later.
  const building = 40 * units + 28 * connections + 8 * matrices;
  const keeping = 20 * units + 16 * connections + 12 * matrices;
  const initial =
    tokens * relations + separators * registers.reduce((size, { states }) => size * states, largest);
  return {
    depth,
    width,
    hidden: Math.max(0, ...blocks.map((block) => block.units)),
    numbers: 3 * units + 2 * blocks.length + 2 * connections + matrices,
    memory: Math.max(building, keeping) + initial,
    comparisons: depth * ((1 + separators) * places) ** 2,
  };
}

/**
 * Refuses a network that does not fit into memory.
 *
 * @param available bytes; by default those that this process may still take
 * @throws MachineError with the numbers
 */
export function checkNetworkMemory(estimate: NetworkEstimate, available = availableMemory()): void {
  if (estimate.memory <= available) return;
  throw new MachineError(
    `this network is too large for this machine: ${describeEstimate(estimate)}, and ${formatBytes(available)} are free; use fewer states, symbols or places, the bilevel encoding, or --activation relu`,
  );
}

/** Describes an estimate in one line. */
export function describeEstimate({ depth, width, hidden, numbers, memory }: NetworkEstimate): string {
  return `${formatCount(depth)} layers of width ${formatCount(width)}, ${formatCount(hidden)} hidden units, ${formatBytes(4 * numbers)} of weights, about ${formatBytes(memory)} of memory`;
}

interface RegisterShape {
  readonly states: number;
  readonly layers: number;
  /** Whether its heads read places. */
  readonly seesPlaces: boolean;
}

/**
 * The number of tokens (the start included), the separators that have a coordinate, and the
 * registers.
 */
function shapeOf(
  automaton: Automaton,
  bounds: Bounds,
): { readonly tokens: number; readonly separators: number; readonly registers: readonly RegisterShape[] } {
  const separators = automaton.type === 'nfa' ? 0 : automaton.separators.length;
  const tokens = 1 + automaton.symbols.length + separators;
  if (bounds.encoding === 'ape') {
    const states =
      automaton.type === 'nfa'
        ? automaton.states.length
        : automaton.segmentStates.length * automaton.subStates.length;
    const register = { states, layers: doublings(bounds.maxLength), seesPlaces: true };
    return { tokens, separators: 0, registers: [register] };
  }
  if (automaton.type === 'nfa') throw new Error('a bilevel network of an NFA');
  const { subStates, segmentStates } = automaton;
  const registers = [
    { states: subStates.length, layers: doublings(bounds.maxSegmentLength + 1), seesPlaces: true },
    { states: segmentStates.length, layers: doublings(bounds.maxSegments), seesPlaces: false },
  ];
  return { tokens, separators, registers };
}

/** Counts the product and the rounding of a register with that many states. */
function blocksOf(states: number, activation: Activation): Count[] {
  const entries = states ** 2;
  const erase = gate(activation, (mlp) => {
    pass(mlp, [[0, 1]], [[0, -1]]);
  });
  const product = gate(activation, (mlp) => {
    if (activation === 'gelu') multiply(mlp, 0, 0, 0, 1);
    else conjoin(mlp, 0, 0, 0);
  });
  const rounding = gate(activation, (mlp) => {
    atLeastOne(mlp, [[0, 1]], 0, [[0, 1]], 1);
  });
  return [
    sum([times(entries * states, product), times(2 * entries, erase)]),
    sum([times(entries, rounding), times(entries, erase)]),
  ];
}

/**
 * Counts the transition: a threshold over sub-states for each separator and pair of segment states.
 */
function transitionOf({ segmentTransitions }: BiNfa, activation: Activation): Count {
  const moves = new Set(
    segmentTransitions.map(([from, , separator, to]) => JSON.stringify([from, separator, to])),
  );
  const threshold = gate(activation, (mlp) => {
    atLeastOne(mlp, [[0, 1]], 0, [[0, 1]], 1);
  });
  const further = gate(activation, (mlp) => {
    atLeastOne(
      mlp,
      [
        [0, 1],
        [0, 1],
      ],
      0,
      [[0, 1]],
      1,
    );
  });
  const input = { units: 0, connections: further.connections - threshold.connections };
  return sum([times(moves.size, threshold), times(segmentTransitions.length, input)]);
}

function gate(activation: Activation, add: (mlp: MlpBuilder) => void): Count {
  const builder = new MlpBuilder(activation);
  add(builder);
  const { hidden, inputIndex, outputIndex } = builder.build();
  return { units: hidden, connections: inputIndex.length + outputIndex.length };
}

function times(count: number, { units, connections }: Count): Count {
  return { units: count * units, connections: count * connections };
}

function sum(counts: readonly Count[]): Count {
  return counts.reduce(
    (total, { units, connections }) => ({
      units: total.units + units,
      connections: total.connections + connections,
    }),
    { units: 0, connections: 0 },
  );
}
