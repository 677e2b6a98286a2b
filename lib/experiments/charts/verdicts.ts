// How findings are judged that rest on an interval: one rule for all of them.

import { formatRange, type Range } from '../../base/format';
import { formatCell, type CellFormat } from '../../report/tables';
import { type Finding } from '../run/report';

/** The interval that holds a number. */
export interface Ends {
  readonly low: number;
  readonly high: number;
}

/**
 * True if the whole interval of the first number is below that of the second, false if it is above;
 * null where the intervals overlap or touch, or one is not known (NaN). A number without an
 * interval is known exactly, such as a bound.
 */
export function liesBelow(first: Ends | number, second: Ends | number): boolean | null {
  const [a, b] = [endsOf(first), endsOf(second)];
  if (a.high < b.low) return true;
  return a.low > b.high ? false : null;
}

const endsOf = (value: Ends | number): Ends =>
  typeof value === 'number' ? { low: value, high: value } : value;

/** A model as a finding names it, and what was measured of it. */
export type NamedRange = readonly [name: string, range: Range];

/** The finding that one model has more of a measure than another. */
export function moreFinding(
  claim: string,
  more: NamedRange,
  less: NamedRange,
  format: CellFormat | undefined,
): Finding {
  const says = ([name, range]: NamedRange): string =>
    `${name} ${formatRange(range, (value) => formatCell(value, format))}`;
  return { claim, holds: liesBelow(less[1], more[1]), measured: `${says(more)}, ${says(less)}` };
}
