// Turns a function of tensors into a list of graph operations. The function runs with tensors that have a shape and
// a type but no values: the backend's binding is replaced for that time by one that writes operations down. What
// an operation's result looks like is found by executing it once, alone, on zeros; so tracing a step takes
// little memory, however large the step is.

import * as tf from '@tensorflow/tfjs';
import { CaptureError } from '../../base/errors';
import {
  attributeType,
  type ElementArray,
  type NativeBackend,
  type NativeBinding,
  type OperationAttribute,
  type RecordingBinding,
  type TensorMetadata,
} from './binding';
import { type AttributeValue, elementType, type GraphNode, nodeOf, type TensorValue } from './graph-def';
import { checkState, type NamedSpecs, type NamedTensors } from './specs';

/** What a traced function gives: results, and the new values of those parts of its state that change. */
export interface TracedResult {
  readonly outputs: NamedTensors;
  readonly state?: NamedTensors;
}

/** A value of a program under the key that its user knows it by. */
export interface ProgramTensor {
  readonly key: string;
  /** `node:output` in the graph. */
  readonly value: string;
  readonly shape: readonly number[];
  /** One of `elementType`. */
  readonly type: number;
}

/** A function of tensors as graph operations, but for those that bring its inputs and its state. */
export interface Program {
  readonly prefix: string;
  readonly nodes: readonly GraphNode[];
  /** Values that the graph must provide. */
  readonly inputs: readonly ProgramTensor[];
  /** Values that the state's variables must provide. */
  readonly state: readonly ProgramTensor[];
  readonly outputs: readonly ProgramTensor[];
  /** New values of state tensors; those left as they are do not appear. */
  readonly nextState: readonly ProgramTensor[];
}

/** What is traced. */
export interface TraceRequest {
  /** For error messages. */
  readonly name: string;
  /** Put before the names of operations. */
  readonly prefix: string;
  readonly state: NamedSpecs;
  readonly inputs: NamedSpecs;
  readonly run: (state: NamedTensors, inputs: NamedTensors) => TracedResult;
}

/**
 * Traces `request.run` on the native backend.
 *
 * It is traced twice: a graph repeats what it was traced with, so a function whose constants differ between two calls
 * (random numbers, a counter, the time) would silently become another function.
 *
 * @throws CaptureError if it reads a tensor's value in JavaScript, changes variables, gives another result at each
 *   call, uses an operation whose result's shape depends on values, or returns a state of another shape
 */
export function trace(backend: NativeBackend, request: TraceRequest): Program {
  const shapes = new Map<string, readonly TensorMetadata[]>();
  const first = new Tracer(backend, request, shapes).trace();
  const second = new Tracer(backend, request, shapes).trace();
  const difference = firstDifference(first.nodes, second.nodes);
  if (difference !== undefined) {
    throw new CaptureError(
      `${request.name}: two calls did different work (${difference}); a graph would repeat the first one for ever: ` +
        'what changes from call to call (random numbers, a learning rate, a counter) must come in as an input or as state',
    );
  }
  return second;
}

/** A value in the program that is not known while tracing. */
interface Unknown {
  readonly value: string;
  readonly shape: readonly number[];
  readonly type: number;
}

/** Operations whose results have a shape that depends on the values of their inputs. */
const shapedByValues = new Set(['Where', 'Unique', 'UniqueV2', 'ListDiff']);
const shapedByValuesPrefix = 'NonMaxSuppression';

/** What to use instead of TensorFlow.js operations that look at their inputs' values. */
const replacements: Readonly<Record<string, string>> = {
  GatherV2: 'use tf.gatherND or a product with tf.oneHot instead of tf.gather',
};
const readMend = 'use operations on tensors alone, such as tf.where, or pass a JavaScript value in';

/** Results of constant operations up to this size become constants; larger ones are computed in the graph. */
const largestFoldedConstant = 1 << 20;

/** Constants up to this many elements are written once, however often they occur. */
const smallConstant = 64;

