import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { valueAndGradients } from '../../lib/engine/gradients';
import { withoutFusedKernels } from '../../lib/engine/native/kernels';
import { withTensorAccount } from '../../lib/engine/memory';
import { Random } from '../../lib/engine/random/random';
import { logits } from '../../lib/model/decoder';
import { nextTokenLoss } from '../../lib/model/loss';
import { attentionMaps } from '../../lib/model/watch-attention';
import { encodingNames } from '../../lib/positional/registry';
import { useNativeEngine } from '../support/engine';
import {
  distance,
  dynamicEncodings,
  expectSameLogits,
  randomIds,
  type SmallModel,
  smallModel,
  unnamedEncodings,
  vocabulary,
} from './small';

useNativeEngine();

describe.each([...encodingNames, ...unnamedEncodings, ...dynamicEncodings])(
  'the decoder with %s',
  (encoding) => {
    it('gives the same logits whatever the number of queries that attend at once', () => {
      const { decoder, parameters } = smallModel(encoding);
      const ids = randomIds(3, 11);
      const whole = logits(decoder, parameters, ids);
      for (const queryChunk of [1, 4, 11])
        expectSameLogits(logits(decoder, parameters, ids, { queryChunk }), whole, `chunks of ${queryChunk}`);
    });

    it('gives each sequence of a batch what it gets alone', () => {
      const { decoder, parameters } = smallModel(encoding);
      const ids = randomIds(4, 9);
      const together = logits(decoder, parameters, ids);
      const alone = tf.concat(
        Array.from({ length: 4 }, (_, row) => logits(decoder, parameters, ids.slice([row, 0], [1, 9]))),
      );
      expectSameLogits(alone, together);
    });

    it('never looks ahead', () => {
      const { decoder, parameters } = smallModel(encoding);
      const ids = randomIds(2, 10);
      const other = tf.concat([ids.slice([0, 0], [2, 6]), randomIds(2, 4, 77)], 1);
      const seen = (all: tf.Tensor): tf.Tensor => all.slice([0, 0, 0], [2, 6, vocabulary]);
      const difference = distance(
        seen(logits(decoder, parameters, ids)),
        seen(logits(decoder, parameters, other)),
      );
      expect(difference).toBeLessThan(1e-6);
    });

    it('has the same gradients when blocks are computed again on the way back', () => {
      const model = smallModel(encoding);
      const ids = randomIds(2, 9);
      const plain = gradientsOf(model, ids, {});
      const frugal = gradientsOf(model, ids, { remember: 'block-inputs' });
      expect(distance(frugal.value, plain.value)).toBeLessThan(1e-6);
      [...model.parameters.keys()].forEach((name, index) => {
        expect(
          distance(present(frugal.gradients[index], name), present(plain.gradients[index], name)),
          name,
        ).toBeLessThan(1e-5);
      });
    });
  },
);

describe.each(['llama', 'gpt2'] as const)('the gradients of a whole %s-style model', (style) => {
  it.each(['rope', 'kerple', 't5', 'cope', 'gated_alibi', 'hope', 'bipe_rope', 'bipe_alibi'])(
    'agree with finite differences with %s',
    (encoding) => {
      // Steep slopes make the loss bend too much for steps that float32 can tell apart.
      const gentle = { kind: 'gated_alibi', slopeFactor: 1 } as const;
      const model = smallModel(encoding === gentle.kind ? gentle : encoding, {
        style,
        tieEmbeddings: style === 'gpt2',
        logScale: encoding === 'rope',
      });
      const ids = randomIds(3, 9);
      const { gradients } = gradientsOf(model, ids, {});
      const random = Random.fromSeed(5);
      [...model.parameters].forEach(([name, tensor], index) => {
        const direction = tf.tensor(random.normalArray(tensor.size), tensor.shape);
        const unit = tf.div(direction, tf.norm(direction));
        const along = tf.sum(tf.mul(unit, present(gradients[index], name))).dataSync()[0] ?? NaN;
        const step = 0.02;
        const at = (size: number): number => {
          const moved = new Map(model.parameters).set(name, tf.add(tensor, tf.mul(unit, size)));
          return nextTokenLoss(model.decoder, moved, ids).dataSync()[0] ?? NaN;
        };
        // Central differences of two widths, extrapolated: what is left is of the fourth order.
        const slope = (h: number): number => (at(h) - at(-h)) / (2 * h);
        const measured = (4 * slope(step) - slope(2 * step)) / 3;
        expect(Math.abs(measured - along), `${name}: ${measured} and ${along}`).toBeLessThan(
          2e-4 + 2e-3 * Math.abs(along),
        );
      });
    },
  );
});

