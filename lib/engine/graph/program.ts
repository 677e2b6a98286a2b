// A traced function as a list of graph operations, and the writer that such a list grows in.

import { elementCount } from '../../base/shape';
import { attributeType, type OperationAttribute } from '../native/binding';
import {
  type AttributeValue,
  elementType,
  type GraphNode,
  integerVector,
  nodeOf,
  type TensorValue,
  typeAttribute,
} from '../native/graph-def';

/** A value of a program. */
export interface Value {
  /** `node:output` in the graph. */
  readonly value: string;
  readonly shape: readonly number[];
  /** One of `elementType`. */
  readonly type: number;
}

/** A value of a program with its user's name for it. */
export interface ProgramTensor extends Value {
  readonly key: string;
}

/** A function of tensors as graph operations, without those that bring its inputs and its state. */
export interface Program {
  /** The prefix of its operations' names. */
  readonly prefix: string;
  readonly nodes: readonly GraphNode[];
  /** Values that the graph must provide. */
  readonly inputs: readonly ProgramTensor[];
  /** Values that the state's variables must provide. */
  readonly state: readonly ProgramTensor[];
  readonly outputs: readonly ProgramTensor[];
  /** New values of state tensors, which the graph must store; unchanged ones are left out. */
  readonly nextState: readonly ProgramTensor[];
  /** Operations that store new values of state tensors themselves. */
  readonly updates: readonly string[];
}

/**
 * The variable that holds state tensor number `index`, as a vector: `node:output` of its handle.
 */
export function variableHandle(index: number): string {
  return `state_${index}:0`;
}

/** Constants up to this many bytes are written once, however often they occur. */
const smallConstant = 256;

/** A repeated element is written once if it occurs this often. */
const manyElements = 64;

type Attributes = Readonly<Record<string, AttributeValue>>;

/** Precision of matrix products. */
export type ProductType = 'float32' | 'bfloat16';

/** A growing list of operations. */
export class ProgramWriter {
  readonly nodes: GraphNode[] = [];
  private readonly small = new Map<string, Value>();
  private readonly halves = new Map<string, Value>();

  constructor(
    private readonly prefix: string,
    private readonly products: ProductType,
  ) {}

  /** Adds an operation. @returns its name */
  add(op: string, inputs: readonly (Value | string)[], attributes: Attributes): string {
    const name = `${this.prefix}${this.nodes.length}_${op}`;
    const names = inputs.map((input) => (typeof input === 'string' ? input : input.value));
    this.nodes.push({ name, op, inputs: names, attributes });
    return name;
  }

  /** Adds an operation as tfjs-node executes it. @returns its name */
  addExecuted(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly Value[],
  ): string {
    const given = Object.fromEntries(attributes.map((one) => [one.name, attributeValue(one)]));
    const [name, all] = fasterForm(operation, inputs, { ...impliedAttributes(operation, inputs), ...given });
    const isProduct =
      operation.includes('MatMul') && inputs.every(({ type }) => type === elementType.float32);
    if (this.products === 'float32' || !isProduct) return this.add(name, inputs, all);
    const halves = inputs.map((input) => this.half(input));
    const product = this.add(name, halves, { ...all, T: typeAttribute(elementType.bfloat16) });
    return this.add('Cast', [`${product}:0`], castAttributes(elementType.bfloat16, elementType.float32));
  }

  /** Adds a constant. */
  constant(tensor: TensorValue): Value {
    if (tensor.content.length > smallConstant) return this.newConstant(tensor);
    const key = contentKey(tensor);
    const value = this.small.get(key) ?? this.newConstant(tensor);
    this.small.set(key, value);
    return value;
  }

  /** Adds the same elements in another shape. */
  reshaped(of: Value, shape: readonly number[]): Value {
    if (of.shape.join() === shape.join()) return of;
    const dims = this.constant(integerVector(shape));
    const name = this.add('Reshape', [of, dims], {
      T: typeAttribute(of.type),
      Tshape: typeAttribute(elementType.int32),
    });
    return { value: `${name}:0`, shape, type: of.type };
  }

  /** Adds the same tensor as a value that exists only once `triggers` do. */
  identity(of: Value, triggers: readonly Value[]): Value {
    const controls = triggers.map(({ value }) => `^${nodeOf(value)}`);
    const name = this.add('Identity', [of, ...controls], { T: typeAttribute(of.type) });
    return { ...of, value: `${name}:0` };
  }

