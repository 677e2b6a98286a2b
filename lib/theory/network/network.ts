// The compiler's output: a causal Transformer without normalization layers, with weights in closed
// form, as plain data in float64. `forward.ts` runs it on the tensor engine, `plain.ts` in float64.

import type { Automaton } from '../automata/automaton';
import type { Layout } from './layout';
import type { Activation, Connection, Mlp } from './mlp';

/** A matrix in memory, row by row. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  /** [rows * columns] */
  readonly values: Float64Array;
}

/**
 * The token that a head copies from: the one `back` places before, in the word or in the same
 * segment; or the separator that ended the segment `back` segments before. Where there is none, it
 * is the start token.
 */
export interface TokenSource {
  readonly among: 'word' | 'segment' | 'separators';
  readonly back: number;
}

/**
 * Tokens of the block of places `back` blocks before: the one at index `at`; those at the indices
 * that the token's own set holds (`marked`); or `all`. Of several, a head takes the mean. Where
 * there is none, it is the start token.
 */
export interface BlockSource {
  readonly among: 'block';
  readonly back: number;
  readonly at: number | 'marked' | 'all';
}

/** The tokens that a head copies from. */
export type CopySource = TokenSource | BlockSource;

/**
 * An attention head. Queries and keys have a part that RoPE rotates by the segment index and a part
 * that it does not (partial rotary embedding, as in GPT-NeoX). Scores are their products; the
 * softmax is causal.
 */
export interface CopyHead {
  /** What it copies: a block, e.g. `sub relation`, or `summary`, several in a row. */
  readonly register: string;
  readonly source: CopySource;
  /** [width, 2 rotaryPairs + content]; the rotating part first */
  readonly query: Matrix;
  /** [width, 2 rotaryPairs + content] */
  readonly key: Matrix;
  /**
   * The `size` coordinates from `from` on are copied to those from `to` on: W_V W_O is the identity
   * between the two.
   */
  readonly value: { readonly from: number; readonly to: number; readonly size: number };
}

/** Attention, then feed-forward blocks in order; each adds to the residual stream. */
export interface Layer {
  readonly head: CopyHead;
  readonly feedForward: readonly { readonly name: string; readonly mlp: Mlp }[];
}

/**
 * A part of the read-out: a state is reached where its connections sum to more than 1/2. The
 * reachable states of the automaton are all combinations of the parts' reached states.
 */
export interface ReadoutPart {
  readonly name: string;
  readonly states: readonly string[];
  /** [states] */
  readonly inputs: readonly (readonly Connection[])[];
}

/** The words of the bilevel construction. */
export interface BilevelBounds {
  /** Most symbols in a segment, without its separator. */
  readonly maxSegmentLength: number;
  /** Most segments in a word; a last one without a separator counts. */
  readonly maxSegments: number;
}

/** The words of the constructions with absolute positions. */
export interface AbsoluteBounds {
  /** Most symbols in a word. */
  readonly maxLength: number;
}

/** The words for which a network represents its automaton. */
export type Bounds =
  | ({ readonly encoding: 'ape' } & AbsoluteBounds)
  | ({ readonly encoding: 'compact' } & AbsoluteBounds)
  | ({ readonly encoding: 'carried' } & AbsoluteBounds)
  | ({ readonly encoding: 'spread' } & AbsoluteBounds)
  | ({ readonly encoding: 'bipe' } & BilevelBounds);

/**
 * A compiled network. Its tokens are the start, which precedes every word, then `alphabetOf` in
 * order.
 */
export interface Network {
  readonly automaton: Automaton;
  readonly bounds: Bounds;
  readonly activation: Activation;
  readonly layout: Layout;
  /** [tokens, width]: start, symbols, separators */
  readonly embedding: Matrix;
  /**
   * The table of the absolute encoding, [places, width]: by the token's place in the word (APE) or
   * in its segment (BiPE).
   */
  readonly places: Matrix;
  /** Rotary pairs over the segment index; pair i turns by pi / 2^i a segment. 0 with APE. */
  readonly rotaryPairs: number;
  readonly layers: readonly Layer[];
  readonly readout: readonly ReadoutPart[];
}

/** The id of the start token. In BiPE it is a segment of its own. */
export const startId = 0;

/** Ids of the tokens that end a segment, the start among them; none with absolute positions. */
export function networkSeparators({ automaton, bounds }: Network): number[] {
  if (bounds.encoding !== 'bipe' || automaton.type === 'nfa') return [];
  return [startId, ...automaton.separators.map((_, index) => 1 + automaton.symbols.length + index)];
}

/** The names of the states in the order of results; `"s,k"` for a bilevel automaton. */
export function stateNames({ readout: [first, ...others] }: Network): readonly string[] {
  return others.reduce<readonly string[]>(
    (names, { states }) => names.flatMap((name) => states.map((state) => `${name},${state}`)),
    first?.states ?? [],
  );
}

/** Describes a head, e.g. `sub relation of 4 places before in the segment`. */
export function describeHead({ register, source }: CopyHead): string {
  return `${register} ${describeSource(source)}`;
}

/** Describes the token that a head copies from. */
export function describeSource(source: CopySource): string {
  const { among, back } = source;
  const count = (unit: string): string => `${back} ${unit}${back === 1 ? '' : 's'}`;
  if (among === 'block') {
    const block = back === 0 ? 'its block' : `the block ${back === 1 ? 'before' : `${back} blocks before`}`;
    if (source.at === 'all') return `of all of ${block}`;
    return source.at === 'marked'
      ? `of ${block}, at the indices in its set`
      : `of ${block}, at index ${source.at}`;
  }
  if (among === 'word') return `of ${count('place')} before`;
  return among === 'segment'
    ? `of ${count('place')} before in the segment`
    : `at the end of ${count('segment')} before`;
}

/** A matrix of zeros. */
export function zeros(rows: number, columns: number): Matrix {
  return { rows, columns, values: new Float64Array(rows * columns) };
}

/** Sets an entry of a matrix. A place outside of it is a programming mistake. */
export function put({ rows, columns, values }: Matrix, row: number, column: number, value: number): void {
  if (row < 0 || row >= rows || column < 0 || column >= columns)
    throw new Error(`entry ${row}, ${column} of a ${rows} x ${columns} matrix`);
  values[row * columns + column] = value;
}
