// What the tokenizer tests share: byte-pair encoding as its definition reads, and text that is hard
// to tokenize.

import fc from 'fast-check';

/** Joins the pair of lowest rank, the leftmost first, until none is left. */
export function referenceMerge(symbols: readonly string[], merges: readonly (readonly [string, string])[]) {
  const ranks = new Map(merges.map(([left, right], rank) => [`${left} ${right}`, rank]));
  const tokens = [...symbols];
  for (;;) {
    const pairRanks = tokens.slice(1).map((right, i) => ranks.get(`${tokens[i]} ${right}`) ?? Infinity);
    const best = Math.min(...pairRanks);
    if (best === Infinity) return tokens;
    const place = pairRanks.indexOf(best);
    tokens.splice(place, 2, `${tokens[place]}${tokens[place + 1]}`);
  }
}

/** Any UTF-16 code units, lone surrogates among them. */
const codeUnits = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 8 })
  .map((units) => String.fromCharCode(...units));

/**
 * Text in which tokenizers go wrong: fallbacks to bytes, runs of spaces, control tokens written
 * out, emoji.
 */
export function difficultText(pieces: readonly string[]): fc.Arbitrary<string> {
  const part = fc.oneof(
    { arbitrary: fc.constantFrom(...pieces).map((piece) => piece.replaceAll('▁', ' ')), weight: 6 },
    { arbitrary: fc.string({ unit: 'binary', maxLength: 6 }), weight: 2 },
    { arbitrary: fc.string({ unit: 'grapheme', maxLength: 6 }), weight: 2 },
    codeUnits,
    fc
      .array(fc.constantFrom(' ', '\n', '\t', '\r', '\u00a0', '\u3000', '▁'), { maxLength: 20 })
      .map((blanks) => blanks.join('')),
    fc.constantFrom(
      '<s>',
      '</s>',
      '<unk>',
      '<0x0A>',
      '\u0000',
      '\u007f',
      '\ufeff',
      '\ufffd',
      'e\u0301\u0323',
    ),
    fc.constantFrom('👩‍👩‍👧‍👦', '🌍', '𝕜', '🇩🇪', '漢字', '鿿', 'ﷺ', 'ก็', '  grabbed', '.\n\n.', ' . . '),
  );
  return fc.array(part, { maxLength: 20 }).map((parts) => parts.join(''));
}

/** A text and places to cut it at. */
export function cutText(text: fc.Arbitrary<string>): fc.Arbitrary<string[]> {
  return fc.tuple(text, fc.array(fc.nat(), { maxLength: 6 })).map(([whole, places]) => {
    const cuts = places.map((place) => place % (whole.length + 1)).sort((a, b) => a - b);
    return [0, ...cuts].map((start, index) => whole.slice(start, cuts[index] ?? whole.length));
  });
}
