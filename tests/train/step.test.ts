// One training step, captured as a graph and operation by operation, against PyTorch's update
// computed by hand: with every setting of the optimizer, since the two forms have formulas of their
// own.

import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { startEngine } from '../../lib/engine/engine';
import { capture } from '../../lib/engine/graph/capture';
import { type NamedTensors } from '../../lib/engine/graph/specs';
import { Random } from '../../lib/engine/random/random';
import { type ParameterGroup, planBundles } from '../../lib/train/step/adamw';
import {
  runningLossKey,
  type StepDesign,
  trainingStep,
  updateScalars,
  zeroState,
} from '../../lib/train/step/step';
import { referenceStep } from './adamw.reference';

beforeAll(async () => {
  await startEngine();
});

const shapes = [
  { name: 'embedding.weight', shape: [5, 3] },
  { name: 'norm.weight', shape: [3] },
  { name: 'head.weight', shape: [3, 4] },
  { name: 'head.bias', shape: [4] },
];
const sizes = shapes.map(({ shape }) => tf.util.sizeFromShape(shape));

/** The sum of all parameters, each times its number in the batch, which is so its gradient. */
const givenGradient: StepDesign['loss'] = (parameters, batch) =>
  tf.addN(
    shapes.map(({ name }) =>
      tf.sum(tf.mul(present(parameters.get(name), name), present(batch[`gradient of ${name}`], name))),
    ),
  );

const decay = fc.constantFrom(0, 0.01, 0.3);
const group = fc.record(
  { weightDecay: decay, learningRateFactor: fc.constantFrom(0.1, 1, 3) },
  { requiredKeys: [] },
);
const cases = fc.record({
  seed: fc.nat(),
  beta1: fc.constantFrom(0, 0.9),
  beta2: fc.constantFrom(0.5, 0.999),
  // Not small beside the gradient, so that where it stands in the formula shows.
  epsilon: fc.constantFrom(1e-8, 0.1, 10),
  weightDecay: decay,
  groups: fc.tuple(group, group).map(([norm, head]): ParameterGroup[] => [
    { match: '^norm', ...norm },
    { match: '^head', ...head },
  ]),
  clipNorm: fc.constantFrom(undefined, 0.5, 100),
  accumulation: fc.integer({ min: 1, max: 3 }),
  limit: fc.constantFrom(4, 12, 1000),
});

describe.each([
  ['captured', false],
  ['operation by operation', true],
])('a training step, %s,', (_, eager) => {
  it('is the update of PyTorch, of each group by its own settings', () => {
    fc.assert(
      fc.property(cases, ({ seed, clipNorm, accumulation, limit, ...optimizer }) => {
        const random = Random.fromSeed(seed);
        const start = sizes.map((size) => random.normalArray(size));
        const expected = start.map((values) => Float64Array.from(values));
        const moments = sizes.map((size) => [new Float64Array(size), new Float64Array(size)] as const);
        const bundles = planBundles(shapes, optimizer, limit);
        const design = {
          loss: givenGradient,
          parameters: shapes,
          bundles,
          optimizer,
          clipNorm,
          accumulation,
        };
        tf.tidy(() => {
          const state = Object.fromEntries(
            shapes.map(({ name, shape }, index) => [name, tf.tensor(present(start[index], name), shape)]),
          );
          const step = capture<NamedTensors, NamedTensors, NamedTensors>(trainingStep(design), {
            state: { ...state, ...zeroState(design, state) },
            eager,
          });
          let running = 0;
          for (let number = 1; number <= 3; number += 1) {
            const learningRate = 0.1 / number;
            const sums = sizes.map((size) => new Float64Array(size));
            const weight = 7 + number;
            for (let left = accumulation; left > 0; left -= 1) {
              const gradients = sizes.map((size) => random.normalArray(size, 0, 5));
              gradients.forEach((gradient, index) => {
                gradient.forEach((value, place) => {
                  present(sums[index], 'sum')[place] = (sums[index]?.[place] ?? 0) + value;
                  running += value * (expected[index]?.[place] ?? NaN);
                });
              });
              const batch = Object.fromEntries(
                shapes.map(({ name, shape }, index) => [
                  `gradient of ${name}`,
                  tf.tensor(present(gradients[index], name), shape),
                ]),
              );
              const scalars = left === 1 ? updateScalars(design, { step: number, weight, learningRate }) : {};
              const { gradientNorm } = step.run({ ...batch, ...scalars });
              expect(gradientNorm !== undefined).toBe(left === 1);
              if (gradientNorm === undefined) continue;
              const norm = Math.hypot(...sums.flatMap((sum) => [...sum])) / weight;
              expect(gradientNorm.dataSync()[0]).toBeCloseTo(norm, 4);
              const factor = clipNorm === undefined ? 1 : Math.min(1, clipNorm / (norm + 1e-6));
              shapes.forEach(({ name }, index) => {
                const own = optimizer.groups.find(({ match }) => new RegExp(match, 'u').test(name));
                const [first, second] = present(moments[index], 'moments');
                referenceStep(
                  present(expected[index], name),
                  present(sums[index], name).map((sum) => (sum * factor) / weight),
                  first,
                  second,
                  number,
                  learningRate * (own?.learningRateFactor ?? 1),
                  { ...optimizer, weightDecay: own?.weightDecay ?? optimizer.weightDecay },
                );
              });
            }
          }
          const trained = step.readState();
          shapes.forEach(({ name }, index) => {
            [...present(trained[name], name).dataSync()].forEach((value, place) => {
              expect(value, `${name} ${place}`).toBeCloseTo(expected[index]?.[place] ?? NaN, 3);
            });
          });
          expect(present(trained[runningLossKey], 'loss').dataSync()[0]).toBeCloseTo(running, 1);
          step.dispose();
        });
      }),
      { numRuns: 12 },
    );
  });
});
