// Bounds by how much the edits of a feed-forward layer change what it adds to the residual stream:
// intervals of the differences of its units, as in ReluDiff (Paulsen, Wang and Wang 2020), which
// bounds the difference of two networks of one structure.

import { float32 } from '../lemmas/certificate';
import { rectifierGap } from '../lemmas/rectifier';
import { activations } from '../network/activation';
import type { Activation, Connection, Mlp } from '../network/mlp';
import type { BlockPlan } from './blocks';
import { type Unit, unitOf, visitEdits } from './unit-edits';

/** The largest slope of either activation: GELU's, at the square root of 2, is below 1.129. */
const steepest = 1.129;

/** Larger numbers might grow beyond those of float32, of which no bound here says anything. */
const largestSize = 2 ** 40;

/** Smaller numbers may be taken for 0. */
const smallestNormal = 2 ** -126;

/** A size, or NaN for one that is too large to be followed. */
export function known(size: number): number {
  return size <= largestSize ? size : Number.NaN;
}

/** An interval of numbers. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** What a layer is made of, and what it reads. */
export interface DriftOptions {
  readonly activation: Activation;
  /** Where the number at a coordinate of the stream lies. */
  readonly numbers: (coordinate: number) => Interval;
  readonly width: number;
}

/**
 * Bounds the change of each coordinate, [width]; undefined if no unit was edited. To first order in
 * the unit of rounding.
 */
export function blockDrift(
  mlp: Mlp,
  block: BlockPlan,
  { activation, numbers, width }: DriftOptions,
): Float64Array | undefined {
  let sums: Sums | undefined;
  visitEdits(mlp, block, activation, ({ found, wanted }) => {
    sums ??= newSums(width);
    addDifference(sums, { found, wanted }, activation, numbers);
  });
  if (sums === undefined) return undefined;
  const { low, high, size, terms } = sums;
  // Edited units are rounded with every term of the coordinate, and round all that is there.
  const whole = sizesOf(mlp, activation, numbers, width);
  return low.map((least, coordinate) => {
    const at = (values: Float64Array): number => values[coordinate] ?? Number.NaN;
    const rounding = float32.unit * (at(whole.terms) * at(size) + at(terms) * at(whole.size));
    return known(Math.max(-least, at(high)) + rounding);
  });
}

/** What all units of a layer add to a coordinate, in absolute values, and how many they are. */
function sizesOf(
  mlp: Mlp,
  activation: Activation,
  numbers: DriftOptions['numbers'],
  width: number,
): Pick<Sums, 'size' | 'terms'> {
  const { size, terms } = newSums(width);
  for (let unit = 0; unit < mlp.hidden; unit++) {
    const { act } = actOf(unitOf(mlp, unit), activation, numbers);
    const most = Math.max(-act.low, act.high);
    for (let at = mlp.outputStart[unit] ?? 0; at < (mlp.outputStart[unit + 1] ?? 0); at++) {
      const to = mlp.outputIndex[at] ?? -1;
      size[to] = (size[to] ?? 0) + Math.abs(Math.fround(mlp.outputWeight[at] ?? Number.NaN)) * most;
      terms[to] = (terms[to] ?? 0) + 1;
    }
  }
  return { size, terms };
}

