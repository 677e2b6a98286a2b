import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { type LanguageModel, textAttentionFigure } from '../../lib/experiments/text-attention';
import { ByteTokenizer } from '../../lib/data/tokenizers/bytes';
import { attentionMaps } from '../../lib/model/watch-attention';
import { smallConfig, smallModel } from '../model/small';
import { useNativeEngine } from '../support/engine';

const stop = '.'.charCodeAt(0);

function byteModel(encoding: string): LanguageModel {
  const { levels } = smallModel(encoding).decoder.encoding;
  const { decoder, parameters } = smallModel(encoding, {
    ...smallConfig(encoding),
    vocabSize: 256,
    separators: levels === 1 ? [] : [[stop]],
  });
  return { encoding, decoder, parameters, tokenizer: new ByteTokenizer(), separators: [stop] };
}

const text = 'Up. <b>';

describe('attention over a text', () => {
  useNativeEngine();

  it('shows the weights of each head, rows of queries up to their own key', () => {
    const model = byteModel('bipe_rope');
    const ids = model.tokenizer.encode(text);
    const [, second] = attentionMaps(
      model.decoder,
      model.parameters,
      tf.tensor2d(ids, [1, ids.length], 'int32'),
    );
    const weights = second?.arraySync()[0] ?? [];
    const { data } = textAttentionFigure(model, text, 1);
    const maps = data as unknown as { z: (number | null)[][]; zmax: number }[];
    expect(maps).toHaveLength(2);
    maps.forEach(({ z }, head) => {
      z.forEach((row, query) => {
        expect(row.slice(0, query + 1)).toEqual(weights[head]?.[query]?.slice(0, query + 1));
        expect(row.slice(query + 1)).toEqual(row.slice(query + 1).map(() => null));
      });
    });
    const besideFirst = weights.flatMap((map) => map.slice(1).flatMap((row) => row.slice(1)));
    expect(maps.map(({ zmax }) => zmax)).toEqual([Math.max(...besideFirst), Math.max(...besideFirst)]);
  });

  it('has a label for each token, with markup escaped, and the borders of segments for models of one level too', () => {
    const { layout } = textAttentionFigure(byteModel('rope'), text, 0);
    const { xaxis, shapes } = layout as unknown as {
      xaxis: { ticktext: string[] };
      shapes: { x0: number }[];
    };
    expect(xaxis.ticktext).toEqual(['U', 'p', '.', '▁', '&lt;', 'b', '&gt;']);
    // After the full stop: two lines in each of two panels.
    expect(shapes.map(({ x0 }) => x0)).toEqual([2.5, -0.5, 2.5, -0.5]);
  });

  it('says whether the model knows the segments', () => {
    expect(textAttentionFigure(byteModel('bipe_alibi'), text, 0).caption).toContain(
      'The model itself knows the segments.',
    );
    expect(textAttentionFigure(byteModel('randomized_rope'), text, 0).caption).toContain(
      'The model knows nothing of the segments',
    );
  });

  it('leaves no tensor behind', () => {
    const model = byteModel('randomized_rope');
    const before = tf.memory().numTensors;
    textAttentionFigure(model, text, 0);
    expect(tf.memory().numTensors).toBe(before);
  });

  it.each<[text: string, layer: number, message: string]>([
    ['', 0, 'the text is empty; give a sentence or two'],
    ['x'.repeat(97), 0, 'the text has 97 tokens; give at most 96, more cannot be told apart'],
    ['Up.', 2, "there is no layer 2; the model's are 0 to 1"],
  ])('refuses %j in layer %i', (wrong, layer, message) => {
    expect(() => textAttentionFigure(byteModel('rope'), wrong, layer)).toThrow(message);
  });
});
