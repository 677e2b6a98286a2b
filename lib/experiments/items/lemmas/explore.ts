// The construction of a lemma at values that a reader moves: the figure of the lemma's slider at
// one error asked for, with the certificate's bound and the largest error found.

import { formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { Random } from '../../../engine/random/random';
import { type Figure } from '../../../report/figure';
import { formatShort } from '../../../report/log-axis';
import { sliderFigure } from '../../../report/slider';
import { type Certificate, type LemmaName } from '../../../theory/lemmas/certificate';
import { certifyMatrixProduct } from '../../../theory/lemmas/matrix-product';
import { certifyProduct } from '../../../theory/lemmas/product';
import { certifyRectifier } from '../../../theory/lemmas/rectifier';
import { certifySelection } from '../../../theory/lemmas/selection';
import { MlpBuilder } from '../../../theory/network/mlp';
import {
  attentionView,
  type LemmaView,
  matrixProductView,
  productView,
  rectifierView,
  selectionView,
} from './sliders';

/** The values that each lemma's construction is made for. */
export interface LemmaParameters {
  /** `bound` is M. */
  readonly '1.1': { readonly bound: number; readonly epsilon: number };
  readonly '1.2': { readonly epsilon: number };
  /** `bound` is M, `gap` is α. */
  readonly '1.3': { readonly bound: number; readonly gap: number; readonly epsilon: number };
  /** `size` is n, `bound` is M. */
  readonly '1.4': { readonly size: number; readonly bound: number; readonly epsilon: number };
  /** `length` is n. */
  readonly '1.5': { readonly length: number; readonly epsilon: number };
}

/** A construction as it is drawn, and what is proved and found of it. */
interface Explored {
  readonly view: LemmaView;
  readonly certificate: Certificate;
}

/** Axes are made for these errors, so that they stay as epsilon moves. */
const axisErrors = [1e-6, 1];
/** Of the curves over the sharpness, beside the error asked for. */
const curveErrors = [1, 1e-2, 1e-4, 1e-5];
/** Points that a search starts from: few, as a reader waits for it. */
const [grid, points] = [41, 40];

const seeded = (): Random => Random.fromSeed(1);

const constructions: {
  readonly [Lemma in LemmaName]: (parameters: LemmaParameters[Lemma]) => Explored | Promise<Explored>;
} = {
  '1.1': (options) => ({
    view: productView(options.bound),
    certificate: certifyProduct(options, { grid }),
  }),
  '1.2': ({ epsilon }) => {
    const unit = new MlpBuilder('relu');
    unit.unit([[0, 1]], 0, [[0, 1]]);
    const options = { epsilon, bound: 1, width: 1, points, random: seeded() };
    const certificate = certifyRectifier([unit.build()], options);
    // Further from 0 the two differ by nothing that float64 holds.
    const reach = Math.min(1, 8 / Number(certificate.parameters['steepness']));
    return { view: rectifierView(reach), certificate };
  },
  '1.3': ({ bound, gap, epsilon }) => ({
    view: selectionView(bound, gap),
    certificate: certifySelection({ bound, gap, range: 3 * gap, epsilon, points, random: seeded() }),
  }),
  '1.4': ({ size, bound, epsilon }) => ({
    view: matrixProductView({ size, bound, least: Math.min(...axisErrors) }),
    certificate: certifyMatrixProduct({
      size,
      bound,
      epsilon,
      entries: 'real',
      points: size,
      random: seeded(),
    }),
  }),
  '1.5': async ({ length, epsilon }) => {
    const errors = [...new Set([...curveErrors, epsilon])].sort((a, b) => b - a);
    const { certificates, ...view } = await attentionView(length, errors);
    return { view, certificate: present(certificates[errors.indexOf(epsilon)], 'certificate') };
  },
};

/**
 * Draws the construction of a lemma for given values: what it gives, how far that is from what it
 * should, and below the figure its weights, the error proved and the largest one found. The engine
 * must have been started for Lemma 1.5.
 *
 * @throws UsageError if rounding alone can exceed epsilon
 */
export async function lemmaFigure<Lemma extends LemmaName>(
  lemma: Lemma,
  parameters: LemmaParameters[Lemma],
): Promise<Figure> {
  const { view, certificate } = await constructions[lemma](parameters);
  const { bound, measured, epsilon } = certificate;
  const spec = view.spec(axisErrors);
  const step = view.step(epsilon);
  const share = formatPercent(measured / bound);
  const errors = `Proved: at most ${formatShort(bound)}; largest found: ${formatShort(measured)}, ${share} of that.`;
  const text = `ε = ${step.label}. ${step.text} ${errors}`;
  return sliderFigure(
    { ...spec, id: spec.id.replace('slider', 'figure'), alt: `${spec.title}: ${text}` },
    { prefix: 'ε = ', steps: [{ ...step, text }] },
  );
}
