// Activations of hidden units, in float64.

import erfc from '@stdlib/math-base-special-erfc';
import type { Activation } from './mlp';

/** The distribution function of the normal distribution, precise in its lower tail, too. */
export function normalDistribution(x: number): number {
  return erfc(-x * Math.SQRT1_2) / 2;
}

/** GELU(x) = x Phi(x), exact: no approximation by tanh (Hendrycks and Gimpel, 2016). */
export function gelu(x: number): number {
  return x * normalDistribution(x);
}

/** max(0, x). */
export function relu(x: number): number {
  return Math.max(0, x);
}

/** Each activation as a function. */
export const activations: Readonly<Record<Activation, (x: number) => number>> = { gelu, relu };
