// Runs a compiled network in float64, token by token, and keeps every intermediate result: for
// pictures, for pages in a browser, and as a second opinion on the tensor engine.

import { bilevelArrays } from '../../segment/arrays';
import { evaluateMlp } from './evaluate-mlp';
import {
  type CopyHead,
  describeHead,
  type Matrix,
  type Network,
  networkSeparators,
  startId,
} from './network';
import { readoutWeights, reachedStates } from './readout';

/** The intermediate results of a layer. */
export interface LayerTrace {
  readonly name: string;
  /** Attention weights, [queries, keys], row by row; 0 for later keys. */
  readonly attention: Float64Array;
  /**
   * The residual stream after attention and after each feed-forward block, [tokens, width] each.
   */
  readonly residuals: readonly { readonly name: string; readonly values: Float64Array }[];
}

/** The intermediate results of a network on a word. */
export interface Trace {
  /** Number of tokens: the start and the word's symbols. */
  readonly tokens: number;
  /** Embeddings with places: [tokens, width]. */
  readonly embedded: Float64Array;
  readonly layers: readonly LayerTrace[];
  /** The reached states, [tokens, states] of 0 and 1. */
  readonly reached: Uint8Array;
}

/**
 * Runs a network on a word and keeps every intermediate result.
 *
 * @param word ids of its symbols, without the start
 */
export function trace(network: Network, word: ArrayLike<number>): Trace {
  const ids = Int32Array.from([startId, ...Array.from(word)]);
  const { width } = network.layout;
  const { place, segment } = positionsOf(network, ids);
  const embedded = new Float64Array(ids.length * width);
  ids.forEach((id, token) => {
    for (let column = 0; column < width; column++)
      embedded[token * width + column] =
        at(network.embedding, id, column) + at(network.places, place[token] ?? 0, column);
  });
  const residual = embedded.slice();
  const layers = network.layers.map(({ head, feedForward }): LayerTrace => {
    const attention = attend(head, residual, segment, network);
    copy(head, attention, residual, width);
    const residuals = [{ name: 'attention', values: residual.slice() }];
    for (const { name, mlp } of feedForward) {
      for (let token = 0; token < ids.length; token++) {
        const stream = residual.subarray(token * width, (token + 1) * width);
        evaluateMlp(mlp, stream).forEach((value, column) => {
          stream[column] = (stream[column] ?? 0) + value;
        });
      }
      residuals.push({ name, values: residual.slice() });
    }
    return { name: describeHead(head), attention, residuals };
  });
  return {
    tokens: ids.length,
    embedded,
    layers,
    reached: reachedStates(network, project(residual, readoutWeights(network))),
  };
}

function positionsOf(
  network: Network,
  ids: Int32Array,
): { readonly place: Int32Array; readonly segment: Int32Array } {
  if (network.bounds.encoding !== 'bipe')
    return { place: ids.map((_, token) => token), segment: new Int32Array(ids.length) };
  const { intra, segment } = bilevelArrays(ids, networkSeparators(network), {
    intraSize: network.places.rows,
  });
  return { place: intra, segment };
}

function at({ columns, values }: Matrix, row: number, column: number): number {
  return values[row * columns + column] ?? Number.NaN;
}

/** The residual stream times a matrix: [tokens, columns]. */
function project(residual: Float64Array, matrix: Matrix): Float64Array {
  const tokens = residual.length / matrix.rows;
  const projected = new Float64Array(tokens * matrix.columns);
  for (let token = 0; token < tokens; token++)
    for (let row = 0; row < matrix.rows; row++) {
      const value = residual[token * matrix.rows + row] ?? Number.NaN;
      if (value === 0) continue;
      for (let column = 0; column < matrix.columns; column++) {
        const place = token * matrix.columns + column;
        projected[place] = (projected[place] ?? 0) + value * at(matrix, row, column);
      }
    }
  return projected;
}

/**
 * Rotates the first pairs of each token's vector by its segment, as RoPE does. Pair i is components
 * i and i + pairs.
 */
function turn(vectors: Float64Array, columns: number, segment: Int32Array, pairs: number): void {
  segment.forEach((index, token) => {
    for (let pair = 0; pair < pairs; pair++) {
      const angle = (Math.PI / 2 ** pair) * index;
      const [first, second] = [token * columns + pair, token * columns + pairs + pair];
      const [a, b] = [vectors[first] ?? 0, vectors[second] ?? 0];
      vectors[first] = a * Math.cos(angle) - b * Math.sin(angle);
      vectors[second] = b * Math.cos(angle) + a * Math.sin(angle);
    }
  });
}

function attend(
  { query, key }: CopyHead,
  residual: Float64Array,
  segment: Int32Array,
  { rotaryPairs }: Network,
): Float64Array {
  const [queries, keys] = [project(residual, query), project(residual, key)];
  const { columns } = query;
  turn(queries, columns, segment, rotaryPairs);
  turn(keys, columns, segment, rotaryPairs);
  const tokens = segment.length;
  const weights = new Float64Array(tokens * tokens);
  for (let token = 0; token < tokens; token++) {
    const row = weights.subarray(token * tokens, token * tokens + token + 1);
    const scores = row.map((_, other) => {
      let score = 0;
      for (let column = 0; column < columns; column++)
        score += (queries[token * columns + column] ?? 0) * (keys[other * columns + column] ?? 0);
      return score;
    });
    const highest = scores.reduce((most, score) => Math.max(most, score), -Infinity);
    const exponentials = scores.map((score) => Math.exp(score - highest));
    const sum = exponentials.reduce((total, value) => total + value, 0);
    row.set(exponentials.map((value) => value / sum));
  }
  return weights;
}

/** Adds the attended values to all tokens at once, from the residual stream as it was before. */
function copy(
  { value: { from, to, size } }: CopyHead,
  attention: Float64Array,
  residual: Float64Array,
  width: number,
): void {
  const tokens = residual.length / width;
  const before = residual.slice();
  for (let token = 0; token < tokens; token++)
    for (let other = 0; other <= token; other++) {
      const weight = attention[token * tokens + other] ?? 0;
      for (let entry = 0; entry < size; entry++) {
        const target = token * width + to + entry;
        residual[target] = (residual[target] ?? 0) + weight * (before[other * width + from + entry] ?? 0);
      }
    }
}
