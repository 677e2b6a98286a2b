import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { activations, gelu, normalDistribution, relu } from '../../../lib/theory/network/activation';
import { evaluateMlp } from '../../../lib/theory/network/evaluate-mlp';
import { type Connection, MlpBuilder } from '../../../lib/theory/network/mlp';

/** The integral of the normal density from 0 to x, by Simpson's rule. */
function integratedDensity(x: number): number {
  const steps = 2000;
  const density = (t: number): number => Math.exp((-t * t) / 2) / Math.sqrt(2 * Math.PI);
  let sum = density(0) + density(x);
  for (let step = 1; step < steps; step++) sum += (step % 2 === 1 ? 4 : 2) * density((step * x) / steps);
  return (sum * x) / steps / 3;
}

const real = fc.double({ min: -6, max: 6, noNaN: true });

describe('GELU', () => {
  it('is x times the integral of the normal density', () => {
    fc.assert(
      fc.property(real, (x) => {
        expect(gelu(x)).toBeCloseTo(x * (0.5 + integratedDensity(x)), 11);
      }),
    );
  });

  it('of x and of -x differ by x', () => {
    fc.assert(
      fc.property(real, (x) => {
        expect(gelu(x) - gelu(-x)).toBeCloseTo(x, 14);
      }),
    );
  });

  it('keeps its digits where it is tiny: the tail of the normal distribution is 7.6198530241605e-24 at -10', () => {
    expect(normalDistribution(-10) / 7.6198530241605e-24).toBeCloseTo(1, 12);
  });
});

describe('a layer of hidden units', () => {
  const width = 5;
  const connections = fc.array(fc.tuple(fc.nat(width - 1), real), { maxLength: 4 });
  const units = fc.array(fc.tuple(connections, real, connections), { maxLength: 6 });
  const stream = fc.array(real, { minLength: width, maxLength: width });

  const dense = (list: readonly Connection[]): number[] =>
    Array.from({ length: width }, (_, place) =>
      list.reduce((sum, [index, weight]) => sum + (index === place ? weight : 0), 0),
    );

  it('adds what the dense matrices of its connections would, and leaves its input as it is', () => {
    fc.assert(
      fc.property(units, stream, fc.constantFrom('gelu', 'relu'), (list, values, activation) => {
        const mlp = new MlpBuilder(activation);
        for (const unit of list) mlp.unit(...unit);
        const residual = Float64Array.from(values);
        const added = evaluateMlp(mlp.build(), residual);
        const hidden = list.map(([inputs, bias]) =>
          activations[activation](
            dense(inputs).reduce((sum, weight, place) => sum + weight * (values[place] ?? 0), bias),
          ),
        );
        for (let place = 0; place < width; place++) {
          const expected = list.reduce(
            (sum, [, , outputs], unit) => sum + (dense(outputs)[place] ?? 0) * (hidden[unit] ?? 0),
            0,
          );
          expect(added[place]).toBeCloseTo(expected, 8);
        }
        expect([...residual]).toEqual(values);
      }),
    );
  });

  it('reads no coordinate that is not there', () => {
    const mlp = new MlpBuilder('relu');
    mlp.unit([[width, 1]], 0, [[0, 1]]);
    expect(evaluateMlp(mlp.build(), new Float64Array(width))[0]).toBeNaN();
    expect([relu(-1), relu(2)]).toEqual([0, 2]);
  });
});
