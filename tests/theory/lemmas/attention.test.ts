import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../../lib/base/errors';
import { silentReporter } from '../../../lib/base/progress';
import { startEngine } from '../../../lib/engine/engine';
import { Random } from '../../../lib/engine/random/random';
import { attentionSharpness, certifyAttention } from '../../../lib/theory/lemmas/attention';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

describe('Lemma 1.5', () => {
  it.each(['copy', 'mean'] as const)('one head computes the %s to the error asked for', async (what) => {
    const options = fc.record({
      length: fc.integer({ min: 1, max: 300 }),
      share: fc.double({ min: 0.01, max: 1, noNaN: true }),
      bound: fc.double({ min: 0.1, max: 10, noNaN: true }),
      log: fc.double({ min: -3, max: 0, noNaN: true }),
      seed: fc.nat(1000),
    });
    await fc.assert(
      fc.asyncProperty(options, async ({ length, share, bound, log, seed }) => {
        const addresses = what === 'copy' ? length : Math.max(1, Math.floor((share * length) / 2));
        const epsilon = bound * 10 ** log;
        const certificate = await certifyAttention({
          length,
          addresses,
          bound,
          epsilon,
          random: Random.fromSeed(seed),
        });
        expect(certificate).toMatchObject({ what: length === 1 ? 'copy' : what, holds: true });
      }),
      { numRuns: 25 },
    );
  });

  it.each([
    ['copy', 4096],
    ['mean', 64],
  ])('holds over 4,096 positions: %s', async (what, addresses) => {
    const { numTensors } = tf.memory();
    const random = Random.fromSeed(7);
    const certificate = await certifyAttention({ length: 4096, addresses, bound: 1, epsilon: 1e-3, random });
    expect(certificate).toMatchObject({ what, holds: true });
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it('has a bound that the worst sequence comes within a factor of two of, which is left for lost addends', async () => {
    const random = Random.fromSeed(3);
    const options = { length: 512, addresses: 512, bound: 2, epsilon: 1e-2, random };
    const { measured, bound } = await certifyAttention(options);
    expect(measured / bound).toBeGreaterThan(0.45);
  });

  it('is caught when scores are too close', async () => {
    const options = { length: 256, addresses: 256, bound: 1, epsilon: 1e-3, random: Random.fromSeed(2) };
    const { measured, bound, holds } = await certifyAttention(options, 0.5);
    expect(measured).toBeGreaterThan(bound);
    expect(holds).toBe(false);
  });

  it('needs a sharpness that grows as the logarithm of the length, and refuses what float32 cannot', () => {
    const sharpness = (length: number, matches = 1): number =>
      attentionSharpness({ length, gap: 0.5, bound: 1, epsilon: 1e-4, matches });
    expect(sharpness(1001) - sharpness(101)).toBeCloseTo(2 * Math.log(10), 9);
    expect(() => sharpness(4096, 1000)).toThrow(UsageError);
  });
});
