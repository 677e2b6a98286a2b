// What the compiler makes: a causal Transformer without normalization layers, whose weights are
// given in closed form. Plain data, in JavaScript's own numbers; `forward.ts` computes with it on
// the tensor engine, `plain.ts` in float64.

import type { Automaton } from '../automata/automaton';
import type { Layout } from './layout';
import type { Activation, Connection, Mlp } from './mlp';

/** A matrix in memory, row after row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows * columns] */
  readonly values: Float64Array;
}

/**
 * Which token a head copies from: the one `back` places before, in the word or in the same segment;
 * or the separator that ended the segment `back` segments before. The start token where there is
 * none.
 */
export interface CopySource {
  readonly among: 'word' | 'segment' | 'separators';
  readonly back: number;
}

/**
 * One attention head. A query and a key are each a part that rotates with the segment's index, and
 * a part that does not (rotary embedding of a part of the head, as in GPT-NeoX). Scores are their
 * product, softmax over the keys up to the query's own.
 */
export interface CopyHead {
  /** The block it copies, e.g. `sub relation`. */
  readonly register: string;
  readonly source: CopySource;
  /** [width, 2 rotaryPairs + content]; the rotating part first */
  readonly query: Matrix;
  /** [width, 2 rotaryPairs + content] */
  readonly key: Matrix;
  /**
   * The values: `size` coordinates from `from` on, added to those from `to` on; W_V W_O is the
   * identity between the two.
   */
  readonly value: { readonly from: number; readonly to: number; readonly size: number };
}

/** Attention, then feed-forward blocks one after another; each adds to the residual stream. */
export interface Layer {
  readonly head: CopyHead;
  readonly feedForward: readonly { readonly name: string; readonly mlp: Mlp }[];
}

/**
 * A part of the answer: a state of `states` is reached where its connections sum to more than 1/2.
 * The reached states of the automaton are all combinations of the parts' states.
 */
export interface ReadoutPart {
  readonly name: string;
  readonly states: readonly string[];
  /** [states] */
  readonly inputs: readonly (readonly Connection[])[];
}

/** Up to where a network represents its automaton. */
export type Bounds =
  | { readonly encoding: 'ape'; /** Symbols in a word. */ readonly maxLength: number }
  | {
      readonly encoding: 'bipe';
      /** Symbols in a segment, its separator left out. */
      readonly maxSegmentLength: number;
      /** Segments in a word; a last one without a separator counts. */
      readonly maxSegments: number;
    };

/**
 * A compiled network. Its tokens are a start, which stands before every word, and the names of
 * `alphabetOf` in order.
 */
export interface Network {
  readonly automaton: Automaton;
  readonly bounds: Bounds;
  readonly activation: Activation;
  readonly layout: Layout;
  /** [tokens, width]: start, symbols, separators */
  readonly embedding: Matrix;
  /**
   * The table of the absolute encoding, [places, width]: of the token's place in the word (APE) or
   * in its segment (BiPE).
   */
  readonly places: Matrix;
  /** Pairs of RoPE over the segment index, pair i turning by pi / 2^i a segment; 0 with APE. */
  readonly rotaryPairs: number;
  readonly layers: readonly Layer[];
  readonly readout: readonly ReadoutPart[];
}

/** The token before every word. In BiPE it is a segment of its own. */
export const startId = 0;

/** Ids of the tokens that end a segment, the start among them; none with APE. */
export function networkSeparators({ automaton, bounds }: Network): number[] {
  if (bounds.encoding === 'ape' || automaton.type === 'nfa') return [];
  return [startId, ...automaton.separators.map((_, index) => 1 + automaton.symbols.length + index)];
}

/**
 * The states in the order in which results hold them: [states] names, `"s,k"` for a bilevel
 * automaton.
 */
export function stateNames({ readout: [first, ...others] }: Network): readonly string[] {
  return others.reduce<readonly string[]>(
    (names, { states }) => names.flatMap((name) => states.map((state) => `${name},${state}`)),
    first?.states ?? [],
  );
}

/** What a head does, for people, e.g. `sub relation of 4 places before in the segment`. */
export function describeHead({ register, source }: CopyHead): string {
  return `${register} ${describeSource(source)}`;
}

/** Where a head looks, for people. */
export function describeSource({ among, back }: CopySource): string {
  const count = (unit: string): string => `${back} ${unit}${back === 1 ? '' : 's'}`;
  if (among === 'word') return `of ${count('place')} before`;
  return among === 'segment'
    ? `of ${count('place')} before in the segment`
    : `at the end of ${count('segment')} before`;
}

/** A matrix of zeros. */
export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

/** Puts a number into a matrix; outside of it is a mistake of the program. */
export function put({ rows, columns, values }: Matrix, row: number, column: number, value: number): void {
  if (row < 0 || row >= rows || column < 0 || column >= columns)
    throw new Error(`entry ${row}, ${column} of a ${rows} x ${columns} matrix`);
  values[row * columns + column] = value;
}
