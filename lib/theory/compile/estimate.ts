// Estimates the size of a network before any of it is built. The product of relations between n
// states takes n^3 multiplications, so an automaton of a few kilobytes can need gigabytes.

import { MachineError } from '../../base/errors';
import { formatBytes, formatCount } from '../../base/format';
import { availableMemory } from '../../base/memory';
import { type Automaton, type BiNfa, type Nfa } from '../automata/automaton';
import { asNfa } from '../automata/flatten';
import { conjoin, multiply } from '../lemmas/product';
import { atLeastOne } from '../lemmas/rectifier';
import { pass } from '../lemmas/selection';
import { type Activation, type Connection, MlpBuilder } from '../network/mlp';
import { type Bounds } from '../network/network';
import { placeFrequenciesOf, placesOf, segmentFrequenciesOf } from './addressing';
import { doublings } from './program';
import { spreadDistances } from './spread';

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
}

/** Checks if the work takes about a second or more, so that progress should be shown. */
export function isLong({ memory }: NetworkEstimate): boolean {
  return memory > 1e8;
}

/** Hidden units and their connections. */
interface Count {
  readonly units: number;
  readonly connections: number;
}

/**
 * Estimates the network of an automaton, flattened for the flat construction, without building it.
 */
export function estimateNetwork(
  automaton: Automaton,
  bounds: Bounds,
  activation: Activation,
): NetworkEstimate {
  const {
    separators,
    relations,
    scratch,
    layers,
    blocks,
    indices = 0,
  } = shapeOf(automaton, bounds, activation);
  const depth = layers.reduce((sum, { count }) => sum + count, 0);
  const places = placesOf({ bounds });
  const [placePairs, segmentPairs] = [
    placeFrequenciesOf({ bounds }, indices).length,
    segmentFrequenciesOf({ bounds }).length,
  ];
  const width = 2 + separators + 2 * placePairs + indices + relations + scratch;
  const heads = layers.reduce(
    (sum, { count, seesPlaces }) =>
      sum + count * (2 * segmentPairs + (seesPlaces ? 2 * placePairs + indices : 0) + 1),
    0,
  );
  const { units, connections } = sum(blocks);
  const tokens = 1 + alphabetSize(automaton);
  const matrices = (tokens + places + 2 * heads) * width;
  // Lists grow by doubling and are copied when a block is done; float32 copies join them later.
  const building = 40 * units + 28 * connections + 8 * matrices;
  const keeping = 20 * units + 16 * connections + 12 * matrices;
  return {
    depth,
    width,
    hidden: Math.max(0, ...blocks.map((block) => block.units)),
    numbers: 3 * units + 2 * blocks.length + 2 * connections + matrices,
    // Before that, the relations of all tokens, and of separators by sub-state.
    memory: Math.max(building, keeping) + tokens * relations + separatorEntries(automaton, bounds),
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
    `this network is too large for this machine: ${describeEstimate(estimate)}, and ${formatBytes(available)} are free; use fewer states, symbols or places, the bilevel or the compact encoding, or --activation relu`,
  );
}

/** Describes an estimate in one line. */
export function describeEstimate({ depth, width, hidden, numbers, memory }: NetworkEstimate): string {
  return `${formatCount(depth)} layers of width ${formatCount(width)}, ${formatCount(hidden)} hidden units, ${formatBytes(4 * numbers)} of weights, about ${formatBytes(memory)} of memory`;
}

/** What an estimate is made of. */
interface NetworkShape {
  /** Separators that have a coordinate. */
  readonly separators: number;
  /** Coordinates of registers, and of what steps write in between. */
  readonly relations: number;
  readonly scratch: number;
  /** Layers that do the same, and whether their heads read places. */
  readonly layers: readonly { readonly count: number; readonly seesPlaces: boolean }[];
  /** The different feed-forward blocks. */
  readonly blocks: readonly Count[];
  /** Places of a block, if places are grouped. */
  readonly indices?: number;
}

function shapeOf(automaton: Automaton, bounds: Bounds, activation: Activation): NetworkShape {
  if (bounds.encoding === 'ape') {
    const states =
      automaton.type === 'nfa'
        ? automaton.states.length
        : automaton.segmentStates.length * automaton.subStates.length;
    const count = doublings(bounds.maxLength);
    return {
      separators: 0,
      relations: states ** 2,
      scratch: states ** 2,
      layers: [{ count, seesPlaces: true }],
      blocks: count === 0 ? [] : blocksOf(states, activation),
    };
  }
  if (bounds.encoding === 'carried') return carriedShape(asNfa(automaton), bounds.maxLength, activation);
  if (bounds.encoding === 'spread') return spreadShape(asNfa(automaton), bounds.maxLength, activation);
  if (automaton.type === 'nfa') throw new Error(`a ${bounds.encoding} network of an NFA`);
  const [k, s] = [automaton.subStates.length, automaton.segmentStates.length];
  const separators = automaton.separators.length;
  if (bounds.encoding === 'compact') {
    const summary = k ** 2 + (1 + separators) + s ** 2 + k;
    return {
      separators: 0,
      relations: summary,
      scratch: summary + k + s ** 2,
      layers: [{ count: doublings(bounds.maxLength + 1), seesPlaces: true }],
      blocks: joinBlocksOf(automaton, activation),
    };
  }
  const [inside, across] = [doublings(bounds.maxSegmentLength + 1), doublings(bounds.maxSegments)];
  return {
    separators,
    relations: k ** 2 + s ** 2,
    scratch: Math.max(k, s) ** 2,
    layers: [
      { count: inside, seesPlaces: true },
      { count: across, seesPlaces: false },
    ],
    blocks: [
      ...blocksOf(k, activation),
      ...(across === 0 ? [] : blocksOf(s, activation)),
      transitionOf(automaton, activation),
    ],
  };
}

