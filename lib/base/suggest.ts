// Messages about unknown names: the known names, and the one that was probably meant.

import { distance } from 'fastest-levenshtein';
import { UsageError } from './errors';

/** The known name nearest to `name` by edits, if it is near enough for a typing mistake. */
export function closestName(name: string, known: readonly string[]): string | undefined {
  const wanted = name.toLowerCase();
  const tolerance = Math.max(1, Math.floor(wanted.length / 3));
  return (
    known
      .map((candidate) => ({ candidate, edits: distance(wanted, candidate.toLowerCase()) }))
      // Something of the name must remain: a single letter is one edit away from any other.
      .filter(
        ({ candidate, edits }) => edits <= tolerance && edits < Math.max(wanted.length, candidate.length),
      )
      .sort((a, b) => a.edits - b.edits)[0]?.candidate
  );
}

/**
 * Message about unknown fields of an object, e.g. `unknown field 'hight'; did you mean height?
 * known are ...`.
 */
export function unknownFields(fields: readonly string[], known: readonly string[]): string {
  const meant = new Set(fields.flatMap((field) => closestName(field, known) ?? []));
  const hint = meant.size === 0 ? '' : `did you mean ${[...meant].join(', ')}? `;
  const names = fields.map((field) => `'${field}'`).join(', ');
  return `unknown field ${names}; ${known.length === 0 ? 'remove it' : `${hint}known are ${known.join(', ')}`}`;
}

/**
 * The error for a name that is not in a registry, e.g.
 * `unknown tokenizer "lama2"; did you mean llama2? ...`.
 */
export function unknownName(kind: string, name: string, known: readonly string[]): UsageError {
  const closest = closestName(name, known);
  const hint = closest === undefined ? '' : `did you mean ${closest}? `;
  return new UsageError(`unknown ${kind} "${name}"; ${hint}known: ${known.join(', ')}`);
}
