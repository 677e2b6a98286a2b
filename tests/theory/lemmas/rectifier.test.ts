import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import { Random } from '../../../lib/engine/random/random';
import {
  certifyRectifier,
  geluFromRelu,
  randomReluLayers,
  rectifierGap,
} from '../../../lib/theory/lemmas/rectifier';
import { gelu, relu } from '../../../lib/theory/network/activation';
import { MlpBuilder } from '../../../lib/theory/network/mlp';
import { tampered } from './tampered';

describe('Lemma 1.2', () => {
  it('rests on the largest difference of ReLU and GELU', () => {
    expect(rectifierGap.gap).toBeCloseTo(0.169971, 6);
    fc.assert(
      fc.property(fc.double({ min: -10, max: 10, noNaN: true }), (u) => {
        expect(Math.abs(relu(u) - gelu(u))).toBeLessThanOrEqual(rectifierGap.gap + 1e-15);
      }),
    );
    for (const sign of [1, -1])
      expect(relu(sign * rectifierGap.at) - gelu(sign * rectifierGap.at)).toBeCloseTo(rectifierGap.gap, 14);
  });

  it('approximates random networks of any depth, with as many hidden units', () => {
    const shape = fc.record({
      depth: fc.integer({ min: 1, max: 4 }),
      width: fc.integer({ min: 1, max: 5 }),
      hidden: fc.integer({ min: 1, max: 8 }),
    });
    const power = fc.double({ min: -7, max: 0, noNaN: true });
    fc.assert(
      fc.property(shape, power, fc.nat(1000), (size, log, seed) => {
        const random = Random.fromSeed(seed);
        const layers = randomReluLayers(random, size);
        const options = { epsilon: 10 ** log, bound: 3, width: size.width, random, points: 30 };
        expect(certifyRectifier(layers, options)).toMatchObject({
          holds: true,
          hidden: size.depth * size.hidden,
        });
      }),
      { numRuns: 40 },
    );
  });

  it('refuses an error that float64 cannot certify', () => {
    const layers = randomReluLayers(Random.fromSeed(4), { depth: 2, width: 2, hidden: 3 });
    const options = { epsilon: 1e-15, bound: 3, width: 2, random: Random.fromSeed(1) };
    expect(() => certifyRectifier(layers, options)).toThrow(UsageError);
  });

  it('has a bound that is reached: one unit is as wrong as it says', () => {
    const mlp = new MlpBuilder('relu');
    mlp.unit([[0, 1]], 0, [[0, 1]]);
    const options = { epsilon: 0.1, bound: 3, width: 1, random: Random.fromSeed(1) };
    const { measured, bound } = certifyRectifier([mlp.build()], options);
    expect(measured / bound).toBeCloseTo(1, 6);
  });

  it('is searched where it is wrong: a thousand times as steep, the error found is as near its bound', () => {
    const layers = randomReluLayers(Random.fromSeed(4), { depth: 1, width: 3, hidden: 4 });
    const shares = [1e-1, 1e-4].map((epsilon) => {
      const random = Random.fromSeed(5);
      const { measured, bound } = certifyRectifier(layers, { epsilon, bound: 3, width: 3, random });
      return measured / bound;
    });
    expect(shares[0]).toBeGreaterThan(0.2);
    expect(shares[1]).toBeGreaterThan(0.2);
  });

  it('is caught when a weight is wrong, or not steep enough', () => {
    const layers = randomReluLayers(Random.fromSeed(4), { depth: 1, width: 2, hidden: 3 });
    const options = { epsilon: 1e-4, bound: 3, width: 2 };
    const certified = (approximations?: typeof layers): boolean =>
      certifyRectifier(layers, { ...options, random: Random.fromSeed(5) }, approximations).holds;
    expect(certified()).toBe(true);
    const [layer] = layers;
    if (layer === undefined) throw new Error('no layer');
    for (const wrong of [...tampered(geluFromRelu(layer, 1e5), 0.01), geluFromRelu(layer, 100)]) {
      expect(certified([wrong])).toBe(false);
      const random = Random.fromSeed(5);
      const { measured, bound } = certifyRectifier(layers, { ...options, random }, [wrong]);
      expect(measured).toBeGreaterThan(bound);
    }
  });
});