class Tracer {
  private readonly nodes: GraphNode[] = [];
  /** Values not known while tracing; value number n has tensor id -2 - n (-1 means 'no id yet' in tfjs-node). */
  private readonly unknowns: Unknown[] = [];
  /** Tensors with known values, by the binding's id: made while tracing, or used and made before. */
  private readonly knowns = new Map<number, TensorValue>();
  /** Where known values are in the program, by the binding's id, or by content if small. */
  private readonly constants = new Map<number | string, string>();
  /** Tensors of `tf.Variable`s, by the binding's id: their values change, so they are no constants. */
  private readonly variables: ReadonlyMap<number, string>;
  private readonly kernels: string[] = [];
  private readonly real: NativeBinding;

  constructor(
    private readonly backend: NativeBackend,
    private readonly request: TraceRequest,
    /** Shapes of results seen so far, shared by the traces of one function. */
    private readonly shapes: Map<string, readonly TensorMetadata[]>,
  ) {
    this.real = backend.binding;
    const variables = Object.values(tf.engine().state.registeredVariables);
    const ids = backend.getInputTensorIds(variables);
    this.variables = new Map(variables.map((variable, index) => [ids[index] ?? -1, variable.name]));
  }

  trace(): Program {
    const int64s: number[] = [];
    return this.intercepting(int64s, () => {
      let program: Program | undefined;
      try {
        tf.tidy(() => {
          program = this.record();
        });
      } finally {
        // tfjs-node makes these for single operations and forgets them.
        for (const id of int64s) this.real.deleteTensor(id);
      }
      if (program === undefined) throw new Error('tf.tidy ran nothing');
      return program;
    });
  }

  private record(): Program {
    const [declaredInputs, inputs] = this.declare('input', this.request.inputs);
    const [declaredState, state] = this.declare('state', this.request.state);
    const result: unknown = this.request.run(state, inputs);
    if (!isResult(result)) {
      throw new CaptureError(
        `${this.request.name}: a captured function must return { outputs, state } at once, with tensors by name; ` +
          'an async function cannot be captured',
      );
    }
    const outputs = Object.entries(result.outputs).map(([key, tensor]) => this.resultOf(key, tensor));
    checkState(this.request.name, result.state ?? {}, this.request.state);
    const nextState = Object.entries(result.state ?? {})
      .filter(([key, tensor]) => tensor !== state[key])
      .map(([key, tensor]) => this.resultOf(key, tensor));
    return {
      prefix: this.request.prefix,
      nodes: this.nodes,
      inputs: declaredInputs,
      state: declaredState,
      outputs,
      nextState,
    };
  }

  /** Names for tensors to come, and tensors without values that stand for them. */
  private declare(kind: 'input' | 'state', specs: NamedSpecs): [ProgramTensor[], Record<string, tf.Tensor>] {
    const declared: ProgramTensor[] = [];
    const tensors: Record<string, tf.Tensor> = {};
    for (const [key, { shape, dtype }] of Object.entries(specs)) {
      const value = `${this.request.prefix}${kind}_${declared.length}:0`;
      const type = typeNumber(this.request.name, key, dtype);
      declared.push({ key, value, shape, type });
      tensors[key] = this.backend.createOutputTensor(this.unknown(value, shape, type));
    }
    return [declared, tensors];
  }

  private resultOf(key: string, tensor: tf.Tensor): ProgramTensor {
    const [id = -1] = this.backend.getInputTensorIds([tensor]);
    return { key, value: this.valueOf(id), shape: tensor.shape, type: this.typeOf(id) };
  }

