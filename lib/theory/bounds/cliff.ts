// Counts the words that a network with a bottleneck still gets right. A word is a context, which
// leads the witness automaton from its start to one state, then a fragment as long as the last
// layer looks back. The last layer multiplies the relation of the context by that of the fragment,
// after the bottleneck; the read-out should be the states that the fragment leads to from there.

import { present } from '../../base/present';
import type { Random } from '../../engine/random/random';
import type { Nfa, Word } from '../automata/automaton';
import { codeOf, type TransitionMonoid } from '../automata/monoid';
import { compose, identityRelation, type Relation, symbolRelations } from '../automata/relation';
import { simulator } from '../automata/simulate';
import { compileApe } from '../compile/compile';
import type { Network } from '../network/network';
import { runWords } from '../network/run';
import { tokenReader } from '../network/words';
import { withBottleneck } from './bottleneck';
import type { LinearCode } from './codes';
import { turns, wordOfIndices } from './contexts';

/** Fragments of one length, a power of 2. */
export interface Fragments {
  readonly length: number;
  readonly words: readonly Word[];
  /** Their relations, one after another: [words * n^2] of 0 and 1. */
  readonly relations: Uint8Array;
}

/**
 * Makes a fragment for each relation that words have, or for `most` random ones if there may be
 * more. Each is a shortest word, preceded by `stay` up to a common length: the least power of 2
 * that is enough for all.
 */
export function everyRelation(monoid: TransitionMonoid, most: number, random: Random): Fragments {
  const { automaton, byLength } = monoid;
  const length = 2 ** Math.ceil(Math.log2(Math.max(2, byLength.length - 1)));
  const relations = 2 ** (automaton.states.length ** 2);
  const codes =
    relations <= most
      ? Array.from({ length: relations }, (_, code) => code)
      : Array.from({ length: most }, () => random.integer(0, relations));
  const words = codes.filter(monoid.has).map((code) => {
    const word = wordOfIndices(automaton, monoid.wordOf(code));
    return [...Array.from({ length: length - word.length }, () => 'stay'), ...word];
  });
  return fragmentsOf(automaton, words, length);
}

/** Draws fragments of random symbols, all equally likely. */
export function randomFragments(automaton: Nfa, count: number, length: number, random: Random): Fragments {
  const words = Array.from({ length: count }, () =>
    Array.from({ length }, () => random.choice(automaton.symbols)),
  );
  return fragmentsOf(automaton, words, length);
}

function fragmentsOf(automaton: Nfa, words: readonly Word[], length: number): Fragments {
  const size = automaton.states.length;
  const relations = symbolRelations(automaton);
  const places = new Map(automaton.symbols.map((symbol, index) => [symbol, index]));
  const all = words.map((word) =>
    word.reduce<Relation>(
      (product, symbol) => compose(product, present(relations[places.get(symbol) ?? -1], symbol)),
      identityRelation(size),
    ),
  );
  return { length, words, relations: Uint8Array.from(all.flatMap(({ entries }) => [...entries])) };
}

/** Counts the different relations of the fragments. */
export function countRelations({ words, relations }: Fragments): number {
  const size = relations.length / words.length;
  const codes = words.map((_, index) =>
    codeOf({ entries: relations.subarray(index * size, (index + 1) * size) }),
  );
  return new Set(codes).size;
}

/** The words and fragments that came out right. */
export interface Recalled {
  /** Number of words: fragments times contexts. */
  readonly words: number;
  /** Number of words whose set of states was right at the end. */
  readonly right: number;
  readonly fragments: number;
  /** Number of fragments whose words were right in every context. */
  readonly rightEverywhere: number;
}

/** Compiles the flat network for contexts of up to n - 1 turns and fragments of that length. */
export function networkForFragments(automaton: Nfa, length: number): Network {
  return compileApe(automaton, 2 * length);
}

/**
 * Runs the fragments in every context, with a code through its bottleneck. The engine must have
 * been started.
 */
export async function recall(
  network: Network,
  automaton: Nfa,
  fragments: Fragments,
  code?: LinearCode,
): Promise<Recalled> {
  const states = automaton.states.length;
  const { run } = simulator(automaton);
  const read = tokenReader(network);
  const words = fragments.words.flatMap((fragment) =>
    automaton.states.map((_, state): Word => [...turns(state), ...fragment]),
  );
  const squeezed = code === undefined ? network : withBottleneck(network, code);
  const right: boolean[] = [];
  for await (const found of runWords(
    squeezed,
    words.map((word) => read(word)),
  )) {
    const word = present(words[right.length], 'word');
    const last = word.length * states;
    right.push(Buffer.compare(found.subarray(last), run(word).subarray(last)) === 0);
  }
  return {
    words: words.length,
    right: right.filter(Boolean).length,
    fragments: fragments.words.length,
    rightEverywhere: fragments.words.filter((_, index) =>
      right.slice(index * states, (index + 1) * states).every(Boolean),
    ).length,
  };
}