function newSums(width: number): Sums {
  const [low, high, size, terms] = Array.from({ length: 4 }, () => new Float64Array(width)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  return { low, high, size, terms };
}

/** Sums of differences by coordinate: [width] each. */
interface Sums {
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Largest sums of absolute values of what the edited units add. */
  readonly size: Float64Array;
  /** Numbers that they add. */
  readonly terms: Float64Array;
}

function addDifference(
  { low, high, size, terms }: Sums,
  { found, wanted }: { readonly found: Unit | undefined; readonly wanted: Unit | undefined },
  activation: Activation,
  numbers: (coordinate: number) => Interval,
): void {
  const [own, other] = [found, wanted].map((unit) => unit && actOf(unit, activation, numbers));
  const moved = found && wanted && steepest * sizeOf(differenceOf(found, wanted), numbers);
  const coordinates = new Set([...(found?.outputs ?? []), ...(wanted?.outputs ?? [])].map(([to]) => to));
  for (const to of coordinates) {
    // No coordinate of the stream: nothing is known then.
    if (low[to] === undefined) low.fill(Number.NaN);
    const [weight, otherWeight] = [weightOf(found, to), weightOf(wanted, to)];
    const [add, otherAdd] = [times(own?.act, weight), times(other?.act, otherWeight)];
    let difference: Interval = { low: add.low - otherAdd.high, high: add.high - otherAdd.low };
    if (moved !== undefined) {
      const most = Math.max(Math.abs(own?.act.low ?? 0), Math.abs(own?.act.high ?? 0));
      const by = Math.abs(weight - otherWeight) * most + Math.abs(otherWeight) * moved;
      if (by < Math.max(-difference.low, difference.high)) difference = { low: -by, high: by };
    }
    const rounding = Math.abs(weight) * (own?.rounding ?? 0);
    low[to] = (low[to] ?? 0) + difference.low - rounding;
    high[to] = (high[to] ?? 0) + difference.high + rounding;
    size[to] = (size[to] ?? 0) + Math.max(-add.low, add.high);
    terms[to] = (terms[to] ?? 0) + 1;
  }
}

/** The activation of a unit, and by how much float32 changes it. */
function actOf(
  { inputs, bias }: Unit,
  activation: Activation,
  numbers: (coordinate: number) => Interval,
): { readonly act: Interval; readonly rounding: number } {
  let [low, high] = [Math.fround(bias), Math.fround(bias)];
  for (const [coordinate, weight] of inputs) {
    const term = times(numbers(coordinate), Math.fround(weight));
    low += term.low;
    high += term.high;
  }
  const act = activations[activation];
  const size = known(sizeOf({ inputs, bias }, numbers));
  if (Number.isNaN(size)) return { act: { low: size, high: size }, rounding: size };
  const ends = [act(low), act(high)];
  // GELU falls up to its least value, and rises from there on.
  const hasLeast = activation === 'gelu' && low < -rectifierGap.at && -rectifierGap.at < high;
  const range = { low: hasLeast ? -rectifierGap.gap : Math.min(...ends), high: Math.max(...ends) };
  const operations = 2 * inputs.length + 3;
  const most = Math.max(Math.abs(range.low), Math.abs(range.high));
  const rounding = float32.unit * (operations * steepest * size + 8 * most) + operations * smallestNormal;
  return { act: range, rounding };
}

/** The largest absolute value of a sum that a unit takes. */
function sizeOf(
  { inputs, bias }: Pick<Unit, 'inputs' | 'bias'>,
  numbers: (coordinate: number) => Interval,
): number {
  return inputs.reduce((sum, [coordinate, weight]) => {
    const { low, high } = numbers(coordinate);
    return sum + Math.abs(Math.fround(weight)) * Math.max(-low, high);
  }, Math.abs(bias));
}

/** By how much the weights of two units differ, as float32 holds them. */
function differenceOf(a: Unit, b: Unit): Pick<Unit, 'inputs' | 'bias'> {
  const weights = new Map<number, number>();
  for (const [sign, { inputs }] of [
    [1, a],
    [-1, b],
  ] as const)
    for (const [coordinate, weight] of inputs)
      weights.set(coordinate, (weights.get(coordinate) ?? 0) + sign * Math.fround(weight));
  return { inputs: [...weights], bias: Math.fround(a.bias) - Math.fround(b.bias) };
}

/** By how much a sum changes if its connections are others, at most. */
export function largestChange(
  found: readonly Connection[],
  wanted: readonly Connection[],
  numbers: DriftOptions['numbers'],
): number {
  const unit = (inputs: readonly Connection[]): Unit => ({ inputs, bias: 0, outputs: [] });
  return sizeOf(differenceOf(unit(found), unit(wanted)), numbers);
}

function weightOf(unit: Unit | undefined, to: number): number {
  return (unit?.outputs ?? []).reduce(
    (sum, [coordinate, weight]) => (coordinate === to ? sum + Math.fround(weight) : sum),
    0,
  );
}

function times(interval: Interval | undefined, factor: number): Interval {
  if (interval === undefined) return { low: 0, high: 0 };
  const [a, b] = [interval.low * factor, interval.high * factor];
  return { low: Math.min(a, b), high: Math.max(a, b) };
}