/** The shape of `carriedProgram`. */
function carriedShape(automaton: Nfa, maxLength: number, activation: Activation): NetworkShape {
  const [n, kinds] = [automaton.states.length, 1 + automaton.symbols.length];
  const { erasing } = partsOf(activation);
  return {
    separators: 0,
    relations: kinds + n,
    scratch: n,
    layers: [{ count: maxLength, seesPlaces: true }],
    blocks: [sum([moveOf(automaton, 'to', activation), times(2 * n, erasing)])],
  };
}

/** The shape of `spreadProgram`. */
function spreadShape(automaton: Nfa, maxLength: number, activation: Activation): NetworkShape {
  const [n, kinds] = [automaton.states.length, 1 + automaton.symbols.length];
  const { erasing, threshold } = partsOf(activation);
  const united = spreadDistances(n, maxLength).length;
  const read = (into: 'from' | 'to'): Count =>
    sum([moveOf(automaton, into, activation), times(n + kinds, erasing)]);
  return {
    separators: 0,
    indices: n,
    relations: kinds + (1 + n) + 2 * n,
    scratch: kinds + (1 + n),
    layers: [{ count: 3 * n + united + 1, seesPlaces: true }],
    blocks: [
      read('from'),
      read('to'),
      ...(united === 0
        ? []
        : [sum([times(n, sum([threshold(1), threshold(2), erasing])), times(1 + n, erasing)])]),
      times(n, threshold(2)),
      times(n, sum([threshold(1), erasing])),
    ],
  };
}

/**
 * Counts a move of a set along transitions, or against them: a threshold for each state and kind of
 * token by which it can be reached.
 */
function moveOf({ states, transitions }: Nfa, into: 'from' | 'to', activation: Activation): Count {
  const reached = new Set(
    transitions.map(([from, symbol, to]) => JSON.stringify([symbol, into === 'to' ? to : from])),
  );
  const parts = partsOf(activation);
  const [threshold, further] = [parts.threshold(1), parts.threshold(2)];
  const input = { units: 0, connections: further.connections - threshold.connections };
  // The start moves each state to itself. The kind of the token is one more input.
  return sum([
    times(reached.size + states.length, parts.threshold(2)),
    times(transitions.length - reached.size, input),
  ]);
}

function alphabetSize(automaton: Automaton): number {
  return automaton.symbols.length + (automaton.type === 'nfa' ? 0 : automaton.separators.length);
}

/** Entries of the relations of separators, by sub-state. */
function separatorEntries(automaton: Automaton, { encoding }: Bounds): number {
  if ((encoding !== 'compact' && encoding !== 'bipe') || automaton.type === 'nfa') return 0;
  return automaton.separators.length * automaton.subStates.length * automaton.segmentStates.length ** 2;
}

/** The parts of feed-forward blocks, each counted once. */
function partsOf(activation: Activation) {
  return {
    erasing: gate(activation, (mlp) => {
      pass(mlp, [[0, 1]], [[0, -1]]);
    }),
    product: gate(activation, (mlp) => {
      if (activation === 'gelu') multiply(mlp, 0, 0, 0, 1);
      else conjoin(mlp, 0, 0, 0);
    }),
    /** A threshold over a number of inputs. */
    threshold: (inputs: number, outputs = 1): Count =>
      gate(activation, (mlp) => {
        atLeastOne(mlp, someConnections(inputs), 0, someConnections(outputs), 1);
      }),
    passing: (outputs: number): Count =>
      gate(activation, (mlp) => {
        pass(mlp, [[0, 1]], someConnections(outputs));
      }),
  };
}

function someConnections(count: number): Connection[] {
  return Array.from({ length: count }, () => [0, 1]);
}

/** Counts the product and the rounding of a register with that many states. */
function blocksOf(states: number, activation: Activation): Count[] {
  const entries = states ** 2;
  const { erasing, product, threshold } = partsOf(activation);
  return [
    sum([times(entries * states, product), times(2 * entries, erasing)]),
    times(entries, sum([threshold(1), erasing])),
  ];
}

/** Counts the blocks of a `join`, in the order of `joinBlocks`. */
function joinBlocksOf(automaton: BiNfa, activation: Activation): Count[] {
  const { erasing, product, threshold, passing } = partsOf(activation);
  const [k, s] = [automaton.subStates.length, automaton.segmentStates.length];
  const marks = 1 + automaton.separators.length;
  const rounded = sum([threshold(1), erasing]);
  return [
    sum([times(k ** 2, product), times(k, erasing)]),
    times(k, rounded),
    sum([
      transitionOf(automaton, activation),
      passing(s),
      threshold(2 * marks - 1, s),
      times(k ** 2, sum([threshold(1 + marks), erasing])),
      times(k + marks, sum([threshold(1), threshold(1 + marks), erasing, erasing])),
    ]),
    sum([times(k ** 3 + s ** 3, product), times(2 * (k ** 2 + s ** 2), erasing)]),
    times(k ** 2 + s ** 2, rounded),
    sum([times(s ** 3, product), times(2 * s ** 2, erasing)]),
    times(s ** 2, rounded),
  ];
}

/**
 * Counts the transition: a threshold over sub-states for each separator and pair of segment states.
 */
function transitionOf({ segmentTransitions }: BiNfa, activation: Activation): Count {
  const moves = new Set(
    segmentTransitions.map(([from, , separator, to]) => JSON.stringify([from, separator, to])),
  );
  const parts = partsOf(activation);
  const [threshold, further] = [parts.threshold(1), parts.threshold(2)];
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
