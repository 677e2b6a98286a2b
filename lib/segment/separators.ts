// The tokens that end a segment, by name. The caption of the paper's Figure 1 says full stop and newline; the
// released code has the Llama-2 ids of " ." and newline, and so in English text cuts at newlines in effect.

import { closestName } from '../base/suggest';
import { UsageError } from '../base/errors';
import type { Tokenizer } from '../data/tokenizers/tokenizer';

/** A set of separators that has a name. */
export interface NamedSeparators {
  readonly name: string;
  /** What it cuts at, in a few words. */
  readonly meaning: string;
  /** The tokens' texts; a space in front is part of the token. */
  readonly texts: readonly string[];
  /** Their ids in Llama 2's vocabulary. */
  readonly llama2: readonly number[];
}

/** Every named set of separators. */
export const namedSeparators: readonly NamedSeparators[] = [
  {
    name: 'paper',
    meaning: 'full stops and newlines, as the caption of Figure 1 says',
    texts: ['.', ' .', '\n'],
    llama2: [29889, 869, 13],
  },
  {
    name: 'released',
    meaning: 'full stops after a space, and newlines, as in the released code',
    texts: [' .', '\n'],
    llama2: [869, 13],
  },
];

/**
 * Separator ids from a name (`paper`, `released`: Llama 2's ids) or from ids (`869,13`).
 *
 * @throws UsageError if it is neither
 */
export function parseSeparators(text: string): readonly number[] {
  return named(text)?.llama2 ?? parseIds(text);
}

/**
 * Separator ids in the vocabulary of any tokenizer: of a name, those of its tokens that the vocabulary has
 * (for bytes, `paper` is `.` and newline, `released` is newline); of ids, the ids.
 *
 * @throws UsageError if `text` is neither, an id is not in the vocabulary, or it has none of the tokens
 */
export function separatorsFor(
  tokenizer: Pick<Tokenizer, 'name' | 'vocabularySize' | 'idOf'>,
  text: string,
): readonly number[] {
  const set = named(text);
  if (!set) return parseIds(text, tokenizer);
  const ids = set.texts.map((token) => tokenizer.idOf(token)).filter((id) => id !== undefined);
  if (ids.length > 0) return ids;
  const wanted = set.texts.map((token) => JSON.stringify(token)).join(', ');
  throw new UsageError(
    `separators ${set.name}: the vocabulary of ${tokenizer.name} has none of ${wanted}; give ids instead`,
  );
}

function named(text: string): NamedSeparators | undefined {
  return namedSeparators.find(({ name }) => name === text.trim());
}

function parseIds(text: string, vocabulary?: Pick<Tokenizer, 'name' | 'vocabularySize'>): readonly number[] {
  const limit = vocabulary?.vocabularySize ?? 2 ** 31;
  const ids = text.split(',').map((part) => {
    const digits = part.trim();
    const id = /^\d+$/.test(digits) ? Number(digits) : undefined;
    if (id === undefined) throw notSeparators(text, digits);
    if (id >= limit) {
      const where = vocabulary ? `the vocabulary of ${vocabulary.name}` : 'any vocabulary';
      throw new UsageError(`separators "${text}": ${digits} is not in ${where}; ids go up to ${limit - 1}`);
    }
    return id;
  });
  return [...new Set(ids)];
}

function notSeparators(text: string, part: string): UsageError {
  const names = namedSeparators.map(({ name }) => name);
  const closest = closestName(text, names);
  const hint = closest === undefined ? '' : `did you mean ${closest}? `;
  const culprit = part === text.trim() ? '' : `: "${part}" is not a token id`;
  return new UsageError(
    `unknown separators "${text}"${culprit}; ${hint}give ${names.join(', ')} or ids such as 869,13`,
  );
}
