// TensorFlow's graph as plain values, and its file format (SavedModel: saved_model.proto,
// meta_graph.proto, graph.proto, node_def.proto, attr_value.proto, tensor.proto of TensorFlow 2).

import {
  bytesField,
  type Encoded,
  floatField,
  integerField,
  mapEntry,
  message,
  messageField,
  textField,
} from './protobuf';

/** TensorFlow's numbers for types of elements. */
export const elementType = {
  float32: 1,
  int32: 3,
  string: 7,
  complex64: 8,
  int64: 9,
  bool: 10,
  bfloat16: 14,
} as const;

/** A tensor with known values: its elements in TensorFlow's layout. */
export interface TensorValue {
  readonly type: number;
  readonly shape: readonly number[];
  readonly content: Uint8Array;
}

/** The value of one attribute of an operation. */
export type AttributeValue =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'integer' | 'float' | 'type'; readonly value: number }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'shape' | 'integers' | 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'booleans'; readonly value: readonly boolean[] }
  | { readonly kind: 'tensor'; readonly value: TensorValue };

/** One operation of a graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** `name:output` of a value, or `^name` of an operation that must have run before. */
  readonly inputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** The name of the operation that a value `name:output` belongs to. */
export function nodeOf(value: string): string {
  return value.slice(0, value.lastIndexOf(':'));
}

/** The type of elements as an attribute. */
export function typeAttribute(type: number): AttributeValue {
  return { kind: 'type', value: type };
}

/** A vector of int32, e.g. a shape as an input of an operation. */
export function integerVector(values: readonly number[]): TensorValue {
  const content = new Uint8Array(new Int32Array(values).buffer);
  return { type: elementType.int32, shape: [values.length], content };
}

/** The tag by which the graph is found in its file. */
export const graphTag = 'serve';

/** A file `saved_model.pb` with one graph. */
export function encodeSavedModel(nodes: readonly GraphNode[]): Encoded {
  // The newest graph version before TensorFlow 2.9; later ones change nothing for the operations
  // used here.
  const versions = message(integerField(1, 1000));
  const graph = message(...nodes.map((node) => messageField(1, encodeNode(node))), messageField(4, versions));
  const metaGraph = message(messageField(1, textField(4, graphTag)), messageField(2, graph));
  return message(integerField(1, 1), messageField(2, metaGraph));
}

function encodeNode(node: GraphNode): Encoded {
  return message(
    textField(1, node.name),
    textField(2, node.op),
    ...node.inputs.map((input) => textField(3, input)),
    ...Object.entries(node.attributes).map(([name, value]) => mapEntry(5, name, encodeAttribute(value))),
  );
}

function encodeAttribute(attribute: AttributeValue): Encoded {
  switch (attribute.kind) {
    case 'string':
      return textField(2, attribute.value);
    case 'integer':
      return integerField(3, attribute.value);
    case 'float':
      return floatField(4, attribute.value);
    case 'boolean':
      return integerField(5, attribute.value);
    case 'type':
      return integerField(6, attribute.value);
    case 'shape':
      return messageField(7, encodeShape(attribute.value));
    case 'tensor':
      return messageField(8, encodeTensor(attribute.value));
    case 'integers':
      return messageField(1, message(...attribute.value.map((value) => integerField(3, value))));
    case 'floats':
      return messageField(1, message(...attribute.value.map((value) => floatField(4, value))));
    case 'booleans':
      return messageField(1, message(...attribute.value.map((value) => integerField(5, value))));
  }
}

function encodeShape(shape: readonly number[]): Encoded {
  return message(...shape.map((size) => messageField(2, integerField(1, size))));
}

function encodeTensor(tensor: TensorValue): Encoded {
  return message(
    integerField(1, tensor.type),
    messageField(2, encodeShape(tensor.shape)),
    bytesField(4, tensor.content),
  );
}
