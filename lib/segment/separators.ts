// Tokens that end a segment, by name. The caption of the paper's Figure 1 names full stop and
// newline; the released code has the Llama-2 ids of " ." and newline, and so in effect cuts English
// text at newlines.

import { closestName } from '../base/suggest';
import { UsageError } from '../base/errors';
import type { Tokenizer } from '../data/tokenizers/tokenizer';

/** Names of sets of separators. */
export type SeparatorSetName = 'paper' | 'released';

/**
 * Llama-2 ids of each set: full stop, full stop after a space, newline; and the same without the
 * first.
 */
export const separatorSets: Readonly<Record<SeparatorSetName, readonly number[]>> = {
  paper: [29889, 869, 13],
  released: [869, 13],
};

/** The texts of the same tokens, for other vocabularies; a space in front is part of the token. */
const separatorTexts: Readonly<Record<SeparatorSetName, readonly string[]>> = {
  paper: ['.', ' .', '\n'],
  released: [' .', '\n'],
};

const names = Object.keys(separatorSets) as readonly SeparatorSetName[];

/**
 * Parses separator ids from a name (`paper`, `released`: Llama 2's ids) or from ids (`869,13`).
 *
 * @throws UsageError if it is neither
 */
export function parseSeparators(text: string): readonly number[] {
  const name = setNamed(text);
  return name === undefined ? parseIds(text) : separatorSets[name];
}

/**
 * Finds separator ids in the vocabulary of any tokenizer. For a name: those of its tokens that the
 * vocabulary has (for bytes, `paper` is `.` and newline, `released` is newline); for ids: the ids.
 *
 * @throws UsageError if `text` is neither, an id is not in the vocabulary, or it has none of the
 *   tokens
 */
export function separatorsFor(
  tokenizer: Pick<Tokenizer, 'name' | 'vocabularySize' | 'idOf'>,
  text: string,
): readonly number[] {
  const name = setNamed(text);
  if (name === undefined) return parseIds(text, tokenizer);
  const texts = separatorTexts[name];
  const ids = texts.map((token) => tokenizer.idOf(token)).filter((id) => id !== undefined);
  if (ids.length > 0) return ids;
  const wanted = texts.map((token) => JSON.stringify(token)).join(', ');
  throw new UsageError(
    `separators ${name}: the vocabulary of ${tokenizer.name} has none of ${wanted}; give ids instead`,
  );
}

function setNamed(text: string): SeparatorSetName | undefined {
  return names.find((name) => name === text.trim());
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
  const closest = closestName(text, names);
  const hint = closest === undefined ? '' : `did you mean ${closest}? `;
  const culprit = part === text.trim() ? '' : `: "${part}" is not a token id`;
  return new UsageError(
    `unknown separators "${text}"${culprit}; ${hint}give ${names.join(', ')} or ids such as 869,13`,
  );
}
