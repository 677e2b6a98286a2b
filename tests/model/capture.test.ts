// Whatever a step does with the decoder, it can be captured as a native graph, and then computes
// the same.

import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { valueAndGradients } from '../../lib/engine/gradients';
import { capture } from '../../lib/engine/graph/capture';
import { nativeBackend } from '../../lib/engine/native/binding';
import { nodeOf } from '../../lib/engine/native/graph-def';
import { type NamedTensors, specsOf } from '../../lib/engine/graph/specs';
import { traceProgram } from '../../lib/engine/graph/trace';
import { decoderGenerator } from '../../lib/evaluate/generator';
import { type LossOptions, nextTokenLoss, nextTokenLosses } from '../../lib/model/loss';
import { type EncodingConfig } from '../../lib/positional/registry';
import { useNativeEngine } from '../support/engine';
import { distance, randomIds, type SmallModel, smallModel } from './small';

useNativeEngine();

const threeLevels: EncodingConfig = {
  kind: 'bipe',
  intra: { kind: 'learned', rows: 12 },
  inter: { kind: 'bipe', intra: { kind: 'learned', rows: 12 }, inter: { kind: 'rope' } },
};

describe('a captured step', () => {
  it.each<[what: string, model: () => SmallModel, options: LossOptions]>([
    ['all values remembered', () => smallModel('bipe_rope'), {}],
    ['blocks computed again, CoPE', () => smallModel('cope'), { remember: 'block-inputs' }],
    ['blocks computed again, HoPE', () => smallModel('hope'), { remember: 'block-inputs' }],
    ['blocks computed again, a window', () => smallModel('nope_window'), { remember: 'block-inputs' }],
    ['the scores of CoPE', () => smallModel('cope'), {}],
    ['the scores of gated ALiBi', () => smallModel('gated_alibi'), {}],
    ['the scores of HoPE', () => smallModel('hope'), {}],
    ['blocks computed again', () => smallModel('t5'), { remember: 'block-inputs' }],
    [
      'queries and head in chunks',
      () => smallModel('bipe_alibi', { window: 5 }),
      { queryChunk: 3, headChunk: 4 },
    ],
    [
      'segments that end by rules',
      () =>
        smallModel(threeLevels, {
          separators: [
            { kind: 'random', lengths: [1, 3], seed: 1 },
            { kind: 'every', tokens: 5 },
          ],
        }),
      { remember: 'block-inputs' },
    ],
    [
      'dropout and the style of GPT-2',
      () => smallModel('alibi', { style: 'gpt2', dropout: 0.2, tieEmbeddings: true }),
      { remember: 'block-inputs' },
    ],
  ])('gives with %s the loss and the gradients of single operations', (_, make, options) => {
    const model = make();
    const names = [...model.parameters.keys()];
    const step = ({ ids, dropoutSeed }: NamedTensors): NamedTensors => {
      const { value, gradients } = valueAndGradients(
        () =>
          nextTokenLoss(model.decoder, model.parameters, ids as tf.Tensor2D, {
            ...options,
            dropoutSeed: dropoutSeed as tf.Tensor1D,
          }),
        [...model.parameters.values()],
      );
      return {
        loss: value,
        ...Object.fromEntries(names.map((name, index) => [name, present(gradients[index], name)])),
      };
    };
    const captured = capture((_state: NamedTensors, inputs: NamedTensors) => ({ outputs: step(inputs) }));
    expect(captured.captured).toBe(true);
    for (const seed of [1, 2]) {
      const inputs = { ids: randomIds(2, 9, seed), dropoutSeed: tf.tensor1d([seed, 5], 'int32') };
      const whole = captured.run(inputs);
      const single = step(inputs);
      for (const name of ['loss', ...names])
        expect(distance(present(whole[name], name), present(single[name], name)), name).toBeLessThan(2e-5);
    }
    captured.dispose();
  });

  it('gives the losses of an evaluation', () => {
    const { decoder, parameters } = smallModel('bipe_alibi');
    const evaluate = (ids: tf.Tensor2D): tf.Tensor2D =>
      nextTokenLosses(decoder, parameters, ids, { queryChunk: 4 });
    const captured = capture((_state: NamedTensors, inputs: NamedTensors) => ({
      outputs: { losses: evaluate(inputs['ids'] as tf.Tensor2D) },
    }));
    const ids = randomIds(3, 10);
    expect(distance(present(captured.run({ ids }).losses, 'losses'), evaluate(ids))).toBeLessThan(1e-5);
    captured.dispose();
  });

  it('joins the weights of a generation of nothing but constants, which TensorFlow does once', () => {
    const { decoder, parameters } = smallModel('bipe_rope');
    const generator = decoderGenerator(decoder, parameters);
    const { memory } = generator.prefill(randomIds(2, 4, 1), tf.tensor1d([4, 3], 'int32'), 8, {});
    const { nodes } = traceProgram(present(nativeBackend(), 'native backend'), {
      name: 'step',
      prefix: '',
      state: specsOf(memory),
      inputs: specsOf({ tokens: tf.tensor1d([1, 2], 'int32') }),
      products: 'float32',
      run: (held, { tokens }) => ({
        outputs: { logits: generator.step(held, tokens as tf.Tensor1D).logits },
      }),
    });
    const byName = new Map(nodes.map((node) => [node.name, node]));
    /**
     * The kinds of operations that a value is made of, but for what only has to have run before.
     */
    const madeOf = (value: string): string[] => {
      const node = byName.get(nodeOf(value));
      if (node === undefined) return ['an input'];
      return [node.op, ...node.inputs.filter((input) => !input.startsWith('^')).flatMap(madeOf)];
    };
    const joins = nodes
      .filter(({ op }) => op === 'MatMul')
      .map(({ inputs: [, weight = ''] }) => new Set(madeOf(weight)))
      .filter((kinds) => kinds.has('ConcatV2'));
    expect(joins).toHaveLength(decoder.architecture.numLayers);
    for (const kinds of joins) expect([...kinds].sort()).toEqual(['ConcatV2', 'Const', 'Identity']);
  });
});
