// Form of calls of the `bipe` command. Hints, examples and usage lines are written with this, so
// that a reader can type what they show.

import { isInstalled } from './paths';

/** The command before its arguments; works from the repository's root, in a fresh clone too. */
export const bipeCommand = isInstalled ? 'npx bipe' : 'npm run -s bipe --';

/** Advice on something that the set-up brings and an installed package does not have. */
export const setUpHint = isInstalled ? 'a clone of the repository has it' : 'run npm run setup';

/** The command line for some arguments, e.g. `data list`, as it is typed. */
export function bipe(args: string): string {
  return `${bipeCommand} ${args}`;
}

/** A text as a shell reads it, whatever is in it. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** A word of a command line: in quotation marks only where a shell would read it otherwise. */
export function shellWord(text: string): string {
  return /^[\w=,.:/+-]+$/.test(text) ? text : quoted(text);
}
