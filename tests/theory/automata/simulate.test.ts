import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/base/errors';
import { alphabetOf } from '../../../lib/theory/automata/alphabet';
import type { BiNfa, Nfa, Word } from '../../../lib/theory/automata/automaton';
import { asNfa, flatten } from '../../../lib/theory/automata/flatten';
import { allWords } from '../../../lib/theory/automata/random';
import { compose, identityRelation, symbolRelations } from '../../../lib/theory/automata/relation';
import { isAccepted, simulate, simulator } from '../../../lib/theory/automata/simulate';
import { biNfas, degenerateBiNfas, degenerateNfas, nfas, segmentsOf, wordsOf } from './arbitrary';

/** The start's row of the product of the relations of each prefix. */
function rowsOfProducts(nfa: Nfa, word: Word): number[][] {
  const relations = symbolRelations(nfa);
  const size = nfa.states.length;
  const start = nfa.states.indexOf(nfa.start);
  let product = identityRelation(size);
  const row = (): number[] => [...product.entries.subarray(start * size, (start + 1) * size)];
  return [
    row(),
    ...word.map((symbol) => {
      product = compose(product, relations[nfa.symbols.indexOf(symbol)] ?? identityRelation(0));
      return row();
    }),
  ];
}

/** Ends in a, with a b in the place before the last. */
const endsInBa: Nfa = {
  type: 'nfa',
  states: ['any', 'b', 'ba'],
  symbols: ['a', 'b'],
  start: 'any',
  accept: ['ba'],
  transitions: [
    ['any', 'a', 'any'],
    ['any', 'b', 'any'],
    ['any', 'b', 'b'],
    ['b', 'a', 'ba'],
  ],
};

/** The number of segments that have an a in them is odd. */
const oddSegmentsWithA: BiNfa = {
  type: 'bi-nfa',
  segmentStates: ['even', 'odd'],
  segmentStart: 'even',
  accept: ['odd'],
  subStates: ['none', 'seen'],
  subStart: 'none',
  symbols: ['a', 'b'],
  separators: [';', '|'],
  subTransitions: [
    ['none', 'a', 'seen'],
    ['none', 'b', 'none'],
    ['seen', 'a', 'seen'],
    ['seen', 'b', 'seen'],
  ],
  segmentTransitions: [';', '|'].flatMap((separator) => [
    ['even', 'none', separator, 'even'] as const,
    ['even', 'seen', separator, 'odd'] as const,
    ['odd', 'none', separator, 'odd'] as const,
    ['odd', 'seen', separator, 'even'] as const,
  ]),
};

