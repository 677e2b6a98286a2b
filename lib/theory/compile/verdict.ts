// A verdict on any network, its weights changed or not: proved right by its certificate; wrong,
// with a word that shows it; or not decided.

import { alphabetOf } from '../automata/alphabet';
import type { Word } from '../automata/automaton';
import { simulator } from '../automata/simulate';
import type { Network } from '../network/network';
import { beyondBounds } from '../network/words';
import { certifyNetwork } from './certificate';
import { compareWithSimulator } from './verify';

/** What is known of a network. */
export type NetworkVerdict =
  /** Certified: every word within the bounds is read out right. */
  | { readonly verdict: 'proved right' }
  /** After this word the network reads out other states than are reachable. */
  | {
      readonly verdict: 'wrong';
      readonly word: Word;
      /** Whether it is known that no shorter word shows a mistake. */
      readonly isShortest: boolean;
    }
  /** No certificate, for this reason, and no mistake in so many words. */
  | { readonly verdict: 'not decided'; readonly because: string; readonly words: number };

/** How far a search goes. */
export interface SearchOptions {
  /** Most words of each of the two searches; default 4,096. A word of both is run once. */
  readonly most?: number;
}

/** Words that are compared before the search is given up or goes on. */
const wordsAtOnce = 512;

/**
 * Judges a network. One that is not certified is compared with the set simulator, by short words
 * first: all words, shorter ones first, which finds a shortest one; then each arrow of the set
 * automaton once, behind a shortest word to where it begins, found breadth first. The engine must
 * have been started.
 */
export async function judgeNetwork(
  network: Network,
  { most = 4096 }: SearchOptions = {},
): Promise<NetworkVerdict> {
  const { obstacle } = certifyNetwork(network);
  if (obstacle === null) return { verdict: 'proved right' };
  const tried = new Set<string>();
  for (const [isShortest, words] of [
    [true, allWithin(network, most)],
    [false, arrowsWithin(network, most)],
  ] as const) {
    for (const batch of batchesOf(newWords(words, tried))) {
      const { first } = await compareWithSimulator(network, batch);
      if (first !== undefined)
        return { verdict: 'wrong', word: first.word.slice(0, first.prefix), isShortest };
    }
  }
  return { verdict: 'not decided', because: obstacle, words: tried.size };
}

/** The words that were not tried before; from now on they were. */
function* newWords(words: Iterable<Word>, tried: Set<string>): Generator<Word> {
  for (const word of words) {
    const key = JSON.stringify(word);
    if (tried.has(key)) continue;
    tried.add(key);
    yield word;
  }
}

function* batchesOf(words: Iterable<Word>): Generator<Word[]> {
  let batch: Word[] = [];
  for (const word of words) {
    batch.push(word);
    if (batch.length < wordsAtOnce) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** All words within the bounds, shorter ones first. */
function* allWithin(network: Network, most: number): Generator<Word> {
  const alphabet = alphabetOf(network.automaton);
  const found: Word[] = [[]];
  // The list grows while it is visited.
  for (const word of found) {
    yield word;
    for (const name of alphabet) {
      if (found.length >= most) break;
      const longer = [...word, name];
      if (beyondBounds(network, longer) === undefined) found.push(longer);
    }
  }
}

/**
 * A word for each arrow of the automaton of reachable sets, shorter ones first: a shortest word to
 * the set where the arrow begins, and its symbol.
 */
function* arrowsWithin(network: Network, most: number): Generator<Word> {
  const { run, states } = simulator(network.automaton);
  const setAfter = (word: Word): string =>
    run(word)
      .subarray(word.length * states.length)
      .join('');
  const alphabet = alphabetOf(network.automaton);
  const known = new Set([setAfter([])]);
  const found: Word[] = [[]];
  let yielded = 0;
  for (const word of found)
    for (const name of alphabet) {
      const longer = [...word, name];
      if (beyondBounds(network, longer) !== undefined) continue;
      if (yielded >= most) return;
      yield longer;
      yielded += 1;
      const set = setAfter(longer);
      if (known.has(set)) continue;
      known.add(set);
      found.push(longer);
    }
}
