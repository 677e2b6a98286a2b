// Predictions of an automaton's reachable states after every prefix of random words: the trained
// counterpart of Theorem 3.2. A prefix counts as correct if its whole set is.

import * as tf from '@tensorflow/tfjs';
import { ConfigError } from '../base/errors';
import { heedStop } from '../base/interrupt';
import { Random } from '../engine/random/random';
import { type Decoder, logits } from '../model/decoder';
import { type ModelParameters } from '../model/parameters';
import { alphabetOf, wordReader } from '../theory/automata/alphabet';
import { type BiNfa } from '../theory/automata/automaton';
import { levelSimulator } from '../theory/automata/level-sets';
import { type LiveWordSize, liveWords } from '../theory/automata/live-words';
import { startId } from '../theory/network/network';
import { type Mean, meanWithInterval } from './intervals';

/** Words as a model reads them, with the correct sets. */
export interface StateSetWords {
  readonly words: number;
  /** Tokens of a word, including the start token: one more than its symbols. */
  readonly time: number;
  /** Segment states and sub-states together. */
  readonly states: number;
  /** The start token, then each symbol's index in the alphabet, from 1: [words, time]. */
  readonly ids: Int32Array;
  /**
   * 1 for states that are reachable (`levelSimulator`) after the symbols so far, else 0: [words,
   * time, states].
   */
  readonly sets: Uint8Array;
}

/** Number of tokens of an automaton's words: the start, symbols, separators. */
export function stateSetVocabulary(automaton: BiNfa): number {
  return 1 + alphabetOf(automaton).length;
}

/** Tokens that end a segment. The start is a segment of its own, as in the compiled networks. */
export function stateSetSeparators({ symbols, separators }: BiNfa): number[] {
  return [startId, ...separators.map((_, index) => 1 + symbols.length + index)];
}

/**
 * Prepares to draw random words of one length that the automaton can read (`liveWords`).
 *
 * @returns a function that throws ConfigError if it can read hardly any
 * @throws DataError if the automaton is not sound
 */
export function stateSetWriter(
  automaton: BiNfa,
  size: LiveWordSize,
): (random: Random, words: number) => StateSetWords {
  const simulator = levelSimulator(automaton);
  const draw = liveWords(automaton, size);
  const read = wordReader(alphabetOf(automaton));
  const [time, states] = [size.length + 1, simulator.states.length];
  return (random, words) => {
    const ids = new Int32Array(words * time).fill(startId);
    const sets = new Uint8Array(words * time * states);
    for (let word = 0; word < words; word += 1) {
      const names = draw(random);
      if (names === undefined)
        throw new ConfigError(
          `automaton: words of ${size.length} symbols nearly always end in no state; give it more arrows`,
        );
      ids.set(
        read(names).map((index) => index + 1),
        word * time + 1,
      );
      sets.set(simulator.run(names), word * time * states);
    }
    return { words, time, states, ids, sets };
  };
}

/** Accuracy of a model. Intervals are over words: the prefixes of one word are not independent. */
export interface StateSetAccuracy {
  /** Symbols of each word. */
  readonly length: number;
  readonly words: number;
  /** The share of prefixes whose whole set is correct. */
  readonly exact: Mean;
  /** The share for the states of each level alone. */
  readonly segmentLevel: Mean;
  readonly subLevel: Mean;
  /** The share of words whose set is correct after each number of symbols, [length + 1]. */
  readonly byPrefix: readonly number[];
}

/** Accuracy of guessing without having learnt the task, as shares of prefixes. */
export interface StateSetGuesses {
  /** Always guessing the most frequent set of these words. */
  readonly commonest: number;
  /** Guessing from the sub-level's state alone, without earlier segments: its most frequent set. */
  readonly ownSegment: number;
}

/** Tokens computed at once. */
const tokensAtOnce = 8192;

/**
 * Evaluates a model on words.
 *
 * @param segmentStates number of states of the segment level, which come first
 * @param random        draws the positions of randomized encodings
 */
export async function evaluateStateSets(
  decoder: Decoder,
  parameters: ModelParameters,
  asked: StateSetWords,
  segmentStates: number,
  random: Random = Random.fromSeed(0).fork('positions of evaluation'),
): Promise<StateSetAccuracy> {
  const { words, time, states, ids, sets } = asked;
  const { drawPositions } = decoder.encoding;
  const rowsAtOnce = Math.max(1, Math.floor(tokensAtOnce / time));
  const byPrefix = new Array<number>(time).fill(0);
  const [exact, segmentLevel, subLevel]: [number[], number[], number[]] = [[], [], []];
  for (let first = 0; first < words; first += rowsAtOnce) {
    await heedStop();
    const rows = Math.min(rowsAtOnce, words - first);
    const scores = tf.tidy(() => {
      const chunk = tf.tensor2d(ids.subarray(first * time, (first + rows) * time), [rows, time], 'int32');
      const drawn = drawPositions?.(time, () => random.uniform());
      return logits(decoder, parameters, chunk, {
        ...(drawn && { drawnPositions: tf.tensor1d(drawn, 'int32') }),
      });
    });
    const said = await scores.data();
    scores.dispose();
    for (let row = 0; row < rows; row += 1) {
      let [whole, ofSegments, ofSubs] = [0, 0, 0];
      for (let prefix = 0; prefix < time; prefix += 1) {
        const [at, place] = [(row * time + prefix) * states, ((first + row) * time + prefix) * states];
        const isRight = (from: number, to: number): boolean => {
          for (let state = from; state < to; state += 1)
            if ((said[at + state] ?? 0) > 0 !== (sets[place + state] === 1)) return false;
          return true;
        };
        const [segments, subs] = [isRight(0, segmentStates), isRight(segmentStates, states)];
        if (segments) ofSegments += 1;
        if (subs) ofSubs += 1;
        if (!segments || !subs) continue;
        whole += 1;
        byPrefix[prefix] = (byPrefix[prefix] ?? 0) + 1;
      }
      exact.push(whole / time);
      segmentLevel.push(ofSegments / time);
      subLevel.push(ofSubs / time);
    }
  }
  return {
    length: time - 1,
    words,
    exact: meanWithInterval(exact),
    segmentLevel: meanWithInterval(segmentLevel),
    subLevel: meanWithInterval(subLevel),
    byPrefix: byPrefix.map((right) => right / words),
  };
}

/** Accuracy of guessing on these words. */
export function guessStateSets(asked: StateSetWords, segmentStates: number): StateSetGuesses {
  const { words, time, states, sets } = asked;
  const [whole, withSub] = [new Map<string, number>(), new Map<string, Map<string, number>>()];
  const count = (counts: Map<string, number>, key: string): void => {
    counts.set(key, (counts.get(key) ?? 0) + 1);
  };
  for (let row = 0; row < words * time; row += 1) {
    const set = sets.subarray(row * states, (row + 1) * states).join('');
    const sub = set.slice(segmentStates);
    const counts = withSub.get(sub) ?? new Map<string, number>();
    withSub.set(sub, counts);
    count(whole, set);
    count(counts, set);
  }
  const most = (counts: Map<string, number>): number => Math.max(...counts.values());
  return {
    commonest: most(whole) / (words * time),
    ownSegment: [...withSub.values()].reduce((sum, counts) => sum + most(counts), 0) / (words * time),
  };
}
