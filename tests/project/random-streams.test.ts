// The streams of random numbers are forked by names, and no key of a stored run has them in it:
// under another name the same settings would give other numbers, which are then neither those that
// are stored nor those that are published. So each fork stands here a second time. One that is new
// gets a line; one that changes needs a higher revision of the items that use it.

import { expect, it } from 'vitest';
import { sources } from '../support/sources';

const streams: Readonly<Record<string, readonly string[]>> = {
  'bench/harness/worker.ts': ["random.fork('parameters')", "random.fork('ids')"],
  'lib/data/arithmetic/batches.ts': [
    "fromSeed(seed).fork('arithmetic batches')",
    "fromSeed(seed).fork('arithmetic order')",
  ],
  'lib/data/arithmetic/questions.ts': ["fromSeed(seed).fork('arithmetic questions')"],
  'lib/data/arithmetic/set.ts': ['fromSeed(seed).fork(`arithmetic ${resolved.split}`)'],
  'lib/data/batches.ts': ['random.fork(`epoch ${epoch}`)'],
  'lib/data/scrolls/batches.ts': ["fromSeed(seed).fork('prompted order')"],
  'lib/data/scrolls/quick.ts': [
    'fromSeed(seed).fork(`quick task ${task}`)',
    "random.fork('split')",
    'random.fork(chapter.id)',
  ],
  'lib/evaluate/generator.ts': ["fromSeed(0).fork('positions of generation')"],
  'lib/evaluate/perplexity.ts': ["fromSeed(0).fork('perplexity')", "random.fork('bootstrap')"],
  'lib/evaluate/prompted.ts': ["fromSeed(seed).fork('instances asked')"],
  'lib/evaluate/state-sets.ts': ["fromSeed(0).fork('positions of evaluation')"],
  'lib/experiments/items/fig3/runs.ts': ["fromSeed(point.seed).fork('questions')"],
  'lib/experiments/items/attention-by-segment/contexts.ts': [
    'fromSeed(0).fork(`positions of attention at ${length}`)',
  ],
  'lib/experiments/items/attention-by-segment/statistics.ts': ["fromSeed(0).fork('documents of attention')"],
  'lib/experiments/charts/encodings-effects.ts': [
    "fromSeed(seed).fork('positions')",
    "fromSeed(seed).fork('parameters')",
  ],
  'lib/experiments/language-models/runs.ts': ['fromSeed(0).fork(`perplexity of ${modality} at ${length}`)'],
  'lib/experiments/items/lemmas/lemma1-2.ts': [
    'random.fork(`network ${depth} ${network}`)',
    'random.fork(`points ${depth} ${network}`)',
  ],
  'lib/experiments/items/lemmas/lemma1-3.ts': [
    'random.fork(`selection ${bound}`)',
    'random.fork(`map ${size} ${map}`)',
  ],
  'lib/experiments/items/lemmas/lemma1-4.ts': ['random.fork(`${entries} ${size}`)'],
  'lib/experiments/items/lemmas/lemma1-5.ts': ['random.fork(`${kind} ${length}`)'],
  'lib/experiments/language-models/length-curves.ts': ['fromSeed(0).fork(`${modality} ${claim}`)'],
  'lib/experiments/items/scrolls/runs.ts': ["fromSeed(0).fork('swapped answers')"],
  'lib/experiments/items/scrolls/score-intervals.ts': ["fromSeed(0).fork('groups of instances')"],
  'lib/experiments/items/thm3-1/measures.ts': [
    "random.fork('rank')",
    "random.fork('cliff')",
    "random.fork('cliff')",
    "random.fork('bits')",
    'random.fork(String(states))',
    'random.fork(`fit ${states}`)',
    'random.fork(`words ${states}`)',
    "own.fork('fit')",
    "own.fork('every')",
    "own.fork('random')",
  ],
  'lib/experiments/items/needle/runs.ts': [
    'fromSeed(0).fork(`needles at ${depth} of ${length} tokens`)',
    "random.fork('positions')",
  ],
  'lib/experiments/items/thm3-1/recall.ts': ["fromSeed(seed).fork('code')"],
  'lib/experiments/items/thm3-2-trained/runs.ts': [
    "fromSeed(seed).fork('state-set automata')",
    'fromSeed(0).fork(`state-set words of ${symbols} symbols`)',
  ],
  'lib/experiments/items/thm3-2/item.ts': ['random.fork(name)', "random.fork('ways')"],
  'lib/experiments/items/thm3-2/ways.ts': ["random.fork('automaton')"],
  'lib/model/dropout.ts': ['random.fork(String(word))'],
  'lib/model/parameters.ts': ['random.fork(spec.name)'],
  'lib/segment/ends.ts': ["fromSeed(seed).fork('segments')"],
  'lib/theory/automata/informative.ts': ['random.fork(`automaton ${candidate}`)', "random.fork('words')"],
  'lib/train/tasks/arithmetic.ts': ["random.fork('training inputs')", "random.fork('evaluation inputs')"],
  'lib/train/tasks/corpus.ts': [
    "random.fork('corpus blocks')",
    "random.fork('training inputs')",
    "random.fork('evaluation inputs')",
  ],
  'lib/train/tasks/needle.ts': [
    "random.fork('needle texts')",
    "random.fork('training inputs')",
    "random.fork('evaluation texts')",
    "random.fork('evaluation inputs')",
  ],
  'lib/train/tasks/prompted.ts': [
    "random.fork('evaluation rows')",
    "random.fork('training inputs')",
    "random.fork('evaluation inputs')",
  ],
  'lib/train/tasks/state-sets.ts': [
    "random.fork('state-set words')",
    "random.fork('training inputs')",
    "random.fork('evaluation words')",
  ],
  'lib/train/tasks/text.ts': [
    "random.fork('text batches')",
    "random.fork('training inputs')",
    "random.fork('evaluation inputs')",
  ],
  'lib/train/train-model.ts': ["fromSeed(seed).fork('initial parameters')"],
};

/** Whatever is forked, and by which name: names may call functions themselves. */
const fork = /\w+(?:\([^()]*\))?\.fork\((?:[^()]|\([^()]*\))*\)/g;

it('every stream of random numbers has the name it had', () => {
  const found = Object.fromEntries(
    sources()
      .map(({ path, text }) => [path, text.match(fork) ?? []] as const)
      .filter(([, forks]) => forks.length > 0),
  );
  expect(found).toEqual(streams);
});
