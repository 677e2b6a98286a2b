// Automata and words for experiments and tests: random ones of a given size and density, and all
// words up to a length.

import { present } from '../../base/present';
import type { Random } from '../../engine/random/random';
import type { BiNfa, Nfa, Word } from './automaton';

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
