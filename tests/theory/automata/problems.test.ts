import { describe, expect, it } from 'vitest';
import { DataError } from '../../../lib/base/errors';
import type { BiNfa, Nfa } from '../../../lib/theory/automata/automaton';
import { checkAutomaton, problemsOf } from '../../../lib/theory/automata/problems';
import { smallBiNfa as bi } from '../../support/automata';

const nfa: Nfa = {
  type: 'nfa',
  states: ['idle', 'busy'],
  symbols: ['open', 'close'],
  start: 'idle',
  accept: ['idle'],
  transitions: [
    ['idle', 'open', 'busy'],
    ['busy', 'close', 'idle'],
  ],
};

describe('an automaton without mistakes', () => {
  it('has no problems', () => {
    expect([problemsOf(nfa), problemsOf(bi)]).toEqual([[], []]);
  });
});

describe('a mistake in an NFA', () => {
  const cases: [string, Partial<Nfa>, string][] = [
    [
      'a state named twice',
      { states: ['idle', 'busy', 'idle'] },
      'states[2]: state "idle" is named twice; rename or remove one',
    ],
    [
      'a symbol named twice',
      { symbols: ['open', 'close', 'close'] },
      'symbols[2]: symbol "close" is named twice; rename or remove one',
    ],
    [
      'an empty state name',
      { states: ['idle', 'busy', ''] },
      'states[2]: a state without a name; give it one',
    ],
    [
      'an empty symbol name',
      { symbols: ['', 'open', 'close'] },
      'symbols[0]: a symbol without a name; give it one',
    ],
    ['no symbols', { symbols: [], transitions: [] }, 'symbols: empty; name at least one symbol'],
    ['an unknown start', { start: 'idl' }, 'start: state "idl" is not in states; did you mean "idle"?'],
    [
      'an unknown accepting state',
      { accept: ['idle', 'done'] },
      'accept[1]: state "done" is not in states; known: "idle", "busy"',
    ],
    [
      'an accepting state twice',
      { accept: ['idle', 'idle'] },
      'accept[1]: state "idle" is listed twice; remove one',
    ],
    [
      'an arrow to nowhere',
      { transitions: [['idle', 'open', 'bsy']] },
      'transitions[0]: state "bsy" is not in states; did you mean "busy"?',
    ],
    [
      'an arrow from nowhere',
      { transitions: [...nfa.transitions, ['x', 'open', 'busy']] },
      'transitions[2]: state "x" is not in states; known: "idle", "busy"',
    ],
    [
      'an arrow with an unknown symbol',
      { transitions: [['idle', 'Opne', 'busy']] },
      'transitions[0]: symbol "Opne" is not in symbols; known: "open", "close"',
    ],
    [
      'an arrow listed twice',
      { transitions: [...nfa.transitions, ['idle', 'open', 'busy']] },
      'transitions[2]: ["idle","open","busy"] is transitions[0] again; remove one',
    ],
  ];
  it.each(cases)('is told in one line: %s', (_what, change, message) => {
    expect(problemsOf({ ...nfa, ...change })).toEqual([message]);
  });

  it('is told of an automaton without states', () => {
    expect(problemsOf({ ...nfa, states: [], accept: [], transitions: [] })).toEqual([
      'states: empty; name at least one state',
      'start: state "idle" is not in states; known: ',
    ]);
  });
});

describe('a mistake in a Bi-NFA', () => {
  const cases: [string, Partial<BiNfa>, string][] = [
    [
      'a sub-state named twice',
      { subStates: ['k0', 'k1', 'k1'] },
      'subStates[2]: sub-state "k1" is named twice; rename or remove one',
    ],
    [
      'a segment state named twice',
      { segmentStates: ['s0', 's1', 's0'] },
      'segmentStates[2]: segment state "s0" is named twice; rename or remove one',
    ],
    [
      'a separator that is also a symbol',
      { symbols: ['a', ';'] },
      'separators[0]: ";" is also a symbol; rename one of them',
    ],
    [
      'a separator named twice',
      { separators: [';', ';'] },
      'separators[1]: separator ";" is named twice; rename or remove one',
    ],
    [
      'no separators',
      { separators: [], segmentTransitions: [] },
      'separators: empty; name at least one separator',
    ],
    [
      'a comma in a sub-state',
      { subStates: ['k0', 'k1', 'k,2'] },
      'subStates[2]: sub-state "k,2" has a comma, which stands between the two names of a pair; rename it',
    ],
    [
      'a comma in a segment state',
      { segmentStates: ['s0', 's1', ','] },
      'segmentStates[2]: segment state "," has a comma, which stands between the two names of a pair; rename it',
    ],
    [
      'an unknown segment start',
      { segmentStart: 'k0' },
      'segmentStart: segment state "k0" is not in segmentStates; did you mean "s0"?',
    ],
    [
      'an unknown sub-start',
      { subStart: 'K0x' },
      'subStart: sub-state "K0x" is not in subStates; did you mean "k0"?',
    ],
    [
      'an unknown accepting state',
      { accept: ['accepted'] },
      'accept[0]: segment state "accepted" is not in segmentStates; known: "s0", "s1"',
    ],
    [
      'a separator inside a segment',
      { subTransitions: [['k0', ';', 'k1']] },
      'subTransitions[0]: symbol ";" is not in symbols; known: "a"',
    ],
    [
      'a symbol between segments',
      { segmentTransitions: [['s0', 'k1', 'a', 's1']] },
      'segmentTransitions[0]: separator "a" is not in separators; known: ";"',
    ],
    [
      'a segment state where a sub-state should be',
      { segmentTransitions: [['s0', 'segment', ';', 's1']] },
      'segmentTransitions[0]: sub-state "segment" is not in subStates; known: "k0", "k1"',
    ],
    [
      'a move listed twice',
      {
        segmentTransitions: [
          ['s0', 'k1', ';', 's1'],
          ['s0', 'k1', ';', 's1'],
        ],
      },
      'segmentTransitions[1]: ["s0","k1",";","s1"] is segmentTransitions[0] again; remove one',
    ],
  ];
  it.each(cases)('is told in one line: %s', (_what, change, message) => {
    expect(problemsOf({ ...bi, ...change })).toEqual([message]);
  });
});

describe('several mistakes', () => {
  it('are all listed, in the order of the fields', () => {
    expect(problemsOf({ ...nfa, start: 'x', accept: ['y'], transitions: [['idle', 'z', 'w']] })).toEqual([
      'start: state "x" is not in states; known: "idle", "busy"',
      'accept[0]: state "y" is not in states; known: "idle", "busy"',
      'transitions[0]: symbol "z" is not in symbols; known: "open", "close"',
      'transitions[0]: state "w" is not in states; known: "idle", "busy"',
    ]);
  });

  it('are thrown as the first one and the number of the others', () => {
    expect(() => {
      checkAutomaton({ ...nfa, start: 'x', accept: ['y', 'idle', 'idle'] }, 'A.json');
    }).toThrow(
      new DataError('A.json: start: state "x" is not in states; known: "idle", "busy" (and 2 more)'),
    );
  });
});
