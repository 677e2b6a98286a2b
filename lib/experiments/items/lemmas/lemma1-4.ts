// Lemma 1.4: one MLP multiplies two matrices that the residual stream holds.

import { z } from 'zod';
import { Random } from '../../../engine/random/random';
import { certifyMatrixProduct } from '../../../theory/lemmas/matrix-product';
import { defineExperiment } from '../../run/experiment';
import { prepareNothing } from '../../run/definition';
import { count, listOf, seedField } from '../../settings/fields';
import { type Finding } from '../../run/report';
import { epsilonsField } from './fields';
import { drawLemma, type LemmaResult, type LemmaSeries } from './lemma';
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

const quick: Lemma14Settings = {
  sizes: [1, 2, 3, 4, 5, 6, 7, 8],
  bound: 2,
  epsilons: [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6],
  points: 20,
  seed: 1,
};

function describe({ sizes, epsilons, points }: Lemma14Settings): string {
  return `n from ${extent(sizes)}, errors from ${extent(epsilons)}, a search from ${counted(points, 'pair')} of matrices`;
}

/** Lemma 1.4 as an item. */
export const lemma14 = defineExperiment<Lemma14Settings, null, LemmaResult>({
  id: 'lemma1.4',
  title: 'Lemma 1.4: one MLP multiplies two matrices',
  question: 'How wide is an MLP that multiplies two n x n matrices, and how exact?',
  answer: /^The MLP has 4n³ hidden units/,
  claim:
    'Lemma 1.4: an MLP multiplies matrices (public summary page; we have not seen its text). Working definition: one GELU MLP multiplies two n x n matrices held in the residual stream to error ε, with 4n³ hidden units.',
  notebook: 'notebooks/lemmas.ipynb',
  revision: 1,
  schema,
  presets: {
    smoke: {
      description: describe,
      time: 'seconds',
      settings: { ...quick, sizes: [1, 2, 3], epsilons: [1e-1, 1e-3], points: 4 },
    },
    quick: { description: describe, time: 'seconds', settings: quick },
    paper: {
      description: describe,
      time: 'seconds',
      settings: { ...quick, points: 1000 },
    },
  },
  seeds: ({ seed }) => [seed],
  prepare: prepareNothing,
  run: ({ sizes, bound, epsilons, points, seed }, _input, { reporter }) => {
    const random = Random.fromSeed(seed);
    const kinds = ['real', 'Boolean'] as const;
    const task = reporter.task('multiplying matrices', kinds.length * sizes.length, 'sizes');
    const series: LemmaSeries[] = [];
    for (const entries of kinds)
      for (const size of sizes) {
        series.push({
          name: `n = ${size}`,
          kind: `${entries} matrices`,
          value: size,
          certificates: [...epsilons]
            .sort((a, b) => b - a)
            .map((epsilon) =>
              certifyMatrixProduct({
                size,
                bound: entries === 'real' ? bound : 1,
                epsilon,
                entries,
                points,
                random: random.fork(`${entries} ${size}`),
              }),
            ),
        });
        task.update(series.length);
      }
    task.finish();
    return Promise.resolve({ series });
  },
  scale: ({ points, bound }) =>
    `The largest error is searched over ${counted(points, 'random pair')} of real matrices with entries up to ${bound} and as many corners, then by hill climbing from the worst, and over ${counted(points, 'random Boolean pair')} of every density, in float64.`,
  draw: (result) => {
    const drawing = drawLemma(result, {
      id: 'lemma1.4',
      title: 'Multiplying matrices: the error and the weights it costs',
      subtitle: 'One GELU MLP with 4n³ hidden units; error of the worst entry',
      caption:
        'An entry is a sum of n products, so each may err by ε/n. Where all factors are at their bound the error comes within a few per cent of what is proved.',
      growth: ['real matrices', 'Boolean matrices'].map((kind) => ({
        kind,
        of: 'n',
        ofValue: 1,
        ofError: 1,
      })),
    });
    return { ...drawing, findings: [...drawing.findings, widthFinding(result)] };
  },
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
