// Records what a function does with tensors that have a shape and a type but no values yet. Tensors
// with known values become constants of the program; results of constants alone are computed at
// once.

import * as tf from '@tensorflow/tfjs';
import { CaptureError } from '../../base/errors';
import { present } from '../../base/present';
import { elementCount } from '../../base/shape';
import type {
  AdamIds,
  ElementArray,
  NativeBackend,
  NativeBinding,
  OperationAttribute,
  TensorMetadata,
} from '../native/binding';
import { elementType, nodeOf, type TensorValue, typeAttribute } from '../native/graph-def';
import type { Recorder } from './intercept';
import {
  contentKey,
  isSmall,
  type ProductType,
  type Program,
  type ProgramTensor,
  ProgramWriter,
  type Value,
  variableHandle,
} from './program';
import type { OperationInput, ResultShapes } from './shapes';
import { checkState, checkTensors, type NamedSpecs, type NamedTensors } from './specs';

/** Results of a traced function, and new values of the parts of its state that change. */
export interface TracedResult {
  readonly outputs: NamedTensors;
  readonly state?: NamedTensors;
}

/** A function to trace. */
export interface TraceRequest {
  /** For error messages. */
  readonly name: string;
  /** Prefix of the operations' names. */
  readonly prefix: string;
  readonly state: NamedSpecs;
  readonly inputs: NamedSpecs;
  readonly products: ProductType;
  readonly run: (state: NamedTensors, inputs: NamedTensors) => TracedResult;
}

/** Replacements for TensorFlow.js operations that read their inputs' values. */
const replacements: Readonly<Record<string, string>> = {
  GatherV2: 'use tf.gatherND or a product with tf.oneHot instead of tf.gather',
};
const readMend = 'use operations on tensors alone, such as tf.where, or pass a JavaScript value in';

/**
 * Results of constant operations up to this many bytes become constants; larger ones are computed
 * in the graph.
 */
const largestFolded = 1 << 20;

/** Records one call of a function. */
export class ProgramRecorder implements Recorder {
  private readonly writer: ProgramWriter;
  private readonly real: NativeBinding;
  /** Values to come; number n has the tensor id -2 - n (-1 means `no id yet` in tfjs-node). */
  private readonly unknowns: Value[] = [];
  /** Tensors with known values by the binding's id: made while tracing, or made before and used. */
  private readonly knowns = new Map<number, TensorValue>();
  /** Known values that are in the program already. */
  private readonly constants = new Map<number, Value>();
  /**
   * Tensors of `tf.Variable`s by the binding's id: their values change, so they are no constants.
   */
  private readonly variables: ReadonlyMap<number, string>;
  /** Scalars that tfjs-node makes for single operations and forgets. */
  private readonly forgotten: number[] = [];
  private readonly kernels: string[] = [];
  /** Reshaped values, each with the value it was made of. */
  private readonly reshaped = new Map<string, string>();
  /** State tensors whose variables are updated in place: their new values. */
  private readonly updated = new Map<string, Value>();
  private readonly updates: string[] = [];
  private state: readonly ProgramTensor[] = [];

  constructor(
    private readonly backend: NativeBackend,
    private readonly request: TraceRequest,
    private readonly shapes: ResultShapes,
  ) {
    this.writer = new ProgramWriter(request.prefix, request.products);
    this.real = backend.binding;
    const variables = Object.values(tf.engine().state.registeredVariables);
    const ids = backend.getInputTensorIds(variables);
    this.variables = new Map(variables.map(({ name }, index) => [ids[index] ?? -1, name]));
  }

  /** Calls the function; to be called once, with the backend intercepted. */
  record(): Program {
    const { name, prefix, run } = this.request;
    const [inputs, inputTensors] = this.declare('input', this.request.inputs);
    const [state, stateTensors] = this.declare('state', this.request.state);
    this.state = state;
    const result = checkedResult(name, run(stateTensors, inputTensors));
    checkState(name, result.state ?? {}, this.request.state);
    const outputs = Object.entries(result.outputs).map(([key, tensor]) => this.resultOf(key, tensor));
    const changed = Object.entries(result.state ?? {})
      .filter(([key, tensor]) => tensor !== stateTensors[key])
      .map(([key, tensor]) => this.resultOf(key, tensor));
    const nextState = changed.filter((tensor) => !this.isUpdated(tensor));
    for (const key of this.updated.keys()) {
      if (!changed.some((tensor) => tensor.key === key && this.isUpdated(tensor)))
        throw new CaptureError(`${name}: ${key} was updated in place; return its new value as state ${key}`);
    }
    return { prefix, nodes: this.writer.nodes, inputs, state, outputs, nextState, updates: this.updates };
  }

  /** Frees tensors that tfjs-node does not free. */
  finish(): void {
    for (const id of this.forgotten) this.real.deleteTensor(id);
  }

  createTensor(shape: readonly number[], type: number, values: ElementArray): number {
    const id = this.real.createTensor(shape, type, values);
    if (type === elementType.int64) this.forgotten.push(id);
    if (ArrayBuffer.isView(values)) this.knowns.set(id, tensorValue(shape, type, values));
    return id;
  }

