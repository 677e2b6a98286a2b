// One id for each character (code point) of a small vocabulary, for small models. Id 0 stands for
// characters outside the vocabulary; the others follow in the order of their code points.

import { z } from 'zod';
import { DataError } from '../../base/errors';
import { readTextFile, sha256, writeFileAtomic } from '../../base/files';
import { jsonOrUndefined } from '../../base/json';
import { displayPath } from '../../base/paths';
import {
  type EncodeOptions,
  type Tokenizer,
  type TokenStream,
  characterStream,
  checkId,
  printableCharacter,
  refuseBeginOfText,
  wellFormed,
} from './tokenizer';

/** Newline, tab and the printable characters of ASCII: the default vocabulary. */
export const asciiCharacters: string =
  '\t\n' + String.fromCharCode(...Array.from({ length: 95 }, (_, offset) => 32 + offset));

const unknownId = 0;

/** Encodes single code points; 0 for those outside the vocabulary. */
export class CharacterTokenizer implements Tokenizer {
  readonly name = 'characters';
  readonly vocabularySize: number;
  readonly fingerprint: string;
  readonly beginOfText = undefined;
  readonly endOfText = undefined;
  readonly #characters: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;

  /** @param text the vocabulary is the set of its code points */
  constructor(text: string = asciiCharacters) {
    this.#characters = [...new Set(wellFormed(text))].sort((a, b) => codePoint(a) - codePoint(b));
    this.#ids = new Map(this.#characters.map((character, index) => [character, index + 1]));
    this.vocabularySize = this.#characters.length + 1;
    this.fingerprint = sha256(`bipe tokenizer characters 1\n${this.characters}`);
  }

  /** The vocabulary, in the order of its ids from 1 on. */
  get characters(): string {
    return this.#characters.join('');
  }

  encode(text: string, options?: EncodeOptions): Int32Array {
    refuseBeginOfText(this.name, options);
    const ids = new Int32Array(text.length);
    let count = 0;
    for (const character of wellFormed(text)) {
      ids[count] = this.#ids.get(character) ?? unknownId;
      count += 1;
    }
    return ids.slice(0, count);
  }

  stream(options?: EncodeOptions): TokenStream {
    refuseBeginOfText(this.name, options);
    return characterStream((text) => this.encode(text));
  }

  /** Decodes ids; 0 becomes U+FFFD. */
  decode(ids: ArrayLike<number>): string {
    return Array.from(ids, (id) => this.#characters[checkId(this, id) - 1] ?? '\uFFFD').join('');
  }

  tokenText(id: number): string {
    const character = this.#characters[checkId(this, id) - 1];
    return character === undefined ? '<unknown>' : printableCharacter(character);
  }

  idOf(text: string): number | undefined {
    return this.#ids.get(text);
  }
}

const fileSchema = z.strictObject({
  tokenizer: z.literal('characters'),
  characters: z.string().min(1),
  fingerprint: z.string(),
});

/**
 * Writes a character vocabulary as JSON: `{"tokenizer", "characters", "fingerprint"}`. Throws
 * MachineError.
 */
export async function saveCharacterTokenizer(path: string, tokenizer: CharacterTokenizer): Promise<void> {
  const { characters, fingerprint } = tokenizer;
  await writeFileAtomic(
    path,
    `${JSON.stringify({ tokenizer: 'characters', characters, fingerprint }, null, 2)}\n`,
  );
}

/**
 * Loads a vocabulary that `saveCharacterTokenizer` wrote.
 *
 * @throws DataError if the file is missing, not such a vocabulary, or was changed since
 */
export async function loadCharacterTokenizer(path: string): Promise<CharacterTokenizer> {
  const parsed = fileSchema.safeParse(jsonOrUndefined(await readTextFile(path)));
  if (!parsed.success) {
    throw new DataError(
      `${displayPath(path)}: not a character vocabulary (${parsed.error.issues[0]?.message ?? 'unreadable'}); save one again`,
    );
  }
  const tokenizer = new CharacterTokenizer(parsed.data.characters);
  if (tokenizer.fingerprint !== parsed.data.fingerprint) {
    throw new DataError(
      `${displayPath(path)}: its characters do not match its fingerprint; the file was changed: save it again`,
    );
  }
  return tokenizer;
}

function codePoint(character: string): number {
  return character.codePointAt(0) ?? 0;
}
