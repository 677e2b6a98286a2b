import { existsSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { adamInPlace } from '../../lib/engine/graph/adam';
import { capture } from '../../lib/engine/graph/capture';
import type { NamedTensors } from '../../lib/engine/graph/specs';
import { thisMachine } from '../../lib/engine/backends/native';
import { Random } from '../../lib/engine/random/random';
import { normalTensor } from '../../lib/engine/random/tensors';
import { useNativeEngine } from '../support/engine';
import { relativeError } from './graph-programs';

interface Update {
  readonly p: tf.Tensor;
  readonly m: tf.Tensor;
  readonly v: tf.Tensor;
  readonly g: tf.Tensor;
}

const [beta1, beta2] = [0.9, 0.99];
/** TensorFlow takes 1 - beta in float32, which is a millionth off; so the formula does here. */
const [share1, share2] = [beta1, beta2].map((beta) => Math.fround(1 - Math.fround(beta))) as [number, number];
const tolerance = 1e-6;

/** One update by the formula, operation by operation. */
function byFormula({ p, m, v, g }: Update, rate: tf.Tensor, decay: number): Omit<Update, 'g'> {
  const m1 = m.add(g.sub(m).mul(share1));
  const v1 = v.add(g.square().sub(v).mul(share2));
  const change = m1.mul(rate).div(v1.sqrt().add(1e-6));
  return { p: p.mul(1 - decay).sub(change), m: m1, v: v1 };
}

function inPlace({ p, m, v, g }: Update, rate: tf.Tensor, decay: number): Omit<Update, 'g'> | undefined {
  const result = adamInPlace<tf.Tensor>({
    parameter: p,
    firstMoment: m,
    secondMoment: v,
    gradient: g,
    beta1,
    beta2,
    rate: rate as tf.Scalar,
    epsilon: tf.scalar(1e-6),
    ...(decay !== 0 && { decay: tf.scalar(decay) }),
  });
  return result && { p: result.parameter, m: result.firstMoment, v: result.secondMoment };
}

describe.skipIf(!existsSync(thisMachine().bindingFile))("Adam on a captured step's variables", () => {
  useNativeEngine();

  const normal = (seed: number, shape: number[]): tf.Tensor => normalTensor(Random.fromSeed(seed), shape);

  it.each([0, 0.01])('follows the formula for 100 steps, with a decay of %d', (decay) => {
    const used: boolean[] = [];
    const step = (
      { p, m, v }: Record<'p' | 'm' | 'v', tf.Tensor>,
      { x, rate }: Record<'x' | 'rate', tf.Tensor>,
    ) => {
      const loss = (weight: tf.Tensor): tf.Scalar =>
        tf
          .matMul(x, weight.reshape([6, 5]))
          .tanh()
          .sum();
      const { value, grad } = tf.valueAndGrad(loss)(p);
      const update = { p: p.flatten(), m, v, g: grad.flatten() };
      const done = inPlace(update, rate, decay);
      used.push(done !== undefined);
      const next = done ?? byFormula(update, rate, decay);
      // The values before the update are needed after it, too.
      const outputs = { loss: value, change: next.p.sub(p.flatten()).norm(), before: p };
      return { outputs, state: { ...next, p: next.p.reshape([5, 6]) } };
    };
    const state = { p: normal(1, [5, 6]), m: tf.zeros([30]), v: tf.zeros([30]) };
    const graph = capture(step, { state });
    const eager = capture(step, { state, eager: true });
    onTestFinished(() => {
      graph.dispose();
      eager.dispose();
    });
    for (let count = 0; count < 100; count += 1) {
      const inputs = { x: normal(10 + count, [4, 6]), rate: tf.scalar(0.01) };
      const [a, b] = [graph.run(inputs), eager.run(inputs)];
      for (const key of ['loss', 'change', 'before'] as const)
        expect(relativeError(a[key], b[key])).toBeLessThan(tolerance);
    }
    const [a, b] = [graph.readState(), eager.readState()];
    for (const key of ['p', 'm', 'v'] as const) expect(relativeError(a[key], b[key])).toBeLessThan(tolerance);
    // Both traces of the graph, and none of the eager steps.
    expect([used.filter(Boolean).length, used.length]).toEqual([2, 102]);
  });

  it('does not touch values that were given out before', () => {
    const graph = capture(
      (state: Record<'p' | 'm' | 'v', tf.Tensor>, { g }: { g: tf.Tensor }) => ({
        outputs: {},
        state: inPlace({ ...state, g }, tf.scalar(0.1), 0) ?? {},
      }),
      { state: { p: tf.ones([8]), m: tf.zeros([8]), v: tf.zeros([8]) } },
    );
    graph.run({ g: tf.ones([8]) });
    const first = graph.readState();
    const values = first.p.dataSync().slice();
    graph.run({ g: tf.ones([8]) });
    expect(first.p.dataSync()).toEqual(values);
    expect(graph.readState().p.dataSync()).not.toEqual(values);
    graph.dispose();
  });

  it('leaves tensors that are no state to the formula', () => {
    const answers: boolean[] = [];
    const step = ({ m, v }: Record<'m' | 'v', tf.Tensor>, { p, g }: Record<'p' | 'g', tf.Tensor>) => {
      for (const update of [
        { p, m, v, g },
        { p: m.add(1), m, v, g },
        { p: m, m, v, g },
      ])
        answers.push(inPlace(update, tf.scalar(0.1), 0) === undefined);
      return { outputs: {} };
    };
    const inputs = { p: tf.ones([8]), g: tf.ones([8]) };
    const state = { m: tf.zeros([8]), v: tf.zeros([8]) };
    const captured = capture(step, { state });
    captured.run(inputs);
    captured.dispose();
    expect(inPlace({ ...inputs, ...state }, tf.scalar(0.1), 0)).toBeUndefined();
    expect(answers).toEqual(new Array(6).fill(true));
  });

  it('refuses a new value that is not returned as state', () => {
    const step = (state: Record<'p' | 'm' | 'v', tf.Tensor>, { g }: { g: tf.Tensor }) => {
      const next: NamedTensors = inPlace({ ...state, g }, tf.scalar(0.1), 0) ?? {};
      return { outputs: {}, state: { p: next['p'] ?? state.p } };
    };
    const state = { p: tf.ones([8]), m: tf.zeros([8]), v: tf.zeros([8]) };
    expect(() => capture(step, { state }).run({ g: tf.ones([8]) })).toThrow(
      /m was updated in place; return its new value as state m/,
    );
  });
});
