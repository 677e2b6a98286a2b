// What holds of every encoding: the named ones and combinations of them.

import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { wasmCandidate } from '../../lib/engine/backends/portable';
import { Random } from '../../lib/engine/random/random';
import { encoded } from '../../lib/positional/checked';
import { biasOf } from '../../lib/positional/bias';
import { type Encoding, type Positions } from '../../lib/positional/encoding';
import {
  createEncoding,
  type EncodingConfig,
  encodingNamed,
  encodingNames,
} from '../../lib/positional/registry';
import {
  applyTo,
  type Attention,
  causalSoftmax,
  exactScores,
  largestDifference,
  randomParameters,
  randomPositions,
  randomVectors,
  scoresWithoutBias,
  shape,
} from './support';

const yarn = { type: 'yarn', factor: 4, beta: 2, alpha: 0.5 } as const;
const combinations: Readonly<Record<string, EncodingConfig>> = {
  'rope, linear scaling': { kind: 'rope', scaling: { type: 'linear', factor: 3 } },
  'rope, dynamic scaling': { kind: 'rope', scaling: { type: 'dynamic' } },
  'rope, YaRN': { kind: 'rope', scaling: yarn },
  'bipe(none, xpos)': { kind: 'bipe', intra: { kind: 'none' }, inter: { kind: 'xpos' } },
  'bipe(sinusoidal, t5)': { kind: 'bipe', intra: { kind: 'sinusoidal' }, inter: { kind: 't5' } },
  'bipe(sinusoidal, kerple)': { kind: 'bipe', intra: { kind: 'sinusoidal' }, inter: { kind: 'kerple' } },
  'bipe(learned, fire)': { kind: 'bipe', intra: { kind: 'learned' }, inter: { kind: 'fire' } },
  'bipe(learned, none)': { kind: 'bipe', intra: { kind: 'learned' }, inter: { kind: 'none' } },
  'three levels': {
    kind: 'bipe',
    intra: { kind: 'learned', rows: 5 },
    inter: { kind: 'bipe', intra: { kind: 'learned', rows: 3 }, inter: { kind: 'rope' } },
  },
};
const configs: readonly (readonly [string, EncodingConfig])[] = [
  ...encodingNames.map((name) => [name, encodingNamed(name)] as const),
  ...Object.entries(combinations),
];

const [batch, time] = [2, 9];

let chosen = '';
beforeAll(async () => {
  await startEngine({ allowSlow: true, reporter: silentReporter });
  chosen = tf.getBackend();
});

interface Case {
  readonly tokens: Positions;
  readonly parameters: Map<string, tf.Tensor>;
  readonly embeddings: tf.Tensor3D;
  readonly queries: tf.Tensor4D;
  readonly keys: tf.Tensor4D;
}

function caseOf(encoding: Encoding, seed: number, rows = batch): Case {
  const random = Random.fromSeed(seed);
  return {
    tokens: randomPositions(encoding.levels, rows, time, random),
    parameters: randomParameters(encoding, random),
    embeddings: tf.tensor3d(random.normalArray(batch * time * shape.hiddenSize), [
      batch,
      time,
      shape.hiddenSize,
    ]),
    queries: randomVectors(batch, time, random),
    keys: randomVectors(batch, time, random),
  };
}

/** What can have a gradient, in one list. */
function inputsOf({ embeddings, queries, keys, parameters }: Case): tf.Tensor[] {
  return [embeddings, queries, keys, ...parameters.values()];
}

/** The case with other values in the places of these. */
function withInputs(at: Case, inputs: readonly tf.Tensor[]): Case {
  const [embeddings, queries, keys, ...others] = inputs as [
    tf.Tensor3D,
    tf.Tensor4D,
    tf.Tensor4D,
    ...tf.Tensor[],
  ];
  const parameters = new Map(
    [...at.parameters.keys()].map((name, index) => [name, present(others[index], name)]),
  );
  return { ...at, embeddings, queries, keys, parameters };
}

