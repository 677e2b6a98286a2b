// One automaton compiled in every way that there is for it, certified, run on words, and compared
// with the set simulator: how width and depth are traded.

import { z } from 'zod';
import { heedStop } from '../../../base/interrupt';
import { present } from '../../../base/present';
import { type Reporter } from '../../../base/progress';
import type { Random } from '../../../engine/random/random';
import type { Automaton, Word } from '../../../theory/automata/automaton';
import { asNfa } from '../../../theory/automata/flatten';
import { informativeBiNfa } from '../../../theory/automata/informative';
import { liveWords } from '../../../theory/automata/live-words';
import { certifyNetwork } from '../../../theory/compile/certificate';
import {
  compileApe,
  compileBiPE,
  compileCarried,
  compileCompact,
  compileSpread,
} from '../../../theory/compile/compile';
import { compareWithSimulator, type SimulatorComparison } from '../../../theory/compile/verify';
import type { Network } from '../../../theory/network/network';
import { networkSize, type NetworkSize } from '../../../theory/network/size';
import { symbolsInSegments } from '../../../theory/network/words';
import { count, listOf } from '../../settings/fields';
import type { Construction } from './constructions';

/** The automaton that is compiled in every way, and its words. */
export const waysSchema = z
  .strictObject({
    subStates: count.min(2).max(16),
    segmentStates: count.min(2).max(16),
    lengths: listOf(count.max(4096)),
    words: count,
  })
  .describe(
    'one automaton of so many states on each level is compiled in every way, for words of these lengths',
  );

/** An automaton compiled in one way. */
export interface WayResult extends Pick<NetworkSize, 'depth' | 'width' | 'weights'> {
  readonly way: Construction;
  /** States of the automaton, flattened. */
  readonly states: number;
  /** Most symbols of a word. */
  readonly length: number;
  /** Feed-forward blocks of all layers. */
  readonly feedForwardBlocks: number;
  readonly certified: boolean;
  readonly compared: SimulatorComparison;
}

/**
 * Compiles an automaton in every way that there is for it, for the longest of some words, and
 * compares each network with the set simulator. The engine must have been started.
 */
export async function allWays(automaton: Automaton, words: readonly Word[]): Promise<WayResult[]> {
  const length = Math.max(1, ...words.map((word) => word.length));
  const results: WayResult[] = [];
  for (const [way, network] of networksOf(automaton, words, length)) {
    await heedStop();
    const { depth, width, weights } = networkSize(network);
    results.push({
      way,
      states: asNfa(automaton).states.length,
      length,
      depth,
      width,
      weights,
      feedForwardBlocks: network.layers.reduce((sum, { feedForward }) => sum + feedForward.length, 0),
      certified: certifyNetwork(network).holds,
      compared: await compareWithSimulator(network, words),
    });
  }
  return results;
}

/** The networks, one after the other, so that only one is in memory. */
function* networksOf(
  automaton: Automaton,
  words: readonly Word[],
  length: number,
): Generator<readonly [Construction, Network]> {
  const nfa = asNfa(automaton);
  yield ['carried', compileCarried(nfa, length)];
  yield ['spread', compileSpread(nfa, length)];
  yield ['ape', compileApe(nfa, length)];
  if (automaton.type === 'nfa') return;
  yield ['compact', compileCompact(automaton, length)];
  const segments = words.map((word) => symbolsInSegments(word, new Set(automaton.separators)));
  const bounds = {
    maxSegmentLength: Math.max(1, ...segments.flat()),
    maxSegments: Math.max(1, ...segments.map((lengths) => lengths.length)),
  };
  yield ['bipe', compileBiPE(automaton, bounds)];
}

/** Most symbols of a segment of the words. */
const maxSegmentLength = 7;

/** Random automata, of which the one whose sets have the most entropy is taken. */
const candidates = 50;

/** An automaton of the settings' size, in every way for each length of words. */
export async function waysResults(
  { lengths, words, ...levels }: z.infer<typeof waysSchema>,
  random: Random,
  reporter: Reporter,
): Promise<WayResult[]> {
  const size = { length: Math.max(...lengths), maxSegmentLength };
  const { automaton } = informativeBiNfa(
    random.fork('automaton'),
    { ...levels, symbols: 3, separators: 2, density: 1.3 / Math.max(levels.subStates, levels.segmentStates) },
    { ...size, words: 16, candidates },
  );
  const draw = liveWords(automaton, size);
  const live = Array.from({ length: words }, () => present(draw(random), 'live word'));
  const task = reporter.task('one automaton in every way', lengths.length, 'lengths');
  const results: WayResult[] = [];
  for (const [index, length] of lengths.entries()) {
    results.push(
      ...(await allWays(
        automaton,
        live.map((word) => word.slice(0, length)),
      )),
    );
    task.update(index + 1);
  }
  task.finish();
  return results;
}
