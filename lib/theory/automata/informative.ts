// Chooses a random Bi-NFA whose state sets are worth predicting: they vary between prefixes, and
// depend on more than the last few segments. The rule is fixed before anything is trained.

import { ConfigError } from '../../base/errors';
import type { Random } from '../../engine/random/random';
import type { BiNfa, Word } from './automaton';
import { levelSimulator } from './level-sets';
import { type LiveWordSize, liveWords } from './live-words';
import { type BiNfaSize, randomBiNfa } from './random';

/** The sampled words: how many, and how long. */
export interface WordSample extends LiveWordSize {
  readonly words: number;
}

/**
 * How informative an automaton's state sets are, over all prefixes of random words that it can
 * read.
 */
export interface SetStatistics {
  /** Entropy of the set, in bits. */
  readonly entropy: number;
  /** Number of different sets. */
  readonly sets: number;
  /** Share of the most frequent set. */
  readonly commonest: number;
  /**
   * Share of words that end in another set if the automaton starts at a segment in their middle.
   */
  readonly memory: number;
}

/** The least `memory` of a chosen automaton. */
export const leastMemory = 0.25;

/** Measures an automaton's state sets; undefined if it can read too few words. */
export function setStatistics(
  automaton: BiNfa,
  random: Random,
  sample: WordSample,
): SetStatistics | undefined {
  const { run, states } = levelSimulator(automaton);
  const draw = liveWords(automaton, sample);
  const setAt = (sets: Uint8Array, prefix: number): string =>
    sets.subarray(prefix * states.length, (prefix + 1) * states.length).join('');
  const counts = new Map<string, number>();
  let elsewhere = 0;
  for (let drawn = 0; drawn < sample.words; drawn++) {
    const word = draw(random);
    if (word === undefined) return undefined;
    const sets = run(word);
    for (let prefix = 0; prefix <= word.length; prefix++) {
      const set = setAt(sets, prefix);
      counts.set(set, (counts.get(set) ?? 0) + 1);
    }
    const rest = secondHalf(word, automaton);
    if (setAt(run(rest), rest.length) !== setAt(sets, word.length)) elsewhere += 1;
  }
  const shares = [...counts.values()].map((count) => count / (sample.words * (sample.length + 1)));
  return {
    entropy: shares.reduce((sum, share) => sum - share * Math.log2(share), 0),
    sets: shares.length,
    commonest: Math.max(...shares),
    memory: elsewhere / sample.words,
  };
}

/** The segments of a word that begin in its second half; the whole word if none does. */
function secondHalf(word: Word, { separators }: BiNfa): Word {
  const middle = word.length >> 1;
  const separator = word.findIndex((name, place) => place >= middle && separators.includes(name));
  return word.slice(separator + 1);
}

/** A chosen automaton and the statistics of its state sets. */
export interface InformativeBiNfa {
  readonly automaton: BiNfa;
  readonly statistics: SetStatistics;
}

/**
 * Draws `candidates` random Bi-NFAs and returns the one whose sets have the most entropy, among
 * those with a memory of at least a quarter.
 *
 * @throws ConfigError if no candidate has such a memory
 */
export function informativeBiNfa(
  random: Random,
  size: BiNfaSize,
  sample: WordSample & { readonly candidates: number },
): InformativeBiNfa {
  const found = Array.from({ length: sample.candidates }).flatMap((_, candidate) => {
    const automaton = randomBiNfa(random.fork(`automaton ${candidate}`), size);
    const statistics = setStatistics(automaton, random.fork('words'), sample);
    return statistics === undefined || statistics.memory < leastMemory ? [] : [{ automaton, statistics }];
  });
  const [first, ...others] = found;
  if (first === undefined)
    throw new ConfigError(
      `automaton: none of ${sample.candidates} random ones has a memory of ${leastMemory}; draw more, or with another density`,
    );
  return others.reduce((best, one) => (one.statistics.entropy > best.statistics.entropy ? one : best), first);
}