describe('a padding row', () => {
  it('starts at 0, in the table inside segments too, and changes no other number', () => {
    const { decoder, parameters } = smallModel('bipe_rope', { paddingIndex: -1 });
    const plain = smallModel('bipe_rope').parameters;
    for (const [name, table] of parameters) {
      const wanted = present(plain.get(name), name);
      const isTable = name.startsWith('model.embed');
      const rows = isTable ? present(table.shape[0], 'rows') - 1 : 0;
      const kept = (tensor: tf.Tensor): tf.Tensor => (isTable ? tensor.slice(0, rows) : tensor);
      expect(distance(kept(table), kept(wanted)), name).toBe(0);
      if (isTable) expect(tf.max(tf.abs(table.slice(rows))).dataSync()[0], name).toBe(0);
    }
    expect(decoder.parameters.filter(({ zeroRow }) => zeroRow !== undefined)).toHaveLength(2);
  });

  it('that a table does not have is refused', () => {
    expect(() => smallModel('bipe_rope', { paddingIndex: -14 })).toThrow(
      /^model: paddingIndex: -14 in a vocabulary of 13; give an id, or -1 for the last$/,
    );
    const short = { kind: 'bipe', intra: { kind: 'learned', rows: 4 }, inter: { kind: 'rope' } } as const;
    expect(() => smallModel(short, { paddingIndex: 7 })).toThrow(
      /^encoding learned: paddingIndex 7, but its table has 4 rows; give -1 for the last$/,
    );
  });
});

describe('a window', () => {
  it('hides everything but the last tokens', () => {
    const { decoder, parameters } = smallModel('rope', { window: 3, numLayers: 1 });
    const ids = randomIds(2, 12);
    const [map] = attentionMaps(decoder, parameters, ids);
    const weights = present(map, 'map').arraySync();
    for (const heads of weights) {
      for (const rows of heads) {
        rows.forEach((row, query) => {
          row.forEach((weight, key) => {
            if (key > query || key <= query - 3) expect(weight).toBe(0);
            else expect(weight).toBeGreaterThan(0);
          });
        });
      }
    }
  });

  it('gives the same logits whatever the number of queries that attend at once', () => {
    const { decoder, parameters } = smallModel('bipe_alibi', { window: 4 });
    const ids = randomIds(2, 12);
    const whole = logits(decoder, parameters, ids);
    for (const queryChunk of [1, 2, 5])
      expectSameLogits(logits(decoder, parameters, ids, { queryChunk }), whole, `chunks of ${queryChunk}`);
  });
});

