import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { arithmeticVocabulary } from '../../lib/data/arithmetic/vocabulary';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import {
  type ArithmeticModel,
  attentionFigure,
  solveArithmetic,
} from '../../lib/experiments/items/fig3/solve';
import { arithmeticModelSize, createDecoder } from '../../lib/model/config';
import { logits } from '../../lib/model/decoder';
import { initialParameters } from '../../lib/model/parameters';
import { attentionMaps } from '../../lib/model/watch-attention';
import { encodingNamed } from '../../lib/positional/registry';

beforeAll(async () => {
  await startEngine();
});

it('attention of a randomized model is shown at the positions at which it wrote', async () => {
  const vocabulary = arithmeticVocabulary(5);
  const decoder = createDecoder({
    ...arithmeticModelSize(16),
    vocabSize: vocabulary.size,
    separators: [],
    encoding: encodingNamed('randomized_rope'),
  });
  const parameters = initialParameters(decoder.parameters, 0.4, Random.fromSeed(3));
  const model = {
    decoder,
    parameters,
    vocabulary,
    run: { encoding: 'randomized_rope' },
  } as unknown as ArithmeticModel;
  const solution = await solveArithmetic(model, '3*4');
  const [firstHead] = attentionFigure(model, solution, 2).data as unknown as { z: (number | null)[][] }[];
  const size = solution.ids.length;
  const shown = firstHead?.z[size - 1] ?? [];
  tf.tidy(() => {
    const ids = tf.tensor2d(solution.ids, [1, size], 'int32');
    const drawnPositions = tf.tensor1d(present(solution.positions, 'positions'), 'int32');
    /** How far the last row of the map at some positions is from the one shown. */
    const distance = (options: Parameters<typeof attentionMaps>[3]): number => {
      const map = present(attentionMaps(decoder, parameters, ids, options)[2], 'the last layer');
      const row = map.slice([0, 0, size - 1, 0], [1, 1, 1, size]).dataSync();
      return Math.max(...row.map((weight, key) => Math.abs(weight - (shown[key] ?? 0))));
    };
    expect(distance({ drawnPositions })).toBe(0);
    expect(distance({})).toBeGreaterThan(1e-3);
    const written = [...solution.ids.slice(4)];
    const choices = (scores: tf.Tensor3D): number[] =>
      [...tf.argMax(scores, 2).dataSync()].slice(3, size - 1);
    expect(choices(logits(decoder, parameters, ids, { drawnPositions }))).toEqual(written);
    expect(choices(logits(decoder, parameters, ids))).not.toEqual(written);
  });
  tf.dispose([...parameters.values()]);
});