  /**
   * Adds the same constant as a value that exists only once `trigger` does. An identity that waits
   * for an operation would not do: TensorFlow replaces it, and what is computed of it, by
   * constants, and keeps them as long as the graph lives. So 0 is added, which TensorFlow does not
   * know to be 0: whether a number of the trigger is above infinity.
   */
  lateConstant(of: Value, trigger: Value): Value {
    const isNumber = [elementType.float32, elementType.int32].some((type) => type === of.type);
    if (!isNumber || trigger.type !== elementType.float32) return this.identity(of, [trigger]);
    const float = typeAttribute(elementType.float32);
    const index = typeAttribute(elementType.int32);
    const begin = this.constant(integerVector(trigger.shape.map(() => 0)));
    const size = this.constant(integerVector(trigger.shape.map(() => 1)));
    const first = this.add('Slice', [trigger, begin, size], { T: float, Index: index });
    const infinity = this.constant({
      type: elementType.float32,
      shape: [],
      content: new Uint8Array(Float32Array.of(Infinity).buffer),
    });
    const above = this.add('Greater', [`${first}:0`, infinity], { T: float });
    const cast = this.add('Cast', [`${above}:0`], castAttributes(elementType.bool, of.type));
    const zero = this.reshaped({ value: `${cast}:0`, shape: trigger.shape.map(() => 1), type: of.type }, []);
    const name = this.add('AddV2', [of, zero], { T: typeAttribute(of.type) });
    return { ...of, value: `${name}:0` };
  }

  /** A float32 value rounded to bfloat16, once for all its uses. */
  private half(of: Value): Value {
    const attributes = castAttributes(elementType.float32, elementType.bfloat16);
    const value = this.halves.get(of.value) ?? {
      value: `${this.add('Cast', [of], attributes)}:0`,
      shape: of.shape,
      type: elementType.bfloat16,
    };
    this.halves.set(of.value, value);
    return value;
  }

  private newConstant(tensor: TensorValue): Value {
    const { type, shape } = tensor;
    const element = repeatedElement(tensor);
    const name =
      element === undefined
        ? this.add('Const', [], {
            dtype: typeAttribute(type),
            value: { kind: 'tensor', value: tensor },
          })
        : this.add(
            'Fill',
            [this.constant(integerVector(shape)), this.constant({ type, shape: [], content: element })],
            {
              T: typeAttribute(type),
              index_type: typeAttribute(elementType.int32),
            },
          );
    return { value: `${name}:0`, shape, type };
  }
}

/** Equal for equal tensors. */
export function contentKey({ type, shape, content }: TensorValue): string {
  return `${type}[${shape.join()}]=${Buffer.from(content).toString('base64')}`;
}

/** True if a tensor is small enough to be compared by its content. */
export function isSmall({ content }: TensorValue): boolean {
  return content.length <= smallConstant;
}

/** The element that a larger tensor repeats throughout, if it does. */
function repeatedElement({ shape, content }: TensorValue): Uint8Array | undefined {
  const size = elementCount(shape);
  if (size < manyElements) return undefined;
  const width = content.length / size;
  const repeats = Buffer.compare(content.subarray(width), content.subarray(0, content.length - width)) === 0;
  return repeats ? content.subarray(0, width) : undefined;
}

/**
 * The same operation in the form that is fastest in a graph. TensorFlow.js writes every product of
 * matrices as BatchMatMulV2. Of two matrices MatMul is faster, twice for the gradients of large
 * weights. Of equal batches BatchMatMul is as fast, but BatchMatMulV2 is joined with a Mul and an
 * Add that follow it into one oneDNN operation that takes hundreds of times as long as the three.
 */
function fasterForm(
  operation: string,
  inputs: readonly Value[],
  attributes: Attributes,
): readonly [operation: string, attributes: Attributes] {
  if (operation !== 'BatchMatMulV2') return [operation, attributes];
  if (inputs.every(({ shape }) => shape.length === 2)) {
    const { adj_x, adj_y, ...rest } = attributes;
    return [
      'MatMul',
      { ...rest, ...(adj_x && { transpose_a: adj_x }), ...(adj_y && { transpose_b: adj_y }) },
    ];
  }
  const [a, b] = inputs.map(({ shape }) => shape.slice(0, -2).join());
  return [a === b ? 'BatchMatMul' : operation, attributes];
}

function castAttributes(from: number, to: number): Attributes {
  return { SrcT: typeAttribute(from), DstT: typeAttribute(to) };
}

/**
 * Attributes that tfjs-node leaves for TensorFlow to infer, which it does for single operations
 * only.
 */
function impliedAttributes(operation: string, [first]: readonly Value[]): Attributes {
  return operation === 'ExpandDims' && first ? { T: typeAttribute(first.type) } : {};
}

function attributeValue({ name, type, value }: OperationAttribute): AttributeValue {
  const isList = Array.isArray(value);
  const kinds: Partial<Record<number, AttributeValue['kind']>> = {
    [attributeType.string]: 'string',
    [attributeType.integer]: isList ? 'integers' : 'integer',
    [attributeType.float]: isList ? 'floats' : 'float',
    [attributeType.boolean]: isList ? 'booleans' : 'boolean',
    [attributeType.type]: 'type',
    [attributeType.shape]: 'shape',
  };
  const kind = kinds[type];
  if (kind === undefined) throw new Error(`attribute ${name} has the unknown type ${type}`);
  return { kind, value } as AttributeValue;
}
