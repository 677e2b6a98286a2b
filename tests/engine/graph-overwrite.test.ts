// Captured steps that give up the old values of their state: the same results, and one line where a
// run fails.

import * as tf from '@tensorflow/tfjs';
import { expect, it, onTestFinished } from 'vitest';
import { CaptureError } from '../../lib/base/errors';
import { capture, type CapturedStep, type StepFunction } from '../../lib/engine/graph/capture';
import type { NamedTensors } from '../../lib/engine/graph/specs';
import { describeKernels, expectSame, kernels, normal } from '../support/kernels';

/** A step that overwrites its state, and the same that does not. */
function bothWays<S extends NamedTensors, I extends NamedTensors, O extends NamedTensors>(
  step: StepFunction<S, I, O>,
  state: S & NamedTensors,
): CapturedStep<S, I, O>[] {
  return [true, false].map((overwrite) => {
    const captured = capture(step, { state, overwrite, name: 'decoding' });
    onTestFinished(() => {
      captured.dispose();
    });
    return captured;
  });
}

function expectSameRuns<S extends NamedTensors, I extends NamedTensors, O extends NamedTensors>(
  [overwriting, plain]: readonly CapturedStep<S, I, O>[],
  inputs: (run: number) => I,
  runs = 4,
): void {
  for (let run = 0; run < runs; run += 1) {
    const [actual, expected] = [overwriting, plain].map((step): NamedTensors => ({
      ...step?.run(inputs(run)),
      ...step?.readState(),
    }));
    for (const [key, tensor] of Object.entries(expected ?? {}))
      expectSame(actual?.[key], tensor, `${key} after run ${run}`);
  }
}

type Cache = Record<'keys' | 'values' | 'lengths', tf.Tensor>;

/** One more token for a cache of [batch, heads, capacity, width]. */
function addToken({ keys, values, lengths }: Cache, added: tf.Tensor) {
  const [queries, newKeys, newValues] = tf.unstack(added) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
  const [context, keysAfter, valuesAfter] = kernels().cachedAttention({
    queries,
    newKeys,
    newValues,
    keys: keys as tf.Tensor4D,
    values: values as tf.Tensor4D,
    lengths: lengths as tf.Tensor1D,
    bias: undefined,
    window: undefined,
  });
  const state = { keys: keysAfter, values: valuesAfter, lengths: tf.add(lengths, tf.scalar(1, 'int32')) };
  return { context, state };
}

const emptyCache = (capacity: number, width: number): Cache => ({
  keys: tf.zeros([1, 2, capacity, width]),
  values: tf.zeros([1, 2, capacity, width]),
  lengths: tf.zeros([1], 'int32'),
});
const tokenAt = (run: number, width: number): { added: tf.Tensor } => ({
  added: normal(run, [3, 1, 2, 1, width]),
});

describeKernels('a step that overwrites its state', () => {
  it('gives what it gives otherwise: a cache, token by token', () => {
    const step = (cache: Cache, { added }: { added: tf.Tensor }) => {
      const { context, state } = addToken(cache, added);
      return { outputs: { context }, state };
    };
    expectSameRuns(bothWays(step, emptyCache(9, 5)), (run) => tokenAt(run, 5), 9);
  });

  it('gives the old value where that is asked for too', () => {
    const step = (cache: Cache, { added }: { added: tf.Tensor }) => {
      const { context, state } = addToken(cache, added);
      return { outputs: { context, before: cache.keys, difference: tf.sub(state.keys, cache.keys) }, state };
    };
    const steps = bothWays(step, emptyCache(6, 5));
    expectSameRuns(steps, (run) => tokenAt(run, 5));
    for (const either of steps) {
      const { keys } = either.readState(['keys']);
      expectSame(either.run(tokenAt(4, 5)).before, keys, 'the old keys');
    }
  });

  it('can exchange its state, keep some of it, and come in several shapes', () => {
    const step = ({ a, b, c }: Record<'a' | 'b' | 'c', tf.Tensor>, { x }: { x: tf.Tensor }) => ({
      outputs: { sum: tf.addN([a, b, c]) },
      state: { a: tf.add(b, tf.sum(x)), b: a },
    });
    const state = { a: tf.tensor1d([1, 2]), b: tf.tensor1d([10, 20]), c: tf.tensor1d([100, 200]) };
    expectSameRuns(bothWays(step, state), (run) => ({ x: tf.ones([1 + (run % 2)]) }), 5);
  });

  it('holds no more tensors after 20 runs than after one', () => {
    const [step] = bothWays(
      (cache: Cache, { added }: { added: tf.Tensor }) => {
        const { context, state } = addToken(cache, added);
        return { outputs: { context }, state };
      },
      emptyCache(30, 4),
    );
    const run = (index: number): void => {
      const inputs = tf.tidy(() => tokenAt(index, 4));
      tf.dispose([step?.run(inputs), inputs]);
    };
    run(0);
    const before = tf.memory().numTensors;
    for (let index = 1; index < 20; index += 1) run(index);
    expect(tf.memory().numTensors).toBe(before);
  });

  it('says that a run which failed took the state with it, until the state is written anew', () => {
    const targets = (...values: number[]): { targets: tf.Tensor } => ({
      targets: tf.tensor1d(values, 'int32'),
    });
    const [step, plain] = bothWays(
      ({ sum }: Record<'sum' | 'other', tf.Tensor>, inputs: { targets: tf.Tensor }) => {
        const { losses, ofScores } = kernels().crossEntropy(tf.zeros([2, 3]), inputs.targets as tf.Tensor1D);
        return { outputs: { losses }, state: { sum: tf.add(sum, ofScores) } };
      },
      { sum: tf.zeros([2, 3]), other: tf.ones([1]) },
    );
    const refusal = 'decoding: BipeCrossEntropy: target 7 of row 1 is not one of 3 classes';
    step?.run(targets(0, 1));
    expect(() => step?.run(targets(0, 7))).toThrow(
      new CaptureError(`${refusal}; its state sum is lost with it`),
    );
    const lost = new CaptureError(
      'decoding: its state sum was lost when a run before failed; give it new values with writeState, or capture the step again',
    );
    expect(() => step?.run(targets(0, 1))).toThrow(lost);
    expect(() => step?.run({ targets: tf.zeros([2], 'int32') })).toThrow(lost);
    expect(() => step?.readState()).toThrow(lost);
    expect(step?.readState(['other']).other.dataSync()).toEqual(Float32Array.of(1));
    step?.writeState({ sum: tf.zeros([2, 3]) });
    step?.run(targets(0, 1));
    // Without `overwrite` there is nothing to lose.
    expect(() => plain?.run(targets(0, 7))).toThrow(new CaptureError(refusal));
    plain?.run(targets(0, 1));
    expectSame(step?.readState().sum, plain?.readState().sum, 'sum');
  });
});
