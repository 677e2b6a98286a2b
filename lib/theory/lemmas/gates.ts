// Hidden units that compute something exact or nearly so: the paper's Lemmas 1.1 to 1.4 as
// connections of an MLP. The compiler is made of these; `lib/theory/lemmas` certifies their errors.
// Bounds are derived beside each.

import type { Connection, MlpBuilder } from '../network/mlp';

/**
 * GELU(u) + GELU(-u) = u erf(u / sqrt 2) = sqrt(2 / pi) (u^2 - u^4 / 6 + ...): the factor of u^2.
 */
const quadratic = Math.sqrt(2 / Math.PI);

/** Where a result goes, and how much of it. */
export interface Target {
  readonly coordinate: number;
  readonly weight?: number;
}

/**
 * Adds a * b to `out`: Lemma 1.1, with 4 GELU units. From ab = ((a + b)^2 - (a - b)^2) / 4, with
 * inputs scaled down by `scale` so that squares are all that is left of GELU. The result is ab (1 -
 * scale^2 (a^2 + b^2) / 3 + O(scale^4)): too small in proportion, and exactly 0 where a or b is.
 */
export function multiply(mlp: MlpBuilder, a: number, b: number, out: Target, scale: number): void {
  const weight = (out.weight ?? 1) / (4 * quadratic * scale * scale);
  for (const side of [1, -1])
    for (const sign of [1, -1])
      mlp.unit(
        [
          [a, sign * scale],
          [b, sign * side * scale],
        ],
        0,
        [[out.coordinate, side * weight]],
      );
}

/**
 * Adds whether both a and b are 1, of numbers that are 0 or 1, to `out`: max(0, a + b - 1), one
 * ReLU unit and exact.
 */
export function conjoin(mlp: MlpBuilder, a: number, b: number, out: Target): void {
  mlp.unit(
    [
      [a, 1],
      [b, 1],
    ],
    -1,
    [[out.coordinate, out.weight ?? 1]],
  );
}

/**
 * Adds max(0, sum of inputs + bias) to the outputs: one ReLU unit, or by Lemma 1.2 one GELU unit of
 * inputs scaled up by `steepness`, which differs from it by at most 0.17 / steepness, and by less
 * than 2e-9 / steepness where
 * |sum| >= 6 / steepness.
 */
export function rectify(
  mlp: MlpBuilder,
  inputs: readonly Connection[],
  bias: number,
  outputs: readonly Connection[],
  steepness: number,
): void {
  const factor = mlp.activation === 'gelu' ? steepness : 1;
  mlp.unit(
    inputs.map(([coordinate, weight]) => [coordinate, weight * factor]),
    bias * factor,
    outputs.map(([coordinate, weight]) => [coordinate, weight / factor]),
  );
}

/**
 * Adds a sum of inputs to the outputs, exactly: act(u) - act(-u) = u for GELU and ReLU alike (Lemma
 * 1.3).
 */
export function pass(mlp: MlpBuilder, inputs: readonly Connection[], outputs: readonly Connection[]): void {
  for (const sign of [1, -1])
    mlp.unit(
      inputs.map(([coordinate, weight]) => [coordinate, sign * weight]),
      0,
      outputs.map(([coordinate, weight]) => [coordinate, sign * weight]),
    );
}

/** What `select` chooses between; each a sum of inputs. */
export interface Choice {
  /** Decides by its sign. */
  readonly test: readonly Connection[];
  readonly whenPositive: readonly Connection[];
  readonly whenNegative: readonly Connection[];
}

/**
 * Adds `whenPositive` where `test` >= `gap`, and `whenNegative` where `test` <= -`gap`, if neither
 * is beyond `bound` in absolute value (Lemma 1.3). Four units: with t = 2 bound / gap times the
 * test, rectified x + t less rectified t, and the same of y and -t. Whatever is rectified is then
 * at least `bound` from 0, so the error of GELU is at most 2 bound (Phi(-u) + 2 Phi(-2u)), u =
 * steepness * bound, and with ReLU there is none.
 */
export function select(
  mlp: MlpBuilder,
  { test, whenPositive, whenNegative }: Choice,
  out: Target,
  { bound, gap }: { readonly bound: number; readonly gap: number },
  steepness: number,
): void {
  const weight = out.weight ?? 1;
  for (const [value, sign] of [
    [whenPositive, 1],
    [whenNegative, -1],
  ] as const) {
    const away = test.map(([coordinate, of]): Connection => [coordinate, (sign * of * 2 * bound) / gap]);
    rectify(mlp, [...value, ...away], 0, [[out.coordinate, weight]], steepness);
    rectify(mlp, away, 0, [[out.coordinate, -weight]], steepness);
  }
}

/**
 * Adds min(1, max(0, 2 sum - 1/2)) to the outputs: 0 where the sum is below 1/4, 1 where it is
 * above 3/4. Rounds what should be a whole number to whether it is at least 1.
 */
export function atLeastOne(
  mlp: MlpBuilder,
  inputs: readonly Connection[],
  bias: number,
  outputs: readonly Connection[],
  steepness: number,
): void {
  const doubled = inputs.map(([coordinate, weight]): Connection => [coordinate, 2 * weight]);
  rectify(mlp, doubled, 2 * bias - 0.5, outputs, steepness);
  const negative = outputs.map(([coordinate, weight]): Connection => [coordinate, -weight]);
  rectify(mlp, doubled, 2 * bias - 1.5, negative, steepness);
}
