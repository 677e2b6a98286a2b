// Automata and words that tests share: a small one, degenerate ones, and random words of segments.

import type { Random } from '../../lib/engine/random/random';
import type { BiNfa, NamedAutomaton, Nfa, Word } from '../../lib/theory/automata/automaton';
import { randomWord } from '../../lib/theory/automata/random';

/** A sound Bi-NFA of two states and one arrow on each level. */
export const smallBiNfa: BiNfa = {
  type: 'bi-nfa',
  segmentStates: ['s0', 's1'],
  segmentStart: 's0',
  accept: ['s1'],
  subStates: ['k0', 'k1'],
  subStart: 'k0',
  symbols: ['a'],
  separators: [';'],
  subTransitions: [['k0', 'a', 'k1']],
  segmentTransitions: [['s0', 'k1', ';', 's1']],
};

/** The length of a random word of segments. */
export interface SegmentsSize {
  readonly segments: number;
  /** Most symbols in a segment, without its separator. */
  readonly maxSegmentLength: number;
}

/**
 * Draws a word of segments, each of 0 to `maxSegmentLength` symbols and closed by a separator. The
 * last one stays open with probability 1/2.
 */
export function randomSegments(random: Random, automaton: BiNfa, size: SegmentsSize): Word {
  const { symbols, separators } = automaton;
  return Array.from({ length: size.segments }, (_, segment) => {
    const content = randomWord(random, symbols, random.integer(0, size.maxSegmentLength + 1));
    const open = segment === size.segments - 1 && random.uniform() < 0.5;
    return open ? content : [...content, random.choice(separators)];
  }).flat();
}

/** Sound automata of both kinds that lack something expected, such as transitions. */
export function degenerateAutomata(): readonly NamedAutomaton[] {
  const nfa: Nfa = {
    type: 'nfa',
    states: ['q0', 'q1'],
    symbols: ['a', 'b'],
    start: 'q0',
    accept: ['q1'],
    transitions: [
      ['q0', 'a', 'q0'],
      ['q0', 'a', 'q1'],
      ['q1', 'b', 'q0'],
    ],
  };
  const bi: BiNfa = {
    type: 'bi-nfa',
    segmentStates: ['s0', 's1'],
    segmentStart: 's0',
    accept: ['s1'],
    subStates: ['k0', 'k1'],
    subStart: 'k0',
    symbols: ['a', 'b'],
    separators: [';'],
    subTransitions: [
      ['k0', 'a', 'k1'],
      ['k1', 'b', 'k0'],
      ['k1', 'b', 'k1'],
    ],
    segmentTransitions: [
      ['s0', 'k1', ';', 's1'],
      ['s1', 'k0', ';', 's0'],
      ['s1', 'k1', ';', 's1'],
    ],
  };
  return [
    { name: 'NFA: no accepting state', automaton: { ...nfa, accept: [] } },
    { name: 'NFA: every state accepts', automaton: { ...nfa, accept: nfa.states } },
    { name: 'NFA: no transitions', automaton: { ...nfa, transitions: [] } },
    { name: 'NFA: one state, no transitions', automaton: { ...oneState, transitions: [] } },
    { name: 'NFA: one state, one symbol', automaton: oneState },
    { name: 'NFA: a symbol without arrows', automaton: { ...nfa, symbols: ['a', 'b', 'c'] } },
    {
      name: 'NFA: unreachable states',
      automaton: {
        ...nfa,
        states: ['q0', 'q1', 'q2', 'q3'],
        accept: ['q3'],
        transitions: [...nfa.transitions, ['q2', 'a', 'q3'], ['q3', 'b', 'q0']],
      },
    },
    {
      name: 'NFA: a start that is left for good',
      automaton: { ...nfa, transitions: [['q0', 'a', 'q1']] },
    },
    {
      name: 'NFA: every arrow there can be',
      automaton: {
        ...nfa,
        transitions: nfa.states.flatMap((from) =>
          nfa.symbols.flatMap((symbol) => nfa.states.map((to) => [from, symbol, to] as const)),
        ),
      },
    },
    { name: 'NFA: the start is the last state', automaton: { ...nfa, start: 'q1', accept: ['q0'] } },
    { name: 'Bi-NFA: no accepting state', automaton: { ...bi, accept: [] } },
    { name: 'Bi-NFA: no transitions', automaton: { ...bi, subTransitions: [], segmentTransitions: [] } },
    { name: 'Bi-NFA: no transitions inside segments', automaton: { ...bi, subTransitions: [] } },
    { name: 'Bi-NFA: no transitions between segments', automaton: { ...bi, segmentTransitions: [] } },
    {
      name: 'Bi-NFA: one sub-state',
      automaton: {
        ...bi,
        subStates: ['k0'],
        subTransitions: [['k0', 'a', 'k0']],
        segmentTransitions: [
          ['s0', 'k0', ';', 's1'],
          ['s1', 'k0', ';', 's0'],
        ],
      },
    },
    {
      name: 'Bi-NFA: one segment state',
      automaton: {
        ...bi,
        segmentStates: ['s0'],
        accept: ['s0'],
        segmentTransitions: [['s0', 'k1', ';', 's0']],
      },
    },
    {
      name: 'Bi-NFA: one state on each level, one symbol',
      automaton: {
        type: 'bi-nfa',
        segmentStates: ['s0'],
        segmentStart: 's0',
        accept: ['s0'],
        subStates: ['k0'],
        subStart: 'k0',
        symbols: ['a'],
        separators: [';'],
        subTransitions: [['k0', 'a', 'k0']],
        segmentTransitions: [['s0', 'k0', ';', 's0']],
      },
    },
    { name: 'Bi-NFA: a symbol without arrows', automaton: { ...bi, symbols: ['a', 'b', 'c'] } },
    {
      name: 'Bi-NFA: unreachable states on both levels',
      automaton: {
        ...bi,
        segmentStates: ['s0', 's1', 's2'],
        accept: ['s2'],
        subStates: ['k0', 'k1', 'k2'],
        subTransitions: [...bi.subTransitions, ['k2', 'a', 'k0']],
        segmentTransitions: [...bi.segmentTransitions, ['s2', 'k2', ';', 's0'], ['s0', 'k2', ';', 's2']],
      },
    },
    {
      name: 'Bi-NFA: several separators that move differently',
      automaton: {
        ...bi,
        separators: [';', '|', '/'],
        segmentTransitions: [
          ...bi.segmentTransitions,
          ['s0', 'k0', '|', 's0'],
          ['s0', 'k0', '|', 's1'],
          ['s1', 'k1', '/', 's0'],
        ],
      },
    },
    {
      name: 'Bi-NFA: a separator that no arrow has',
      automaton: { ...bi, separators: [';', '|'] },
    },
    {
      name: 'Bi-NFA: empty segments alone lead on',
      automaton: {
        ...bi,
        subTransitions: [['k0', 'a', 'k1']],
        segmentTransitions: [['s0', 'k0', ';', 's1']],
      },
    },
    {
      name: 'Bi-NFA: both starts are the last states',
      automaton: { ...bi, segmentStart: 's1', subStart: 'k1', accept: ['s0'] },
    },
  ];
}

const oneState: Nfa = {
  type: 'nfa',
  states: ['q0'],
  symbols: ['a'],
  start: 'q0',
  accept: ['q0'],
  transitions: [['q0', 'a', 'q0']],
};
