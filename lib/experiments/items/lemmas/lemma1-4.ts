// Lemma 1.4: one MLP multiplies two matrices that the residual stream holds.

import { z } from 'zod';
import { Random } from '../../../engine/random/random';
import { certifyMatrixProduct } from '../../../theory/lemmas/matrix-product';
import { count, listOf, seedField } from '../../settings/fields';
import { type Finding } from '../../run/report';
import { type LemmaResult } from './drawing';
import { defineLemma, epsilonsField } from './item';
import { counted, extent } from '../../settings/preset-words';

const schema = z
  .strictObject({
    sizes: listOf(count.max(16)).describe('rows and columns of the matrices'),
    bound: z
      .number()
      .positive()
      .describe('entries of real matrices are at most this; Boolean ones are 0 and 1'),
    epsilons: epsilonsField,
    points: count.describe('random pairs of matrices for each certificate'),
    seed: seedField,
  })
  .readonly();

/** Settings: which products are certified. */
export type Lemma14Settings = z.infer<typeof schema>;

/** Lemma 1.4 as an item. */
export const lemma14 = defineLemma<Lemma14Settings>({
  lemma: '1.4',
  title: 'one MLP multiplies two matrices',
  question: 'How wide is an MLP that multiplies two n x n matrices, and how exact?',
  answer: /^The MLP has 4n³ hidden units/,
  source: ': an MLP multiplies matrices',
  definition:
    'one GELU MLP multiplies two n x n matrices held in the residual stream to error ε, with 4n³ hidden units',
  revision: 1,
  schema,
  describe: ({ sizes, epsilons, points }) =>
    `n from ${extent(sizes)}, errors from ${extent(epsilons)}, a search from ${counted(points, 'pair')} of matrices`,
  smoke: { sizes: [1, 2, 3], epsilons: [1e-1, 1e-3], points: 4 },
  quick: {
    sizes: [1, 2, 3, 4, 5, 6, 7, 8],
    bound: 2,
    epsilons: [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
    points: 20,
    seed: 1,
  },
  paper: { points: 1000 },
  constructions: ({ sizes, bound, points, seed }) => {
    const random = Random.fromSeed(seed);
    return (['real', 'Boolean'] as const).flatMap((entries) =>
      sizes.map((size) => ({
        name: `n = ${size}`,
        kind: `${entries} matrices`,
        value: size,
        certify: (epsilon: number) =>
          certifyMatrixProduct({
            size,
            bound: entries === 'real' ? bound : 1,
            epsilon,
            entries,
            points,
            random: random.fork(`${entries} ${size}`),
          }),
      })),
    );
  },
  scale: ({ points, bound }) =>
    `The largest error is searched over ${counted(points, 'random pair')} of real matrices with entries up to ${bound} and as many corners, then by hill climbing from the worst, and over ${counted(points, 'random Boolean pair')} of every density, in float64.`,
  texts: {
    title: 'Multiplying matrices: the error and the weights it costs',
    subtitle: 'One GELU MLP with 4n³ hidden units; error of the worst entry',
    caption:
      'An entry is a sum of n products, so each may err by ε/n. Where all factors are at their bound the error comes within a few per cent of what is proved.',
    growth: ['real matrices', 'Boolean matrices'].map((kind) => ({ kind, of: 'n', ofValue: 1, ofError: 1 })),
  },
  findings: (result) => [widthFinding(result)],
});

function widthFinding({ series }: LemmaResult): Finding {
  const widths = series.map(({ value, certificates }) => ({ value, hidden: certificates[0]?.hidden ?? 0 }));
  return {
    claim: 'The MLP has 4n³ hidden units',
    holds: widths.every(({ value, hidden }) => hidden === 4 * value ** 3),
    measured: [
      ...new Set(widths.map(({ value, hidden }) => `n = ${value}: ${hidden.toLocaleString('en')}`)),
    ].join('; '),
    check: true,
  };
}
