import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { type LanguageModel, textAttentionFigure } from '../../lib/experiments/items/fig4/text-attention';
import { ByteTokenizer } from '../../lib/data/tokenizers/bytes';
import { attentionMaps } from '../../lib/model/watch-attention';
import { heatScale } from '../../lib/report/style';
import { smallConfig, smallModel } from '../model/small';
import { useNativeEngine } from '../support/engine';
import { expectPage } from '../support/page';
import { expectPoints, readColors, readFigure, tidy } from '../support/read-figure';

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

  it.each([
    ['bipe_rope', 'BiPE-RoPE'],
    ['rope', 'RoPE'],
  ])('shows the weights of each head of %s, with a line between two segments', async (encoding, name) => {
    const model = byteModel(encoding);
    const ids = model.tokenizer.encode(text);
    const [, second] = attentionMaps(
      model.decoder,
      model.parameters,
      tf.tensor2d(ids, [1, ids.length], 'int32'),
    );
    const weights = present(second, 'layer').arraySync()[0] ?? [];
    const figure = textAttentionFigure(model, text, 1);
    await expectPage(`text-attention-${encoding}`, { figures: [figure] });
    const { title, panels, points, lines } = readFigure(figure);
    expect(title[0]).toBe(`What ${name} looks at in your text, layer 1`);
    const labels = ['U', 'p', '.', '·', '&lt;', 'b', '&gt;'];
    const ticks = labels.map((label, token) => [token, label]);
    // Queries from top to bottom, keys from left to right.
    expect(panels.map(({ title: head, x, y }) => [head, x.ticks, x.range, y.ticks, y.range])).toEqual(
      ['Head 0', 'Head 1'].map((head) => [head, ticks, [-0.5, 6.5], ticks, [6.5, -0.5]]),
    );
    expectPoints(
      points,
      weights.flatMap((map, panel) =>
        map.flatMap((row, y) =>
          row.slice(0, y + 1).map((z, x) => {
            const [query = '', key = ''] = [labels[y], labels[x]];
            return { panel, x, y, z, hover: `query ${query}, key ${key}: ${z.toFixed(2)}` };
          }),
        ),
      ),
    );
    // After the full stop, for models of one level too.
    expect(lines).toEqual(
      [0, 1].flatMap((panel) => [
        { panel, x: 2.5, ends: [2.5, 6.5] },
        { panel, y: 2.5, ends: [-0.5, 2.5] },
      ]),
    );
    // The darkest is the largest weight beside the first token's.
    const most = Math.max(...weights.flatMap((map) => map.slice(1).flatMap((row) => row.slice(1))));
    const darkest = readColors(figure).filter(({ color }) => color === heatScale.at(-1)?.[1]);
    expect(darkest.map(({ panel, x, y }) => [panel, x, y])).toEqual(
      points.filter(({ z = 0 }) => z >= tidy(most)).map(({ panel, x, y }) => [panel, x, y]),
    );
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
