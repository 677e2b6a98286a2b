// A figure for each of Lemmas 1.1 to 1.5 with a slider for the error asked for: what the
// construction gives, how far that is from what it should, and the weights it takes. explore.ts
// draws the same at any values.

import { broken, lineLook } from '../../../report/marks';
import { present } from '../../../base/present';
import { Random } from '../../../engine/random/random';
import { type Figure } from '../../../report/figure';
import { type FigureSpec, type PlotlyObject } from '../../../report/spec';
import { lineTrace } from '../../../report/traces';
import { type TextMap, textMapTraces } from '../../../report/text-map';
import { sliderFigure, type SliderStep } from '../../../report/slider';
import { fontSize, heatScale, ink, orderedStyles, type SeriesStyle } from '../../../report/style';
import { certifyAttention } from '../../../theory/lemmas/attention';
import { type Certificate } from '../../../theory/lemmas/certificate';
import { matrixProductMlp, multiplyMatrices } from '../../../theory/lemmas/matrix-product';
import { productError, productMlp } from '../../../theory/lemmas/product';
import { rectifierGap } from '../../../theory/lemmas/rectifier';
import { selectionMlp } from '../../../theory/lemmas/selection';
import { gelu, relu } from '../../../theory/network/activation';
import { evaluateMlp } from '../../../theory/network/evaluate-mlp';
import { weightNorm } from '../../../theory/network/norms';
import { formatShort } from '../../../report/log-axis';

const [shouldStyle, givenStyle] = orderedStyles(['exact', 'given by the weights']) as [
  SeriesStyle,
  SeriesStyle,
];

/** Values from `-bound` to `bound`. */
function spread(bound: number, count = 241): number[] {
  return Array.from({ length: count }, (_, index) => bound * ((2 * index) / (count - 1) - 1));
}

/** A lemma's construction as a figure that differs by the error asked for. */
export interface LemmaView {
  /** What all errors share, with axes for these. */
  readonly spec: (epsilons: readonly number[]) => FigureSpec;
  /** What one error gives. */
  readonly step: (epsilon: number) => SliderStep;
}

const sliderOf = ({ spec, step }: LemmaView, epsilons: readonly number[]): Figure =>
  sliderFigure(spec(epsilons), { prefix: 'ε = ', steps: epsilons.map(step) });

/** The curves of a slider's step. */
interface Curves {
  readonly given: readonly (number | null)[];
  readonly errors: readonly (number | null)[];
  readonly text: string;
}

/** Left what is given, right its error on a logarithmic axis, below the error asked for. */
function curveView(
  texts: { readonly id: string; readonly title: string; readonly subtitle: string; readonly caption: string },
  x: readonly number[],
  should: readonly (number | null)[],
  axisTitle: string,
  curves: (epsilon: number) => Curves,
  marks: readonly PlotlyObject[] = [],
): LemmaView {
  const step = (epsilon: number): SliderStep => {
    const { given, errors, text } = curves(epsilon);
    return {
      label: formatShort(epsilon),
      text,
      panels: [
        [lineTrace({ x, y: given, style: givenStyle })],
        [
          lineTrace({ x, y: errors.map((error) => (error === 0 ? null : error)), style: givenStyle }),
          {
            type: 'scatter',
            mode: 'lines',
            name: 'ε',
            x: [x[0], x.at(-1)],
            y: [epsilon, epsilon],
            line: lineLook({ dash: broken, width: 1.5 }),
          },
        ],
      ],
    };
  };
  const spec = (epsilons: readonly number[]): FigureSpec => {
    const [least, most] = [Math.min(...epsilons), Math.max(...epsilons)];
    return {
      ...texts,
      alt: `${texts.title}: ${epsilons.length} errors asked for, from ${formatShort(most)} to ${formatShort(least)}; the curve of errors stays below each.`,
      panelHeight: 260,
      panels: [
        {
          title: 'Output',
          x: { title: axisTitle },
          y: {},
          data: [lineTrace({ x, y: should, style: shouldStyle })],
          marks,
        },
        {
          title: 'Error',
          x: { title: axisTitle },
          y: {
            type: 'log',
            exponentformat: 'power',
            dtick: 2,
            range: [Math.log10(least) - 3.6, Math.log10(most) + 0.7],
          },
          marks,
        },
      ],
    };
  };
  return { spec, step };
}