  deleteTensor(id: number): void {
    this.real.deleteTensor(id);
    this.knowns.delete(id);
  }

  tensorDataSync(id: number): ElementArray {
    if (id >= 0) return this.real.tensorDataSync(id);
    const kernel = this.kernels.at(-1);
    const reader =
      kernel === undefined
        ? 'it reads the value of a tensor in JavaScript (data, dataSync, arraySync, print or the like)'
        : `the operation ${kernel} of TensorFlow.js reads the value of a tensor in JavaScript`;
    throw new CaptureError(
      `${this.request.name}: ${reader}; a captured step must not: ${replacements[kernel ?? ''] ?? readMend}`,
    );
  }

  executeOp(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[] {
    for (const id of inputs) this.refuseVariable(id);
    if (inputs.every((id) => id >= 0)) return this.executeKnown(operation, attributes, inputs, outputs);
    const shapes = this.shapes.of(
      operation,
      attributes,
      inputs.map((id) => this.shapeInput(id)),
      outputs,
    );
    const values = inputs.map((id) => this.valueOf(id));
    const name = this.writer.addExecuted(operation, attributes, values);
    if (operation === 'Reshape' && values[0]) this.reshaped.set(`${name}:0`, this.rootOf(values[0]));
    return shapes.map(({ shape, dtype }, index) =>
      this.unknown({ value: `${name}:${index}`, shape, type: dtype }),
    );
  }

  after(id: number, trigger: number): TensorMetadata {
    return this.unknown(this.writer.identity(this.valueOf(id), [this.valueOf(trigger)]));
  }

  lateConstant(id: number, trigger: number): TensorMetadata {
    return this.unknown(this.writer.lateConstant(this.valueOf(id), this.valueOf(trigger)));
  }

  /** Adam on the variables themselves, which saves their copies and most passes over memory. */
  adam(ids: AdamIds, beta1: number, beta2: number): readonly TensorMetadata[] | undefined {
    const targets = [ids.parameter, ids.firstMoment, ids.secondMoment].map((id) => this.stateOf(id));
    if (targets.some((target) => target === undefined || this.updated.has(target.key))) return undefined;
    if (new Set(targets).size !== 3) return undefined;
    const { writer } = this;
    const [parameter, ...moments] = targets.map((target) => present(target, 'state to update'));
    const own = present(parameter, 'parameter to update');
    const float = typeAttribute(elementType.float32);
    const size = [elementCount(own.shape)];
    const gradient = writer.reshaped(this.valueOf(ids.gradient), size);
    const reads = [own, ...moments].map(({ value }) => `^${nodeOf(value)}`);
    const handles = [own, ...moments].map((target) => variableHandle(this.state.indexOf(target)));
    const [handle = ''] = handles;
    const before: string[] = [...reads];
    if (ids.decay !== undefined) {
      // Not earlier than it is needed: until then the old values are needed too.
      const kept = writer.identity(this.valueOf(ids.decay), [gradient]);
      const share = writer.add('Sub', [this.scalar(1), kept], { T: float });
      const decayed = writer.add('Mul', [writer.reshaped(own, size), `${share}:0`], { T: float });
      const assign = writer.add('AssignVariableOp', [handle, `${decayed}:0`, ...reads], { dtype: float });
      before.push(`^${assign}`);
    }
    const [rate, epsilon] = [this.valueOf(ids.rate), this.valueOf(ids.epsilon)];
    const [zero, one, two] = [0, beta1, beta2].map((number) => this.scalar(number)) as [Value, Value, Value];
    const inputs = [...handles, zero, zero, rate, one, two, epsilon, gradient, ...before];
    const update = writer.add('ResourceApplyAdam', inputs, { T: float });
    this.updates.push(update);
    return [own, ...moments].map((target, index) => {
      const read = writer.add('ReadVariableOp', [handles[index] ?? '', `^${update}`], { dtype: float });
      const flat = { value: `${read}:0`, shape: size, type: elementType.float32 };
      this.updated.set(target.key, flat);
      const given = this.valueOf([ids.parameter, ids.firstMoment, ids.secondMoment][index] ?? -1);
      const value = writer.reshaped(flat, given.shape);
      this.reshaped.set(value.value, flat.value);
      return this.unknown(value);
    });
  }

  beginKernel(name: string): void {
    this.kernels.push(name);
  }

  endKernel(): void {
    this.kernels.pop();
  }

  refuseAssignment({ name }: tf.Variable): never {
    throw new CaptureError(
      `${this.request.name}: it assigns the variable ${name}; pass its value in as state and return the new one`,
    );
  }

  /** Declares tensors to come: their names, and tensors without values in their place. */
  private declare(kind: 'input' | 'state', specs: NamedSpecs): [ProgramTensor[], Record<string, tf.Tensor>] {
    const declared: ProgramTensor[] = [];
    const tensors: Record<string, tf.Tensor> = {};
    for (const [key, { shape, dtype }] of Object.entries(specs)) {
      const type = typeNumber(this.request.name, key, dtype);
      const tensor = { key, value: `${this.request.prefix}${kind}_${declared.length}:0`, shape, type };
      declared.push(tensor);
      tensors[key] = this.backend.createOutputTensor(this.unknown(tensor));
    }
    return [declared, tensors];
  }

  private resultOf(key: string, tensor: tf.Tensor): ProgramTensor {
    const [id = -1] = this.backend.getInputTensorIds([tensor]);
    return { ...this.valueOf(id), key };
  }

  private unknown(value: Value): TensorMetadata {
    this.unknowns.push(value);
    return { id: -1 - this.unknowns.length, shape: [...value.shape], dtype: value.type };
  }

  private executeKnown(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[] {
    const results = this.real.executeOp(operation, attributes, inputs, outputs);
    // No element takes more than eight bytes.
    if (results.every(({ shape }) => 8 * elementCount(shape) <= largestFolded)) return results;
    const values = inputs.map((id) => this.valueOf(id));
    const name = this.writer.addExecuted(operation, attributes, values);
    results.forEach(({ id, shape, dtype }, index) =>
      this.constants.set(id, { value: `${name}:${index}`, shape, type: dtype }),
    );
    return results;
  }

  private shapeInput(id: number): OperationInput {
    if (id < 0) return { unknown: this.valueOf(id) };
    const { shape, type } = this.constants.get(id) ?? this.known(id);
    const tensor = this.knowns.get(id);
    return { id, key: tensor && isSmall(tensor) ? contentKey(tensor) : `${type}[${shape.join()}]` };
  }

  /** The value of a tensor in the program; one with known values becomes a constant. */
  private valueOf(id: number): Value {
    if (id < 0) return present(this.unknowns[-2 - id], `traced value ${id}`);
    const value = this.constants.get(id) ?? this.writer.constant(this.known(id));
    this.constants.set(id, value);
    return value;
  }

  private known(id: number): TensorValue {
    this.refuseVariable(id);
    const found = this.knowns.get(id);
    if (found) return found;
    // An identity says what a tensor looks like that the binding knows by its number alone.
    const [metadata] = this.real.executeOp('Identity', [], [id], 1);
    const { id: copy, shape, dtype } = present(metadata, `tensor ${id}`);
    this.real.deleteTensor(copy);
    if (dtype === elementType.string || dtype === elementType.complex64) {
      const name = dtype === elementType.string ? 'string' : 'complex64';
      throw new CaptureError(
        `${this.request.name}: it uses a ${name} tensor; a captured step takes numbers and booleans`,
      );
    }
    const tensor = tensorValue(shape, dtype, this.real.tensorDataSync(id));
    this.knowns.set(id, tensor);
    return tensor;
  }

  private refuseVariable(id: number): void {
    const variable = this.variables.get(id);
    if (variable === undefined) return;
    throw new CaptureError(
      `${this.request.name}: it uses the variable ${variable}, which is not in its state; a graph would keep its ` +
        'present value for ever: pass it in as state',
    );
  }

  private scalar(value: number): Value {
    return this.writer.constant(tensorValue([], elementType.float32, new Float32Array([value])));
  }

  /** The state tensor whose present value this is, perhaps in another shape. */
  private stateOf(id: number): ProgramTensor | undefined {
    const root = id < 0 ? this.rootOf(this.valueOf(id)) : undefined;
    return this.state.find(({ value, type }) => value === root && type === elementType.float32);
  }

  private isUpdated(tensor: ProgramTensor): boolean {
    return this.updated.get(tensor.key)?.value === this.rootOf(tensor);
  }

  private rootOf({ value }: Value): string {
    return this.reshaped.get(value) ?? value;
  }
}

/**
 * Checks the result of a step's function.
 *
 * @throws CaptureError if it is not tensors by name, or only a promise of them
 * @throws UsageError if one of them is no tensor, or was disposed
 */
export function checkedResult(step: string, result: unknown): TracedResult {
  if (typeof result !== 'object' || result === null || !('outputs' in result) || 'then' in result) {
    throw new CaptureError(
      `${step}: a captured function must return { outputs, state } at once, with tensors by name; an async function ` +
        'cannot be captured',
    );
  }
  const { outputs, state } = result as TracedResult;
  checkTensors(step, 'output', outputs);
  checkTensors(step, 'state', state ?? {});
  return result as TracedResult;
}

function typeNumber(step: string, key: string, dtype: tf.DataType): number {
  if (dtype === 'string' || dtype === 'complex64')
    throw new CaptureError(
      `${step}: ${key} is a ${dtype} tensor; a captured step takes numbers and booleans`,
    );
  return elementType[dtype];
}

function tensorValue(shape: readonly number[], type: number, values: ElementArray): TensorValue {
  // A copy: the array may belong to a buffer that the function fills again.
  const content = new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  return { shape: [...shape], type, content };
}
