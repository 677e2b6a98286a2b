// The certificate of a lemma's weights, as plain data: an error bound that is derived, and the
// largest error that a search found.

import { type Mlp, sameMlp } from '../network/mlp';
import type { WeightNorm } from '../network/norms';

/** The paper's lemmas. */
export type LemmaName = '1.1' | '1.2' | '1.3' | '1.4' | '1.5';

/** A lemma's construction for given parameters, and its error. Survives JSON. */
export interface Certificate {
  readonly lemma: LemmaName;
  /** The function computed, e.g. `product`. */
  readonly what: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  /** The allowed error. */
  readonly epsilon: number;
  /** The derived bound of the error of the lemma's own weights, rounding included. */
  readonly bound: number;
  /** The largest error that a search found. */
  readonly measured: number;
  /** Hidden units; 0 where there is no MLP. */
  readonly hidden: number;
  readonly weightNorm: WeightNorm;
  /**
   * Whether the weights are the lemma's own, for which `bound` is derived, and
   * `measured` <= `bound` <= `epsilon`. Other weights are tried, by `measured`, and never
   * certified.
   */
  readonly holds: boolean;
}

/**
 * Completes a certificate with its verdict. A measured error that is not finite becomes the largest
 * number: the certificate then does not hold, and JSON can keep it.
 *
 * @param isOwn whether the weights are those that the lemma builds
 */
export function judged(parts: Omit<Certificate, 'holds'>, isOwn = true): Certificate {
  const measured = Number.isFinite(parts.measured) ? parts.measured : Number.MAX_VALUE;
  return { ...parts, measured, holds: isOwn && measured <= parts.bound && parts.bound <= parts.epsilon };
}

/** Whether layers are a lemma's own, number by number. */
export function areOwn(layers: readonly Mlp[], own: readonly Mlp[]): boolean {
  return (
    layers === own ||
    (layers.length === own.length &&
      layers.every((layer, index) => {
        const other = own[index];
        return other !== undefined && sameMlp(layer, other);
      }))
  );
}

/** The error to build weights for: a billionth less than allowed, as bounds are rounded, too. */
export function aim(epsilon: number): number {
  return epsilon * (1 - 1e-9);
}

/** An arithmetic: the relative error of one rounded operation is at most `unit`. */
export interface Precision {
  readonly name: 'float64' | 'float32';
  readonly unit: number;
  readonly round: (value: number) => number;
}

/** JavaScript's numbers. */
export const float64: Precision = { name: 'float64', unit: 2 ** -53, round: (value) => value };

/** The tensor engine's numbers. */
export const float32: Precision = { name: 'float32', unit: 2 ** -24, round: Math.fround };
