import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { ConfigError } from '../../lib/base/errors';
import { present } from '../../lib/base/present';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import {
  adamwUpdate,
  biasCorrections,
  clipFactor,
  defaultAdamW,
  globalNorm,
  joinBundle,
  planBundles,
  splitBundle,
} from '../../lib/train/step/adamw';
import { referenceStep } from './adamw.reference';

beforeAll(async () => {
  await startEngine();
});

describe('AdamW', () => {
  it('follows PyTorch over many steps of random problems', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(),
          size: fc.integer({ min: 1, max: 20 }),
          learningRate: fc.constantFrom(1e-4, 1e-2, 0.3),
          weightDecay: fc.constantFrom(0, 0.01, 0.3),
          beta1: fc.constantFrom(0, 0.5, 0.9),
          beta2: fc.constantFrom(0.95, 0.999),
          gradientScale: fc.constantFrom(1e-6, 1, 1e4),
        }),
        ({ seed, size, learningRate, gradientScale, ...chosen }) => {
          const settings = { ...defaultAdamW, ...chosen };
          const random = Random.fromSeed(seed);
          const start = random.normalArray(size);
          const reference = Float64Array.from(start);
          const [first, second] = [new Float64Array(size), new Float64Array(size)];
          tf.tidy(() => {
            const zeros = tf.zeros<tf.Rank.R1>([size]);
            let state = { parameters: tf.tensor1d(start), firstMoment: zeros, secondMoment: zeros };
            for (let step = 1; step <= 12; step++) {
              const gradient = random.normalArray(size, 0, gradientScale);
              referenceStep(reference, gradient, first, second, step, learningRate, settings);
              const corrections = biasCorrections(step, settings);
              state = adamwUpdate(
                state,
                tf.tensor1d(gradient),
                { weightDecay: settings.weightDecay, learningRateFactor: 1 },
                settings,
                {
                  learningRate: tf.scalar(learningRate),
                  firstCorrection: tf.scalar(corrections.first),
                  secondCorrection: tf.scalar(corrections.second),
                },
              );
            }
            state.parameters.dataSync().forEach((value, i) => {
              expect(Math.abs(value - (reference[i] ?? NaN))).toBeLessThan(2e-5 * (1 + learningRate * 12));
            });
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('moves a parameter by the learning rate in its first step, whatever the size of the gradient', () => {
    const moved = tf.tidy(() => {
      const zeros = tf.zeros<tf.Rank.R1>([3]);
      const { first, second } = biasCorrections(1, defaultAdamW);
      return adamwUpdate(
        { parameters: zeros, firstMoment: zeros, secondMoment: zeros },
        tf.tensor1d([1e-3, -2, 500]),
        { weightDecay: 0, learningRateFactor: 0.5 },
        defaultAdamW,
        {
          learningRate: tf.scalar(0.1),
          firstCorrection: tf.scalar(first),
          secondCorrection: tf.scalar(second),
        },
      ).parameters.arraySync();
    });
    [-0.05, 0.05, -0.05].forEach((value, i) => {
      expect(moved[i]).toBeCloseTo(value, 5);
    });
  });
});

describe('bundles of parameters', () => {
  const shapes = [
    { name: 'embedding.weight', shape: [7, 3] },
    { name: 'layer.weight', shape: [3, 3] },
    { name: 'norm.weight', shape: [3] },
    { name: 'head.weight', shape: [3, 7] },
    { name: 'scale', shape: [] },
  ];

  it('give back what went in, at any limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), (limit) => {
        const settings = { ...defaultAdamW, groups: [{ match: 'norm|scale', weightDecay: 0 }] };
        const bundles = planBundles(shapes, settings, limit);
        expect(bundles.flatMap(({ members }) => members).sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
        tf.tidy(() => {
          const tensors = shapes.map(({ shape }, index) => tf.randomNormal(shape, index, 1));
          for (const bundle of bundles) {
            const vector = joinBundle(bundle, tensors);
            expect(vector.shape).toEqual([bundle.size]);
            expect(bundle.members.length === 1 || bundle.size <= limit).toBe(true);
            const members = bundle.members.map((member) => present(shapes[member], 'shape'));
            splitBundle(bundle, vector, members).forEach((piece, place) => {
              const original = present(tensors[bundle.members[place] ?? -1], 'tensor');
              expect(piece.shape).toEqual(original.shape);
              expect(piece.arraySync()).toEqual(original.arraySync());
            });
          }
        });
      }),
      { numRuns: 40 },
    );
  });

  it('have the settings of the first group whose pattern matches', () => {
    const groups = [
      { match: '^norm', weightDecay: 0, learningRateFactor: 2 },
      { match: 'weight$', weightDecay: 0.5 },
    ];
    const found = planBundles(shapes, { ...defaultAdamW, groups }).map((bundle) => ({
      names: bundle.members.map((member) => shapes[member]?.name),
      settings: [bundle.weightDecay, bundle.learningRateFactor],
    }));
    expect(found).toEqual([
      { names: ['embedding.weight', 'layer.weight', 'head.weight'], settings: [0.5, 1] },
      { names: ['norm.weight'], settings: [0, 2] },
      { names: ['scale'], settings: [0.01, 1] },
    ]);
  });

  it.each([
    ['matches nothing', 'nrom', /'nrom' applies to no parameter; names are such as embedding\.weight/],
    ['is no regular expression', 'norm(', /'norm\(' is not a regular expression/],
  ])('refuse a group whose pattern %s', (_, match, says) => {
    const plan = () => planBundles(shapes, { ...defaultAdamW, groups: [{ match }] });
    expect(plan).toThrow(ConfigError);
    expect(plan).toThrow(says);
  });
});

describe('a pattern that would be tried for ever', () => {
  it('is refused', () => {
    const groups = [{ match: '([a-z_.]*)*!', weightDecay: 0 }];
    const layer = [{ name: 'model.layers.self_attention.q_proj.weight', shape: [1] }];
    const plan = () => planBundles(layer, { ...defaultAdamW, groups });
    expect(plan).toThrow(ConfigError);
    expect(plan).toThrow(/takes too long to match; write it without a repetition inside a repetition$/);
  });
});

describe('clipping', () => {
  it('scales gradients down to the limit, and never up', () => {
    fc.assert(
      fc.property(fc.nat(), fc.double({ min: 1e-3, max: 100, noNaN: true }), (seed, limit) => {
        const random = Random.fromSeed(seed);
        const vectors = [3, 1, 8].map((size) => random.normalArray(size));
        const norm = Math.hypot(...vectors.flatMap((vector) => [...vector]));
        tf.tidy(() => {
          const computed = globalNorm(vectors.map((vector) => tf.tensor1d(vector)));
          expect(computed.dataSync()[0]).toBeCloseTo(norm, 4);
          const factor = clipFactor(computed, limit).dataSync()[0] ?? NaN;
          expect(factor).toBeLessThanOrEqual(1);
          expect(factor * norm).toBeCloseTo(Math.min(norm, limit), 3);
        });
      }),
      { numRuns: 40 },
    );
  });

  it('leaves a gradient of zero alone', () => {
    expect(tf.tidy(() => clipFactor(globalNorm([tf.zeros([4])]), 1).dataSync()[0])).toBe(1);
  });
});
