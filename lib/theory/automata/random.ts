// Automata and words for experiments and tests: random ones of a given size and density, all words
// up to a length, and degenerate automata.

import { present } from '../../base/present';
import type { Random } from '../../engine/random/random';
import type { Automaton, BiNfa, Nfa, Word } from './automaton';

/** The size of a random NFA. */
export interface NfaSize {
  readonly states: number;
  readonly symbols: number;
  /** The probability of each possible transition. */
  readonly density: number;
}

/** The size of a random Bi-NFA. */
export interface BiNfaSize {
  readonly subStates: number;
  readonly segmentStates: number;
  readonly symbols: number;
  readonly separators: number;
  /** The probability of each possible transition, on both levels. */
  readonly density: number;
}

/** The length of a random word of segments. */
export interface SegmentsSize {
  readonly segments: number;
  /** Most symbols in a segment, without its separator. */
  readonly maxSegmentLength: number;
}

/**
 * Draws an NFA: each possible transition independently, a random start, at least one accepting
 * state.
 */
export function randomNfa(random: Random, size: NfaSize): Nfa {
  const states = stateNames('q', size.states);
  const symbols = symbolNames(size.symbols);
  return {
    type: 'nfa',
    states,
    symbols,
    start: random.choice(states),
    accept: randomSubset(random, states),
    transitions: randomArrows(random, size.density, states, symbols, states),
  };
}

/**
 * Draws a Bi-NFA: each possible transition independently, random starts, at least one accepting
 * state.
 */
export function randomBiNfa(random: Random, size: BiNfaSize): BiNfa {
  const segmentStates = stateNames('s', size.segmentStates);
  const subStates = stateNames('k', size.subStates);
  const symbols = symbolNames(size.symbols);
  const separators = separatorNames(size.separators);
  return {
    type: 'bi-nfa',
    segmentStates,
    segmentStart: random.choice(segmentStates),
    accept: randomSubset(random, segmentStates),
    subStates,
    subStart: random.choice(subStates),
    symbols,
    separators,
    subTransitions: randomArrows(random, size.density, subStates, symbols, subStates),
    segmentTransitions: segmentStates.flatMap((from) =>
      randomArrows(random, size.density, subStates, separators, segmentStates).map(
        ([subState, separator, to]) => [from, subState, separator, to] as const,
      ),
    ),
  };
}

/** Draws a word of `length` names, all equally likely. */
export function randomWord(random: Random, names: readonly string[], length: number): Word {
  return Array.from({ length }, () => random.choice(names));
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

/** Lists every word of at most `maxLength` names, shorter ones first. */
export function* allWords(names: readonly string[], maxLength: number): Generator<Word> {
  for (let length = 0; length <= maxLength; length++)
    for (let number = 0; number < names.length ** length; number++) yield wordOf(names, number, length);
}

/** `number` in base `names.length`, its digits as names. */
function wordOf(names: readonly string[], number: number, length: number): Word {
  const word = new Array<string>(length);
  for (let place = length - 1, rest = number; place >= 0; place--) {
    word[place] = present(names[rest % names.length], 'name');
    rest = Math.floor(rest / names.length);
  }
  return word;
}

function stateNames(letter: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${letter}${index}`);
}

/** a, b, ... z, a1, b1, ... */
function symbolNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => {
    const round = Math.floor(index / 26);
    return `${String.fromCharCode(97 + (index % 26))}${round === 0 ? '' : round}`;
  });
}

/** ; | / ;1 |1 ... */
function separatorNames(count: number): string[] {
  const marks = [';', '|', '/'];
  return Array.from({ length: count }, (_, index) => {
    const round = Math.floor(index / marks.length);
    return `${marks[index % marks.length] ?? ''}${round === 0 ? '' : round}`;
  });
}

function randomSubset(random: Random, names: readonly string[]): string[] {
  const chosen = names.filter(() => random.uniform() < 0.5);
  return chosen.length === 0 ? [random.choice(names)] : chosen;
}

function randomArrows(
  random: Random,
  density: number,
  sources: readonly string[],
  labels: readonly string[],
  targets: readonly string[],
): (readonly [string, string, string])[] {
  return sources.flatMap((from) =>
    labels.flatMap((label) =>
      targets.filter(() => random.uniform() < density).map((to) => [from, label, to] as const),
    ),
  );
}

/** An automaton named by what is unusual about it. */
export interface NamedAutomaton {
  readonly name: string;
  readonly automaton: Automaton;
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
