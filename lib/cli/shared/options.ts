// Options and examples as several commands have them.

import { type Command } from 'commander';
import { bipe } from '../../base/command';
import { UsageError } from '../../base/errors';

/** The names of tokenizers, for the help of an option that takes one. */
export const tokenizersThereAre = 'llama2, llama2-<pieces> (e.g. llama2-4096), bytes or characters';

/** The option by which an item's preset is chosen. */
export const presetOption = [
  '--preset <name>',
  `smoke, quick, evening, paper or released; ${bipe('list')} shows what each item has`,
  'quick',
] as const;

/** For an option that may be repeated: its values in order. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

/** The whole numbers that an option takes. */
export interface WholeNumbers {
  /** Default 1. */
  readonly least?: number;
  /** Default: no limit. */
  readonly most?: number;
  /** What one could give. */
  readonly example: number | string;
}

/**
 * Reads the whole number of an option.
 *
 * @throws UsageError if it is none, or none of those that the option takes
 */
export function wholeNumber(
  option: string,
  text: string,
  { least = 1, most, example }: WholeNumbers,
): number {
  const value = Number(text);
  if (/^\d+$/.test(text.trim()) && value >= least && value <= (most ?? Infinity)) return value;
  const range = `from ${least}${most === undefined ? '' : ` to ${most}`}`;
  throw new UsageError(`${option}: '${text}' is not a whole number ${range}; give e.g. ${option} ${example}`);
}

/** Adds the option by which fields of an item's preset are replaced. */
export function withSetOption(command: Command): Command {
  return command.option(
    '--set <field=value>',
    'replace a field of the preset (variants are added); may be repeated',
    collect,
    [],
  );
}

/** The end of a command's `--help`: how it is typed, with these arguments. */
export function examples(...args: readonly string[]): string {
  return [args.length === 1 ? '\nExample:' : '\nExamples:', ...args.map((one) => `  ${bipe(one)}`)].join(
    '\n',
  );
}
