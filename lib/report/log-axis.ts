// Logarithmic axes, and numbers of any size in few digits.

import type { AxisSpec } from './figure';

/** A number as a claim or a tick has it, to three digits: 0.001, 2.5e-7. */
export function formatShort(value: number): string {
  const plain = value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e4);
  return plain ? String(Number(value.toPrecision(3))) : value.toExponential(2).replace(/\.?0+e/, 'e');
}

/** A logarithmic axis for these values: powers of ten, or 1, 2 and 5 times them where there are few. */
export function logAxis(title: string, values: readonly number[]): AxisSpec {
  const logs = values.filter((value) => value > 0).map(Math.log10);
  const [least, most] = [Math.min(...logs), Math.max(...logs)];
  const axis = { title, type: 'log', exponentformat: 'power' };
  if (most - least > 2.5) return { ...axis, dtick: Math.ceil((most - least) / 7) };
  const decades = Array.from({ length: 5 }, (_, index) => Math.floor(least) + index);
  const tickvals = decades.flatMap((decade) => [1, 2, 5].map((digit) => Number(`${digit}e${decade}`)));
  return { ...axis, tickvals, ticktext: tickvals.map(formatShort) };
}
