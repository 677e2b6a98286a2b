// Words for descriptions of presets. A description is a function of the preset's settings, and
// every number in it is one of theirs.

import { formatCount } from '../../base/format';
import { formatShort } from '../../report/log-axis';
import { encodingStyle } from '../../report/style';

/** The purpose of a preset `smoke`. */
export const showsThatItRuns = 'only shows that everything runs';

/** `3, 'seed'` as `3 seeds`, `1, 'seed'` as `1 seed`. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** The names of encodings as legends have them. */
export function encodingsListed(names: readonly string[]): string {
  return names.map((name) => encodingStyle(name).name).join(', ');
}

/** The first and the last of some numbers: `1 to 16`, `0.1 to 1e-6`; one alone as itself. */
export function extent(numbers: readonly number[]): string {
  const [first, last] = [numbers[0], numbers.at(-1)].map((value) => inWords(value ?? Number.NaN));
  return numbers.length === 1 ? `${first}` : `${first} to ${last}`;
}

function inWords(value: number): string {
  return Number.isInteger(value) ? formatCount(value) : formatShort(value);
}