  /** Runs `work` while the backend's operations come here and variables cannot be assigned. */
  private intercepting<T>(int64s: number[], work: () => T): T {
    const { backend, kernels, real } = this;
    const engine = tf.engine() as unknown as { runKernel?: RunKernel };
    const runKernel = (tf.engine() as unknown as { runKernel: RunKernel }).runKernel.bind(tf.engine());
    const variable = tf.Variable.prototype as unknown as { assign: unknown };
    const assign = variable.assign;
    const recording: Partial<RecordingBinding> = {
      createTensor: (shape: readonly number[], type: number, values: ElementArray) => {
        const id = real.createTensor(shape, type, values);
        if (type === elementType.int64) int64s.push(id);
        if (ArrayBuffer.isView(values)) this.knowns.set(id, tensorValue(shape, type, values));
        return id;
      },
      deleteTensor: (id: number) => {
        real.deleteTensor(id);
        this.knowns.delete(id);
      },
      tensorDataSync: (id: number) => {
        if (id < 0) throw this.readError();
        return real.tensorDataSync(id);
      },
      executeOp: (
        operation: string,
        attributes: readonly OperationAttribute[],
        inputs: readonly number[],
        outputs: number,
      ) => this.execute(operation, attributes, inputs, outputs),
      after: (id: number, trigger: number) => this.after(id, trigger),
    };
    // The binding's own functions are read-only, also for objects that inherit them.
    backend.binding = Object.create(real, Object.getOwnPropertyDescriptors(recording)) as NativeBinding;
    engine.runKernel = (name, ...rest) => {
      kernels.push(name);
      try {
        return runKernel(name, ...rest);
      } finally {
        kernels.pop();
      }
    };
    const { name } = this.request;
    variable.assign = function (this: tf.Variable) {
      throw new CaptureError(
        `${name}: it assigns the variable ${this.name}; pass its value in as state and return the new one`,
      );
    };
    try {
      return work();
    } finally {
      backend.binding = real;
      delete engine.runKernel;
      variable.assign = assign;
    }
  }