describe('the two forms of attention', () => {
  it('give the same loss and gradients, by kernels and by plain operations, whatever the model', () => {
    fc.assert(
      fc.property(
        fc.record({
          encoding: fc.constantFrom(
            'rope',
            'alibi',
            't5',
            'kerple',
            'cope',
            'gated_alibi',
            'hope',
            'bipe_rope',
            'bipe_alibi',
          ),
          style: fc.constantFrom('llama' as const, 'gpt2' as const),
          window: fc.option(fc.integer({ min: 1, max: 12 }), { nil: undefined }),
          logScale: fc.boolean(),
          numHeads: fc.constantFrom(1, 2, 4),
          tieEmbeddings: fc.boolean(),
          seed: fc.nat(1000),
          time: fc.integer({ min: 2, max: 12 }),
          queryChunk: fc.integer({ min: 1, max: 12 }),
          remember: fc.constantFrom('all' as const, 'block-inputs' as const),
        }),
        ({ encoding, window, seed, time, queryChunk, remember, ...changes }) => {
          const model = smallModel(encoding, { ...changes, ...(window !== undefined && { window }) }, seed);
          const run = (): ReturnType<typeof gradientsOf> =>
            gradientsOf(model, randomIds(2, time, seed), { queryChunk, remember });
          const [fused, plain] = [run(), withoutFusedKernels(run)];
          expect(distance(fused.value, plain.value)).toBeLessThan(1e-5);
          [...model.parameters.keys()].forEach((name, index) => {
            const [one, other] = [fused, plain].map(({ gradients }) => present(gradients[index], name));
            expect(distance(present(one, name), present(other, name)), name).toBeLessThan(1e-4);
          });
        },
      ),
      { numRuns: 20 },
    );
  });
});

describe('attention maps', () => {
  it('have rows that sum to 1 and leave the future out', () => {
    const { decoder, parameters } = smallModel('bipe_rope');
    const maps = attentionMaps(decoder, parameters, randomIds(2, 7));
    expect(maps.map(({ shape }) => shape)).toEqual([
      [2, 2, 7, 7],
      [2, 2, 7, 7],
    ]);
    for (const map of maps) {
      expect(distance(tf.sum(map, 3), tf.ones([2, 2, 7]))).toBeLessThan(1e-6);
      const future = tf.linalg.bandPart(map, -1, 0);
      expect(distance(map, future)).toBe(0);
    }
  });
});

describe('dropout', () => {
  const seed = (first: number): tf.Tensor1D => tf.tensor1d([first, 9], 'int32');

  it('is the same for the same seed and another for another', () => {
    const { decoder, parameters } = smallModel('rope', { dropout: 0.3 });
    const ids = randomIds(2, 8);
    const run = (first: number): tf.Tensor => logits(decoder, parameters, ids, { dropoutSeed: seed(first) });
    expect(distance(run(1), run(1))).toBe(0);
    expect(distance(run(1), run(2))).toBeGreaterThan(1e-2);
  });

  it('is off without a seed', () => {
    const { decoder, parameters } = smallModel('rope', { dropout: 0.3 });
    const plain = smallModel('rope');
    const ids = randomIds(2, 8);
    expect(distance(logits(decoder, parameters, ids), logits(plain.decoder, parameters, ids))).toBe(0);
  });

  it('drops the same again where blocks are computed again on the way back', () => {
    const model = smallModel('t5', { dropout: 0.3 });
    const ids = randomIds(2, 8);
    const dropoutSeed = seed(4);
    const plain = gradientsOf(model, ids, { dropoutSeed });
    const frugal = gradientsOf(model, ids, { dropoutSeed, remember: 'block-inputs' });
    plain.gradients.forEach((gradient, index) => {
      expect(distance(gradient, present(frugal.gradients[index], 'gradient'))).toBeLessThan(1e-5);
    });
  });
});

describe('the memory of training', () => {
  it.each(['all', 'block-inputs'] as const)('stays flat over 20 steps that remember %s', async (remember) => {
    const model = smallModel('bipe_alibi');
    const ids = randomIds(2, 9);
    const step = (): void => {
      const { value, gradients } = gradientsOf(model, ids, { remember });
      tf.dispose([value, ...gradients]);
    };
    step();
    const { tensors, bytes } = await withTensorAccount(() => {
      for (let count = 0; count < 20; count += 1) step();
    });
    expect({ tensors, bytes }).toEqual({ tensors: 0, bytes: 0 });
  });
});

function gradientsOf(
  { decoder, parameters }: SmallModel,
  ids: tf.Tensor2D,
  options: Parameters<typeof nextTokenLoss>[3],
): ReturnType<typeof valueAndGradients> {
  return valueAndGradients(() => nextTokenLoss(decoder, parameters, ids, options), [...parameters.values()]);
}
