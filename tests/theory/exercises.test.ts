import { describe, expect, it } from 'vitest';
import { exampleNamed } from '../../lib/theory/automata/examples';
import type { BiNfa, Nfa } from '../../lib/theory/automata/automaton';
import { witnessAutomaton } from '../../lib/theory/bounds/witness';
import { alikeAsPrefixes, hasPrice, summarizes } from '../../lib/theory/exercises';

const two: Nfa = {
  type: 'nfa',
  states: ['p', 'q'],
  symbols: ['a', 'b'],
  start: 'p',
  accept: ['q'],
  transitions: [
    ['p', 'a', 'q'],
    ['q', 'a', 'p'],
    ['p', 'b', 'q'],
    ['q', 'b', 'q'],
  ],
};

describe('exercises judge answers', () => {
  it('two fragments that are alike as prefixes', () => {
    const test = alikeAsPrefixes(two);
    expect(test([['a'], ['b']])).toEqual({
      right: 'from the start both lead to {q}, but from q to {p} and to {q}',
    });
    expect(test([['a'], ['a', 'a']])).toBe('from the start they lead to {q} and to {p}');
    expect(test([['b'], ['b', 'b']])).toMatch(/no context tells them apart/);
    expect(() => test([['c'], []])).toThrow(/symbol 1, "c"/);
  });

  it('an automaton of a price', () => {
    const witness = witnessAutomaton(2);
    expect(hasPrice({ states: 2, relations: 16 })(witness)).toEqual({
      right: 'its fragments have 16 relations, so a summary has 4.00 bits',
    });
    expect(hasPrice({ states: 3, relations: 16 })(witness)).toMatch(/2 states, not 3/);
    expect(hasPrice({ states: 2, relations: 15 })(witness)).toMatch(/more than 15/);
    expect(hasPrice({ states: 2, relations: 9 })(two)).toMatch(/have 4 relations, not 9/);
  });

  it('a summary', () => {
    const automaton: BiNfa = {
      type: 'bi-nfa',
      segmentStates: ['s', 't'],
      segmentStart: 's',
      accept: ['s'],
      subStates: ['x', 'y'],
      subStart: 'x',
      symbols: ['a', 'b'],
      separators: [';'],
      subTransitions: [
        ['x', 'a', 'y'],
        ['y', 'a', 'x'],
        ['x', 'b', 'x'],
        ['y', 'b', 'y'],
      ],
      segmentTransitions: [
        ['s', 'y', ';', 't'],
        ['t', 'y', ';', 's'],
        ['s', 'x', ';', 's'],
        ['t', 'x', ';', 't'],
      ],
    };
    const fragment = ['a', ';', 'a', ';', 'a'];
    const answer = { before: ['01', '10'], first: ';', closed: ['01', '10'], since: '01' };
    const [test, testShort] = [summarizes(automaton, fragment), summarizes(automaton, ['a'])];
    expect(test(answer)).toEqual({ right: 'these four parts are all there is to know of it' });
    expect(testShort({ before: ['01', '10'], first: null })).toEqual({
      right: 'without a separator, that relation is all there is to know',
    });
    for (const [change, because] of [
      [{ before: ['10', '01'] }, /before the first separator is another/],
      [{ first: null }, /first separator is not null/],
      [{ closed: ['11', '10'] }, /closed after it is another/],
      [{ since: '11' }, /since its last separator are others/],
    ] as const)
      expect(test({ ...answer, ...change })).toMatch(because);
    expect(testShort(answer)).toBe('the fragment has no separator');
    expect(() => test({ ...answer, before: ['1'] })).toThrow(/equally large/);
  });

  it('of the examples, too', () => {
    const automaton = exampleNamed('log-checker').automaton as BiNfa;
    expect(alikeAsPrefixes(automaton)([[], []])).toMatch(/no context tells them apart/);
  });
});
