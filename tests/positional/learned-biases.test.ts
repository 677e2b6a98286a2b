// Biases with trained parameters, against their published formulas in float64.

import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { type Encoding } from '../../lib/positional/encoding';
import { fire } from '../../lib/positional/fire';
import { kerple } from '../../lib/positional/kerple';
import { t5, t5Bucket } from '../../lib/positional/t5';
import { level, randomParameters, shape } from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const positions = [0, 1, 2, 3, 15, 16, 17, 40, 127, 128, 129, 500];
const everywhere = { start: 0, end: positions.length };

/** The bias of all pairs, [heads][queries][keys]. */
function biasOf(encoding: Encoding, parameters: ReadonlyMap<string, tf.Tensor>): number[][][] {
  const tokens = [level([positions])] as const;
  const { bias } = encoding.apply(tokens, tokens, shape, parameters);
  return bias?.(everywhere, everywhere).squeeze<tf.Tensor3D>([0]).arraySync() ?? [];
}

/** Calls `check` with each bias that causal attention uses. */
function forPastKeys(
  bias: readonly (readonly (readonly number[])[])[],
  check: (value: number, head: number, query: number, key: number) => void,
): void {
  bias.forEach((rows, head) => {
    rows.forEach((row, query) => {
      row.slice(0, query + 1).forEach((value, key) => {
        check(value, head, positions[query] ?? NaN, positions[key] ?? NaN);
      });
    });
  });
}

const valuesOf = (parameters: ReadonlyMap<string, tf.Tensor>): Map<string, number[]> =>
  new Map([...parameters].map(([name, tensor]) => [name, Array.from(tensor.dataSync())]));

describe('T5’s buckets', () => {
  it.each([
    [32, 128],
    [8, 20],
    [64, 1000],
  ])('%i up to %i are those of the published code', (buckets, maxDistance) => {
    // relative_position_bucket with bidirectional=False; `key` minus `query` is negative for past
    // keys.
    const published = (relativePosition: number): number => {
      const n = Math.max(-relativePosition, 0);
      const maxExact = Math.floor(buckets / 2);
      if (n < maxExact) return n;
      const scaled = (Math.log(n / maxExact) / Math.log(maxDistance / maxExact)) * (buckets - maxExact);
      return Math.min(maxExact + Math.floor(scaled), buckets - 1);
    };
    for (let distance = 0; distance < 2 * maxDistance; distance += 1)
      expect(t5Bucket(distance, buckets, maxDistance)).toBe(published(-distance));
  });

  it('are all taken, in order', () => {
    const taken = Array.from({ length: 200 }, (_, distance) => t5Bucket(distance, 32, 128));
    expect([...new Set(taken)]).toEqual(Array.from({ length: 32 }, (_, bucket) => bucket));
    expect(taken.slice(128).every((bucket) => bucket === 31)).toBe(true);
  });
});

describe('T5’s bias', () => {
  it('is the table’s number for the bucket and the head', () => {
    tf.tidy(() => {
      const parameters = randomParameters(t5(), Random.fromSeed(1));
      const table = (parameters.get('model.relative_attention_bias.weight') as tf.Tensor2D).arraySync();
      forPastKeys(biasOf(t5(), parameters), (value, head, query, key) => {
        expect(value).toBe(table[t5Bucket(query - key, 32, 128)]?.[head]);
      });
    });
  });
});

describe('KERPLE', () => {
  it('is -r1 ln(1 + r2 d), falling with the distance in every head', () => {
    tf.tidy(() => {
      const parameters = randomParameters(kerple(), Random.fromSeed(2));
      const values = valuesOf(parameters);
      const [r1, r2] = ['model.kerple.log_r1', 'model.kerple.log_r2'].map((name) =>
        (values.get(name) ?? []).map(Math.exp),
      ) as [number[], number[]];
      forPastKeys(biasOf(kerple(), parameters), (value, head, query, key) => {
        const expected = -(r1[head] ?? NaN) * Math.log(1 + (r2[head] ?? NaN) * (query - key));
        expect(value).toBeCloseTo(expected, 5);
        expect(value < 0 || query === key).toBe(true);
      });
    });
  });

  it('starts with r1 and r2 spread over the ranges from which the source draws them', () => {
    const [r1, r2] = kerple()
      .parameters({ ...shape, numHeads: 4 })
      .map(({ initial }) =>
        Array.from(initial as Float32Array, (value) => Number(Math.exp(value).toFixed(6))),
      );
    expect(r1).toEqual([0.25, 0.75, 1.25, 1.75]);
    expect(r2).toEqual([0.125, 0.375, 0.625, 0.875]);
  });
});

