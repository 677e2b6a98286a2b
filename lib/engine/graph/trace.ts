// Turns a function of tensors into a program, and makes sure that the program is valid for every
// call of it.

import * as tf from '@tensorflow/tfjs';
import { CaptureError } from '../../base/errors';
import { present } from '../../base/present';
import { formatShape } from '../../base/shape';
import type { NativeBackend } from '../native/binding';
import { elementType, type GraphNode, type TensorValue } from '../native/graph-def';
import { intercept } from './intercept';
import type { Program } from './program';
import { ProgramRecorder, type TraceRequest } from './recorder';
import { ResultShapes } from './shapes';

/**
 * Traces `request.run` on the native backend.
 *
 * It is called twice: a graph repeats what it was traced with, so a function whose constants differ
 * between two calls (random numbers, a counter, the time) would silently become another function.
 *
 * @throws CaptureError if it reads a tensor's value in JavaScript, uses or assigns variables, does
 *   something else at each call, or uses an operation whose result's shape depends on values
 * @throws UsageError if it returns a state of another shape
 */
export function traceProgram(backend: NativeBackend, request: TraceRequest): Program {
  const shapes = new ResultShapes(backend.binding, request.name);
  const first = recordOnce(backend, request, shapes);
  const second = recordOnce(backend, request, shapes);
  const difference = firstDifference(first.nodes, second.nodes);
  if (difference !== undefined) {
    throw new CaptureError(
      `${request.name}: two calls did different work (${difference}); a graph would repeat the first one for ever: ` +
        'what changes from call to call (random numbers, a learning rate, a counter) must come in as an input or as state',
    );
  }
  return second;
}

function recordOnce(backend: NativeBackend, request: TraceRequest, shapes: ResultShapes): Program {
  const recorder = new ProgramRecorder(backend, request, shapes);
  return intercept(backend, recorder, () => {
    const programs: Program[] = [];
    try {
      tf.tidy(() => {
        programs.push(recorder.record());
      });
    } finally {
      recorder.finish();
    }
    return present(programs[0], 'program');
  });
}

/** The first difference between two lists of operations, in words. */
function firstDifference(first: readonly GraphNode[], second: readonly GraphNode[]): string | undefined {
  if (first.length !== second.length) return `${first.length} operations, then ${second.length}`;
  for (const [index, a] of first.entries()) {
    const b = second[index] ?? a;
    if (a.op !== b.op) return `operation ${index} was ${a.op}, then ${b.op}`;
    const [x, y] = [a.attributes['value'], b.attributes['value']];
    if (x?.kind === 'tensor' && y?.kind === 'tensor') {
      if (!equalTensors(x.value, y.value)) return `a ${describeTensor(x.value)} constant had other values`;
    } else if (JSON.stringify(a) !== JSON.stringify(b)) {
      return `the operation ${a.name} had other inputs or attributes`;
    }
  }
  return undefined;
}

function equalTensors(a: TensorValue, b: TensorValue): boolean {
  return a.type === b.type && a.shape.join() === b.shape.join() && Buffer.compare(a.content, b.content) === 0;
}

function describeTensor({ type, shape }: TensorValue): string {
  const name = Object.entries(elementType).find(([, number]) => number === type)?.[0] ?? 'tensor';
  return `${name} ${formatShape(shape)}`;
}
