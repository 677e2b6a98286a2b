import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nestedArrays } from '../../../lib/segment/levels';
import { endings, largest, read, segmentEndings, tokensOf } from '../../../apps/idea-page/reading';

const text = 'A stone flew up. Two birds fell down.';

describe('the tokens of a text', () => {
  it('are its words, numbers, marks and line ends', () => {
    expect(tokensOf('Où? 12 birds,\n “naïve”.')).toEqual([
      'Où',
      '?',
      '12',
      'birds',
      ',',
      '\n',
      '“',
      'naïve',
      '”',
      '.',
    ]);
    expect(tokensOf('  ')).toEqual([]);
  });

  it('lose nothing but blanks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (any) => {
        expect(tokensOf(any).join('')).toBe(any.replace(/[^\S\n]/gu, ''));
      }),
    );
  });
});

describe('a reading', () => {
  it('has the positions that the library gives a model, at any length', () => {
    const words = fc.array(fc.constantFrom<string[]>('a', 'b', '.', '!', ',', '\n'), {
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(
        words,
        fc.constantFrom(...endings),
        fc.integer({ min: 1, max: 60 }),
        (any, ending, length) => {
          const { tokens, position, place, segment } = read(any, ending, length);
          const vocabulary = [...new Set(any)];
          const marks: readonly string[] = segmentEndings[ending];
          const ids = tokens.map((token) => vocabulary.indexOf(token));
          const separators = vocabulary.flatMap((token, id) => (marks.includes(token) ? [id] : []));
          expect([place, segment]).toEqual(nestedArrays(ids, [separators]));
          expect([position]).toEqual(nestedArrays(ids, []));
          expect(tokens).toEqual(Array.from({ length }, (_, index) => any[index % any.length]));
        },
      ),
    );
  });

  it('repeats whole sentences without a new place, but with new segments', () => {
    const tokens = tokensOf(text);
    const [once, often] = [1, 16].map((times) =>
      read(tokens, endings[0] ?? '. ! ? and new line', times * tokens.length),
    );
    expect(once && often && [largest(once.place), largest(often.place)]).toEqual([4, 4]);
    expect(once && often && [largest(once.segment), largest(often.segment)]).toEqual([1, 31]);
    expect(once && often && [largest(once.position), largest(often.position)]).toEqual([9, 159]);
  });
});
