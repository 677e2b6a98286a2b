// How findings are judged that rest on an interval: one rule for all of them.

/** The interval that holds a number. */
export interface Ends {
  readonly low: number;
  readonly high: number;
}

/**
 * Whether the first number is below the second: only if its whole interval is; null where the
 * intervals overlap or touch, or one is not known (NaN). A number without an interval is known
 * exactly, such as a bound.
 */
export function liesBelow(first: Ends | number, second: Ends | number): boolean | null {
  const [a, b] = [endsOf(first), endsOf(second)];
  if (a.high < b.low) return true;
  return a.low > b.high ? false : null;
}

const endsOf = (value: Ends | number): Ends =>
  typeof value === 'number' ? { low: value, high: value } : value;
