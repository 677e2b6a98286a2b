// Bilevel automata of one size, compiled in three ways, certified, run, and compared with the set
// simulator: what Theorem 3.2's item measures for each size of its grid.

import { z } from 'zod';
import { heedStop } from '../../../base/interrupt';
import type { Random } from '../../../engine/random/random';
import { alphabetOf } from '../../../theory/automata/alphabet';
import { type BiNfa, type Word } from '../../../theory/automata/automaton';
import { flatten } from '../../../theory/automata/flatten';
import { allWords } from '../../../theory/automata/random';
import { type Simulator, simulator } from '../../../theory/automata/simulate';
import { certifyNetwork } from '../../../theory/compile/certificate';
import { compileApe, compileBiPE, compileCompact } from '../../../theory/compile/compile';
import { type Network } from '../../../theory/network/network';
import { networkSize, type NetworkSize } from '../../../theory/network/size';
import {
  type SimulatorComparison,
  compareWithSimulator,
  addComparisons,
  noComparison,
} from '../../../theory/compile/verify';
import { count, seedField } from '../../settings/fields';
import { type WayResult, waysSchema } from './ways';
import { addSets, countSets, layersThatMatter, noSets, type SetCounts, testedAutomaton } from './words';

/** Checks which automata and words. */
export const theorem32Schema = z
  .strictObject({
    sizes: z
      .array(count.max(16))
      .min(2)
      .readonly()
      .describe('states of the sub-level and of the segment level, in all combinations'),
    automata: count.describe('random automata of each size'),
    words: count.describe('random words of each automaton, live and ending ones in turn'),
    segments: count.max(4096).describe('segments of a random word'),
    maxSegmentLength: count.max(256).describe('the most symbols of a segment, without its separator'),
    flat: z
      .strictObject({ states: count, automata: z.int().min(0), words: count })
      .describe(
        'flattened automata of up to so many states are run, too, as many on as many words; larger ones are only compiled',
      ),
    compact: z
      .strictObject({ automata: count, words: count })
      .describe('so many automata of each size are compiled compactly, and run on as many words'),
    short: z
      .strictObject({ states: count, length: count.max(8) })
      .describe('automata of at most so many states on each level are tried on all words up to a length'),
    ways: waysSchema,
    seed: seedField,
  })
  .readonly();

/** Settings: which automata and words. */
export type Theorem32Settings = z.infer<typeof theorem32Schema>;

/** Measurements of the networks of one kind, for automata of one size. */
export interface KindResult extends Pick<
  NetworkSize,
  'depth' | 'width' | 'relationWidth' | 'hidden' | 'weights'
> {
  /** Feed-forward blocks of all layers. */
  readonly feedForwardBlocks: number;
  /** Mean time to compile one. */
  readonly compileSeconds: number;
  /** True if all certificates that were made hold; null where none was. */
  readonly certified: boolean | null;
  /** Random words. */
  readonly compared: SimulatorComparison;
  /** The sets of states after their prefixes. */
  readonly sets: SetCounts;
  /**
   * Layers of the first network, and those without which a word is read out wrong; null where that
   * was not tried.
   */
  readonly leftOut: { readonly layers: number; readonly found: number } | null;
}

/** Measurements of the automata of one size. */
export interface SizeResult {
  readonly subStates: number;
  readonly segmentStates: number;
  readonly bipe: KindResult;
  readonly compact: KindResult;
  readonly ape: KindResult;
  /** All short words, all three networks; null for larger automata. */
  readonly short: SimulatorComparison | null;
  /**
   * The definition: prefixes after which a bilevel automaton and its flattening reach different
   * states, of all.
   */
  readonly definition: { readonly prefixes: number; readonly mismatches: number };
}

/** The result of the item. */
export interface Theorem32Result {
  readonly sizes: readonly SizeResult[];
  /** One automaton in every way, for each length of words. */
  readonly ways: readonly WayResult[];
}

