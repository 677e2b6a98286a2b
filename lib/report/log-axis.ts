// Logarithmic axes, and numbers of any size in few digits.

import type { AxisSpec } from './spec';

/** A number as a claim or a tick has it, to three digits: 0.001, 1,230, 2.5e-7. */
export function formatShort(value: number): string {
  const plain = value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4);
  return plain
    ? value.toLocaleString('en', { maximumSignificantDigits: 3 })
    : value.toExponential(2).replace(/\.?0+e/, 'e');
}

/** A perplexity as a sentence has it: to three digits, zeros included (42.0). */
export function formatPerplexity(value: number): string {
  return value >= 1 && value < 1000 ? value.toPrecision(3) : formatShort(value);
}

/** Multiples of powers of ten that may be labelled, the fewest first. */
const multiples: readonly (readonly number[])[] = [
  [1, 2, 5],
  [1, 1.5, 2, 3, 5, 7],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9],
];

/**
 * A logarithmic axis for these values: powers of ten, or so many multiples of them that three
 * labels are in sight.
 */
export function logAxis(title: string, values: readonly number[]): AxisSpec {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const axis = { title, type: 'log', exponentformat: 'power' };
  if (most - least > 2.5) return { ...axis, dtick: Math.ceil((most - least) / 7) };
  const decades = Array.from({ length: 5 }, (_, index) => Math.floor(least) + index);
  const choices = multiples.map((digits) =>
    decades.flatMap((decade) => digits.map((digit) => Number(`${digit}e${decade}`))),
  );
  const inSight = (tick: number): boolean => Math.log10(tick) >= least && Math.log10(tick) <= most;
  const tickvals =
    choices.find((ticks) => ticks.filter(inSight).length >= 3) ?? evenTicks(10 ** least, 10 ** most);
  return { ...axis, tickvals, ticktext: tickvals.map(tickLabel) };
}

/** Values that are close need more than three digits. */
function tickLabel(value: number): string {
  const isShort = Number(value.toPrecision(3)) === value;
  return isShort ? formatShort(value) : value.toLocaleString('en', { maximumSignificantDigits: 15 });
}

/**
 * Even steps of 1, 2 or 5 times a power of ten, where values are so close that a logarithm is
 * almost straight.
 */
function evenTicks(low: number, high: number): number[] {
  const room = (high - low) / 3 || low / 10;
  const power = 10 ** Math.floor(Math.log10(room));
  const step = power * ([5, 2, 1].find((digit) => digit * power <= room) ?? 1);
  const first = Math.floor(low / step);
  return Array.from({ length: Math.ceil(high / step) - first + 1 }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  ).filter((tick) => tick > 0);
}
