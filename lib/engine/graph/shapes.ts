// Shapes and types of an operation's results, found by executing it once, alone, on zeros. So
// tracing takes the memory of single operations, however large the step is, and needs no table of
// TensorFlow's shape rules.

import { CaptureError } from '../../base/errors';
import { elementCount } from '../../base/shape';
import type { ElementArray, NativeBinding, OperationAttribute, TensorMetadata } from '../native/binding';
import { elementType } from '../native/graph-def';
import type { Value } from './program';

/** An input of an operation: a value to come, or a tensor that is there. */
export type OperationInput =
  | { readonly unknown: Value }
  /** `key` is equal for equal tensors. */
  | { readonly id: number; readonly key: string };

/** Operations whose results have a shape that depends on the values of their inputs. */
const shapedByValues = /^(Where|Unique(V2)?|ListDiff|NonMaxSuppression.*)$/;

/** Finds shapes of results and remembers them: a model repeats its layers. */
export class ResultShapes {
  private readonly seen = new Map<string, readonly TensorMetadata[]>();

  constructor(
    private readonly binding: NativeBinding,
    /** For error messages. */
    private readonly step: string,
  ) {}

  /** Shapes and types of an operation's results; their ids mean nothing. */
  of(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly OperationInput[],
    outputs: number,
  ): readonly TensorMetadata[] {
    if (shapedByValues.test(operation)) {
      throw new CaptureError(
        `${this.step}: ${operation} gives a tensor whose shape depends on values; a graph's shapes are fixed: ` +
          'mask and pad instead',
      );
    }
    const keys = inputs.map((input) =>
      'id' in input ? input.key : `${input.unknown.type}[${input.unknown.shape.join()}]`,
    );
    const key = JSON.stringify([operation, attributes, keys, outputs]);
    const shapes = this.seen.get(key) ?? this.execute(operation, attributes, inputs, outputs);
    this.seen.set(key, shapes);
    return shapes;
  }

  private execute(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly OperationInput[],
    outputs: number,
  ): readonly TensorMetadata[] {
    const made: number[] = [];
    try {
      const ids = inputs.map((input) => {
        if ('id' in input) return input.id;
        const { shape, type } = input.unknown;
        const id = this.binding.createTensor(shape, type, standIn(operation, input.unknown));
        made.push(id);
        return id;
      });
      const results = this.binding.executeOp(operation, attributes, ids, outputs);
      made.push(...results.map(({ id }) => id));
      return results;
    } finally {
      for (const id of made) this.binding.deleteTensor(id);
    }
  }
}

/** Zeros are in the range of every index; a divisor must be another number. */
function standIn(operation: string, { type, shape }: Value): ElementArray {
  const size = elementCount(shape);
  const fill = /Div|Mod/.test(operation) ? 1 : 0;
  if (type === elementType.float32) return new Float32Array(size).fill(fill);
  if (type === elementType.bool) return new Uint8Array(size);
  if (type === elementType.int64) return new Int32Array(2 * size).fill(fill);
  return new Int32Array(size).fill(fill);
}
