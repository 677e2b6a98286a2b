// The decoder against the same equations in float64.

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { logits } from '../../lib/model/decoder';
import { tanhGelu } from '../../lib/model/feed-forward';
import { useNativeEngine } from '../support/engine';
import { distance, expectSameLogits, randomIds, separator, smallModel } from './small';
import { referenceLogits } from './reference';

useNativeEngine();

const time = 11;
const counting = Array.from({ length: time }, (_, index) => index);

describe.each(['llama', 'gpt2'] as const)('the whole forward pass in the style of %s', (style) => {
  it.each([
    ['no encoding', 'none', {}],
    ['a norm whose eps weighs as much as what it norms', 'none', { normEps: 0.5 }],
    ['tied embeddings', 'none', { tieEmbeddings: true }],
    ['a table of positions', { kind: 'learned', rows: time }, {}],
    ['queries that grow with their position', 'none', { logScale: true }],
  ] as const)('with %s is what float64 says', (_, encoding, changes) => {
    const model = smallModel(encoding, { style, ...changes });
    const ids = randomIds(1, time);
    const table = model.parameters.get('model.embeds.0.weight') as tf.Tensor2D | undefined;
    const expected = referenceLogits(model, [...ids.dataSync()], {
      places: counting,
      ...(table && { added: table.arraySync() }),
    });
    expectSameLogits(logits(model.decoder, model.parameters, ids), tf.tensor3d([expected]));
  });

  it('with queries that grow with their segment is what float64 says', () => {
    const encoding = { kind: 'bipe', intra: { kind: 'none' }, inter: { kind: 'none' } } as const;
    const model = smallModel(encoding, { style, logScale: true });
    const ids = [5, 6, separator, 7, separator, separator, 8, 9, 1, separator, 2];
    const expected = referenceLogits(model, ids, { places: [0, 0, 0, 1, 1, 2, 3, 3, 3, 3, 4] });
    const input = tf.tensor2d([ids], [1, time], 'int32');
    expectSameLogits(logits(model.decoder, model.parameters, input), tf.tensor3d([expected]));
  });
});

describe('GELU', () => {
  // Hendrycks and Gimpel 2016 give the function as x Phi(x), and this as its approximation.
  it('is x times the normal distribution to within 5e-4', () => {
    const x = tf.linspace(-6, 6, 1201).expandDims<tf.Tensor2D>(0);
    const exact = tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
    expect(distance(tanhGelu(x), exact)).toBeLessThan(5e-4);
  });
});
