// Bounds by how much edits change the scores of a head: those of its own weights, and those of what
// it reads.

import { blockNamed } from '../network/layout';
import { type CopyHead, type Matrix, type Network, zeros } from '../network/network';
import { blockScores, type BlockScores } from './block-scores';
import { known } from './block-drift';
import { entryError } from './count-error';
import { roundingOf, scoreSizes, type ScoreSizes, type TokenVectors } from './kinds';
import { headScores } from './scores';
import type { Stream } from './stream';
import { same } from './unit-edits';
import type { NetworkPlan } from './weights';

/** A head and the compiler's. */
export interface HeadPair {
  readonly head: CopyHead;
  readonly planned: CopyHead;
}

/**
 * The scores of a head, edited or not. A head of tokens is taken as it is, as far as it reads what
 * tells tokens apart; one of blocks as the compiler's. All else counts as a change of its scores.
 *
 * @param tokens those of the compiler's network
 * @param stream what the head reads; undefined in a network that is the compiler's
 */
export function scoresOf(
  network: Network,
  { head, planned }: HeadPair,
  plan: NetworkPlan,
  tokens: readonly TokenVectors[],
  stream: Stream | undefined,
): BlockScores {
  const unedited: Network = { ...network, embedding: plan.embedding, places: plan.places };
  const { source } = planned;
  const base = stream === undefined || source.among === 'block' ? planned : ofAddresses(network, head);
  const scores =
    source.among === 'block'
      ? blockScores(unedited, { ...base, source }, entryError(network))
      : { ...headScores(unedited, { ...base, source }, tokens), unevenness: 0 };
  if (stream === undefined) return scores;
  const { drift, sizes, terms } = scoreDrift(network, { base, head }, stream);
  const by = drift.turning + drift.still;
  if (by === 0 && isSame(head.query, planned.query) && isSame(head.key, planned.key)) return scores;
  // The compiler's queries and keys are sums of two; those of others, of as many as they read.
  const rounding = roundingOf(network, head.query.columns + 2 * terms, sizes);
  return {
    gap: scores.gap - 2 * by,
    elsewhere: scores.elsewhere * Math.exp(2 * by),
    rounding: scores.rounding + rounding,
    unevenness: scores.unevenness + 2 * by + rounding,
  };
}

function isSame(a: Matrix, b: Matrix): boolean {
  return a.values.every((value, index) => same(value, b.values[index]));
}

/** A head that reads no more than what tells tokens apart; its rotating part no places. */
function ofAddresses({ layout, rotaryPairs }: Network, head: CopyHead): CopyHead {
  const { start, columns: places } = blockNamed(layout, 'place');
  const kept = ({ rows, columns, values }: Matrix): Matrix => {
    const matrix = zeros(rows, columns);
    for (let row = 0; row < start + places.length; row++) {
      const from = row * columns + (row < start ? 0 : 2 * rotaryPairs);
      matrix.values.set(values.subarray(from, (row + 1) * columns), from);
    }
    return matrix;
  };
  return { ...head, query: kept(head.query), key: kept(head.key) };
}

/**
 * By how much a score changes, at most; how large its terms are; and of how many numbers a
 * component of a query or a key is the sum. With q + dq and k + dk for the query and the key, the
 * change is |dq| |k + dk| + |q| |dk|, added up over columns, and over pairs of them in the rotating
 * part.
 */
function scoreDrift(
  { rotaryPairs }: Network,
  { base, head }: { readonly base: CopyHead; readonly head: CopyHead },
  stream: Stream,
): { readonly drift: ScoreSizes; readonly sizes: ScoreSizes; readonly terms: number } {
  const query = projection(base.query, head.query, stream);
  const key = projection(base.key, head.key, stream);
  const columns = head.query.columns;
  const changed = scoreSizes(
    rotaryPairs,
    columns,
    (sizeOf) =>
      sizeOf(query.change) * (sizeOf(key.size) + sizeOf(key.change)) +
      sizeOf(query.size) * sizeOf(key.change),
  );
  const sizes = scoreSizes(
    rotaryPairs,
    columns,
    (sizeOf) => (sizeOf(query.size) + sizeOf(query.change)) * (sizeOf(key.size) + sizeOf(key.change)),
  );
  return { drift: changed, sizes, terms: Math.max(query.terms, key.terms) };
}

/**
 * Bounds what a projection makes of the compiler's numbers, and by how much edits change it; how
 * many numbers a component is the sum of.
 */
function projection(
  base: Matrix,
  found: Matrix,
  { low, high, drift, entryError }: Stream,
): { readonly size: Float64Array; readonly change: Float64Array; readonly terms: number } {
  const { rows, columns } = base;
  const [size, change, terms] = [
    new Float64Array(columns),
    new Float64Array(columns),
    new Float64Array(columns),
  ];
  for (let row = 0; row < rows; row++) {
    const most = Math.max(-(low[row] ?? Number.NaN), high[row] ?? Number.NaN);
    const moved = drift[row] ?? Number.NaN;
    for (let column = 0; column < columns; column++) {
      const weight = Math.fround(base.values[row * columns + column] ?? Number.NaN);
      const other = Math.fround(found.values[row * columns + column] ?? Number.NaN);
      const edited = weight === other ? 0 : Math.abs(other - weight) * (most + moved + entryError);
      if (weight === 0 && other === 0) continue;
      size[column] = known((size[column] ?? 0) + Math.abs(weight) * most);
      change[column] = known((change[column] ?? 0) + edited + Math.abs(weight) * moved);
      terms[column] = (terms[column] ?? 0) + 1;
    }
  }
  return { size, change, terms: terms.reduce((most, count) => Math.max(most, count), 0) };
}
