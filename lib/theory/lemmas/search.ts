// Searches for the largest error: many points, then uphill from the best of them by compass search
// (Kolda, Lewis and Torczon, 2003), which needs no derivative and stays inside a box. The value
// found is a lower bound of the maximum.

import type { Random } from '../../engine/random/random';

/** The largest value found, and where. */
export interface Maximum {
  readonly value: number;
  readonly point: Float64Array;
}

/** How long to search. */
export interface SearchOptions {
  /** Half the side of the box: every coordinate is from -`bound` to `bound`. */
  readonly bound: number;
  /** Points to go uphill from; default 4. */
  readonly starts?: number;
  /** Evaluations uphill from each of them; default 400. */
  readonly evaluations?: number;
}

/**
 * Finds the largest value of `of` over the points, and uphill from the best of them.
 *
 * @param of a NaN of it is returned at once, so that it cannot pass for a small error
 */
export function searchMaximum(
  of: (point: Float64Array) => number,
  points: Iterable<Float64Array>,
  { bound, starts = 4, evaluations = 400 }: SearchOptions,
): Maximum {
  let best: Maximum[] = [];
  for (const point of points) {
    const value = of(point);
    if (Number.isNaN(value)) return { value, point };
    if (best.length < starts || value > (best.at(-1)?.value ?? 0))
      best = [...best, { value, point }].sort((a, b) => b.value - a.value).slice(0, starts);
  }
  const [highest] = best
    .map((start) => uphill(of, start, bound, evaluations))
    .sort((a, b) => b.value - a.value);
  if (highest === undefined) throw new Error('no points to search from');
  return highest;
}

function uphill(
  of: (point: Float64Array) => number,
  start: Maximum,
  bound: number,
  evaluations: number,
): Maximum {
  let { value, point } = start;
  let left = evaluations;
  for (let step = bound / 4; step > bound * 1e-6 && left > 0; step /= 2) {
    let hasRisen = true;
    while (hasRisen && left > 0) {
      hasRisen = false;
      for (let axis = 0; axis < point.length; axis++)
        for (const sign of [1, -1]) {
          const next = Float64Array.from(point);
          next[axis] = Math.max(-bound, Math.min(bound, (next[axis] ?? 0) + sign * step));
          const reached = of(next);
          left--;
          if (!(reached > value)) continue;
          [value, point, hasRisen] = [reached, next, true];
        }
    }
  }
  return { value, point };
}

/** A grid of `count` x `count` points over [-bound, bound]^2, corners included. */
export function* gridPoints(bound: number, count: number): Generator<Float64Array> {
  const place = (index: number): number => bound * ((2 * index) / (count - 1) - 1);
  for (let row = 0; row < count; row++)
    for (let column = 0; column < count; column++) yield Float64Array.of(place(row), place(column));
}

/** The two corners of equal signs, then `count` random points of the box and as many corners. */
export function* boxPoints(
  random: Random,
  dimensions: number,
  bound: number,
  count: number,
): Generator<Float64Array> {
  for (const sign of [1, -1]) yield new Float64Array(dimensions).fill(sign * bound);
  for (let index = 0; index < count; index++) {
    yield Float64Array.from({ length: dimensions }, () => bound * (2 * random.uniform() - 1));
    yield Float64Array.from({ length: dimensions }, () => (random.uniform() < 0.5 ? -bound : bound));
  }
}
