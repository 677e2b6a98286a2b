// Measurements of Theorem 3.1: all relations of the witness automaton, the differences between them
// that contexts show, ranks, and what is left of relations in few numbers.

import { z } from 'zod';
import { heedStop } from '../../../base/interrupt';
import { type Reporter } from '../../../base/progress';
import { Random } from '../../../engine/random/random';
import { codeOf, mostMonoidStates, transitionMonoid } from '../../../theory/automata/monoid';
import { randomWord } from '../../../theory/automata/random';
import {
  countRelations,
  everyRelation,
  type Fragments,
  networkForFragments,
  randomFragments,
  recall,
  type Recalled,
} from '../../../theory/bounds/cliff';
import {
  countRecalled,
  digitsRecall,
  type LinearCode,
  mostByBits,
  mostByThresholds,
  principalCode,
  thresholdRecall,
} from '../../../theory/bounds/codes';
import {
  contextRow,
  singleArrowWords,
  witnessContexts,
  wordOfIndices,
} from '../../../theory/bounds/contexts';
import { RowSpace } from '../../../theory/bounds/rank';
import { witnessAutomaton } from '../../../theory/bounds/witness';
import { count, listOf, seedField } from '../../settings/fields';
import { type CountedResult, countedResults, type PriceResult, priceResults } from './prices';

/** Checks how far each part goes. */
export const theorem31Schema = z
  .strictObject({
    monoidStates: count
      .max(mostMonoidStates)
      .describe('the most states for which all relations are enumerated'),
    contextStates: count
      .max(mostMonoidStates - 1)
      .describe('the most states for which every relation is tried in every context'),
    rankStates: count.max(10).describe('the most states for which the rank is computed'),
    cliffStates: listOf(count.min(2).max(mostMonoidStates - 1)).describe(
      'numbers of states of the compiled networks',
    ),
    fragments: count.describe('the most fragments that each network reads, in every context'),
    bitsStates: count
      .min(2)
      .max(mostMonoidStates - 1)
      .describe('states of the relations that are held in d numbers of p bits'),
    countedStates: count
      .min(2)
      .max(mostMonoidStates - 1)
      .describe('states of automata whose relations can be counted with pencil and paper'),
    priceRelations: count.describe('the most relations that are searched for the price of a fragment'),
    seed: seedField,
  })
  .readonly();

/** Settings: how far each part goes. */
export type Theorem31Settings = z.infer<typeof theorem31Schema>;

/** Relations by the length of their shortest words. */
export interface MonoidResult {
  readonly states: number;
  readonly symbols: number;
  readonly relations: number;
  readonly byLength: readonly number[];
}

/** Answers of the set simulator to a word for each relation, in every context. */
export interface ContextsResult {
  readonly states: number;
  readonly fragments: number;
  readonly contexts: number;
  /** Different rows of the table of fragments by contexts. */
  readonly rows: number;
  /** Rows that are the fragment's relation, entry by entry. */
  readonly rowsAsRelation: number;
}

/** The rank over the rationals of fragments by contexts. */
export interface RankResult {
  readonly states: number;
  readonly contexts: number;
  /** Of the fragments that lead from one state to one other. */
  readonly chosen: number;
  /** After each random fragment. */
  readonly random: readonly number[];
}

/** The states that a network with d numbers for a fragment gets right. */
export interface CliffPoint extends Recalled {
  readonly numbers: number;
}

/** A network and its fragments. */
export interface CliffResult {
  readonly states: number;
  readonly kind: 'every relation' | 'random symbols';
  /** Symbols of a fragment. */
  readonly length: number;
  /** Different relations among them. */
  readonly relations: number;
  /** Without a bottleneck. */
  readonly whole: Recalled;
  readonly points: readonly CliffPoint[];
}

/** Of all relations, how many linear codes of d numbers lose: exact, without a network. */
export interface LostResult {
  readonly states: number;
  /** From d = 1 to n^2 + 1. */
  readonly lost: readonly number[];
  /** A lower bound on the loss of any linear code with thresholds. */
  readonly atLeast: readonly number[];
}