/** Compiles, certifies and runs the automata of one size. The engine must have been started. */
export async function sizeResult(
  { subStates, segmentStates }: { readonly subStates: number; readonly segmentStates: number },
  settings: Theorem32Settings,
  random: Random,
): Promise<SizeResult> {
  const { automata, words, segments, maxSegmentLength, flat, compact, short } = settings;
  const bounds = { maxSegmentLength, maxSegments: segments };
  const longest = segments * (maxSegmentLength + 1);
  const flatStates = subStates * segmentStates;
  const bilevel = new KindTally();
  const compactly = new KindTally();
  const flattened = new KindTally();
  let shortWords: SimulatorComparison | null = null;
  const definition = { prefixes: 0, mismatches: 0 };
  for (let index = 0; index < automata; index++) {
    await heedStop();
    const drawn = testedAutomaton(
      random,
      { subStates, segmentStates },
      { segments, maxSegmentLength, count: words },
    );
    const { automaton, words: long } = drawn;
    const tested = (share: readonly Word[], leaveOut: boolean): Tested => ({
      automaton,
      words: share,
      certified: true,
      leaveOut: leaveOut ? [drawn.ending, ...share] : [],
    });
    const sets = differingSets(simulator(automaton), simulator(flatten(automaton)), long);
    definition.prefixes += sets.prefixes;
    definition.mismatches += sets.mismatches;
    await bilevel.add(() => compileBiPE(automaton, bounds), tested(long, index === 0));
    if (index < compact.automata)
      await compactly.add(
        () => compileCompact(automaton, longest),
        tested(long.slice(0, compact.words), index === 0),
      );
    const isRun = flatStates <= flat.states && index < flat.automata;
    if (isRun || index === 0)
      await flattened.add(() => compileApe(flatten(automaton), longest), {
        ...tested(isRun ? long.slice(0, flat.words) : [], index === 0),
        ...(flatStates > mostLeftOut && { leaveOutOf: shortNetwork(automaton, longest) }),
        certified: isRun,
      });
    if (Math.max(subStates, segmentStates) <= short.states)
      shortWords = addComparisons(shortWords ?? noComparison, await compareShort(automaton, short.length));
  }
  return {
    subStates,
    segmentStates,
    bipe: bilevel.result(),
    compact: compactly.result(),
    ape: flattened.result(),
    short: shortWords,
    definition,
  };
}

/** Prefixes of words, and those after which two simulators have reached other sets. */
export function differingSets(
  one: Simulator,
  other: Simulator,
  words: readonly Word[],
): { readonly prefixes: number; readonly mismatches: number } {
  const states = one.states.length;
  let [prefixes, mismatches] = [0, 0];
  for (const word of words) {
    const [wanted, found] = [one.run(word), other.run(word)];
    prefixes += word.length + 1;
    for (let prefix = 0; prefix <= word.length; prefix++) {
      const row = (sets: Uint8Array): string =>
        sets.subarray(prefix * states, (prefix + 1) * states).join('');
      if (row(wanted) !== row(found)) mismatches += 1;
    }
  }
  return { prefixes, mismatches };
}

async function compareShort(automaton: BiNfa, length: number): Promise<SimulatorComparison> {
  const networks = [
    compileBiPE(automaton, { maxSegmentLength: length, maxSegments: length }),
    compileCompact(automaton, length),
    compileApe(flatten(automaton), length),
  ];
  let total = noComparison;
  for (const network of networks)
    total = addComparisons(
      total,
      await compareWithSimulator(network, allWords(alphabetOf(automaton), length)),
    );
  return total;
}

/**
 * Of flattened automata with more states, a network for shorter words, of ReLU, is run without each
 * of its layers: others are too slow for that.
 */
export const mostLeftOut = 9;
export const shorterWords = 64;

function shortNetwork(automaton: BiNfa, longest: number): () => Network {
  return () => compileApe(flatten(automaton), Math.min(longest, shorterWords), { activation: 'relu' });
}

/** What a network is tried with. */
interface Tested {
  readonly automaton: BiNfa;
  readonly words: readonly Word[];
  readonly certified: boolean;
  /** Words by which a network without one of its layers is to be found; none: not tried. */
  readonly leaveOut: readonly Word[];
  /** The network whose layers are left out, if it is another; it takes beginnings of the words. */
  readonly leaveOutOf?: () => Network;
}

/** Adds up what networks of one kind come to. */
class KindTally {
  private compiled = 0;
  private compileSeconds = 0;
  private compared: SimulatorComparison = noComparison;
  private certified: boolean | null = null;
  private sets = noSets;
  private leftOut: KindResult['leftOut'] = null;
  private size: NetworkSize | undefined;
  private feedForwardBlocks = 0;

  async add(compile: () => Network, tested: Tested): Promise<void> {
    const { automaton, words, certified, leaveOut, leaveOutOf } = tested;
    const start = performance.now();
    const network = compile();
    this.compileSeconds += (performance.now() - start) / 1000;
    this.compiled += 1;
    this.size ??= networkSize(network);
    this.feedForwardBlocks = network.layers.reduce((sum, { feedForward }) => sum + feedForward.length, 0);
    if (certified) this.certified = certifyNetwork(network).holds && this.certified !== false;
    this.sets = addSets(this.sets, countSets(automaton, words));
    if (leaveOut.length > 0) {
      const whole = leaveOutOf?.() ?? network;
      this.leftOut = { layers: whole.layers.length, found: await layersThatMatter(whole, leaveOut) };
    }
    if (words.length > 0)
      this.compared = addComparisons(this.compared, await compareWithSimulator(network, words));
  }

  result(): KindResult {
    if (this.size === undefined) throw new Error('no network was compiled');
    const { depth, width, relationWidth, hidden, weights } = this.size;
    return {
      depth,
      width,
      relationWidth,
      hidden,
      weights,
      feedForwardBlocks: this.feedForwardBlocks,
      compileSeconds: this.compileSeconds / this.compiled,
      certified: this.certified,
      compared: this.compared,
      sets: this.sets,
      leftOut: this.leftOut,
    };
  }
}