/** Everything an encoding does. */
function effects(encoding: Encoding, at: Case): [embedded: tf.Tensor3D, scores: tf.Tensor4D] {
  const { embed } = applyTo(encoding, at);
  return [encoded(embed?.(at.embeddings), at.embeddings, 'embeddings'), exactScores(encoding, at)];
}

describe.each(configs)('%s', (_name, config) => {
  const encoding = createEncoding(config);
  let tensorsBefore = 0;
  beforeEach(async () => {
    await tf.setBackend(chosen);
    tensorsBefore = tf.memory().numTensors;
  });
  afterEach(() => {
    vi.restoreAllMocks();
    expect(tf.memory().numTensors).toBe(tensorsBefore);
  });

  it('has the gradients of finite differences, for its parameters, embeddings, queries and keys', () => {
    tf.tidy(() => {
      const at = caseOf(encoding, 11);
      const names = [...at.parameters.keys()];
      const random = Random.fromSeed(12);
      const weights = effects(encoding, at).map((effect) =>
        tf.tensor(random.normalArray(effect.size), effect.shape),
      ) as [tf.Tensor, tf.Tensor];
      const loss = (...inputs: tf.Tensor[]): tf.Scalar => {
        const [embedded, scores] = effects(encoding, withInputs(at, inputs));
        return tf.add(
          tf.mean(tf.mul(weights[0], tf.square(embedded))),
          tf.sum(tf.mul(weights[1], causalSoftmax(scores))),
        );
      };
      const inputs = inputsOf(at);
      const gradients = tf.grads(loss)(inputs);
      inputs.forEach((input, place) => {
        // FIRE's network has kinks, which a step in float32 crosses: its own test uses float64.
        if (names[place - 3]?.startsWith('model.fire') === true) return;
        const direction = tf.tensor(random.normalArray(input.size), input.shape);
        const along = (step: number): number =>
          loss(
            ...inputs.map((other, index) =>
              index === place ? tf.add(other, tf.mul(direction, step)) : other,
            ),
          ).dataSync()[0] ?? NaN;
        const slope = (step: number): number => (along(step) - along(-step)) / (2 * step);
        // Of fourth order in the step.
        const expected = (4 * slope(0.004) - slope(0.008)) / 3;
        const actual = tf.sum(tf.mul(present(gradients[place], 'gradient'), direction)).dataSync()[0] ?? NaN;
        expect(
          Math.abs(actual - expected),
          `input ${place} of ${['embeddings', 'queries', 'keys', ...names].join()}`,
        ).toBeLessThan(1e-3 * (1 + Math.abs(expected)));
      });
    });
  });

  it('with a cache gives what it gives without', () => {
    tf.tidy(() => {
      const at = caseOf(encoding, 21);
      const last = (positions: Positions): Positions =>
        positions.map((row) => row.slice([0, time - 1], [-1, 1])) as unknown as Positions;
      const lastOf = (vectors: tf.Tensor4D): tf.Tensor4D =>
        vectors.slice([0, 0, time - 1, 0], [-1, -1, 1, -1]);
      const whole = applyTo(encoding, at);
      const step: Attention = { ...at, tokens: last(at.tokens), keyPositions: at.tokens };
      const applied = applyTo(encoding, step);

      const cached = encoded(whole.keys?.(at.keys), at.keys, 'keys');
      const newest = encoded(applied.keys?.(lastOf(at.keys)), lastOf(at.keys), 'keys');
      expect(largestDifference(newest, lastOf(cached))).toBeLessThan(1e-5);

      const withoutKeys = { ...applied, keys: () => cached };
      const products = scoresWithoutBias(withoutKeys, lastOf(at.queries), cached);
      const bias = biasOf(applied, { start: 0, end: 1 }, { start: 0, end: time });
      const scores = bias === undefined ? products : tf.add<tf.Tensor4D>(products, bias);
      expect(largestDifference(scores, lastOf(exactScores(encoding, at)))).toBeLessThan(1e-5);

      const newEmbedding = at.embeddings.slice([0, time - 1, 0], [-1, 1, -1]);
      const expected = (whole.embed?.(at.embeddings) ?? at.embeddings).slice([0, time - 1, 0], [-1, 1, -1]);
      expect(largestDifference(applied.embed?.(newEmbedding) ?? newEmbedding, expected)).toBeLessThan(1e-6);
    });
  });

  it('at positions of one row gives what it gives where every row has them', () => {
    tf.tidy(() => {
      const single = caseOf(encoding, 31, 1);
      const tiled = single.tokens.map((row) => tf.tile(row, [batch, 1])) as unknown as Positions;
      const [left, right] = [effects(encoding, single), effects(encoding, { ...single, tokens: tiled })];
      left.forEach((effect, index) => {
        expect(largestDifference(effect, present(right[index], 'effect'))).toBeLessThan(1e-6);
      });
      const bias = biasOf(applyTo(encoding, single), { start: 0, end: time }, { start: 0, end: time });
      expect(bias?.shape[0] ?? 1).toBe(1);
    });
  });

  it('biases spans of queries and keys as it biases each query alone, up to a constant of the query', () => {
    tf.tidy(() => {
      const at = caseOf(encoding, 41);
      const exact = causalSoftmax(exactScores(encoding, at));
      const applied = applyTo(encoding, at);
      const products = scoresWithoutBias(applied, at.queries, at.keys);
      for (const [start, end] of [
        [0, 4],
        [4, time],
        [0, time],
      ] as const) {
        // Keys after the last query of a span are left out, as a chunked attention does.
        const scores = products.slice([0, 0, start, 0], [-1, -1, end - start, end]);
        const bias = biasOf(applied, { start, end }, { start: 0, end });
        const probabilities = causalSoftmax(bias === undefined ? scores : tf.add<tf.Tensor4D>(scores, bias));
        const expected = exact.slice([0, 0, start, 0], [-1, -1, end - start, end]);
        expect(largestDifference(probabilities, expected)).toBeLessThan(1e-6);
      }
    });
  });

  it('is the same on WASM and in plain JavaScript', async () => {
    const here = tf.tidy(() => effects(encoding, caseOf(encoding, 51)).map((effect) => effect.dataSync()));
    await wasmCandidate().prepare(true);
    for (const backend of ['wasm', 'cpu']) {
      await tf.setBackend(backend);
      const there = tf.tidy(() => effects(encoding, caseOf(encoding, 51)).map((effect) => effect.dataSync()));
      there.forEach((values, index) => {
        const differences = Array.from(values, (value, place) =>
          Math.abs(value - (here[index]?.[place] ?? NaN)),
        );
        expect(Math.max(...differences)).toBeLessThan(2e-5);
      });
    }
  });

  it('reads no value back on the native backend, forward or backward, and leaves no tensor', () => {
    const reads = vi.spyOn(tf.backend(), 'readSync');
    tf.tidy(() => {
      const at = caseOf(encoding, 61);
      tf.grads((...inputs: tf.Tensor[]) => {
        const [embedded, scores] = effects(encoding, withInputs(at, inputs));
        return tf.add(tf.sum(embedded), tf.sum(tf.square(scores)));
      })(inputsOf(at));
    });
    expect(reads).not.toHaveBeenCalled();
  });

  it('asks for parameters of its own names, and works at their initial values', () => {
    const specs = encoding.parameters(shape);
    expect(new Set(specs.map(({ name }) => name)).size).toBe(specs.length);
    specs.forEach(({ name, shape: size, initial }) => {
      expect(name).toMatch(/^model\./);
      if (initial instanceof Float32Array)
        expect(initial).toHaveLength(size.reduce((product, length) => product * length, 1));
    });
  });
});
