// The graph of a session: programs, and the variables of the state that they share.

import { present } from '../../base/present';
import { elementCount } from '../../base/shape';
import {
  elementType,
  type GraphNode,
  integerVector,
  nodeOf,
  type TensorValue,
  typeAttribute,
} from '../native/graph-def';
import { type Program, type ProgramTensor, variableHandle } from './program';

/** True if a value of a type that is fed may be JavaScript's memory, and must be copied. */
type CopyFed = (type: number) => boolean;

interface GraphOptions {
  /** True if the old value of a state tensor is given up by a program that makes a new one. */
  readonly overwrite: boolean;
  readonly copyFed: CopyFed;
}

/**
 * The operations of a session: its variables, and its programs with what brings their inputs and
 * state, names their outputs and updates the state.
 *
 * @param programs  of the same state
 * @param variables the number of each state tensor's variable
 */
export function sessionGraph(
  programs: readonly Program[],
  variables: ReadonlyMap<string, number>,
  options: GraphOptions,
): GraphNode[] {
  return [
    ...(programs[0]?.state ?? []).flatMap((tensor, index) => stateNodes(tensor, index, options.copyFed)),
    ...programs.flatMap((program) => programNodes(program, variables, options)),
  ];
}

/** By which names a variable is read and written from outside, as `node:output`. */
export function variableAccess(variable: number): Readonly<Record<'read' | 'feed' | 'written', string>> {
  return { read: `read_${variable}:0`, feed: `new_${variable}:0`, written: `written_${variable}:0` };
}

/** A length that is not known before the value is there. */
const anyLength = -1;

/** State of so many numbers is copied when it is written, rather than shared. */
const smallState = 1 << 18;

/** A variable of the state, and the ways to read and to write it from outside. */
function stateNodes({ type, shape }: ProgramTensor, index: number, copyFed: CopyFed): GraphNode[] {
  const handle = variableHandle(index);
  const { read, feed, written } = variableAccess(index);
  // A large tensor's memory becomes the variable's; `handOver` makes sure that it is not
  // JavaScript's.
  const own = copyFed(type) && elementCount(shape) <= smallState ? fedCopy(nodeOf(feed), type) : undefined;
  return [
    node(nodeOf(handle), 'VarHandleOp', [], {
      dtype: typeAttribute(type),
      // Variables are vectors: so operations on several of them agree, whatever the shapes.
      shape: { kind: 'shape', value: [elementCount(shape)] },
      container: { kind: 'string', value: '' },
      shared_name: { kind: 'string', value: nodeOf(handle) },
    }),
    ...readNodes(nodeOf(read), handle, type, shape),
    // Without a size: TensorFlow's optimizer makes zeros of each placeholder's size, which would be
    // the whole state again.
    placeholder(
      nodeOf(feed),
      type,
      shape.map(() => anyLength),
    ),
    ...(own ? [own] : []),
    ...assignNodes(`write_${index}`, handle, own ? `${own.name}:0` : feed, type, []),
    ...doneNodes(nodeOf(written), [`write_${index}`]),
  ];
}

function programNodes(
  program: Program,
  variables: ReadonlyMap<string, number>,
  { overwrite, copyFed }: GraphOptions,
): GraphNode[] {
  const handleOf = (key: string): string => variableHandle(present(variables.get(key), `state ${key}`));
  const starts = new Map(program.state.map(({ key, value }) => [key, nodeOf(value)]));
  const overwritten = new Set(overwrite ? program.nextState.map(({ key }) => key) : []);
  const reads = program.state.flatMap(({ key, value, type, shape }) =>
    readNodes(
      nodeOf(value),
      handleOf(key),
      type,
      shape,
      overwritten.has(key) ? 'BipeTakeVariable' : 'ReadVariableOp',
    ),
  );
  const assigns = program.nextState.flatMap(({ key, value, type }, index) =>
    // The program reads a variable once, and before it is written.
    assignNodes(assignName(program, index), handleOf(key), value, type, [
      present(starts.get(key), `state ${key}`),
    ]),
  );
  const outputs = program.outputs.map(({ value, type }, index) =>
    node(nodeOf(outputName(program, index)), 'Identity', [value], { T: typeAttribute(type) }),
  );
  return [
    ...program.inputs.flatMap((input, index) => inputNodes(input, feedName(program, index), copyFed)),
    ...reads,
    ...program.nodes,
    ...outputs,
    ...assigns,
    ...doneNodes(nodeOf(doneName(program)), [
      ...program.updates,
      ...program.nextState.map((_, index) => assignName(program, index)),
    ]),
  ];
}