/** Lemma 1.1: a times `bound` over a. */
export function productSlider(bound: number, epsilons: readonly number[]): Figure {
  return sliderOf(productView(bound), epsilons);
}

/** Lemma 1.1 as a view. */
export function productView(bound: number): LemmaView {
  const x = spread(bound);
  return curveView(
    {
      id: 'lemma1-1-slider',
      title: 'Lemma 1.1: four GELU units multiply',
      subtitle: `a b for b = ${bound}, over a`,
      caption:
        'The units see the factors scaled down; the error is that of taking GELU for a parabola there.',
    },
    x,
    x.map((a) => a * bound),
    'a',
    (epsilon) => {
      const mlp = productMlp({ bound, epsilon });
      const errors = x.map((a) => productError(mlp, a, bound));
      return {
        given: x.map((a, index) => a * bound + (errors[index] ?? 0)),
        errors: errors.map(Math.abs),
        text: `Input weights ${formatShort(Math.abs(mlp.inputWeight[0] ?? 0))}, output weights ${formatShort(weightNorm(mlp).largest)}.`,
      };
    },
  );
}

/** Lemma 1.2: one unit. */
export function rectifierSlider(epsilons: readonly number[]): Figure {
  return sliderOf(rectifierView(), epsilons);
}

/** Lemma 1.2 as a view, over `-reach` to `reach`. */
export function rectifierView(reach = 1): LemmaView {
  const x = spread(reach, 401);
  return curveView(
    {
      id: 'lemma1-2-slider',
      title: 'Lemma 1.2: a steep GELU is nearly a ReLU',
      subtitle: 'GELU(s x) / s over x',
      caption:
        'The two differ by at most 0.17 / s, near 0; a little away from there the difference is below any power of 1 / s.',
    },
    x,
    x.map(relu),
    'x',
    (epsilon) => {
      const steepness = rectifierGap.gap / epsilon;
      const given = x.map((value) => gelu(steepness * value) / steepness);
      return {
        given,
        errors: given.map((value, index) => Math.abs(value - relu(x[index] ?? 0))),
        text: `Steepness s = ${formatShort(steepness)}.`,
      };
    },
  );
}

/** Lemma 1.3: `bound` where t is positive, -bound / 2 where it is negative. */
export function selectionSlider(bound: number, gap: number, epsilons: readonly number[]): Figure {
  return sliderOf(selectionView(bound, gap), epsilons);
}

/** Lemma 1.3 as a view. */
export function selectionView(bound: number, gap: number): LemmaView {
  const t = spread(3 * gap, 481);
  const isAllowed = (value: number): boolean => Math.abs(value) >= gap * (1 - 1e-9);
  const should = t.map((value) => (isAllowed(value) ? (value > 0 ? bound : -bound / 2) : null));
  return curveView(
    {
      id: 'lemma1-3-slider',
      title: 'Lemma 1.3: four GELU units select by sign',
      subtitle: `x = ${bound} where t is positive, y = −${bound / 2} where it is negative; α = ${gap}`,
      caption: 'Band around 0: |t| < α, where nothing is promised. A smaller error takes hardly more weight.',
    },
    t,
    should,
    't',
    (epsilon) => {
      const mlp = selectionMlp({ bound, gap, range: 3 * gap, epsilon });
      const given = t.map(
        (value) => evaluateMlp(mlp, Float64Array.of(bound, -bound / 2, value, 0))[3] ?? Number.NaN,
      );
      return {
        given,
        errors: given.map((value, index) => {
          const wanted = should[index] ?? null;
          return wanted === null ? null : Math.abs(value - wanted);
        }),
        text: `Largest weight ${formatShort(weightNorm(mlp).largest)}.`,
      };
    },
    [
      {
        type: 'rect',
        xref: 'x',
        yref: 'y domain',
        x0: -gap,
        x1: gap,
        y0: 0,
        y1: 1,
        fillcolor: ink.grid,
        line: { width: 0 },
        layer: 'below',
      },
    ],
  );
}

