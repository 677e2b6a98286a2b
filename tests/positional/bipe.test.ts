import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { alibi } from '../../lib/positional/alibi';
import { alibiSlopes } from '../../lib/positional/by-distance';
import { biasOf } from '../../lib/positional/bias';
import { bipe } from '../../lib/positional/bipe';
import { type Positions } from '../../lib/positional/encoding';
import { learned } from '../../lib/positional/learned';
import { none } from '../../lib/positional/none';
import { createEncoding, encodingNamed } from '../../lib/positional/registry';
import { rope } from '../../lib/positional/rope';
import { nestedPositions } from '../../lib/segment/levels';
import {
  applyTo,
  causalSoftmax,
  counting,
  exactScores,
  largestDifference,
  level,
  randomParameters,
  randomPositions,
  randomVectors,
  scoresWithoutBias,
  shape,
} from './support';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

let tensorsBefore = 0;
beforeEach(() => {
  tensorsBefore = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensorsBefore);
});

const time = 7;

/** Queries and keys of one batch. */
function vectors(seed: number): { queries: tf.Tensor4D; keys: tf.Tensor4D } {
  const random = Random.fromSeed(seed);
  return { queries: randomVectors(1, time, random), keys: randomVectors(1, time, random) };
}

describe('BiPE', () => {
  it.each([
    ['RoPE', rope()],
    ['ALiBi', alibi()],
  ])('with a segment for each token is %s over tokens', (_name, encoding) => {
    tf.tidy(() => {
      const heads = vectors(1);
      const single: Positions = [tf.zeros<tf.Rank.R2>([1, time], 'int32'), counting(time)];
      const bilevel = exactScores(bipe(none(), encoding), { tokens: single, ...heads });
      const standard = exactScores(encoding, { tokens: [counting(time)], ...heads });
      expect(largestDifference(bilevel, standard)).toBe(0);
    });
  });

  it.each(['bipe_rope', 'bipe_alibi'])('with one segment leaves scores to the content: %s', (name) => {
    tf.tidy(() => {
      const heads = vectors(2);
      const encoding = createEncoding(encodingNamed(name));
      const parameters = randomParameters(encoding, Random.fromSeed(3));
      const tokens: Positions = [counting(time), tf.zeros<tf.Rank.R2>([1, time], 'int32')];
      const scores = exactScores(encoding, { tokens, parameters, ...heads });
      expect(largestDifference(scores, scoresWithoutBias({}, heads.queries, heads.keys))).toBeLessThan(1e-6);

      const { embed } = applyTo(encoding, { tokens, parameters, ...heads });
      const rows = present(embed, 'embed')(tf.zeros([1, time, shape.hiddenSize]));
      const table = parameters.get('model.embeds.0.weight') as tf.Tensor2D;
      expect(largestDifference(rows, table.slice([0, 0], [time, -1]).expandDims(0))).toBe(0);
    });
  });

  it('with ALiBi takes slopes 96 times ALiBi’s over segments, for any number of heads', () => {
    tf.tidy(() => {
      for (const numHeads of [3, 6, 12]) {
        const sizes = { ...shape, numHeads };
        const encoding = createEncoding(encodingNamed('bipe_alibi'));
        const parameters = randomParameters(encoding, Random.fromSeed(4), sizes);
        const tokens: Positions = [level([[0, 1, 0, 0]]), level([[4, 4, 5, 7]])];
        const applied = encoding.apply(tokens, tokens, sizes, parameters);
        const bias = biasOf(applied, { start: 3, end: 4 }, { start: 0, end: 4 });
        const expected = alibiSlopes(numHeads).map((slope) => {
          const steep = Math.fround(96 * slope);
          return [-3, -3, -2, 0].map((count) => Math.fround(steep * count));
        });
        expect(present(bias, 'bias').squeeze([0, 2]).arraySync()).toEqual(
          expected.map((row) => row.map((value) => value + 0)),
        );
      }
    });
  });

  it('adds inside the segment and biases between segments: each half is what it is alone', () => {
    tf.tidy(() => {
      const [inside, between] = [learned({ rows: 9 }), alibi({ slopeFactor: 2 })];
      const encoding = bipe(inside, between);
      const parameters = randomParameters(encoding, Random.fromSeed(5));
      const tokens = randomPositions(2, 2, time, Random.fromSeed(6));
      const heads = vectors(7);
      const applied = encoding.apply(tokens, tokens, shape, parameters);
      const embeddings = tf.ones<tf.Rank.R3>([2, time, shape.hiddenSize]);
      const alone = inside.apply([tokens[0]], [tokens[0]], shape, parameters).embed?.(embeddings);
      expect(largestDifference(applied.embed?.(embeddings) ?? embeddings, alone ?? embeddings)).toBe(0);
      const outer = [present(tokens[1], 'level')] as const;
      expect(
        largestDifference(
          causalSoftmax(exactScores(encoding, { tokens, parameters, ...heads })),
          causalSoftmax(exactScores(between, { tokens: outer, ...heads })),
        ),
      ).toBe(0);
    });
  });

  it('nests: token in sentence, sentence in paragraph, paragraph, each with a table of its own', () => {
    tf.tidy(() => {
      const encoding = bipe(learned({ rows: 6 }), bipe(learned({ rows: 4 }), rope()));
      expect(encoding.levels).toBe(3);
      expect(encoding.parameters(shape).map(({ name, shape: size }) => [name, size[0]])).toEqual([
        ['model.embeds.0.weight', 6],
        ['model.embeds.1.weight', 4],
      ]);
      const ids = tf.tensor2d([[7, 1, 7, 7, 1, 2, 7, 7, 1, 7]], [1, 10], 'int32');
      const tokens = nestedPositions(ids, [[1], [2]]);
      const parameters = randomParameters(encoding, Random.fromSeed(8));
      const [inner, outer] = [...parameters.values()].map((table) => (table as tf.Tensor2D).arraySync());
      const embedded = encoding
        .apply(tokens, tokens, shape, parameters)
        .embed?.(tf.zeros([1, 10, shape.hiddenSize]))
        .squeeze<tf.Tensor2D>([0])
        .arraySync();
      const places = [0, 1, 0, 1, 2, 0, 0, 1, 2, 0];
      const sentences = [0, 0, 1, 1, 1, 2, 0, 0, 0, 1];
      embedded?.forEach((row, token) => {
        row.forEach((value, component) => {
          const expected =
            (inner?.[places[token] ?? NaN]?.[component] ?? NaN) +
            (outer?.[sentences[token] ?? NaN]?.[component] ?? NaN);
          expect(value).toBeCloseTo(expected, 5);
        });
      });
    });
  });

  it('clamps places in a segment to the last row of the table', () => {
    tf.tidy(() => {
      const encoding = bipe(learned({ rows: 3 }), rope());
      const parameters = randomParameters(encoding, Random.fromSeed(9));
      const tokens: Positions = [level([[2, 3, 900]]), tf.zeros<tf.Rank.R2>([1, 3], 'int32')];
      const rows = encoding
        .apply(tokens, tokens, shape, parameters)
        .embed?.(tf.zeros([1, 3, shape.hiddenSize]))
        .squeeze<tf.Tensor2D>([0])
        .arraySync();
      expect(rows?.[1]).toEqual(rows?.[0]);
      expect(rows?.[2]).toEqual(rows?.[0]);
    });
  });

  it('is named after its parts, and of several levels inside is refused', () => {
    expect(bipe(learned(), rope()).name).toBe('bipe_rope');
    expect(bipe(none(), alibi()).name).toBe('bipe_none_alibi');
    expect(bipe(learned(), bipe(learned(), rope())).name).toBe('bipe_bipe_rope');
    expect(() => bipe(bipe(learned(), rope()), rope())).toThrow(
      /^encoding bipe: intra is bipe_rope, of 2 levels; nest in inter instead$/,
    );
  });
});
