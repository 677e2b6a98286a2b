// Llama 2's tokenizer (SentencePiece BPE, 32,000 pieces): the official ids, from the vocabulary and
// merges in npm `llama-tokenizer-js`. That package encodes 30 k tokens a second; here text is cut
// where no merge can reach across, and the ids of the short stretches in between are cached. For
// small models there is the same tokenizer restricted to its first pieces: `llama2-4096`.

import { UsageError } from '../../base/errors';
import { sha256 } from '../../base/files';
import { BytePairEncoder, SafeCuts } from './byte-pairs';
import {
  type EncodeOptions,
  type Tokenizer,
  type TokenStream,
  bytePiece,
  CharacterReader,
  checkId,
  printableCharacter,
  wellFormed,
} from './tokenizer';

/** Represents a space inside pieces. */
const spaceMark = '▁';
const [unknownId, beginId, endId] = [0, 1, 2];
const firstByteId = 3;
const firstTextId = firstByteId + 256;
/**
 * First id of single characters, the most frequent first; before them are pieces made by merges, in
 * the order of the merges.
 */
const firstCharacterId = 29871;
/** Single characters that a smaller vocabulary keeps, if they fit into half of its room. */
const keptCharacters = 256;
/**
 * Stretches whose ids are kept, and the most ids of one. Text repeats its words: nine of ten
 * stretches are found among them. If they are too many, they are collected anew.
 */
const [mostKept, longestKept] = [1 << 17, 63];
/** The smallest useful vocabulary: the letters of English and its most common syllables. */
const smallestVocabulary = 512;

type Merge = readonly [left: string, right: string];

/**
 * Encodes plain text as Llama 2 does: a space is put before a text that is not empty, `<s>` and the
 * like are text, and characters outside the vocabulary become their UTF-8 bytes.
 */
export class Llama2Tokenizer implements Tokenizer {
  readonly name: string;
  readonly vocabularySize: number;
  readonly fingerprint: string;
  readonly beginOfText = beginId;
  readonly endOfText = endId;
  readonly #pieces: readonly string[];
  readonly #ids: ReadonlyMap<string, number>;
  readonly #cuts: SafeCuts;
  readonly #pairs: BytePairEncoder;
  readonly #kept = new Map<string, readonly number[]>();

  /**
   * @param pieces the vocabulary: pieces[id], three control tokens, 256 bytes, then text
   * @param merges [left piece, right piece], the best first
   * @param name   in the registry
   */
  constructor(pieces: readonly string[], merges: readonly Merge[], name = 'llama2') {
    this.name = name;
    this.#pieces = pieces;
    this.#ids = new Map(pieces.map((piece, id) => [piece, id]));
    this.vocabularySize = pieces.length;
    this.fingerprint = sha256(JSON.stringify(['bipe tokenizer llama2 1', pieces, merges]));
    this.#cuts = new SafeCuts(merges);
    this.#cuts.alias(' '.charCodeAt(0), spaceMark.charCodeAt(0));
    const byteIds = Int32Array.from({ length: 256 }, (_, byte) => firstByteId + byte);
    this.#pairs = new BytePairEncoder(pieces, merges, byteIds);
  }

  encode(text: string, options?: EncodeOptions): Int32Array {
    const ids = options?.beginOfText ? [beginId] : [];
    if (text !== '') this.#encodeUntil(` ${wellFormed(text)}`, text.length + 1, ids);
    return Int32Array.from(ids);
  }

