// Redirects the operations of a function that is traced to a recorder instead of the native
// library, and refuses what a graph cannot do.

import * as tf from '@tensorflow/tfjs';
import type { NativeBackend, RecordingBinding } from '../native/binding';

/** Receives what the function does. */
export interface Recorder extends Pick<
  RecordingBinding,
  'createTensor' | 'deleteTensor' | 'tensorDataSync' | 'executeOp' | 'after' | 'lateConstant' | 'adam'
> {
  /** Called when a TensorFlow.js operation begins, perhaps inside others. */
  beginKernel(name: string): void;
  endKernel(): void;
  /** Called before a variable gets another value: throws. */
  refuseAssignment(variable: tf.Variable): never;
}

type RunKernel = (name: string, ...rest: unknown[]) => unknown;

/** Runs `work` with the backend redirected to `recorder`, and restores it afterwards. */
export function intercept<T>(backend: NativeBackend, recorder: Recorder, work: () => T): T {
  const real = backend.binding;
  const engine = tf.engine() as unknown as { runKernel: RunKernel };
  const { runKernel } = engine;
  const variable = tf.Variable.prototype as { assign: unknown };
  const { assign } = variable;
  const functions = {
    createTensor: recorder.createTensor.bind(recorder),
    deleteTensor: recorder.deleteTensor.bind(recorder),
    tensorDataSync: recorder.tensorDataSync.bind(recorder),
    executeOp: recorder.executeOp.bind(recorder),
    after: recorder.after.bind(recorder),
    lateConstant: recorder.lateConstant.bind(recorder),
    adam: recorder.adam.bind(recorder),
  } satisfies Partial<RecordingBinding>;
  // The binding's own functions are read-only, also for objects that inherit them.
  backend.binding = Object.create(real, Object.getOwnPropertyDescriptors(functions)) as RecordingBinding;
  engine.runKernel = (name, ...rest) => {
    recorder.beginKernel(name);
    try {
      return runKernel.call(engine, name, ...rest);
    } finally {
      recorder.endKernel();
    }
  };
  variable.assign = function (this: tf.Variable) {
    recorder.refuseAssignment(this);
  };
  try {
    return work();
  } finally {
    backend.binding = real;
    engine.runKernel = runKernel;
    variable.assign = assign;
  }
}
