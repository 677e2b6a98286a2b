// What most tests on tensors begin with.

import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, beforeEach } from 'vitest';
import { startEngine } from '../../lib/engine/engine';

/**
 * Computes on the native library, in the tests of the file or `describe` that calls it; a test's
 * tensors end with it.
 */
export function useNativeEngine(): void {
  beforeAll(async () => {
    await startEngine({ backend: 'native-cpu' });
  });
  beforeEach(() => {
    tf.engine().startScope();
  });
  afterEach(() => {
    tf.engine().endScope();
  });
}
