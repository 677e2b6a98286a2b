// The interface of tokenizers. Encoding is synchronous and, for long documents, also incremental.
// Each kind has a file beside this one; `registry.ts` knows them by name.

import { UsageError } from '../../base/errors';

/** Options of an encoding. */
export interface EncodeOptions {
  /**
   * Puts the begin-of-text token (Llama 2's `<s>`) first, also before an empty text. Default: no.
   */
  readonly beginOfText?: boolean;
}

/**
 * Encodes a text that arrives in pieces. The ids of all `push` calls and of `finish` in order are
 * those of the whole text, however it was cut; only a short tail of the text is held back in
 * between.
 */
export interface TokenStream {
  /** Adds `text` and returns the ids that are certain now. */
  push(text: string): Int32Array;
  /** Returns the remaining ids. The stream must not be used afterwards. */
  finish(): Int32Array;
}

/** Turns text into token ids and back. Lone surrogates count as U+FFFD, as in UTF-8. */
export interface Tokenizer {
  /** The name in the registry. */
  readonly name: string;
  /** Ids are in [0, vocabularySize). */
  readonly vocabularySize: number;
  /** SHA-256 of vocabulary and rules: tokenizers with the same fingerprint give the same ids. */
  readonly fingerprint: string;
  /** The id of the begin-of-text token, if there is one. */
  readonly beginOfText: number | undefined;
  /**
   * The id of the token that ends a text (Llama 2's `</s>`), if there is one. Encoding never
   * produces it.
   */
  readonly endOfText: number | undefined;
  /**
   * Encodes a text to token ids, [tokens].
   *
   * @throws UsageError if `beginOfText` is set for a tokenizer without such a token
   */
  encode(text: string, options?: EncodeOptions): Int32Array;
  /** Begins a text that arrives in pieces. Throws like `encode`. */
  stream(options?: EncodeOptions): TokenStream;
  /**
   * Decodes token ids to text. Control tokens become nothing, bytes that are not UTF-8 become
   * U+FFFD.
   *
   * @throws UsageError if an id is not in the vocabulary
   */
  decode(ids: ArrayLike<number>): string;
  /** Displays one token: a space is `▁`, a newline `↵`, a byte `<0xE2>`. Throws as `decode`. */
  tokenText(id: number): string;
  /** The id of the token for exactly `text` (`' .'` with its space), if there is one. */
  idOf(text: string): number | undefined;
}

/** `text` with every lone surrogate replaced by U+FFFD, as encoding to UTF-8 does. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

/** One byte in the form of Llama's vocabulary, e.g. `<0x0A>`. */
export function bytePiece(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

/** A character as a figure prints it. */
export function printableCharacter(character: string): string {
  if (character === ' ') return '▁';
  if (character === '\n') return '↵';
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return code < 0x20 || code === 0x7f ? bytePiece(code) : character;
  // Separators, marks and control characters are invisible or misplaced on their own.
  return /^[\p{C}\p{Z}\p{M}]/u.test(character)
    ? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
    : character;
}

/**
 * Checks an id.
 *
 * @throws UsageError in one line if the tokenizer does not have it
 */
export function checkId(
  tokenizer: Pick<Tokenizer, 'name' | 'vocabularySize'>,
  id: number | undefined,
): number {
  if (id !== undefined && Number.isInteger(id) && id >= 0 && id < tokenizer.vocabularySize) return id;
  throw new UsageError(
    `${tokenizer.name} has no token ${String(id)}; its ids are the integers 0 to ${tokenizer.vocabularySize - 1}`,
  );
}

/** Refuses a begin-of-text token if the vocabulary has none. */
export function refuseBeginOfText(name: string, options: EncodeOptions | undefined): void {
  if (options?.beginOfText)
    throw new UsageError(`the tokenizer ${name} has no begin-of-text token; leave it out or use llama2`);
}

/**
 * Makes text that arrives in pieces well-formed: a half surrogate pair at the end waits for its
 * other half.
 */
export class CharacterReader {
  #held = '';

  /** Adds `text` and returns the whole characters that are certain now. */
  push(text: string): string {
    const all = this.#held + text;
    const last = all.charCodeAt(all.length - 1);
    const cut = last >= 0xd800 && last < 0xdc00 ? all.length - 1 : all.length;
    this.#held = all.slice(cut);
    return wellFormed(all.slice(0, cut));
  }

  /** Returns the rest: U+FFFD for a half pair. */
  finish(): string {
    return wellFormed(this.#held);
  }
}

/** Makes a stream of an encoding that treats each character on its own. */
export function characterStream(encode: (text: string) => Int32Array): TokenStream {
  const reader = new CharacterReader();
  return {
    push: (text) => encode(reader.push(text)),
    finish: () => encode(reader.finish()),
  };
}
