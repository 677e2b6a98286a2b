import * as tf from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { capture } from '../../lib/engine/graph/capture';
import { after, recomputed, valueAndGradients, withGradient } from '../../lib/engine/gradients';
import { withTensorAccount } from '../../lib/engine/memory';
import { useNativeEngine } from '../support/engine';

useNativeEngine();

const numbers = (tensor: tf.Tensor | undefined): number[] => [...(tensor?.dataSync() ?? [])];

describe('gradients', () => {
  it('are zero for a parameter that the value does not depend on', () => {
    const [used, unused] = [tf.tensor1d([2, 3]), tf.tensor2d([[1, 1, 1]])];
    const { value, gradients } = valueAndGradients(() => tf.sum(tf.square(used)), [used, unused]);
    expect(numbers(value)).toEqual([13]);
    expect(gradients.map((gradient) => gradient.shape)).toEqual([[2], [1, 3]]);
    expect(gradients.map(numbers)).toEqual([
      [4, 6],
      [0, 0, 0],
    ]);
  });

  it('reach variables as they reach tensors', () => {
    const variable = tf.variable(tf.tensor1d([2, 3]));
    const { gradients } = valueAndGradients(() => tf.sum(tf.square(variable)), [variable]);
    expect(numbers(gradients[0])).toEqual([4, 6]);
    variable.dispose();
  });

  it('are those that a function gives for itself', () => {
    const x = tf.tensor1d([1, 2]);
    const doubled = (): tf.Scalar =>
      tf.sum(
        withGradient(
          [x],
          (input) => ({ value: tf.mul(input, 2), saved: [input] }),
          (upstream, input) => [tf.mul(tf.mul(upstream, input), 100)],
        ),
      );
    expect(numbers(valueAndGradients(doubled, [x]).gradients[0])).toEqual([100, 200]);
  });
});

describe('what waits for another tensor', () => {
  it.each([false, true])(
    'has the same value and gradients, none of them through that tensor; eager: %s',
    (eager) => {
      const step = capture(
        (_state, { x, y }: { x: tf.Tensor; y: tf.Tensor }) => {
          const inTurn = (): tf.Scalar => tf.sum(tf.square(after(tf.square(y), x)));
          const { value, gradients } = valueAndGradients(inTurn, [x, y]);
          const [ofX = x, ofY = y] = gradients;
          return { outputs: { value, ofX, ofY }, state: {} };
        },
        { state: {}, name: 'one after the other', eager },
      );
      const outputs = step.run({ x: tf.tensor1d([1, 2]), y: tf.tensor1d([3]) });
      expect([outputs.value, outputs.ofX, outputs.ofY].map(numbers)).toEqual([[5], [2, 4], [0]]);
      step.dispose();
    },
  );
});

describe('what is computed again on the way back', () => {
  const x = (): tf.Tensor => tf.tensor1d([0.5, -1, 2]);
  const layer = (...inputs: tf.Tensor[]): tf.Tensor => {
    const [input = tf.scalar(0), weight = tf.scalar(0)] = inputs;
    return tf.add(tf.tanh(tf.mul(input, weight)), tf.square(input));
  };

  it('has the value and the gradients that it has otherwise, in a chain too', () => {
    const [input, first, second] = [x(), tf.tensor1d([1, 2, 3]), tf.tensor1d([-1, 0.5, 0.1])];
    const plain = valueAndGradients(() => tf.sum(layer(layer(input, first), second)), [input, first, second]);
    const again = valueAndGradients(
      () => tf.sum(recomputed(layer, [recomputed(layer, [input, first]), second])),
      [input, first, second],
    );
    expect(numbers(again.value)).toEqual(numbers(plain.value));
    again.gradients.forEach((gradient, index) => {
      expect(tf.max(tf.abs(tf.sub(gradient, plain.gradients[index] ?? 0))).dataSync()[0]).toBeLessThan(1e-6);
    });
  });

  it('keeps its inputs alone until then', async () => {
    const [input, weight] = [x(), x()];
    const keptBy = async (f: () => tf.Tensor): Promise<number> => {
      let kept = 0;
      const probe = (): tf.Scalar => {
        const before = tf.memory().numTensors;
        const value = tf.sum<tf.Scalar>(tf.tidy(f));
        kept = tf.memory().numTensors - before;
        return value;
      };
      const { tensors } = await withTensorAccount(() => {
        const { value, gradients } = valueAndGradients(probe, [input, weight]);
        tf.dispose([value, ...gradients]);
      });
      expect(tensors).toBe(0);
      return kept;
    };
    const long = (...inputs: tf.Tensor[]): tf.Tensor => {
      let value = layer(...inputs);
      for (let count = 0; count < 10; count += 1) value = tf.square(tf.tanh(value));
      return value;
    };
    expect(await keptBy(() => recomputed(long, [input, weight]))).toBeLessThan(8);
    expect(await keptBy(() => long(input, weight))).toBeGreaterThan(20);
  });
});
