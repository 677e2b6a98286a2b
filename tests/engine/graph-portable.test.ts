import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { capture } from '../../lib/engine/graph/capture';
import { assertNoLeak } from '../../lib/engine/memory';

describe('a captured step on a backend without graphs', () => {
  beforeAll(async () => {
    await startEngine({ backend: 'wasm' });
  });

  const running = ({ total }: { total: tf.Tensor }, { x }: { x: tf.Tensor }) => {
    const next = total.add(x.sum());
    return { outputs: { total: next, x }, state: { total: next } };
  };

  it('runs operation by operation, with the same state', async () => {
    await assertNoLeak(() => {
      const total = tf.scalar(5);
      const inputs = [tf.ones([3]), tf.ones([2])].map((x) => ({ x }));
      const step = capture(running, { state: { total } });
      total.dispose();
      expect(step.captured).toBe(false);
      const totals = inputs.map((one) => {
        const outputs = tf.tidy(() => step.run(one));
        const value = outputs.total.dataSync()[0];
        tf.dispose(outputs);
        return value;
      });
      expect(totals).toEqual([8, 10]);
      const state = step.readState();
      expect(state.total.dataSync()[0]).toBe(10);
      tf.dispose([state, inputs]);
      step.dispose();
    });
  });

  it('keeps its state when the run is inside a tidy', () => {
    tf.tidy(() => {
      const step = capture(running, { state: { total: tf.scalar(0) } });
      tf.tidy(() => {
        step.run({ x: tf.ones([2]) });
      });
      expect(step.readState().total.dataSync()[0]).toBe(2);
      step.dispose();
    });
  });
});