/** Of all relations, how many are recalled from d numbers of p bits. */
export interface BitsResult {
  readonly numbers: number;
  readonly bits: number;
  readonly thresholds: number;
  readonly digits: number;
  readonly most: number;
}

/** The result of the item. */
export interface Theorem31Result {
  readonly monoids: readonly MonoidResult[];
  readonly contexts: readonly ContextsResult[];
  readonly ranks: readonly RankResult[];
  readonly cliffs: readonly CliffResult[];
  readonly lost: readonly LostResult[];
  readonly bits: readonly BitsResult[];
  readonly counted: readonly CountedResult[];
  readonly prices: readonly PriceResult[];
}

/** Everything. */
export async function measureTheorem31(
  settings: Theorem31Settings,
  reporter: Reporter,
): Promise<Theorem31Result> {
  const random = Random.fromSeed(settings.seed);
  return {
    monoids: upTo(settings.monoidStates).map((states) => monoidResult(states, reporter)),
    contexts: upTo(settings.contextStates).map((states) => contextsResult(states, reporter)),
    ranks: ranksOf(settings.rankStates, random.fork('rank'), reporter),
    cliffs: await cliffsOf(settings, random.fork('cliff'), reporter),
    lost: settings.cliffStates.map((states) => lostResult(states, random.fork('cliff'))),
    bits: bitsOf(settings.bitsStates, random.fork('bits'), reporter),
    counted: countedResults(settings.countedStates, reporter),
    prices: priceResults(settings.priceRelations),
  };
}

const upTo = (most: number): number[] => Array.from({ length: most }, (_, index) => index + 1);

function monoidResult(states: number, reporter: Reporter): MonoidResult {
  const automaton = witnessAutomaton(states);
  const task = reporter.task(`all relations of ${states} states`, 2 ** (states * states), 'relations');
  const { size, byLength } = transitionMonoid(automaton, task);
  task.finish();
  return { states, symbols: automaton.symbols.length, relations: size, byLength };
}

function contextsResult(states: number, reporter: Reporter): ContextsResult {
  const automaton = witnessAutomaton(states);
  const monoid = transitionMonoid(automaton);
  const contexts = witnessContexts(automaton);
  const rowOf = contextRow(automaton, contexts);
  const relations = 2 ** (states * states);
  const task = reporter.task(`${states} states: fragments in contexts`, relations, 'fragments');
  const rows = new Set<number>();
  let [fragments, rowsAsRelation] = [0, 0];
  for (let code = 0; code < relations; code++) {
    if (!monoid.has(code)) continue;
    const row = codeOf({ entries: rowOf(wordOfIndices(automaton, monoid.wordOf(code))) });
    rows.add(row);
    fragments += 1;
    if (row === code) rowsAsRelation += 1;
    if (fragments % 1024 === 0) task.update(fragments);
  }
  task.finish();
  return { states, fragments, contexts: contexts.length, rows: rows.size, rowsAsRelation };
}

/** Random fragments until the rank is full, and no more of them than this many times that. */
const patience = 100;

function ranksOf(most: number, random: Random, reporter: Reporter): RankResult[] {
  const task = reporter.task('ranks of fragments by contexts', most, 'states');
  return upTo(most).map((states): RankResult => {
    const automaton = witnessAutomaton(states);
    const contexts = witnessContexts(automaton);
    const rowOf = contextRow(automaton, contexts);
    const chosen = new RowSpace();
    for (const word of singleArrowWords(automaton)) chosen.add(rowOf(word));
    const drawn = new RowSpace();
    const ranks: number[] = [];
    const own = random.fork(String(states));
    while (drawn.rank < contexts.length && ranks.length < patience * contexts.length) {
      drawn.add(rowOf(randomWord(own, automaton.symbols, own.integer(1, 4 * states + 1))));
      ranks.push(drawn.rank);
    }
    task.update(states);
    if (states === most) task.finish();
    return { states, contexts: contexts.length, chosen: chosen.rank, random: ranks };
  });
}