/** FIRE in float64, after the source's code. */
function referenceFire(
  values: ReadonlyMap<string, number[]>,
  head: number,
  query: number,
  key: number,
): number {
  const of = (name: string): number[] => values.get(`model.fire.${name}`) ?? [];
  const c = Math.abs(of('c')[0] ?? NaN);
  const threshold = Math.abs((of('L_multiplier')[0] ?? NaN) * (shape.trainLength / 4));
  const normalizer = Math.log(c * Math.max(query, threshold) + 1) + 1e-6;
  const share = Math.log(c * (query - key) + 1) / normalizer;
  const hidden = of('mlp.0.weight').map((weight, unit) =>
    Math.max(0, weight * share + (of('mlp.0.bias')[unit] ?? NaN)),
  );
  return hidden.reduce(
    (sum, value, unit) => sum + value * (of('mlp.2.weight')[head * hidden.length + unit] ?? NaN),
    of('mlp.2.bias')[head] ?? NaN,
  );
}

describe('FIRE', () => {
  it('is a network of the logarithmic distance as a share of the query’s position', () => {
    tf.tidy(() => {
      const parameters = randomParameters(fire(), Random.fromSeed(3));
      const values = valuesOf(parameters);
      forPastKeys(biasOf(fire(), parameters), (value, head, query, key) => {
        expect(value).toBeCloseTo(referenceFire(values, head, query, key), 4);
      });
    });
  });

  it('has the gradients of finite differences in float64', () => {
    tf.tidy(() => {
      const random = Random.fromSeed(4);
      const parameters = randomParameters(fire(), random);
      const names = [...parameters.keys()];
      const size = positions.length;
      // Weighs past keys only: the others are masked.
      const weights = Array.from({ length: shape.numHeads * size * size }, (_, index) =>
        index % size <= Math.floor(index / size) % size ? random.normal() : 0,
      );
      const gradients = tf.grads((...given: tf.Tensor[]) => {
        const trained = new Map(given.map((tensor, index) => [names[index] ?? '', tensor]));
        const tokens = [level([positions])] as const;
        const bias = fire().apply(tokens, tokens, shape, trained).bias?.(everywhere, everywhere);
        return tf.sum(tf.mul(bias ?? NaN, tf.tensor4d(weights, [1, shape.numHeads, size, size])));
      })([...parameters.values()]);
      const values = valuesOf(parameters);
      const loss = (): number =>
        weights.reduce((sum, weight, index) => {
          const [query, key] = [positions[Math.floor(index / size) % size], positions[index % size]];
          const head = Math.floor(index / (size * size));
          return weight === 0 ? sum : sum + weight * referenceFire(values, head, query ?? NaN, key ?? NaN);
        }, 0);
      names.forEach((name, place) => {
        const list = values.get(name) ?? [];
        Array.from(gradients[place]?.dataSync() ?? []).forEach((gradient, index) => {
          const [before, step] = [list[index] ?? NaN, 1e-6];
          const at = (value: number): number => {
            list[index] = value;
            return loss();
          };
          const expected = (at(before + step) - at(before - step)) / (2 * step);
          list[index] = before;
          expect(Math.abs(gradient - expected), `${name}[${index}]`).toBeLessThan(
            2e-3 * (1 + Math.abs(expected)),
          );
        });
      });
    });
  });

  it('starts with hidden units that bend at even places of [0, 1]', () => {
    const [weight, bias] = fire({ width: 4 }).parameters(shape);
    expect(weight?.initial).toBe(1);
    expect(Array.from(bias?.initial as Float32Array, (value) => value + 0)).toEqual([0, -0.25, -0.5, -0.75]);
  });
});