describe('simulating an NFA', () => {
  it('gives the reachable states after each prefix, the empty one first', () => {
    expect(simulate(endsInBa, ['b', 'a', 'b'])).toEqual([['any'], ['any', 'b'], ['any', 'ba'], ['any', 'b']]);
  });

  it('accepts the words that the language has', () => {
    for (const word of allWords(['a', 'b'], 8))
      expect(isAccepted(endsInBa, word)).toBe(word.join('').endsWith('ba'));
  });

  it('gives the row of the Boolean product of relations, on random automata', () => {
    fc.assert(
      fc.property(
        nfas.chain((nfa) => fc.tuple(fc.constant(nfa), wordsOf(nfa))),
        ([nfa, word]) => {
          expect([...simulator(nfa).run(word)]).toEqual(rowsOfProducts(nfa, word).flat());
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(degenerateNfas)('gives the row of the Boolean product: $name', ({ automaton }) => {
    const { run } = simulator(automaton);
    for (const word of allWords(automaton.symbols, 6))
      expect([...run(word)]).toEqual(rowsOfProducts(automaton, word).flat());
  });

  it('says which symbol of the word it does not know', () => {
    const nfa = { ...endsInBa, symbols: ['open', 'close', 'a', 'b'] };
    expect(() => simulate(nfa, ['open', 'cloze'])).toThrow(
      new DataError('word: symbol 2, "cloze", is not in the alphabet; did you mean "close"?'),
    );
    expect(() => simulate(endsInBa, ['x'])).toThrow(
      new DataError('word: symbol 1, "x", is not in the alphabet; known: "a", "b"'),
    );
    const many = { ...endsInBa, symbols: Array.from('abcdefghijklmnopqrstuvwxyz') };
    expect(() => simulate(many, ['', '7'])).toThrow(
      new DataError(
        `word: symbol 1, "", is not in the alphabet; known: ${Array.from('abcdefghijklmnopqrstuvwx')
          .map((name) => `"${name}"`)
          .join(', ')}, and 2 more`,
      ),
    );
  });

  it('refuses an automaton that is not sound', () => {
    expect(() => simulator({ ...endsInBa, start: 'bb' })).toThrow(
      new DataError('automaton: start: state "bb" is not in states; did you mean "b"?'),
    );
  });
});

describe('simulating a Bi-NFA', () => {
  it('gives pairs of segment state and sub-state after each prefix', () => {
    expect(simulate(oddSegmentsWithA, ['b', 'a', ';', 'a', '|'])).toEqual([
      ['even,none'],
      ['even,none'],
      ['even,seen'],
      ['odd,none'],
      ['odd,seen'],
      ['even,none'],
    ]);
  });

  it('accepts the words that the language has', () => {
    const closed = (word: string): string[] => word.split(/[;|]/).slice(0, -1);
    for (const word of allWords(alphabetOf(oddSegmentsWithA), 6)) {
      const odd = closed(word.join('')).filter((segment) => segment.includes('a')).length % 2 === 1;
      expect(isAccepted(oddSegmentsWithA, word)).toBe(odd);
    }
  });

  it('gives what the flattened NFA gives, on random automata', () => {
    fc.assert(
      fc.property(
        biNfas.chain((automaton) => fc.tuple(fc.constant(automaton), segmentsOf(automaton))),
        ([automaton, word]) => {
          const [bilevel, flat] = [simulator(automaton), simulator(flatten(automaton))];
          expect(bilevel.states).toEqual(flat.states);
          expect(bilevel.run(word)).toEqual(flat.run(word));
          expect(isAccepted(automaton, word)).toBe(isAccepted(flatten(automaton), word));
        },
      ),
      { numRuns: 300 },
    );
  });

  it.each(degenerateBiNfas)('gives what the flattened NFA gives on all words: $name', ({ automaton }) => {
    const [bilevel, flat] = [simulator(automaton), simulator(flatten(automaton))];
    for (const word of allWords(alphabetOf(automaton), 5)) {
      expect(bilevel.run(word)).toEqual(flat.run(word));
      expect(isAccepted(automaton, word)).toBe(isAccepted(flatten(automaton), word));
    }
  });

  it('says which name of the word is neither symbol nor separator', () => {
    expect(() => simulate(oddSegmentsWithA, ['a', ';', '.'])).toThrow(
      new DataError('word: symbol 3, ".", is not in the alphabet; known: "a", "b", ";", "|"'),
    );
  });
});

describe('a flattened Bi-NFA', () => {
  it('has a state for each pair, and the separators after the symbols', () => {
    const flat = flatten(oddSegmentsWithA);
    expect(flat).toMatchObject({
      states: ['even,none', 'even,seen', 'odd,none', 'odd,seen'],
      symbols: ['a', 'b', ';', '|'],
      start: 'even,none',
      accept: ['odd,none', 'odd,seen'],
    });
    expect(flat.transitions).toHaveLength(2 * 4 + 8);
    expect(flat.transitions).toContainEqual(['odd,seen', '|', 'even,none']);
  });

  it('is what any automaton becomes as an NFA; an NFA is one already', () => {
    expect(asNfa(oddSegmentsWithA)).toEqual(flatten(oddSegmentsWithA));
    expect(asNfa(endsInBa)).toBe(endsInBa);
  });
});
