import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/base/errors';
import { problemsOf } from '../../../lib/theory/automata/problems';
import { allWords } from '../../../lib/theory/automata/random';
import { compileRegex } from '../../../lib/theory/automata/regex';
import { isAccepted, simulator } from '../../../lib/theory/automata/simulate';

const alphabet = ['a', 'b', '-'];
const words = [...allWords(alphabet, 5)];

/** The words of at most five characters that an automaton accepts, as a string of 0 and 1. */
function acceptedBy(pattern: string): string {
  const nfa = compileRegex(pattern, alphabet);
  expect(problemsOf(nfa)).toEqual([]);
  const { states, run } = simulator(nfa);
  const accepting = states.flatMap((state, index) => (nfa.accept.includes(state) ? [index] : []));
  return words
    .map((word) => {
      const last = run(word).subarray(word.length * states.length);
      return accepting.some((index) => last[index] === 1) ? 1 : 0;
    })
    .join('');
}

function matchedByJavaScript(pattern: string): string {
  const expression = new RegExp(`^(?:${pattern})$`, 'u');
  return words.map((word) => (expression.test(word.join('')) ? 1 : 0)).join('');
}

const { pattern } = fc.letrec<{ pattern: string; part: string; atom: string }>((tie) => ({
  pattern: fc
    .array(fc.array(tie('part'), { maxLength: 2 }), { minLength: 1, maxLength: 2 })
    .map((choices) => choices.map((parts) => parts.join('')).join('|')),
  part: fc
    .tuple(tie('atom'), fc.constantFrom('', '', '', '*', '+', '?', '{0}', '{2}', '{0,2}', '{1,}', '{1,2}'))
    .map((parts) => parts.join('')),
  atom: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    fc.constantFrom('a', 'b', '-', '.', '[ab]', '[^a]', '[^b-]', '[a-b]'),
    fc.constantFrom('\\w', '\\W', '[\\w-]', '[a-]', '[-b]', '[^\\W]', '[!-b]', '[^c-z]'),
    tie('pattern').map((inside) => `(${inside})`),
    tie('pattern').map((inside) => `(?:${inside})`),
  ),
}));

describe('a regular expression', () => {
  it('accepts the words that JavaScript matches, all of up to five characters', () => {
    fc.assert(
      fc.property(pattern, (text) => {
        expect(acceptedBy(text)).toBe(matchedByJavaScript(text));
      }),
      { numRuns: 300 },
    );
  });

  it.each(['', '|a', '()', '(a*)*', '(a|b*)*-', '((a?){2}b){2}', '(a|ab)(b|-|)', '[^-]+-[ab]{2,3}', 'a{0}'])(
    'accepts the words that JavaScript matches: %s',
    (text) => {
      expect(acceptedBy(text)).toBe(matchedByJavaScript(text));
    },
  );

  it('reads escapes and classes as JavaScript does', () => {
    const characters = ['0', '9', 'x', '_', ' ', '\t', '\n', '.', '\\', ']', '^', '-', '(', 'é'];
    const patterns = ['\\d', '\\D', '\\w', '\\W', '\\s', '\\S', '.', '[\\d\\s]', '[^\\d_]', '\\t', '\\n'];
    const punctuation = ['\\.', '\\\\', '\\]', '\\^', '\\(', '[\\]\\\\]', '[\\^x]', '[x^]', '[.(]', '[ -0]'];
    for (const text of [...patterns, ...punctuation]) {
      const nfa = compileRegex(text, characters);
      const expression = new RegExp(`^(?:${text})$`, 'u');
      const accepted = characters.filter((character) => isAccepted(nfa, [character]));
      expect(accepted).toEqual(characters.filter((character) => expression.test(character)));
    }
  });

  it('becomes a state for each of its places, and the start', () => {
    expect(compileRegex('ab*(a|b)')).toEqual({
      type: 'nfa',
      states: ['start', 'p1', 'p2', 'p3', 'p4'],
      symbols: ['a', 'b'],
      start: 'start',
      accept: ['p3', 'p4'],
      transitions: [
        ['start', 'a', 'p1'],
        ['p1', 'b', 'p2'],
        ['p1', 'a', 'p3'],
        ['p1', 'b', 'p4'],
        ['p2', 'b', 'p2'],
        ['p2', 'a', 'p3'],
        ['p2', 'b', 'p4'],
      ],
    });
    expect(compileRegex('(ab){3}').states).toHaveLength(7);
    expect(compileRegex('a{2,5}').accept).toEqual(['p2', 'p3', 'p4', 'p5']);
    expect(compileRegex('a?').accept).toEqual(['start', 'p1']);
  });

  it('has the characters that it names for an alphabet, if no other is given', () => {
    expect(compileRegex('b[ca].').symbols).toEqual(['a', 'b', 'c']);
    expect(compileRegex('[0-2]+(e[^q]|\\.)?').symbols).toEqual(['.', '0', '1', '2', 'e']);
    expect(compileRegex('[\\d-]').symbols.join('')).toBe('-0123456789');
    expect(compileRegex('x.', ['x', 'y']).symbols).toEqual(['x', 'y']);
  });
});

