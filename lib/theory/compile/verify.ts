// Compares a compiled network with the set simulator, after every prefix of every word.

import type { Word } from '../automata/automaton';
import { simulator } from '../automata/simulate';
import type { Network } from '../network/network';
import { runWords } from '../network/run';
import { tokenReader } from '../network/words';

/** The result of a comparison. */
export interface SimulatorComparison {
  readonly words: number;
  /** Number of prefixes of all words, the empty ones included. */
  readonly prefixes: number;
  /** Time in the network, making its tensors included. */
  readonly seconds: number;
  /** Number of prefixes with a wrong set of states. */
  readonly mismatches: number;
  /** The first mismatch. */
  readonly first: { readonly word: Word; readonly prefix: number } | undefined;
}

/** Runs words through both. The engine must have been started. */
export async function compareWithSimulator(
  network: Network,
  words: Iterable<Word>,
): Promise<SimulatorComparison> {
  const { run, states } = simulator(network.automaton);
  const read = tokenReader(network);
  const listed: Word[] = [];
  const ids = function* (): Generator<Int32Array> {
    for (const word of words) {
      listed.push(word);
      yield read(word);
    }
  };
  let [compared, prefixes, mismatches, milliseconds] = [0, 0, 0, 0];
  let first: SimulatorComparison['first'];
  let asked = performance.now();
  for await (const found of runWords(network, ids())) {
    milliseconds += performance.now() - asked;
    const word = listed.shift() ?? [];
    const wanted = run(word);
    compared += 1;
    prefixes += word.length + 1;
    for (let prefix = 0; prefix <= word.length; prefix++) {
      if (isSameRow(found, wanted, prefix, states.length)) continue;
      mismatches += 1;
      first ??= { word, prefix };
    }
    asked = performance.now();
  }
  return { words: compared, prefixes, seconds: milliseconds / 1000, mismatches, first };
}

/** Whether two lists of sets have the same set at a place. */
function isSameRow(a: Uint8Array, b: Uint8Array, row: number, size: number): boolean {
  for (let at = row * size; at < (row + 1) * size; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** The comparison of no words. */
export const noComparison: SimulatorComparison = {
  words: 0,
  prefixes: 0,
  seconds: 0,
  mismatches: 0,
  first: undefined,
};

/** Adds up two comparisons. */
export function addComparisons(a: SimulatorComparison, b: SimulatorComparison): SimulatorComparison {
  return {
    words: a.words + b.words,
    prefixes: a.prefixes + b.prefixes,
    seconds: a.seconds + b.seconds,
    mismatches: a.mismatches + b.mismatches,
    first: a.first ?? b.first,
  };
}