  stream(options?: EncodeOptions): TokenStream {
    const ids = options?.beginOfText ? [beginId] : [];
    const reader = new CharacterReader();
    let held = '';
    let begun = false;
    const add = (text: string): void => {
      if (text === '') return;
      held += begun ? text : ` ${text}`;
      begun = true;
    };
    return {
      push: (text) => {
        add(reader.push(text));
        // A cut is certain once the text after it is known.
        held = held.slice(this.#encodeUntil(held, held.length - 1, ids));
        return Int32Array.from(ids.splice(0));
      },
      finish: () => {
        add(reader.finish());
        this.#encodeUntil(held, held.length, ids);
        return Int32Array.from(ids.splice(0));
      },
    };
  }

  /**
   * Appends the ids of the stretches of well-formed `text` that end by `limit`; returns the end of
   * the last.
   */
  #encodeUntil(text: string, limit: number, ids: number[]): number {
    let start = 0;
    while (start < limit) {
      const end = this.#cuts.next(text, start);
      if (end > limit) break;
      for (const id of this.#idsOf(text.slice(start, end))) ids.push(id);
      start = end;
    }
    return start;
  }

  #idsOf(stretch: string): readonly number[] {
    const kept = this.#kept.get(stretch);
    if (kept !== undefined) return kept;
    const ids = this.#pairs.encode(stretch.replaceAll(' ', spaceMark));
    if (ids.length > longestKept) return ids;
    if (this.#kept.size === mostKept) this.#kept.clear();
    this.#kept.set(copyOf(stretch), ids);
    return ids;
  }

  decode(ids: ArrayLike<number>): string {
    const bytes = Buffer.concat(Array.from(ids, (id) => this.#bytes(checkId(this, id))));
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
    return text.startsWith(' ') ? text.slice(1) : text;
  }

  #bytes(id: number): Uint8Array {
    if (id === beginId || id === endId) return new Uint8Array();
    if (id === unknownId) return Buffer.from('\uFFFD');
    if (id < firstTextId) return Uint8Array.of(id - firstByteId);
    return Buffer.from(this.#pieces[id]?.replaceAll(spaceMark, ' ') ?? '');
  }

  tokenText(id: number): string {
    if (checkId(this, id) < firstByteId) return this.#pieces[id] ?? '';
    if (id >= firstTextId) return Array.from(this.#pieces[id] ?? '', printableCharacter).join('');
    const byte = id - firstByteId;
    return byte < 0x80 ? printableCharacter(String.fromCharCode(byte)) : bytePiece(byte);
  }

  idOf(text: string): number | undefined {
    const id = this.#ids.get(text.replaceAll(' ', spaceMark));
    if (id !== undefined && id >= firstTextId) return id;
    const code = text.length === 1 ? text.charCodeAt(0) : 0x80;
    return code < 0x80 ? firstByteId + code : undefined;
  }
}

/**
 * Loads the tokenizer with the vocabulary of the installed package, in about a tenth of a second.
 */
export async function loadLlama2(): Promise<Llama2Tokenizer> {
  const { pieces, merges } = await installedVocabulary();
  return new Llama2Tokenizer(pieces, merges);
}

/**
 * Loads Llama 2's tokenizer restricted to `size` pieces: the control tokens, the bytes, the first
 * merged pieces, under Llama's own ids, and after them the most frequent characters. It has the
 * merges whose parts and result it has; other characters become bytes.
 *
 * @param size from 512 to 32,000, the whole vocabulary
 * @throws UsageError for another size
 */
export async function loadSmallerLlama2(size: number): Promise<Llama2Tokenizer> {
  const { pieces, merges } = await installedVocabulary();
  if (!Number.isInteger(size) || size < smallestVocabulary || size > pieces.length)
    throw new UsageError(
      `tokenizer llama2-${size}: give a vocabulary of ${smallestVocabulary} to ${pieces.length} pieces, e.g. llama2-4096`,
    );
  const characters = Math.min(keptCharacters, (size - firstTextId) >> 1);
  const end = Math.min(size - characters, firstCharacterId);
  const kept = [...pieces.slice(0, end), ...pieces.slice(firstCharacterId, firstCharacterId + size - end)];
  const has = new Set(kept);
  return new Llama2Tokenizer(
    kept,
    merges.filter(([left, right]) => has.has(left) && has.has(right) && has.has(left + right)),
    `llama2-${size}`,
  );
}

async function installedVocabulary(): Promise<{
  readonly pieces: readonly string[];
  readonly merges: Merge[];
}> {
  // An ESM package: `import()` works from CommonJS in every Node.js, and without a warning.
  const { default: source } = await import('llama-tokenizer-js');
  const merges = Array.from(source.merges.keys(), (key): Merge => {
    const space = key.indexOf(' ');
    return [key.slice(0, space), key.slice(space + 1)];
  });
  return { pieces: source.vocabById, merges };
}

/** Copies a string: a slice, kept as a key, would keep the whole document in memory. */
function copyOf(slice: string): string {
  return Buffer.from(slice, 'utf16le').toString('utf16le');
}
