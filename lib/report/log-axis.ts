// Logarithmic axes, and numbers of any size in few digits.

import type { AxisSpec } from './figure';

/** A number as a claim or a tick has it, to three digits: 0.001, 2.5e-7. */
export function formatShort(value: number): string {
  const plain = value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4);
  return plain ? String(Number(value.toPrecision(3))) : value.toExponential(2).replace(/\.?0+e/, 'e');
}

/** Multiples of powers of ten that are labelled, the more the less of an axis there is. */
const digitsFor = (decades: number): readonly number[] =>
  decades > 0.8
    ? [1, 2, 5]
    : decades > 0.4
      ? [1, 1.5, 2, 3, 4, 5, 7]
      : [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 9];

/** A logarithmic axis for these values: powers of ten, and multiples of them where there are few. */
export function logAxis(title: string, values: readonly number[]): AxisSpec {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const axis = { title, type: 'log', exponentformat: 'power' };
  if (most - least > 2.5) return { ...axis, dtick: Math.ceil((most - least) / 7) };
  const decades = Array.from({ length: 5 }, (_, index) => Math.floor(least) + index);
  const tickvals = decades.flatMap((decade) =>
    digitsFor(most - least).map((digit) => Number(`${digit}e${decade}`)),
  );
  return { ...axis, tickvals, ticktext: tickvals.map(formatShort) };
}
