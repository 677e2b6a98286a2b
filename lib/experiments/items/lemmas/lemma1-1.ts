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
import { defineExperiment } from '../../run/experiment';
import { prepareNothing } from '../../run/definition';
import { listOf } from '../../settings/fields';
import { type Finding } from '../../run/report';
import { formatShort } from '../../../report/log-axis';
import { epsilonsField } from './fields';
import { drawLemma, type LemmaResult } from './lemma';
import { extent } from '../../settings/preset-words';

export interface Lemma11Result extends LemmaResult {
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

const epsilons = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6];

function describe({ bounds, epsilons, grid }: Lemma11Settings): string {
  return `M from ${extent(bounds)}, errors from ${extent(epsilons)}, a grid of ${grid} x ${grid}`;
}

/** Lemma 1.1 as an item. */
export const lemma11 = defineExperiment<Lemma11Settings, null, Lemma11Result>({
  id: 'lemma1.1',
  title: 'Lemma 1.1: four GELU units multiply two numbers',
  question: 'How large weights are enough for an MLP to multiply?',
  answer: /^Product: the largest weight grows/,
  claim:
    'Lemma 1.1, taken from Feng et al. (public summary page; we have not seen its text). Working definition: a GELU MLP with 4 hidden units computes a b for |a|, |b| ≤ M to error ε, with weights polynomial in M and 1/ε.',
  notebook: 'notebooks/lemmas.ipynb',
  revision: 2,
  schema,
  presets: {
    smoke: {
      description: describe,
      time: 'seconds',
      settings: { bounds: [1, 4], epsilons: [1e-2, 1e-4], grid: 21, scales: 7 },
    },
    quick: {
      description: describe,
      time: 'seconds',
      settings: { bounds: [1, 2, 4, 8, 16], epsilons, grid: 101, scales: 37 },
    },
    paper: {
      description: describe,
      time: 'seconds',
      settings: { bounds: [1, 2, 4, 8, 16, 32, 64], epsilons, grid: 401, scales: 73 },
    },
  },
  prepare: prepareNothing,
  run: ({ bounds, epsilons: errors, grid, scales: count }) => {
    const sorted = [...errors].sort((a, b) => b - a);
    const series = bounds.map((bound) => ({
      name: `M = ${bound}`,
      kind: 'product',
      value: bound,
      certificates: sorted.map((epsilon) => certifyProduct({ bound, epsilon }, { grid })),
    }));
    const scales = Array.from({ length: count }, (_, index) => 10 ** (-6 + (6 * index) / (count - 1)));
    const precisions = [float64, float32].map((precision) => ({
      name: precision.name,
      smallest: smallestProductError(1, precision),
      proved: bestProductScale(1, precision),
      errors: productErrorsByScale(scales, { bound: 1, precision }),
    }));
    return Promise.resolve({ series, precisions });
  },
  scale: ({ grid }) =>
    `The largest error is searched on a grid of ${grid} x ${grid}, then by hill climbing from its worst points, in float64. A lemma has no scale of its own.`,
  draw: (result) => {
    const lemma = drawLemma(result, {
      id: 'lemma1.1',
      title: 'Multiplying: the error and the weights it costs',
      subtitle: '4 GELU units, factors up to M',
      caption:
        'To divide the error by ten, the output weights grow tenfold; to double the range of factors, sixteenfold.',
      growth: [{ kind: 'product', of: 'M', ofValue: 4, ofError: 1 }],
    });
    return {
      ...lemma,
      figures: [...lemma.figures, scaleFigure(result)],
      findings: [...lemma.findings, ...result.precisions.map(roundingFinding)],
    };
  },
});

type PrecisionErrors = Lemma11Result['precisions'][number];

function roundingFinding({ name, smallest, proved, errors }: PrecisionErrors): Finding {
  const best = errors.reduce((least, one) => (one.measured < least.measured ? one : least));
  return {
    claim: `${name}: at every scale, the error is below approximation and rounding together`,
    holds: errors.every(({ measured, truncation, rounding }) => measured <= truncation + rounding),
    measured: `for factors up to 1, the smallest found is ${formatShort(best.measured)} at the scale ${formatShort(best.scale)}; proved best is ${formatShort(proved)}, and ${formatShort(smallest)} the least ε that is certified`,
    check: true,
  };
}

function scaleFigure({ precisions }: Lemma11Result): Figure {
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
