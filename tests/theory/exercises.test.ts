import { describe, expect, it } from 'vitest';
import { exampleNamed } from '../../lib/theory/automata/examples';
import type { BiNfa, Nfa } from '../../lib/theory/automata/automaton';
import { witnessAutomaton } from '../../lib/theory/bounds/witness';
import { checkAlikeAsPrefixes, checkPrice, checkSummary } from '../../lib/theory/exercises';

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
    expect(checkAlikeAsPrefixes(two, ['a'], ['b'])).toEqual({
      right: true,
      because: 'from the start both lead to {q}, but from q to {p} and to {q}',
    });
    expect(checkAlikeAsPrefixes(two, ['a'], ['a', 'a'])).toEqual({
      right: false,
      because: 'from the start they lead to {q} and to {p}',
    });
    expect(checkAlikeAsPrefixes(two, ['b'], ['b', 'b']).because).toMatch(/no context tells them apart/);
    expect(() => checkAlikeAsPrefixes(two, ['c'], [])).toThrow(/symbol 1, "c"/);
  });

  it('an automaton of a price', () => {
    expect(checkPrice(witnessAutomaton(2), { states: 2, relations: 16 })).toEqual({
      right: true,
      because: 'its fragments have 16 relations, so a summary has 4.00 bits',
    });
    expect(checkPrice(witnessAutomaton(2), { states: 3, relations: 16 }).because).toMatch(/2 states, not 3/);
    expect(checkPrice(witnessAutomaton(2), { states: 2, relations: 15 }).because).toMatch(/more than 15/);
    expect(checkPrice(two, { states: 2, relations: 9 }).because).toMatch(/have 4 relations, not 9/);
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
    expect(checkSummary(automaton, fragment, answer)).toMatchObject({ right: true });
    expect(checkSummary(automaton, ['a'], { before: ['01', '10'], first: null })).toMatchObject({
      right: true,
    });
    for (const [change, because] of [
      [{ before: ['10', '01'] }, /before the first separator is another/],
      [{ first: null }, /first separator is not null/],
      [{ closed: ['11', '10'] }, /closed after it is another/],
      [{ since: '11' }, /since its last separator are others/],
    ] as const)
      expect(checkSummary(automaton, fragment, { ...answer, ...change }).because).toMatch(because);
    expect(checkSummary(automaton, ['a'], answer).because).toBe('the fragment has no separator');
    expect(() => checkSummary(automaton, fragment, { ...answer, before: ['1'] })).toThrow(/equally large/);
  });

  it('of the examples, too', () => {
    const automaton = exampleNamed('log-checker').automaton as BiNfa;
    expect(checkAlikeAsPrefixes(automaton, [], []).right).toBe(false);
  });
});
