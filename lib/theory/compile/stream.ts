// What is known of the residual stream of an edited network, layer by layer: how far its numbers
// may be from those that the compiler's network holds in exact arithmetic, after any word within
// the bounds. Rounding sets them right again, as long as counts err by less than the room.

import { blockNamed } from '../network/layout';
import type { Activation, Connection, Units } from '../network/mlp';
import type { CopyHead, Matrix, Network } from '../network/network';
import { type Interval, known } from './block-drift';
import type { BlockPlan } from './blocks';
import { copyError, entryError, room } from './count-error';
import type { NetworkPlan } from './weights';

/** The numbers of the residual stream at any token: [width] each. */
export interface Stream {
  /** The range of the compiler's numbers. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** How far edits move a number, at most; for a count, the room. */
  readonly drift: Float64Array;
  /** What float32 adds to that. */
  readonly entryError: number;
  /** What it may have lost, beside, of a number that a head has copied. */
  readonly lost: Float64Array;
  /** Coordinates that tell tokens apart, without places: no layer of the compiler writes there. */
  readonly constants: readonly number[];
  /** Coordinates of places. */
  readonly places: { readonly from: number; readonly to: number };
}

/** The stream before the first layer. */
export function streamOf(network: Network, plan: NetworkPlan): Stream {
  const { layout, embedding, places } = plan;
  const { width } = layout;
  const place = blockNamed(layout, 'place');
  const [low, high] = [new Float64Array(width), new Float64Array(width).fill(1)];
  // The start token's place adds up to 0, and relations are of 0 and 1.
  for (let coordinate = place.start; coordinate < place.start + place.columns.length; coordinate++) {
    const column = columnOf(places, coordinate);
    low[coordinate] = column.reduce((least, value) => Math.min(least, value), 0);
    high[coordinate] = column.reduce((most, value) => Math.max(most, value), 0);
  }
  const moved = [
    [network.embedding, embedding],
    [network.places, places],
  ] as const;
  const drift = low.map((_, coordinate) =>
    moved.reduce((sum, [found, wanted]) => sum + largestDifference(found, wanted, coordinate), 0),
  );
  const names = new Set(['one', 'start', 'separators']);
  const constants = layout.blocks
    .filter(({ name }) => names.has(name))
    .flatMap(({ start, columns }) => columns.map((_, index) => start + index));
  return {
    low,
    high,
    drift,
    entryError: entryError(network),
    lost: new Float64Array(width),
    constants,
    places: { from: place.start, to: place.start + place.columns.filter(isAngle).length },
  };
}

/** Columns of places are cosines and sines, by which heads score, and indices, which are marks. */
function isAngle(column: string): boolean {
  return !column.startsWith('index ');
}

function columnOf({ rows, columns, values }: Matrix, column: number): number[] {
  return Array.from({ length: rows }, (_, row) => values[row * columns + column] ?? Number.NaN);
}

function largestDifference(found: Matrix, wanted: Matrix, column: number): number {
  const others = columnOf(wanted, column);
  return columnOf(found, column).reduce(
    (most, value, row) =>
      Math.max(most, Math.abs(Math.fround(value) - Math.fround(others[row] ?? Number.NaN))),
    0,
  );
}

/** Where a number of the edited network may lie. */
export function numbersOf(stream: Stream): (coordinate: number) => Interval {
  const { low, high, drift, lost, entryError: entry } = stream;
  return (coordinate) => {
    const off = entry + (drift[coordinate] ?? Number.NaN) + (lost[coordinate] ?? Number.NaN);
    return {
      low: (low[coordinate] ?? Number.NaN) - off,
      high: (high[coordinate] ?? Number.NaN) + off,
    };
  };
}

/**
 * How far edits move an entry of a relation, or what tells tokens apart, at most; NaN if any number
 * may be too large to be followed.
 */
export function largestDrift({ drift, places }: Stream): number {
  return drift.reduce((most, by, coordinate) => {
    if (Number.isNaN(known(by))) return Number.NaN;
    return coordinate >= places.from && coordinate < places.to ? most : Math.max(most, by);
  }, 0);
}

/**
 * A head copies: what it adds to has moved as well as what it copies, of which float32 may lose
 * some.
 */
export function copyThrough(
  { drift, lost }: Stream,
  { from, to, size }: CopyHead['value'],
  leak: number,
): void {
  const copied = drift.slice(from, from + size);
  const loss = copyError(leak);
  copied.forEach((by, index) => {
    drift[to + index] = (drift[to + index] ?? Number.NaN) + by;
    lost[to + index] = loss;
  });
}

/**
 * A feed-forward block: numbers that it takes from themselves it replaces, and to the others it
 * adds. It may pass a constant on.
 *
 * @param added by how much edits change what the block adds, [width]; undefined without edits
 * @returns how far edits move its counts beside what they move their factors, at most: by what they
 *   change in the block, and where it adds counts, by what was there before
 */
export function addThrough(
  { low, high, drift, lost, constants }: Stream,
  block: BlockPlan,
  { activation, added }: { readonly activation: Activation; readonly added: Float64Array | undefined },
): number {
  const passed = constants.reduce((most, constant) => Math.max(most, drift[constant] ?? 0), 0);
  const [replaced, kept] = [replacedBy(block, activation), new Set(constants)];
  let counts = 0;
  for (const { to } of block.products)
    for (let entry = to.start; entry < to.start + to.rows * to.columns; entry++)
      counts = Math.max(counts, (replaced.has(entry) ? 0 : (drift[entry] ?? 0)) + (added?.[entry] ?? 0));
  drift.forEach((before, coordinate) => {
    const isNew = replaced.has(coordinate);
    const moved = (isNew ? 0 : before) + (kept.has(coordinate) ? 0 : passed);
    drift[coordinate] = moved + (added?.[coordinate] ?? 0);
    if (!isNew) return;
    lost[coordinate] = 0;
    low[coordinate] = 0;
    high[coordinate] = 1;
  });
  for (const { left, to } of block.products)
    for (let entry = to.start; entry < to.start + to.rows * to.columns; entry++) {
      high[entry] = left.columns;
      drift[entry] = room;
    }
  return counts;
}

/** The coordinates that a block takes from themselves: act(-x) - act(x) is -x. */
function replacedBy(block: BlockPlan, activation: Activation): ReadonlySet<number> {
  const replaced = new Set<number>();
  const units: Units = {
    activation,
    unit: (inputs, bias, outputs) => {
      const taken = soleWeight(inputs, 1);
      if (bias === 0 && taken !== undefined && taken === soleWeight(outputs, -1)) replaced.add(taken);
    },
  };
  block.addUnits(units);
  return replaced;
}

/** The coordinate of a list's only connection, if it has that weight. */
function soleWeight(connections: readonly Connection[], weight: number): number | undefined {
  const [only, another] = connections;
  return another === undefined && only?.[1] === weight ? only[0] : undefined;
}
