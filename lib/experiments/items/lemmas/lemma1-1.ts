// Lemma 1.1: four GELU units multiply two numbers. Error against weights, and where float32 ends.

import { z } from 'zod';
import { present } from '../../../base/present';
import { broken, lineLook } from '../../../report/marks';
import { type Figure, makeFigure } from '../../../report/figure';
import { lineTrace } from '../../../report/traces';
import { orderedStyles } from '../../../report/style';
import { float32, float64 } from '../../../theory/lemmas/certificate';
import {
  bestProductScale,
  certifyProduct,
  productErrorsByScale,
  type ScaleError,
  smallestProductError,
} from '../../../theory/lemmas/product';
import { listOf } from '../../settings/fields';
import { type Finding } from '../../run/report';
import { formatShort } from '../../../report/log-axis';
import { defineLemma, epsilonsField } from './item';
import { extent } from '../../settings/preset-words';

/** Where float64 and float32 end: errors of products by the scale of their factors. */
export interface Rounding {
  readonly precisions: readonly {
    readonly name: 'float64' | 'float32';
    /** The least epsilon that is certified, for factors up to 1. */
    readonly smallest: number;
    /** The scale at which approximation and rounding together are proved smallest. */
    readonly proved: number;
    readonly errors: readonly ScaleError[];
  }[];
}

const schema = z
  .strictObject({
    bounds: listOf(z.number().positive()).describe('factors are at most these'),
    epsilons: epsilonsField,
    grid: z.int().min(3).describe('points a side of the grid on which errors are looked for'),
    scales: z.int().min(3).describe('how many scales between 1e-6 and 1 rounding is shown at'),
  })
  .readonly();

/** Settings: which products are certified. */
export type Lemma11Settings = z.infer<typeof schema>;

/** Lemma 1.1 as an item. */
export const lemma11 = defineLemma<Lemma11Settings, Rounding>({
  lemma: '1.1',
  title: 'four GELU units multiply two numbers',
  question: 'How large weights are enough for an MLP to multiply?',
  answer: /^Product: the largest weight grows/,
  definition:
    'a GELU MLP with 4 hidden units computes a b for |a|, |b| ≤ M to error ε, with weights polynomial in M and 1/ε',
  revision: 2,
  schema,
  describe: ({ bounds, epsilons, grid }) =>
    `M from ${extent(bounds)}, errors from ${extent(epsilons)}, a grid of ${grid} x ${grid}`,
  smoke: { bounds: [1, 4], epsilons: [1e-2, 1e-4], grid: 21, scales: 7 },
  quick: { bounds: [1, 2, 4, 8, 16], epsilons: [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6], grid: 101, scales: 37 },
  paper: { bounds: [1, 2, 4, 8, 16, 32, 64], grid: 401, scales: 73 },
  constructions: ({ bounds, grid }) =>
    bounds.map((bound) => ({
      name: `M = ${bound}`,
      kind: 'product',
      value: bound,
      certify: (epsilon) => certifyProduct({ bound, epsilon }, { grid }),
    })),
  further: ({ scales: count }) => {
    const scales = Array.from({ length: count }, (_, index) => 10 ** (-6 + (6 * index) / (count - 1)));
    return {
      precisions: [float64, float32].map((precision) => ({
        name: precision.name,
        smallest: smallestProductError(1, precision),
        proved: bestProductScale(1, precision),
        errors: productErrorsByScale(scales, { bound: 1, precision }),
      })),
    };
  },
  scale: ({ grid }) =>
    `The largest error is searched on a grid of ${grid} x ${grid}, then by hill climbing from its worst points, in float64. A lemma has no scale of its own.`,
  texts: {
    title: 'Multiplying: the error and the weights it costs',
    subtitle: '4 GELU units, factors up to M',
    caption:
      'To divide the error by ten, the output weights grow tenfold; to double the range of factors, sixteenfold.',
    growth: [{ kind: 'product', of: 'M', ofValue: 4, ofError: 1 }],
  },
  figures: (result) => [scaleFigure(result)],
  findings: ({ precisions }) => precisions.map(roundingFinding),
});

type PrecisionErrors = Rounding['precisions'][number];

function roundingFinding({ name, smallest, proved, errors }: PrecisionErrors): Finding {
  const best = errors.reduce((least, one) => (one.measured < least.measured ? one : least));
  return {
    claim: `${name}: at every scale, the error is below approximation and rounding together`,
    holds: errors.every(({ measured, truncation, rounding }) => measured <= truncation + rounding),
    measured: `for factors up to 1, the smallest found is ${formatShort(best.measured)} at the scale ${formatShort(best.scale)}; proved best is ${formatShort(proved)}, and ${formatShort(smallest)} the least ε that is certified`,
    check: true,
  };
}

function scaleFigure({ precisions }: Rounding): Figure {
  const styles = orderedStyles(['float32, found', 'float64, found']);
  const [narrow, wide] = ['float32', 'float64'].map(
    (name) => precisions.find((one) => one.name === name)?.errors ?? [],
  );
  const found = [narrow ?? [], wide ?? []].map((errors, index) =>
    lineTrace({
      x: errors.map(({ scale }) => scale),
      y: errors.map(({ measured }) => measured),
      style: present(styles[index], 'style'),
      markers: true,
    }),
  );
  const proved = [narrow ?? [], wide ?? []].map((errors) => ({
    type: 'scatter',
    mode: 'lines',
    name: 'proved bound',
    legendgroup: 'proved bound',
    x: errors.map(({ scale }) => scale),
    y: errors.map(({ truncation, rounding }) => truncation + rounding),
    line: lineLook({ dash: broken, width: 1.5 }),
  }));
  return makeFigure({
    id: 'lemma1-1-scales',
    title: 'There is a best scale, and a smallest error',
    subtitle: 'Factors up to 1; inputs are multiplied by the scale',
    caption:
      'Right of the lowest point the approximation errs, as the square of the scale. Left of it rounding does: squares of small numbers are ' +
      'differences of large ones. Broken: approximation and rounding as proved.',
    alt: precisions
      .map(
        ({ name, errors }) =>
          `${name}: least error ${formatShort(Math.min(...errors.map(({ measured }) => measured)))}`,
      )
      .join('; '),
    data: [...proved, ...found],
    panelHeight: 300,
    panels: [
      {
        x: { title: 'Scale', type: 'log', exponentformat: 'power', dtick: 1 },
        y: { title: 'Largest error', type: 'log', exponentformat: 'power', dtick: 2 },
      },
    ],
  });
}
