// Tests on a small step with known results whether this machine's engine captures steps, and
// correctly.

import * as tf from '@tensorflow/tfjs';
import { MachineError } from '../../base/errors';
import { capture } from './capture';

/**
 * Captures and runs a sum that grows from call to call.
 *
 * @returns whether it ran as a graph, not operation by operation
 * @throws MachineError if it computed wrong numbers
 * @throws CaptureError if it could not be captured
 */
export async function checkCapture(): Promise<boolean> {
  const [x, start] = [tf.tensor1d([1, 2, 3]), tf.scalar(1)];
  const step = capture(
    ({ sum }: { sum: tf.Scalar }, inputs: { x: tf.Tensor1D }) => {
      const next = sum.add<tf.Scalar>(tf.square(inputs.x).sum());
      return { outputs: { next }, state: { sum: next } };
    },
    { state: { sum: start }, name: 'the trial step' },
  );
  try {
    for (const expected of [15, 29]) {
      const { next } = step.run({ x });
      const [value] = await next.data();
      next.dispose();
      if (value !== expected) {
        throw new MachineError(
          `a captured step computed ${String(value)} instead of ${expected}; the library is damaged: run npm run setup`,
        );
      }
    }
    return step.captured;
  } finally {
    step.dispose();
    tf.dispose([x, start]);
  }
}