/** Relations on which a code is fitted. */
const fitted = 4096;

/**
 * Codes for relations that are all alike; their covariance is the same in every direction, and the
 * sample decides.
 */
export function codesForAll(states: number, random: Random): (numbers: number) => LinearCode {
  const entries = states * states;
  const own = random.fork(`fit ${states}`);
  const sample = Uint8Array.from({ length: fitted * entries }, () => own.integer(0, 2));
  return (numbers) => principalCode(sample, entries, numbers);
}

/** Symbols of random fragments: longer ones mostly lead everywhere, or nowhere. */
const randomLength = 8;

async function cliffsOf(
  settings: Theorem31Settings,
  random: Random,
  reporter: Reporter,
): Promise<CliffResult[]> {
  const { cliffStates, fragments: most } = settings;
  const steps = cliffStates.reduce((sum, states) => sum + 2 * (states * states + 2), 0);
  const task = reporter.task('words through bottlenecks', steps, 'networks');
  const results: CliffResult[] = [];
  let done = 0;
  for (const states of cliffStates) {
    const own = random.fork(`words ${states}`);
    const monoid = transitionMonoid(witnessAutomaton(states));
    const { automaton } = monoid;
    const seen = randomFragments(automaton, fitted, randomLength, own.fork('fit')).relations;
    const kinds: [CliffResult['kind'], Fragments, (numbers: number) => LinearCode][] = [
      ['every relation', everyRelation(monoid, most, own.fork('every')), codesForAll(states, random)],
      [
        'random symbols',
        randomFragments(automaton, most, randomLength, own.fork('random')),
        (numbers) => principalCode(seen, states * states, numbers),
      ],
    ];
    for (const [kind, fragments, codeOfNumbers] of kinds) {
      const network = networkForFragments(automaton, fragments.length);
      const whole = await recall(network, automaton, fragments);
      const points: CliffPoint[] = [];
      for (const numbers of upTo(states * states + 1)) {
        await heedStop();
        points.push({
          numbers,
          ...(await recall(network, automaton, fragments, codeOfNumbers(numbers))),
        });
        task.update((done += 1));
      }
      const { length } = fragments;
      results.push({ states, kind, length, relations: countRelations(fragments), whole, points });
      task.update((done += 1));
    }
  }
  task.finish();
  return results;
}

function lostResult(states: number, random: Random): LostResult {
  const entries = states * states;
  const codeOfNumbers = codesForAll(states, random);
  const numbers = upTo(entries + 1);
  return {
    states,
    lost: numbers.map(
      (d) => 2 ** entries - countRecalled(thresholdRecall(codeOfNumbers(d), Infinity), states),
    ),
    atLeast: numbers.map((d) => 2 ** entries - mostByThresholds(entries, d)),
  };
}

function bitsOf(states: number, random: Random, reporter: Reporter): BitsResult[] {
  const entries = states * states;
  const codeOfNumbers = codesForAll(states, random);
  const task = reporter.task('numbers of few bits', entries + 1, 'numbers');
  const results = upTo(entries + 1).flatMap((numbers) => {
    const code = codeOfNumbers(numbers);
    task.update(numbers);
    return upTo(entries).map((bits): BitsResult => ({
      numbers,
      bits,
      thresholds: countRecalled(thresholdRecall(code, bits), states),
      digits: countRecalled(digitsRecall(entries, numbers, bits), states),
      most: mostByBits(entries, numbers * bits),
    }));
  });
  task.finish();
  return results;
}

/** n^2 of the relations that the bits are about: one number more than that is tried. */
export function entriesOf(bits: readonly BitsResult[]): number {
  return Math.max(...bits.map(({ numbers }) => numbers)) - 1;
}
