// Lemma 1.5: one attention head copies, and takes means. In float32, by the model's own attention.

import { z } from 'zod';
import { heedStop } from '../../../base/interrupt';
import { Random } from '../../../engine/random/random';
import { certifyAttention } from '../../../theory/lemmas/attention';
import { defineExperiment } from '../../run/experiment';
import { prepareNothing } from '../../run/definition';
import { count, listOf, seedField } from '../../settings/fields';
import { type Finding } from '../../run/report';
import { epsilonsField } from './fields';
import { drawLemma, type LemmaResult, type LemmaSeries } from './lemma';
import { extent } from '../../settings/preset-words';

const schema = z
  .strictObject({
    lengths: listOf(count.min(2)).describe('numbers of positions'),
    matches: count.min(2).describe('positions that share an address where means are taken, on average'),
    bound: z.number().positive().describe('values are at most this'),
    epsilons: epsilonsField,
    seed: seedField,
  })
  .readonly();

/** Settings: which heads are certified. */
export type Lemma15Settings = z.infer<typeof schema>;

const quick: Lemma15Settings = {
  lengths: [16, 64, 256, 1024, 4096],
  matches: 8,
  bound: 1,
  epsilons: [1e-1, 1e-2, 1e-3, 1e-4, 1e-5],
  seed: 1,
};

function describe({ lengths, epsilons }: Lemma15Settings): string {
  return `${extent(lengths)} positions, errors from ${extent(epsilons)}`;
}

/** Lemma 1.5 as an item. */
export const lemma15 = defineExperiment<Lemma15Settings, null, LemmaResult>({
  id: 'lemma1.5',
  title: 'Lemma 1.5: one attention head copies, and takes means',
  question: 'How sharp is enough for attention to pick one position of thousands?',
  answer: /^The sharpness grows/,
  claim:
    'Lemma 1.5, taken from Feng et al. (public summary page; we have not seen its text). Working definition: one attention head COPIES the value at the position that matches, and takes the MEAN over the positions that match, to error ε, if scores that do not match are lower by a gap.',
  notebook: 'notebooks/lemmas.ipynb',
  revision: 1,
  schema,
  presets: {
    smoke: {
      description: describe,
      time: 'seconds',
      settings: { ...quick, lengths: [16, 64], epsilons: [1e-1, 1e-3] },
    },
    quick: {
      description: describe,
      time: 'seconds',
      settings: quick,
    },
    paper: {
      description: describe,
      time: 'seconds',
      settings: {
        ...quick,
        lengths: [...quick.lengths, 16_384],
        epsilons: [1, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5],
      },
    },
  },
  seeds: ({ seed }) => [seed],
  usesEngine: true,
  prepare: prepareNothing,
  run: async ({ lengths, matches, bound, epsilons, seed }, _input, { reporter }) => {
    const random = Random.fromSeed(seed);
    const kinds = ['copy', 'mean'] as const;
    const task = reporter.task('attending', kinds.length * lengths.length, 'lengths');
    const series: LemmaSeries[] = [];
    for (const kind of kinds)
      for (const length of lengths) {
        const addresses = kind === 'copy' ? length : Math.max(1, Math.round(length / matches));
        const certificates = [];
        for (const epsilon of [...epsilons].sort((a, b) => b - a)) {
          await heedStop();
          certificates.push(
            await certifyAttention({
              length,
              addresses,
              bound,
              epsilon,
              random: random.fork(`${kind} ${length}`),
            }),
          );
        }
        series.push({ name: `${length.toLocaleString('en')} positions`, kind, value: length, certificates });
        task.update(series.length);
      }
    task.finish();
    return { series };
  },
  scale: ({ matches }) =>
    `Measured in float32 at every position of two sequences of each length: a random one, and the worst one, in which every other address is one bit away and has the opposite value. Addresses consist of bits 1 and -1; for means, ${matches} positions share an address on average.`,
  draw: (result) => {
    const drawing = drawLemma(result, {
      id: 'lemma1.5',
      title: 'Copying and taking means: the error and the sharpness it costs',
      subtitle: 'One head in float32; queries and keys are addresses of bits 1 and −1',
      caption:
        'The weight is the one that multiplies the address asked for; scores then differ by twice that where one bit differs. It grows as the ' +
        'logarithm of positions over ε. Half of ε is left for what float32 loses.',
    });
    return { ...drawing, findings: [...drawing.findings, sharpnessFinding(result)] };
  },
});

/**
 * Checks that gap times sharpness is log(4 V (n - 1) / epsilon), up to what rounding takes of
 * epsilon and of the gap.
 */
function sharpnessFinding({ series }: LemmaResult): Finding {
  const all = series.flatMap(({ certificates }) => certificates);
  const ratios = all.map(({ epsilon, parameters }) => {
    const [length, bound, gap, sharpness] = ['length', 'bound', 'gap', 'sharpness'].map((key) =>
      Number(parameters[key]),
    );
    const wanted = Math.log((4 * (bound ?? 0) * ((length ?? 0) - 1)) / epsilon);
    return ((gap ?? 0) * (sharpness ?? 0)) / wanted;
  });
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  return {
    claim: 'The sharpness grows as log(n/ε) only: it is log(4 V (n − 1)/ε) divided by the gap',
    holds: least >= 1 && most < 1.1,
    measured: `sharpness times gap is ${least.toFixed(3)} to ${most.toFixed(3)} times that logarithm`,
    check: true,
  };
}
