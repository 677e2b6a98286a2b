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
  readonly #stretches: StretchMemory;

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
    const pairs = new BytePairEncoder(pieces, merges, byteIds);
    this.#stretches = new StretchMemory((stretch) => pairs.encode(stretch.replaceAll(' ', spaceMark)));
  }

  encode(text: string, options?: EncodeOptions): Int32Array {
    const ids = new GrowingIds(text.length / 3 + 16);
    if (options?.beginOfText) ids.push(beginId);
    if (text !== '') this.#encodeUntil(` ${wellFormed(text)}`, text.length + 1, ids);
    return ids.take();
  }

  stream(options?: EncodeOptions): TokenStream {
    const ids = new GrowingIds(1024);
    if (options?.beginOfText) ids.push(beginId);
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
        return ids.take();
      },
      finish: () => {
        add(reader.finish());
        this.#encodeUntil(held, held.length, ids);
        return ids.take();
      },
    };
  }

  /**
   * Appends the ids of the stretches of well-formed `text` that end by `limit`; returns the end of
   * the last.
   */
  #encodeUntil(text: string, limit: number, ids: GrowingIds): number {
    let start = 0;
    while (start < limit) {
      const end = this.#cuts.next(text, start);
      if (end > limit) break;
      this.#stretches.append(text.slice(start, end), ids);
      start = end;
    }
    return start;
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

/**
 * Cache of the ids of stretches. Text repeats its words: nine of ten stretches are found here. Its
 * size is bounded; a full cache starts anew.
 */
class StretchMemory {
  static readonly #longest = 63;
  static readonly #capacity = 1 << 19;
  /** stretch -> start in `#ids` * 64 + number of ids. */
  readonly #places = new Map<string, number>();
  readonly #ids = new Int32Array(StretchMemory.#capacity);
  #used = 0;
  readonly #encode: (stretch: string) => number[];

  constructor(encode: (stretch: string) => number[]) {
    this.#encode = encode;
  }

  append(stretch: string, to: GrowingIds): void {
    const place = this.#places.get(stretch);
    if (place !== undefined) {
      to.pushRange(this.#ids, place >> 6, place & 63);
      return;
    }
    const ids = this.#encode(stretch);
    for (const id of ids) to.push(id);
    if (ids.length > StretchMemory.#longest) return;
    if (this.#used + ids.length > StretchMemory.#capacity) {
      this.#places.clear();
      this.#used = 0;
    }
    this.#ids.set(ids, this.#used);
    this.#places.set(copyOf(stretch), this.#used * 64 + ids.length);
    this.#used += ids.length;
  }
}

/** Copies a string: a slice, kept as a key, would keep the whole document in memory. */
function copyOf(slice: string): string {
  return Buffer.from(slice, 'utf16le').toString('utf16le');
}

/** An Int32Array that grows. */
class GrowingIds {
  #ids: Int32Array;
  #length = 0;

  constructor(expected: number) {
    this.#ids = new Int32Array(Math.ceil(expected));
  }

  push(id: number): void {
    if (this.#length === this.#ids.length) this.#grow(1);
    this.#ids[this.#length] = id;
    this.#length += 1;
  }

  pushRange(source: Int32Array, start: number, count: number): void {
    if (this.#length + count > this.#ids.length) this.#grow(count);
    for (let offset = 0; offset < count; offset += 1)
      this.#ids[this.#length + offset] = source[start + offset] ?? 0;
    this.#length += count;
  }

  #grow(room: number): void {
    const larger = new Int32Array(2 * this.#ids.length + room);
    larger.set(this.#ids);
    this.#ids = larger;
  }

  /** Takes a copy of the numbers pushed since the last call. */
  take(): Int32Array {
    const taken = this.#ids.slice(0, this.#length);
    this.#length = 0;
    return taken;
  }
}