/** Lemma 1.4: a random Boolean pair, and a random real one, of `size` rows. */
export function matrixProductSlider(size: number, epsilons: readonly number[], seed = 1): Figure {
  return sliderOf(matrixProductView({ size, bound: 1, least: Math.min(...epsilons), seed }), epsilons);
}

/**
 * Lemma 1.4 as a view. Entries of the real pair are up to `bound`; shades of errors are made for
 * `least` and more.
 */
export function matrixProductView({
  size,
  bound,
  least,
  seed = 1,
}: {
  readonly size: number;
  readonly bound: number;
  readonly least: number;
  readonly seed?: number;
}): LemmaView {
  const random = Random.fromSeed(seed);
  const draw = (entry: () => number): [number[], number[]] => [
    Array.from({ length: size * size }, entry),
    Array.from({ length: size * size }, entry),
  ];
  const pairs = [
    { largest: 1, factors: draw(() => (random.uniform() < 0.4 ? 1 : 0)) },
    { largest: bound, factors: draw(() => bound * (2 * random.uniform() - 1)) },
  ];
  const rows = (list: readonly number[]): number[][] =>
    Array.from({ length: size }, (_, row) => list.slice(row * size, (row + 1) * size));
  const cells = (
    z: readonly number[],
    text: readonly string[],
    scale: Pick<TextMap, 'colorscale' | 'zmin' | 'zmax'>,
  ): PlotlyObject[] =>
    textMapTraces({
      z: rows(z),
      text: Array.from({ length: size }, (_, row) => text.slice(row * size, (row + 1) * size)),
      size: Math.max(6, Math.min(fontSize.label, 90 / size)),
      ...scale,
      further: { xgap: 2, ygap: 2, hovertemplate: 'row %{y}, column %{x}: %{text}<extra></extra>' },
    });
  const axis = { showgrid: false, showticklabels: false, ticks: '', showline: false };
  const step = (epsilon: number): SliderStep => {
    const mlp = matrixProductMlp({ size, bound, epsilon });
    return {
      label: formatShort(epsilon),
      text: `${mlp.hidden.toLocaleString('en')} hidden units, largest weight ${formatShort(weightNorm(mlp).largest)}.`,
      panels: pairs.flatMap(({ largest, factors: [left, right] }) => {
        const given = [...multiplyMatrices(mlp, left, right)];
        const errors = given.map((value, index) => Math.abs(value - product(left, right, size, index)));
        return [
          cells(
            given,
            given.map((value) => value.toFixed(3)),
            {
              colorscale: [
                [0, '#F4F1E4'],
                [0.5, '#FFFFFF'],
                [1, '#9FC3E8'],
              ],
              zmin: (-size * largest ** 2) / 2,
              zmax: (size * largest ** 2) / 2,
            },
          ),
          cells(
            errors.map((error) => Math.log10(Math.max(error, 1e-16))),
            errors.map((error) => (error === 0 ? '0' : error.toExponential(0))),
            { colorscale: heatScale, zmin: Math.log10(least) - 2, zmax: 1.5 },
          ),
        ];
      }),
    };
  };
  const spec = (epsilons: readonly number[]): FigureSpec => ({
    id: 'lemma1-4-slider',
    title: `Lemma 1.4: one MLP multiplies two ${size} x ${size} matrices`,
    subtitle: 'Above a Boolean pair, below a real one',
    caption:
      'Left: the output of the MLP; right: its errors. Entries of a Boolean product are rounded to whether they are at least 1/2; for that an error below 1/2 is enough.',
    alt: `Products of two pairs of ${size} x ${size} matrices as an MLP gives them and their errors, for ${epsilons.length} errors asked for.`,
    columns: 2,
    panelHeight: 180,
    panels: ['Boolean: the product given', 'Errors', 'Real: the product given', 'Errors'].map((title) => ({
      title,
      x: axis,
      y: { ...axis, autorange: 'reversed' },
    })),
  });
  return { spec, step };
}

