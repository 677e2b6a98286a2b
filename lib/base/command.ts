// How the `bipe` command is called. Hints, examples and usage lines all say it through this, so
// that what is read can be typed.

/** What comes before the arguments: from the repository's root, in a fresh clone too. */
export const bipeCommand = 'npm run -s bipe --';

/** `data list` as it is typed. */
export function bipe(args: string): string {
  return `${bipeCommand} ${args}`;
}
