// The random automata and words of Theorem 3.2's item, and what the words test: which sets of
// states there are after their prefixes, and whether a network without one of its layers is found
// by them.

import { present } from '../../../base/present';
import type { Random } from '../../../engine/random/random';
import type { BiNfa, Word } from '../../../theory/automata/automaton';
import { randomBiNfa } from '../../../theory/automata/random';
import { simulator } from '../../../theory/automata/simulate';
import { testWords, type TestWordSize } from '../../../theory/automata/test-words';
import type { Network } from '../../../theory/network/network';
import { runWithout } from '../../../theory/network/run';
import { tokenReader } from '../../../theory/network/words';

/** An automaton and its words: live and ending ones in turn, a live one first. */
export interface TestedAutomaton {
  readonly automaton: BiNfa;
  readonly words: readonly Word[];
  /** Of the longest that there are within the bounds. */
  readonly ending: Word;
}

/** Random automata are drawn until one has words; most have. */
const attempts = 1000;

/** Draws an automaton of a size that has live and ending words. */
export function testedAutomaton(
  random: Random,
  levels: { readonly subStates: number; readonly segmentStates: number },
  { count, ...size }: TestWordSize & { readonly count: number },
): TestedAutomaton {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const automaton = randomAutomaton(random, levels);
    const { live, ending } = testWords(automaton, size);
    const words = Array.from({ length: Math.max(2, count) }, (_, index) =>
      index % 2 === 0 ? live(random) : ending(random),
    );
    if (words.some((word) => word === undefined)) continue;
    const found = words.map((word) => present(word, 'word'));
    return { automaton, words: found.slice(0, count), ending: present(found[1], 'ending word') };
  }
  throw new Error(`no automaton of ${levels.subStates} x ${levels.segmentStates} states has such words`);
}

/** One or two arrows from a state for each symbol, so that words do not reach everything. */
function randomAutomaton(
  random: Random,
  { subStates, segmentStates }: { readonly subStates: number; readonly segmentStates: number },
): BiNfa {
  return randomBiNfa(random, {
    subStates,
    segmentStates,
    symbols: 3,
    separators: 2,
    density: Math.min(1, random.uniform(0.8, 1.8) / Math.max(subStates, segmentStates)),
  });
}

/** Counts of the sets of states after prefixes. */
export interface SetCounts {
  readonly prefixes: number;
  /** No state is reachable. */
  readonly empty: number;
  /** All are. */
  readonly full: number;
  /** Others than after the prefix one symbol shorter. */
  readonly changes: number;
}

/** No sets. */
export const noSets: SetCounts = { prefixes: 0, empty: 0, full: 0, changes: 0 };

/** Adds up two counts. */
export function addSets(a: SetCounts, b: SetCounts): SetCounts {
  return {
    prefixes: a.prefixes + b.prefixes,
    empty: a.empty + b.empty,
    full: a.full + b.full,
    changes: a.changes + b.changes,
  };
}

/** Counts the sets after all prefixes of words. */
export function countSets(automaton: BiNfa, words: readonly Word[]): SetCounts {
  const { run, states } = simulator(automaton);
  return words
    .map((word): SetCounts => {
      const reached = run(word);
      const sets = Array.from({ length: word.length + 1 }, (_, prefix) =>
        reached.subarray(prefix * states.length, (prefix + 1) * states.length),
      );
      const count = (is: (set: Uint8Array, prefix: number) => boolean): number => sets.filter(is).length;
      return {
        prefixes: sets.length,
        empty: count((set) => !set.includes(1)),
        full: count((set) => !set.includes(0)),
        changes: count((set, prefix) => prefix > 0 && set.join() !== sets[prefix - 1]?.join()),
      };
    })
    .reduce(addSets, noSets);
}

/** Most layers look back no farther than so many tokens. */
const shortestPrefix = 64;

/**
 * Counts the layers without which some word is read out wrong. Of each word ever longer prefixes
 * are tried, up to the whole or the network's bound, with the layers that were not found yet.
 */
export async function layersThatMatter(network: Network, words: readonly Word[]): Promise<number> {
  const { run } = simulator(network.automaton);
  const read = tokenReader(network);
  let left = [...network.layers.keys()];
  const { bounds } = network;
  const longest = bounds.encoding === 'bipe' ? Number.POSITIVE_INFINITY : bounds.maxLength;
  for (const word of words.map((whole) => whole.slice(0, longest)))
    for (let length = shortestPrefix, isWhole = false; !isWhole && left.length > 0; length *= 2) {
      isWhole = length >= word.length;
      const prefix = word.slice(0, length);
      const [wanted, found] = [run(prefix), await runWithout(network, read(prefix), left)];
      left = left.filter((_, index) =>
        present(found[index], 'states').every((state, at) => state === wanted[at]),
      );
    }
  return network.layers.length - left.length;
}
