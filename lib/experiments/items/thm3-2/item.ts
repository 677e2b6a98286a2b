// Theorem 3.2 (1.7 in the appendix), upper bound, and the definition of Bi-NFA: bilevel automata
// over a grid of sizes, compiled with bilevel positions and, flattened or compactly, with absolute
// ones, and compared with a set simulator after every prefix.

import { Random } from '../../../engine/random/random';
import { defineExperiment } from '../../run/experiment';
import { prepareNothing } from '../../run/definition';
import { counted, extent } from '../../settings/preset-words';
import { drawTheorem32 } from './draw';
import {
  type SizeResult,
  sizeResult,
  type Theorem32Result,
  theorem32Schema,
  type Theorem32Settings,
} from './sizes';
import { waysResults } from './ways';

const quick: Theorem32Settings = {
  sizes: [1, 2, 3, 4, 6, 8],
  automata: 2,
  words: 2,
  segments: 64,
  maxSegmentLength: 16,
  flat: { states: 64, automata: 1, words: 1 },
  compact: { automata: 1, words: 2 },
  short: { states: 3, length: 6 },
  ways: { subStates: 3, segmentStates: 3, lengths: [32, 64, 128, 256], words: 2 },
  seed: 1,
};

function describe({ sizes, automata, words, segments, maxSegmentLength }: Theorem32Settings): string {
  return (
    `k and |S| from ${extent(sizes)}: ${counted(automata * sizes.length ** 2, 'Bi-NFA')}, ` +
    `${counted(words, 'word')} each of ${counted(segments, 'segment')} of up to ${counted(maxSegmentLength, 'symbol')}`
  );
}

/** Theorem 3.2 as an item. */
export const theorem32 = defineExperiment<Theorem32Settings, null, Theorem32Result>({
  id: 'thm3.2',
  title: 'Theorem 3.2: Transformers that represent a Bi-NFA, and their width',
  question:
    'How wide is a Transformer that represents a bilevel automaton, and what do bilevel positions buy?',
  answer: /^Over the compact construction with absolute positions, bilevel ones save/,
  claim:
    'Theorem 3.2 (1.7): an upper bound for Transformers with BiPE on Bi-NFA (public summary page; we have not seen its text or proof). Working definition: width O(k² + |S|²) for k sub-states and |S| segment states, by a construction that is certified, run, and compared with a set simulator. Proved, too: absolute positions do with O(k² + |S|²), by another construction; doubling the relations of the flattened automaton takes O(k²|S|²). Open: any lower bound that tells the encodings apart.',
  notebook: 'notebooks/thm3.2.ipynb',
  revision: 4,
  schema: theorem32Schema,
  presets: {
    smoke: {
      description: describe,
      time: 'seconds',
      settings: {
        ...quick,
        sizes: [1, 2, 3],
        automata: 1,
        words: 1,
        segments: 6,
        maxSegmentLength: 4,
        flat: { states: 6, automata: 1, words: 1 },
        compact: { automata: 1, words: 1 },
        short: { states: 2, length: 4 },
        ways: { subStates: 3, segmentStates: 3, lengths: [28, 40], words: 2 },
      },
    },
    quick: {
      description: describe,
      time: 'two minutes',
      settings: quick,
    },
    paper: {
      description: describe,
      time: 'half an hour',
      settings: {
        ...quick,
        automata: 6,
        words: 10,
        segments: 256,
        compact: { automata: 2, words: 2 },
        short: { states: 3, length: 7 },
        ways: { subStates: 4, segmentStates: 4, lengths: [64, 128, 256, 512, 1024], words: 2 },
      },
    },
  },
  seeds: ({ seed }) => [seed],
  usesEngine: true,
  prepare: prepareNothing,
  run: async (settings, _input, { reporter }) => {
    const { sizes, seed } = settings;
    const random = Random.fromSeed(seed);
    const pairs = sizes.flatMap((subStates) => sizes.map((segmentStates) => ({ subStates, segmentStates })));
    const task = reporter.task('compiling and running automata', pairs.length, 'sizes');
    const results: SizeResult[] = [];
    for (const pair of pairs) {
      const name = `${pair.subStates} ${pair.segmentStates}`;
      results.push(await sizeResult(pair, settings, random.fork(name)));
      task.update(results.length, `k = ${pair.subStates}, |S| = ${pair.segmentStates}`);
    }
    task.finish();
    return { sizes: results, ways: await waysResults(settings.ways, random.fork('ways'), reporter) };
  },
  scale: ({ sizes, automata, words, segments, maxSegmentLength, flat, compact, short }) =>
    `${sizes.length ** 2} sizes (k and |S| from ${Math.min(...sizes)} to ${Math.max(...sizes)}), ${counted(automata, 'random automaton', 'random automata')} each, ${counted(words, 'random word')} each, live and ending ones in turn, of ${segments} segments of up to ${maxSegmentLength} symbols; flattened automata run up to ${flat.states} states; compact networks for ${counted(compact.automata, 'automaton', 'automata')} of each size; all words up to length ${short.length} for k, |S| ≤ ${short.states}; float32. The theorem is about every automaton and every length.`,
  draw: drawTheorem32,
});
