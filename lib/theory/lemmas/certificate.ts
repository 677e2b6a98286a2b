// What a lemma's weights are certified by: an error that was proved and one that was found, as
// plain data.

import type { WeightNorm } from '../network/norms';

/** The paper's lemmas. */
export type LemmaName = '1.1' | '1.2' | '1.3' | '1.4' | '1.5';

/** A construction of a lemma's with given parameters, and its error. Survives JSON. */
export interface Certificate {
  readonly lemma: LemmaName;
  /** What is computed, e.g. `product`. */
  readonly what: string;
  readonly parameters: Readonly<Record<string, number | string>>;
  /** The error that was asked for. */
  readonly epsilon: number;
  /** No error is larger: derived, with what rounding can add. */
  readonly bound: number;
  /** The largest error that a search found. */
  readonly measured: number;
  /** Hidden units; 0 where there is no MLP. */
  readonly hidden: number;
  readonly weightNorm: WeightNorm;
  /** Whether `measured` <= `bound` <= `epsilon`. */
  readonly holds: boolean;
}

/**
 * A certificate, judged. An error that is no number counts as the largest number: that does not
 * hold, and JSON can keep it.
 */
export function judged(parts: Omit<Certificate, 'holds'>): Certificate {
  const measured = Number.isFinite(parts.measured) ? parts.measured : Number.MAX_VALUE;
  return { ...parts, measured, holds: measured <= parts.bound && parts.bound <= parts.epsilon };
}

/**
 * The error to build weights for: a billionth less than asked, as bounds are themselves computed
 * with rounded numbers.
 */
export function aim(epsilon: number): number {
  return epsilon * (1 - 1e-9);
}

/** How numbers are rounded: the relative error of one operation is at most `unit`. */
export interface Precision {
  readonly name: 'float64' | 'float32';
  readonly unit: number;
  readonly round: (value: number) => number;
}

/** JavaScript's numbers. */
export const float64: Precision = { name: 'float64', unit: 2 ** -53, round: (value) => value };

/** The tensor engine's numbers. */
export const float32: Precision = { name: 'float32', unit: 2 ** -24, round: Math.fround };
