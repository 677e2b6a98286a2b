// The streams of random numbers are forked by names, and no key of a stored run has them in it:
// under another name the same settings would give other numbers, which are then neither those that
// are stored nor those that are published. So each fork stands here a second time. One that is new
// gets a line; one that changes needs a higher revision of the items that use it.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';

const streams: Readonly<Record<string, readonly string[]>> = {
  'cli/bench/worker.ts': ["random.fork('parameters')", "random.fork('ids')"],
  'data/arithmetic/batches.ts': [
    "fromSeed(seed).fork('arithmetic batches')",
    "fromSeed(seed).fork('arithmetic order')",
    'order.fork(`epoch ${wanted}`)',
  ],
  'data/arithmetic/questions.ts': ["fromSeed(seed).fork('arithmetic questions')"],
  'data/arithmetic/set.ts': ['fromSeed(seed).fork(`arithmetic ${resolved.split}`)'],
  'data/scrolls/batches.ts': ["fromSeed(seed).fork('prompted order')", 'order.fork(`epoch ${wanted}`)'],
  'data/scrolls/quick.ts': [
    'fromSeed(seed).fork(`quick task ${task}`)',
    "random.fork('split')",
    'random.fork(chapter.id)',
  ],
  'evaluate/generator.ts': ["fromSeed(0).fork('positions of generation')"],
  'evaluate/perplexity.ts': ["fromSeed(0).fork('perplexity')", "random.fork('bootstrap')"],
  'evaluate/prompted.ts': ["fromSeed(seed).fork('instances asked')"],
  'evaluate/state-sets.ts': ["fromSeed(0).fork('positions of evaluation')"],
  'experiments/arithmetic-runs.ts': ["fromSeed(point.seed).fork('questions')"],
  'experiments/attention-contexts.ts': [
    'fromSeed(0).fork(`positions of attention at ${length}`)',
    "fromSeed(0).fork('documents of attention')",
  ],
  'experiments/encodings-effects.ts': [
    "fromSeed(seed).fork('positions')",
    "fromSeed(seed).fork('parameters')",
  ],
  'experiments/language-model-runs.ts': ['fromSeed(0).fork(`perplexity of ${modality} at ${length}`)'],
  'experiments/lemma1-2.ts': [
    'random.fork(`network ${depth} ${network}`)',
    'random.fork(`points ${depth} ${network}`)',
  ],
  'experiments/lemma1-3.ts': ['random.fork(`selection ${bound}`)', 'random.fork(`map ${size} ${map}`)'],
  'experiments/lemma1-4.ts': ['random.fork(`${entries} ${size}`)'],
  'experiments/lemma1-5.ts': ['random.fork(`${kind} ${length}`)'],
  'experiments/length-curves.ts': ['fromSeed(0).fork(`${modality} ${claim}`)'],
  'experiments/prompted-runs.ts': ["fromSeed(0).fork('swapped answers')"],
  'experiments/score-intervals.ts': ["fromSeed(0).fork('groups of instances')"],
  'experiments/thm3-1-measures.ts': [
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
  'experiments/thm3-1-slider.ts': ["random.fork('code')"],
  'experiments/thm3-2-trained-runs.ts': [
    "fromSeed(seed).fork('state-set automata')",
    'fromSeed(0).fork(`state-set words of ${symbols} symbols`)',
  ],
  'experiments/thm3-2.ts': ['random.fork(name)'],
  'model/dropout.ts': ['random.fork(String(word))'],
  'model/parameters.ts': ['random.fork(spec.name)'],
  'segment/ends.ts': ["fromSeed(seed).fork('segments')"],
  'theory/automata/informative.ts': ['random.fork(`automaton ${candidate}`)', "random.fork('words')"],
  'train/arithmetic-task.ts': ["random.fork('training inputs')", "random.fork('evaluation inputs')"],
  'train/corpus-task.ts': [
    "random.fork('corpus blocks')",
    "random.fork('training inputs')",
    "random.fork('evaluation inputs')",
    'random.fork(`epoch ${epoch}`)',
  ],
  'train/prompted-task.ts': [
    "random.fork('evaluation rows')",
    "random.fork('training inputs')",
    "random.fork('evaluation inputs')",
  ],
  'train/state-sets-task.ts': [
    "random.fork('state-set words')",
    "random.fork('training inputs')",
    "random.fork('evaluation words')",
  ],
  'train/text-task.ts': [
    "random.fork('text batches')",
    "random.fork('training inputs')",
    "random.fork('evaluation inputs')",
  ],
  'train/train-model.ts': ["fromSeed(seed).fork('initial parameters')"],
};

/** Whatever is forked, and by which name: names may call functions themselves. */
const fork = /\w+(?:\([^()]*\))?\.fork\((?:[^()]|\([^()]*\))*\)/g;

it('every stream of random numbers has the name it had', () => {
  const found = Object.fromEntries(
    readdirSync(projectPath('lib'), { recursive: true, encoding: 'utf8' })
      .map((file) => file.replaceAll('\\', '/'))
      .filter((file) => file.endsWith('.ts'))
      .map((file) => [file, readFileSync(join(projectPath('lib'), file), 'utf8').match(fork) ?? []] as const)
      .filter(([, forks]) => forks.length > 0),
  );
  expect(found).toEqual(streams);
});
