// What to say when a name is not known: the names there are, and the one that was probably meant.

import { distance } from 'fastest-levenshtein';
import { UsageError } from './errors';

/** The known name nearest to `name` by edits, if it is near enough to be a slip of the fingers. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const tolerance = Math.max(1, Math.floor(wanted.length / 3));
  return known
    .map((candidate) => ({ candidate, edits: distance(wanted, candidate.toLowerCase()) }))
    .filter(({ edits }) => edits <= tolerance)
    .sort((a, b) => a.edits - b.edits)[0]?.candidate;
}

/** The error for a name that is not in a registry, e.g. `unknown tokenizer "lama2"; did you mean llama2? ...`. */
export function unknownName(kind: string, name: string, known: readonly string[]): UsageError {
  const closest = closestName(name, known);
  const hint = closest === undefined ? '' : `did you mean ${closest}? `;
  return new UsageError(`unknown ${kind} "${name}"; ${hint}known: ${known.join(', ')}`);
}