/** A variable's value in the shape of its state tensor, as the operation `name`. */
function readNodes(
  name: string,
  handle: string,
  type: number,
  shape: readonly number[],
  operation: 'ReadVariableOp' | 'BipeTakeVariable' = 'ReadVariableOp',
): GraphNode[] {
  return [
    node(`${name}/vector`, operation, [handle], { dtype: typeAttribute(type) }),
    ...reshapeNodes(name, `${name}/vector:0`, type, shape),
  ];
}

/** The operation `name` gives a variable a new value, once the operations `after` have run. */
function assignNodes(
  name: string,
  handle: string,
  value: string,
  type: number,
  after: readonly string[],
): GraphNode[] {
  const inputs = [handle, `${name}/vector:0`, ...after.map((operation) => `^${operation}`)];
  return [
    ...reshapeNodes(`${name}/vector`, value, type, [-1]),
    node(name, 'AssignVariableOp', inputs, { dtype: typeAttribute(type) }),
  ];
}

function reshapeNodes(name: string, value: string, type: number, shape: readonly number[]): GraphNode[] {
  return [
    constant(`${name}/shape`, integerVector(shape)),
    node(name, 'Reshape', [value, `${name}/shape:0`], {
      T: typeAttribute(type),
      Tshape: typeAttribute(elementType.int32),
    }),
  ];
}

/**
 * The library's own copy of a value that is fed. A small array of JavaScript that happens to be
 * aligned is not copied before; as a variable's value, one of the library's threads would give it
 * back to Node.js, which corrupts its memory.
 */
function fedCopy(feed: string, type: number): GraphNode {
  return node(`${feed}/own`, 'DeepCopy', [`${feed}:0`], { T: typeAttribute(type) });
}

/**
 * An input with its shape stated once more: TensorFlow's graph optimizer does not rely on that of a
 * placeholder.
 */
function inputNodes({ value, type, shape }: ProgramTensor, feed: string, copyFed: CopyFed): GraphNode[] {
  const own = copyFed(type) ? fedCopy(nodeOf(feed), type) : undefined;
  return [
    placeholder(nodeOf(feed), type, shape),
    ...(own ? [own] : []),
    node(nodeOf(value), 'EnsureShape', [own ? `${own.name}:0` : feed], {
      T: typeAttribute(type),
      shape: { kind: 'shape', value: shape },
    }),
  ];
}

/**
 * A value that is there once the operations `after` have run: the binding can ask for values only.
 */
function doneNodes(name: string, after: readonly string[]): GraphNode[] {
  const value = { type: elementType.bool, shape: [], content: Uint8Array.of(1) };
  const inputs = [`${name}_value:0`, ...after.map((operation) => `^${operation}`)];
  return [
    constant(`${name}_value`, value),
    node(name, 'Identity', inputs, { T: typeAttribute(elementType.bool) }),
  ];
}

function constant(name: string, value: TensorValue): GraphNode {
  return node(name, 'Const', [], { dtype: typeAttribute(value.type), value: { kind: 'tensor', value } });
}

function placeholder(name: string, type: number, shape: readonly number[]): GraphNode {
  return node(name, 'Placeholder', [], {
    dtype: typeAttribute(type),
    shape: { kind: 'shape', value: shape },
  });
}

function node(
  name: string,
  op: string,
  inputs: readonly string[],
  attributes: GraphNode['attributes'],
): GraphNode {
  return { name, op, inputs, attributes };
}

/** The name by which an input is fed. */
export function feedName(program: Program, index: number): string {
  return `${program.prefix}feed_${index}:0`;
}

function assignName(program: Program, index: number): string {
  return `${program.prefix}assign_${index}`;
}

/** The name by which an output is asked for. */
export function outputName(program: Program, index: number): string {
  return `${program.prefix}output_${index}:0`;
}

/** The name of the value that is there once the program has updated the state. */
export function doneName(program: Program): string {
  return `${program.prefix}done:0`;
}