  private execute(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[] {
    for (const id of inputs) this.refuseVariable(id);
    if (inputs.every((id) => id >= 0)) {
      const results = this.real.executeOp(operation, attributes, inputs, outputs);
      if (results.every((result) => result.shape.reduce((a, b) => a * b, 4) <= largestFoldedConstant))
        return results;
      const name = this.addOperation(operation, attributes, inputs);
      results.forEach((result, index) => this.constants.set(result.id, `${name}:${index}`));
      return results;
    }
    if (shapedByValues.has(operation) || operation.startsWith(shapedByValuesPrefix)) {
      throw new CaptureError(
        `${this.request.name}: ${operation} gives a tensor whose shape depends on values; a graph's shapes are fixed: ` +
          'mask and pad instead',
      );
    }
    const shapes = this.resultShapes(operation, attributes, inputs, outputs);
    const name = this.addOperation(operation, attributes, inputs);
    return shapes.map(({ shape, dtype }, index) => this.unknown(`${name}:${index}`, shape, dtype));
  }

  private after(id: number, trigger: number): TensorMetadata {
    const [type, shape] = [this.typeOf(id), this.shapeOf(id)];
    const inputs = [this.valueOf(id), `^${nodeOf(this.valueOf(trigger))}`];
    const name = this.add('Identity', inputs, { T: { kind: 'type', value: type } });
    return this.unknown(`${name}:0`, shape, type);
  }

  private unknown(value: string, shape: readonly number[], type: number): TensorMetadata {
    this.unknowns.push({ value, shape, type });
    return { id: -1 - this.unknowns.length, shape: [...shape], dtype: type };
  }

  private addOperation(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
  ): string {
    const values = inputs.map((id) => this.valueOf(id));
    const encoded = attributes.map((one) => [one.name, attributeValue(one)] as const);
    const implied = this.impliedAttributes(operation, inputs);
    return this.add(this.unfused(operation, inputs), values, { ...implied, ...Object.fromEntries(encoded) });
  }

  /**
   * TensorFlow's graph optimizer joins BatchMatMulV2, Mul and Add into one oneDNN operation that takes hundreds of times
   * as long as the three. It leaves BatchMatMul alone, which is the same without broadcasting.
   */
  private unfused(operation: string, inputs: readonly number[]): string {
    if (operation !== 'BatchMatMulV2') return operation;
    const [a, b] = inputs.map((id) => this.shapeOf(id).slice(0, -2).join());
    return a === b ? 'BatchMatMul' : operation;
  }

  private shapeOf(id: number): readonly number[] {
    return (id < 0 ? this.unknownOf(id) : this.known(id)).shape;
  }

  /** Attributes that tfjs-node leaves for TensorFlow to infer, which it does for single operations only. */
  private impliedAttributes(operation: string, inputs: readonly number[]): GraphNode['attributes'] {
    const [first] = inputs;
    if (operation !== 'ExpandDims' || first === undefined) return {};
    return { T: { kind: 'type', value: this.typeOf(first) } };
  }

  private typeOf(id: number): number {
    return (id < 0 ? this.unknownOf(id) : this.known(id)).type;
  }

  private add(op: string, inputs: readonly string[], attributes: GraphNode['attributes']): string {
    const name = `${this.request.prefix}${this.nodes.length}_${op}`;
    this.nodes.push({ name, op, inputs, attributes });
    return name;
  }

  /** `node:output` of the tensor with this id; a known one becomes a constant of the program. */
  private valueOf(id: number): string {
    if (id < 0) return this.unknownOf(id).value;
    const written = this.constants.get(id);
    if (written !== undefined) return written;
    const tensor = this.known(id);
    const content = tensor.content.length <= 4 * smallConstant ? contentKey(tensor) : undefined;
    const same = content === undefined ? undefined : this.constants.get(content);
    const value = same ?? this.addConstant(tensor);
    this.constants.set(id, value);
    if (content !== undefined) this.constants.set(content, value);
    return value;
  }

  private addConstant(tensor: TensorValue): string {
    const element = repeatedElement(tensor);
    if (element !== undefined) {
      const shape = new Int32Array(tensor.shape);
      const dims = this.addConstant(tensorValue([shape.length], elementType.int32, shape));
      const value = this.addConstant({ type: tensor.type, shape: [], content: element });
      const types = {
        T: { kind: 'type', value: tensor.type },
        index_type: { kind: 'type', value: elementType.int32 },
      } as const;
      return `${this.add('Fill', [dims, value], types)}:0`;
    }
    const attributes = {
      dtype: { kind: 'type', value: tensor.type },
      value: { kind: 'tensor', value: tensor },
    } as const;
    return `${this.add('Const', [], attributes)}:0`;
  }

  private unknownOf(id: number): Unknown {
    const unknown = this.unknowns[-2 - id];
    if (!unknown) throw new Error(`no traced value has id ${id}`);
    return unknown;
  }

  private refuseVariable(id: number): void {
    const variable = this.variables.get(id);
    if (variable === undefined) return;
    throw new CaptureError(
      `${this.request.name}: it uses the variable ${variable}, which is not in its state; a graph would keep ` +
        'its present value for ever: pass it in as state',
    );
  }

  private known(id: number): TensorValue {
    this.refuseVariable(id);
    const found = this.knowns.get(id);
    if (found) return found;
    // An identity says what a tensor looks like that the binding knows by its number alone.
    const [metadata] = this.real.executeOp('Identity', [], [id], 1);
    if (!metadata) throw new Error(`no tensor has id ${id}`);
    this.real.deleteTensor(metadata.id);
    if (metadata.dtype === elementType.string || metadata.dtype === elementType.complex64) {
      throw new CaptureError(
        `${this.request.name}: it uses a ${describeValue(metadata.dtype, metadata.shape)} tensor; a captured step takes ` +
          'numbers and booleans',
      );
    }
    const tensor = tensorValue(metadata.shape, metadata.dtype, this.real.tensorDataSync(id));
    this.knowns.set(id, tensor);
    return tensor;
  }

  /** Shapes and types of an operation's results: found by executing it on zeros, once for equal inputs. */
  private resultShapes(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): readonly TensorMetadata[] {
    const key = JSON.stringify([operation, attributes, inputs.map((id) => this.shapeKey(id)), outputs]);
    const seen = this.shapes.get(key);
    if (seen) return seen;
    const made: number[] = [];
    try {
      const standIns = inputs.map((id) => {
        if (id >= 0) return id;
        const { shape, type } = this.unknownOf(id);
        const standIn = this.real.createTensor(shape, type, standInValues(operation, shape, type));
        made.push(standIn);
        return standIn;
      });
      const results = this.real.executeOp(operation, attributes, standIns, outputs);
      made.push(...results.map((result) => result.id));
      this.shapes.set(key, results);
      return results;
    } finally {
      for (const id of made) this.real.deleteTensor(id);
    }
  }

  /** What the shape of a result may depend on: of unknown values their shape, of small known ones the values. */
  private shapeKey(id: number): string {
    if (id < 0) {
      const { shape, type } = this.unknownOf(id);
      return `${type}[${shape.join()}]`;
    }
    const tensor = this.known(id);
    return tensor.content.length <= 4 * smallConstant
      ? contentKey(tensor)
      : `${tensor.type}[${tensor.shape.join()}]`;
  }

  private readError(): CaptureError {
    const kernel = this.kernels.at(-1);
    const reader =
      kernel === undefined
        ? 'it reads the value of a tensor in JavaScript (data, dataSync, arraySync, print or the like)'
        : `the operation ${kernel} of TensorFlow.js reads the value of a tensor in JavaScript`;
    return new CaptureError(
      `${this.request.name}: ${reader}; a captured step must not: ${replacements[kernel ?? ''] ?? readMend}`,
    );
  }
}

type RunKernel = (name: string, ...rest: unknown[]) => unknown;

function isResult(result: unknown): result is TracedResult {
  return typeof result === 'object' && result !== null && 'outputs' in result && !('then' in result);
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
  return {
    shape: [...shape],
    type,
    content: new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice(),
  };
}

function contentKey({ type, shape, content }: TensorValue): string {
  return `${type}[${shape.join()}]=${Buffer.from(content).toString('base64')}`;
}

/** The element that a larger tensor repeats throughout, if it does. */
function repeatedElement({ shape, content }: TensorValue): Uint8Array | undefined {
  const size = shape.reduce((product, length) => product * length, 1);
  if (size <= smallConstant) return undefined;
  const width = content.length / size;
  const repeats = Buffer.compare(content.subarray(width), content.subarray(0, content.length - width)) === 0;
  return repeats ? content.subarray(0, width) : undefined;
}

/** Zeros are in the range of every index; a divisor must be another number. */
function standInValues(operation: string, shape: readonly number[], type: number): ElementArray {
  const size = shape.reduce((product, length) => product * length, 1);
  const fill = /Div|Mod/.test(operation) ? 1 : 0;
  if (type === elementType.float32) return new Float32Array(size).fill(fill);
  if (type === elementType.bool) return new Uint8Array(size);
  if (type === elementType.int64) return new Int32Array(2 * size).fill(fill);
  return new Int32Array(size).fill(fill);
}

function attributeValue({ name, type, value }: OperationAttribute): AttributeValue {
  const one: Partial<Record<number, AttributeValue['kind']>> = {
    [attributeType.string]: 'string',
    [attributeType.integer]: Array.isArray(value) ? 'integers' : 'integer',
    [attributeType.float]: Array.isArray(value) ? 'floats' : 'float',
    [attributeType.boolean]: Array.isArray(value) ? 'booleans' : 'boolean',
    [attributeType.type]: 'type',
    [attributeType.shape]: 'shape',
  };
  const kind = one[type];
  if (kind === undefined) throw new Error(`attribute ${name} has the unknown type ${type}`);
  return { kind, value } as AttributeValue;
}

/** Where two lists of operations differ, in words. */
function firstDifference(first: readonly GraphNode[], second: readonly GraphNode[]): string | undefined {
  for (let index = 0; index < Math.max(first.length, second.length); index += 1) {
    const [a, b] = [first[index], second[index]];
    if (a === undefined || b === undefined) return `${first.length} operations, then ${second.length}`;
    if (a.op !== b.op) return `operation ${index} was ${a.op}, then ${b.op}`;
    const withoutTensor = ({ inputs, attributes }: GraphNode): string =>
      JSON.stringify([inputs, Object.entries(attributes).filter(([, { kind }]) => kind !== 'tensor')]);
    if (withoutTensor(a) !== withoutTensor(b))
      return `the operation ${a.name} had other inputs or attributes`;
    const [x, y] = [a.attributes['value'], b.attributes['value']];
    if (x?.kind === 'tensor' && y?.kind === 'tensor' && !equalTensors(x.value, y.value))
      return `a ${describeValue(x.value.type, x.value.shape)} constant had other values`;
  }
  return undefined;
}

function equalTensors(a: TensorValue, b: TensorValue): boolean {
  return a.type === b.type && a.shape.join() === b.shape.join() && Buffer.compare(a.content, b.content) === 0;
}

function describeValue(type: number, shape: readonly number[]): string {
  const name = Object.entries(elementType).find(([, number]) => number === type)?.[0] ?? 'tensor';
  return `${name} [${shape.join(', ')}]`;
}
