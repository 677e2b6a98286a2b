// How the `bipe` command is called. Hints, examples and usage lines all say it through this, so
// that what is read can be typed.

import { isInstalled } from './paths';

/** What comes before the arguments: from the repository's root, in a fresh clone too. */
export const bipeCommand = isInstalled ? 'npx bipe' : 'npm run -s bipe --';

/** How a reader comes to what the set-up brings, which an installed package does not have. */
export const setUpHint = isInstalled ? 'a clone of the repository has it' : 'run npm run setup';

/** `data list` as it is typed. */
export function bipe(args: string): string {
  return `${bipeCommand} ${args}`;
}
