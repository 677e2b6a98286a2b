// Options and examples as several commands have them.

import { bipe } from '../base/command';

/** The names of tokenizers, for the help of an option that takes one. */
export const tokenizersThereAre = 'llama2, llama2-<pieces> (e.g. llama2-4096), bytes or characters';

/** For an option that may be repeated: its values in order. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}

/** The end of a command's `--help`: how it is typed, with these arguments. */
export function examples(...args: readonly string[]): string {
  return [args.length === 1 ? '\nExample:' : '\nExamples:', ...args.map((one) => `  ${bipe(one)}`)].join(
    '\n',
  );
}
