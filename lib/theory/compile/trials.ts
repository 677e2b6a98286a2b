// Tries the products of a feed-forward block in float32: the largest error of its counts, with full
// and random matrices. A trial shows how far below its bound an error stays; it proves nothing.

import { Random } from '../../engine/random/random';
import { float32 } from '../lemmas/certificate';
import { evaluateMlp } from '../network/evaluate-mlp';
import type { Mlp } from '../network/mlp';
import type { Network } from '../network/network';
import type { Product, StreamMatrix } from './blocks';

/** Connections followed by a block's trials, about: large blocks are tried less often. */
const effort = 6e6;

/**
 * The largest error of a block's counts, with factors that are full, random from 0 to 1 where GELU
 * multiplies, and random Boolean matrices. 0 without products, infinite if a count is NaN.
 */
export function countTrial(network: Network, mlp: Mlp, products: readonly Product[]): number {
  if (products.length === 0) return 0;
  const random = Random.fromSeed(1);
  const connections = mlp.inputIndex.length + mlp.outputIndex.length;
  const tries = Math.max(2, Math.min(16, Math.floor(effort / connections)));
  let largest = 0;
  for (let attempt = 0; attempt < tries; attempt++) {
    const stream = new Float64Array(network.embedding.columns);
    const isWhole = attempt !== 1 || mlp.activation === 'relu';
    const density = attempt === 0 ? 1 : random.uniform();
    for (const { left, right } of products)
      for (const { start, rows, columns } of [left, right])
        for (let entry = 0; entry < rows * columns; entry++)
          stream[start + entry] = isWhole
            ? Number(random.uniform() < density)
            : float32.round(random.uniform());
    const added = evaluateMlp(mlp, stream, float32.round);
    for (const product of products) largest = Math.max(largest, errorOf(product, stream, added));
  }
  return largest;
}

/** The largest error of a product's counts, after a block has added its output to the stream. */
function errorOf({ left, right, to }: Product, stream: Float64Array, added: Float64Array): number {
  const at = ({ start, columns }: StreamMatrix, row: number, column: number): number =>
    stream[start + row * columns + column] ?? Number.NaN;
  let largest = 0;
  for (let row = 0; row < to.rows; row++)
    for (let column = 0; column < to.columns; column++) {
      let ways = 0;
      for (let middle = 0; middle < left.columns; middle++)
        ways += at(left, row, middle) * at(right, middle, column);
      const found = float32.round(
        at(to, row, column) + (added[to.start + row * to.columns + column] ?? Number.NaN),
      );
      const error = Math.abs(found - ways);
      largest = Number.isNaN(error) ? Number.POSITIVE_INFINITY : Math.max(largest, error);
    }
  return largest;
}