function product(left: readonly number[], right: readonly number[], size: number, index: number): number {
  const [row, column] = [Math.floor(index / size), index % size];
  return left
    .slice(row * size, (row + 1) * size)
    .reduce((sum, value, middle) => sum + value * (right[middle * size + column] ?? 0), 0);
}

/**
 * Lemma 1.5: the weights of all positions where one matches, and the error found at each sharpness.
 * The engine must have been started.
 */
export async function attentionSlider(
  length: number,
  epsilons: readonly number[],
  seed = 1,
): Promise<Figure> {
  return sliderOf(await attentionView(length, epsilons, seed), epsilons);
}

/**
 * Lemma 1.5 as a view: its curves on the right are of these errors, and its steps are some of them.
 */
export async function attentionView(
  length: number,
  epsilons: readonly number[],
  seed = 1,
): Promise<LemmaView & { readonly certificates: readonly Certificate[] }> {
  const bits = Math.max(1, Math.ceil(Math.log2(length)));
  const asked = Math.floor(length / 3);
  const positions = Array.from({ length }, (_, position) => position);
  const differing = (address: number): number => (address ^ asked).toString(2).replaceAll('0', '').length;
  const certificates: Certificate[] = [];
  for (const epsilon of epsilons)
    certificates.push(
      await certifyAttention({ length, addresses: length, bound: 1, epsilon, random: Random.fromSeed(seed) }),
    );
  const sharpnesses = certificates.map(({ parameters }) => Number(parameters['sharpness']));
  const step = (epsilon: number): SliderStep => {
    const index = epsilons.indexOf(epsilon);
    const sharpness = present(sharpnesses[index], 'sharpness');
    const { measured } = present(certificates[index], 'certificate');
    const raised = positions.map((position) => Math.exp((-2 * sharpness * differing(position)) / bits));
    const sum = raised.reduce((total, value) => total + value, 0);
    return {
      label: formatShort(epsilon),
      text: `Sharpness ${formatShort(sharpness)}: the worst sequence errs by ${formatShort(measured)}.`,
      panels: [
        [
          {
            type: 'scatter',
            mode: 'markers',
            showlegend: false,
            x: positions,
            y: raised.map((value) => value / sum),
            marker: {
              opacity: 1,
              size: positions.map((position) => (position === asked ? 11 : 6)),
              color: positions.map((position) => (position === asked ? givenStyle.color : shouldStyle.color)),
            },
          },
        ],
        [
          {
            type: 'scatter',
            mode: 'markers',
            showlegend: false,
            x: [sharpness],
            y: [measured],
            marker: { size: 15, symbol: 'circle-open', color: ink.text, line: { width: 2 } },
          },
        ],
      ],
    };
  };
  const spec = (shown: readonly number[]): FigureSpec => ({
    id: 'lemma1-5-slider',
    title: 'Lemma 1.5: one head copies from the position that matches',
    subtitle: `${length} positions with addresses of ${bits} bits; position ${asked} is asked for`,
    caption:
      'Left: the dot at the top is the position asked for; rows of dots below are addresses that differ in one bit, two, and so on. Right: the proved error and the one found in float32 at each sharpness; the circle is the one at the slider.',
    alt: `Attention weights of ${length} positions, and errors over sharpness, for ${shown.length} errors asked for.`,
    panelHeight: 260,
    panels: [
      {
        title: 'Attention weights',
        x: { title: 'Position' },
        y: {
          type: 'log',
          exponentformat: 'power',
          range: [Math.log10(Math.min(...shown)) - 6, 0.3],
          dtick: 2,
        },
      },
      {
        title: 'Largest error',
        x: { title: 'Sharpness' },
        y: { type: 'log', exponentformat: 'power', dtick: 1 },
        data: [
          lineTrace({
            x: sharpnesses,
            y: certificates.map(({ bound }) => bound),
            style: { ...shouldStyle, name: 'proved' },
          }),
          lineTrace({
            x: sharpnesses,
            y: certificates.map(({ measured }) => measured),
            style: { ...givenStyle, name: 'found' },
            markers: true,
          }),
        ],
      },
    ],
  });
  return { spec, step, certificates };
}