describe('a pattern', () => {
  it('that repeats nothing matches what is around it, however often it does', () => {
    for (const nothing of ['(b{0}){999999999}', '(((){1000}){1000}){1000}', '(|){99999,}'])
      expect(compileRegex(`a${nothing}`, ['a', 'b'])).toEqual(compileRegex('a', ['a', 'b']));
  });
});

describe('a pattern that is not right', () => {
  const cases: [string, string][] = [
    ['*a', 'character 1, "*", has nothing to repeat; put something before it, or write \\*'],
    ['a|+', 'character 3, "+", has nothing to repeat; put something before it, or write \\+'],
    ['a**', 'character 3, "*", has nothing to repeat; put something before it, or write \\*'],
    [
      'a*?',
      'character 3, "?", asks for as few as possible; remove it: which words match does not depend on it',
    ],
    ['a{3,2}', 'character 2, "{", asks for at least 3 and at most 2; swap the two'],
    ['a{x}', 'character 2, "{", begins no quantifier; write {2}, {2,} or {2,5}, or \\{ for the brace'],
    ['(ab', 'character 1, "(", opens a group that is not closed; add a )'],
    ['ab)', 'character 3, ")", closes no group; remove it, or write \\)'],
    ['a]', 'character 2, "]", closes nothing; remove it, or write \\]'],
    ['a[b', 'character 2, "[", opens a class that is not closed; add a ]'],
    ['a[]', 'character 2, "[", opens a class without members; put characters between [ and ]'],
    ['[b-a]', 'character 3, "-", stands between b and a, the higher one first; swap the two'],
    ['[\\w-a]', 'character 4, "-", stands beside a class; a range goes from a character to a character'],
    [
      '^a',
      'character 1, "^", is not supported; remove it: the whole word is matched anyway; for the character write \\^',
    ],
    [
      'a$',
      'character 2, "$", is not supported; remove it: the whole word is matched anyway; for the character write \\$',
    ],
    ['(?=a)', 'character 1, "(", begins a group of a kind that is not supported; use ( or (?:'],
    [
      'a\\1',
      'character 2, "\\\\", and the "1" after it are not supported; known are \\d \\w \\s \\D \\W \\S \\n \\t \\r \\f \\v; write other characters themselves',
    ],
    ['a\\', 'character 2, "\\\\", has nothing after it; write \\\\ for the backslash'],
    ['', 'names no character, so that the alphabet would be empty; give the symbols'],
    ['[ -\uffff]', 'character 3, "-", spans more than 1000 characters; give the symbols'],
    ['(a{100}){100}', 'needs more than 1000 states; use smaller numbers in { }'],
  ];
  it.each(cases)('is refused with its place: %s', (text, message) => {
    expect(() => compileRegex(text)).toThrow(
      new DataError(`regular expression ${JSON.stringify(text)}: ${message}`),
    );
  });

  it.each([
    [
      'a thousand copies of a wide class',
      '([一-典]?){998}',
      /: needs 44\d,\d{3},\d{3} arrows, more than 1,000,000; /,
    ],
    ['groups in groups', '('.repeat(20_000), /: has 20000 characters, more than 10000; /],
    [
      'fewer that are closed',
      `${'('.repeat(4_000)}a${')'.repeat(4_000)}`,
      /: character 201, "\(", opens a group inside of 200 others; write it flatter$/,
    ],
    ['a text', 'a'.repeat(2_000_000), /: has 2000000 characters, more than 10000; make it shorter, or/],
    ['as many states as never end', `a{${'9'.repeat(400)}}`, /: needs more than 1000 states; /],
    ['loops in loops', `${'('.repeat(150)}(a?){998}${')*'.repeat(150)}`, /: needs too many arrows; /],
  ])('is refused in a short line before it is built: %s', (_what, text, says) => {
    const attempt = (): unknown => compileRegex(text);
    expect(attempt).toThrow(DataError);
    expect(attempt).toThrow(says);
    expect(attempt).toThrow(/^.{1,300}$/su);
  });

  it('is refused where it does not go with the symbols', () => {
    expect(() => compileRegex('ab*c', ['a', 'b'])).toThrow(
      new DataError('regular expression "ab*c": character 4, "c", is not among the symbols; known: "a", "b"'),
    );
    expect(() => compileRegex('a[c-e]', ['a', 'b'])).toThrow(
      new DataError(
        'regular expression "a[c-e]": character 2, "[", matches none of the symbols; known: "a", "b"',
      ),
    );
    expect(() => compileRegex('a', ['a', 'bc'])).toThrow(
      new DataError('regular expression "a": the symbol "bc" is not one character; give single characters'),
    );
  });
});
