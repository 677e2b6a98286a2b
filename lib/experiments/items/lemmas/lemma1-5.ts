// Lemma 1.5: one attention head copies, and takes means. In float32, by the model's own attention.

import { z } from 'zod';
import { Random } from '../../../engine/random/random';
import { certifyAttention } from '../../../theory/lemmas/attention';
import { count, listOf, seedField } from '../../settings/fields';
import { type Finding } from '../../run/report';
import { type LemmaResult } from './drawing';
import { defineLemma, epsilonsField } from './item';
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

const lengths = [16, 64, 256, 1024, 4096];

/** Lemma 1.5 as an item. */
export const lemma15 = defineLemma<Lemma15Settings>({
  lemma: '1.5',
  title: 'one attention head copies, and takes means',
  question: 'How sharp is enough for attention to pick one position of thousands?',
  answer: /^The sharpness grows/,
  definition:
    'one attention head COPIES the value at the position that matches, and takes the MEAN over the positions that match, to error ε, if scores that do not match are lower by a gap',
  revision: 1,
  schema,
  describe: ({ lengths, epsilons }) => `${extent(lengths)} positions, errors from ${extent(epsilons)}`,
  smoke: { lengths: [16, 64], epsilons: [1e-1, 1e-3] },
  quick: { lengths, matches: 8, bound: 1, epsilons: [1e-1, 1e-2, 1e-3, 1e-4, 1e-5], seed: 1 },
  paper: {
    lengths: [...lengths, 16_384],
    epsilons: [1, 3e-1, 1e-1, 3e-2, 1e-2, 3e-3, 1e-3, 3e-4, 1e-4, 3e-5, 1e-5],
  },
  usesEngine: true,
  constructions: ({ lengths, matches, bound, seed }) => {
    const random = Random.fromSeed(seed);
    return ['copy', 'mean'].flatMap((kind) =>
      lengths.map((length) => ({
        name: `${length.toLocaleString('en')} positions`,
        kind,
        value: length,
        certify: (epsilon: number) =>
          certifyAttention({
            length,
            addresses: kind === 'copy' ? length : Math.max(1, Math.round(length / matches)),
            bound,
            epsilon,
            random: random.fork(`${kind} ${length}`),
          }),
      })),
    );
  },
  scale: ({ matches }) =>
    `Measured in float32 at every position of two sequences of each length: a random one, and the worst one, in which every other address is one bit away and has the opposite value. Addresses consist of bits 1 and -1; for means, ${matches} positions share an address on average.`,
  texts: {
    title: 'Copying and taking means: the error and the sharpness it costs',
    subtitle: 'One head in float32; queries and keys are addresses of bits 1 and −1',
    caption:
      'The weight is the one that multiplies the address asked for; scores then differ by twice that where one bit differs. It grows as the ' +
      'logarithm of positions over ε. Half of ε is left for what float32 loses.',
  },
  findings: (result) => [sharpnessFinding(result)],
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
