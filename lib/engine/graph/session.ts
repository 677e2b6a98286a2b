// Programs that share a state, loaded into one session of the native library. The state is resource
// variables inside the graph: it stays where the computation is, and nothing but inputs and results
// passes the binding.

import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { sizeOf } from '../../base/shape';
import { CaptureError, messageOf } from '../../base/errors';
import { writeError } from '../../base/files';
import { workPath } from '../../base/paths';
import { present } from '../../base/present';
import { fusedKernels } from '../native/kernels';
import type { NativeBackend } from '../native/binding';
import {
  type AttributeValue,
  elementType,
  encodeSavedModel,
  type GraphNode,
  graphTag,
  nodeOf,
  type TensorValue,
} from '../native/graph-def';
import type { NamedTensors } from './specs';
import { type Program, type ProgramTensor, variableHandle } from './program';

/** A loaded graph. */
export class GraphSession {
  private readonly session: number;
  private readonly variables: ReadonlyMap<string, number>;
  private readonly overwrites: boolean;
  /** State that a run which failed may have given up, until it is written anew. */
  private readonly lost = new Set<string>();

  /**
   * Loads `programs`, which have the same state; it has no values until it is written.
   *
   * @param name      for error messages
   * @param overwrite whether the old value of a state tensor is given up by a program that makes a
   *   new one
   */
  constructor(
    private readonly name: string,
    private readonly backend: NativeBackend,
    private readonly programs: readonly Program[],
    overwrite: boolean,
  ) {
    this.overwrites = overwrite && fusedKernels() !== undefined;
    const state = programs[0]?.state ?? [];
    this.variables = new Map(state.map(({ key }, index) => [key, index]));
    // A GPU's memory is never JavaScript's; but whole numbers stay on the processor there too.
    const copyFed = (type: number): boolean => !backend.isUsingGpuDevice || type === elementType.int32;
    this.session = load(backend, [
      ...state.flatMap((tensor, index) => stateNodes(tensor, index, copyFed)),
      ...programs.flatMap((program) =>
        programNodes(program, this.variables, { overwrite: this.overwrites, copyFed }),
      ),
    ]);
  }

  /**
   * Runs one program: takes its inputs, gives its outputs, and moves the state on.
   *
   * @throws CaptureError what an operation says against its inputs; the state is then undefined,
   *   and lost if it is overwritten
   */
  run(index: number, inputs: NamedTensors): Record<string, tf.Tensor> {
    const program = present(this.programs[index], `program ${index}`);
    this.refuseLost([...this.variables.keys()]);
    const feeds = program.inputs.map(
      ({ key }, input) => [feedName(program, input), present(inputs[key], `input ${key}`)] as const,
    );
    const fetches = [...program.outputs.map((_, output) => outputName(program, output)), doneName(program)];
    let tensors: tf.Tensor[];
    try {
      tensors = this.execute(feeds, fetches);
    } catch (error) {
      if (this.overwrites) for (const { key } of program.nextState) this.lost.add(key);
      throw this.failure(error);
    }
    tensors.pop()?.dispose();
    return Object.fromEntries(
      program.outputs.map(({ key }, output) => [key, present(tensors[output], `output ${key}`)]),
    );
  }

  /** Present values of state tensors. */
  readState(keys: readonly string[]): Record<string, tf.Tensor> {
    this.refuseLost(keys);
    const tensors = this.execute(
      [],
      keys.map((key) => `read_${this.variable(key)}:0`),
    );
    return Object.fromEntries(keys.map((key, index) => [key, present(tensors[index], `state ${key}`)]));
  }

  /** Gives state tensors other values; they keep their shapes and types. */
  writeState(values: NamedTensors): void {
    const entries = Object.entries(values).map(([key, tensor]) => [this.variable(key), tensor] as const);
    const done = this.execute(
      entries.map(([variable, tensor]) => [`new_${variable}:0`, tensor]),
      entries.map(([variable]) => `written_${variable}:0`),
    );
    for (const tensor of done) tensor.dispose();
    for (const key of Object.keys(values)) this.lost.delete(key);
  }

  /** Frees the graph and its state. */
  dispose(): void {
    this.backend.binding.deleteSavedModel(this.session);
  }

  private variable(key: string): number {
    return present(this.variables.get(key), `state ${key}`);
  }

  private refuseLost(keys: readonly string[]): void {
    const lost = keys.filter((key) => this.lost.has(key));
    if (lost.length === 0) return;
    throw new CaptureError(
      `${this.name}: its state ${lost.join(', ')} was lost when a run before failed; give it new values with writeState, or ` +
        'capture the step again',
    );
  }

  /**
   * What the operation says, without the session's words before it and its place in the graph on
   * the lines behind it.
   */
  private failure(error: unknown): CaptureError {
    const [said = ''] = messageOf(error)
      .replace(/^Session fail to run with error: /, '')
      .split('\n');
    const loss = this.lost.size > 0 ? `; its state ${[...this.lost].join(', ')} is lost with it` : '';
    return new CaptureError(`${this.name}: ${said}${loss}`, { cause: error });
  }

  private execute(feeds: readonly (readonly [string, tf.Tensor])[], fetches: readonly string[]): tf.Tensor[] {
    if (fetches.length === 0) return [];
    const results = this.backend.binding.runSavedModel(
      this.session,
      this.backend.getInputTensorIds(feeds.map(([, tensor]) => tensor)),
      feeds.map(([name]) => name).join(),
      fetches.join(),
    );
    return results.map((metadata) => this.backend.createOutputTensor(metadata));
  }
}

/**
 * Writes the graph to a file, which is how the binding takes it, loads it, and removes the file.
 */
function load(backend: NativeBackend, nodes: readonly GraphNode[]): number {
  const parent = workPath('.cache', 'graphs');
  let folder: string | undefined;
  try {
    try {
      mkdirSync(parent, { recursive: true });
      folder = mkdtempSync(join(parent, 'graph-'));
      const file = openSync(join(folder, 'saved_model.pb'), 'w');
      try {
        for (const part of encodeSavedModel(nodes).parts) writeSync(file, part);
      } finally {
        closeSync(file);
      }
    } catch (error) {
      throw writeError(folder ?? parent, error);
    }
    try {
      return backend.binding.loadSavedModel(folder, graphTag);
    } catch (error) {
      throw new CaptureError(
        `TensorFlow refuses the graph (${messageOf(error).split('\n').join(' ')}); an operation that is executed by its ` +
          'name needs all its type attributes',
        { cause: error },
      );
    }
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether what is fed of a type may be JavaScript's memory, and must be copied. */
type CopyFed = (type: number) => boolean;

/** How a shape says that a length is not known before the value is there. */
const anyLength = -1;

/** State of so many numbers is copied when it is written, rather than shared. */
const smallState = 1 << 18;

/** A variable of the state, and the ways to read and to write it from outside. */
function stateNodes({ type, shape }: ProgramTensor, index: number, copyFed: CopyFed): GraphNode[] {
  const handle = variableHandle(index);
  // Of a large tensor the caller's memory becomes the variable's; `handOver` sees to it that it is
  // not JavaScript's.
  const own = copyFed(type) && sizeOf(shape) <= smallState ? fedCopy(`new_${index}`, type) : undefined;
  return [
    {
      name: nodeOf(handle),
      op: 'VarHandleOp',
      inputs: [],
      attributes: {
        dtype: typeAttribute(type),
        // Variables are vectors: so operations on several of them agree, whatever the shapes.
        shape: { kind: 'shape', value: [sizeOf(shape)] },
        container: { kind: 'string', value: '' },
        shared_name: { kind: 'string', value: nodeOf(handle) },
      },
    },
    ...readNodes(`read_${index}`, handle, type, shape),
    // Of no size: TensorFlow's optimizer makes zeros of each placeholder's size, which would be the
    // whole state again.
    placeholder(
      `new_${index}`,
      type,
      shape.map(() => anyLength),
    ),
    ...(own ? [own] : []),
    ...assignNodes(`write_${index}`, handle, own ? `${own.name}:0` : `new_${index}:0`, type, []),
    ...doneNodes(`written_${index}`, [`write_${index}`]),
  ];
}

/**
 * A program's operations, and those that bring its inputs and state, name its outputs and update
 * the state.
 */
function programNodes(
  program: Program,
  variables: ReadonlyMap<string, number>,
  { overwrite, copyFed }: { readonly overwrite: boolean; readonly copyFed: CopyFed },
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
  const outputs = program.outputs.map(({ value, type }, index) => ({
    name: nodeOf(outputName(program, index)),
    op: 'Identity',
    inputs: [value],
    attributes: { T: typeAttribute(type) },
  }));
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
    {
      name: `${name}/vector`,
      op: operation,
      inputs: [handle],
      attributes: { dtype: typeAttribute(type) },
    },
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
  return [
    ...reshapeNodes(`${name}/vector`, value, type, [-1]),
    {
      name,
      op: 'AssignVariableOp',
      inputs: [handle, `${name}/vector:0`, ...after.map((operation) => `^${operation}`)],
      attributes: { dtype: typeAttribute(type) },
    },
  ];
}

function reshapeNodes(name: string, value: string, type: number, shape: readonly number[]): GraphNode[] {
  const content = new Uint8Array(new Int32Array(shape).buffer);
  const dims = { type: elementType.int32, shape: [shape.length], content };
  return [
    constant(`${name}/shape`, dims),
    {
      name,
      op: 'Reshape',
      inputs: [value, `${name}/shape:0`],
      attributes: { T: typeAttribute(type), Tshape: typeAttribute(elementType.int32) },
    },
  ];
}

/**
 * The library's own copy of what is fed. A small array of JavaScript that happens to be aligned is
 * not copied before, and as a variable's value it would be given back to Node.js by one of the
 * library's threads, which corrupts its memory.
 */
function fedCopy(feed: string, type: number): GraphNode {
  return {
    name: `${feed}/own`,
    op: 'DeepCopy',
    inputs: [`${feed}:0`],
    attributes: { T: typeAttribute(type) },
  };
}

/**
 * What is fed has no shape that TensorFlow's graph optimizer would rely on, so it is said once
 * more.
 */
function inputNodes({ value, type, shape }: ProgramTensor, feed: string, copyFed: CopyFed): GraphNode[] {
  const own = copyFed(type) ? fedCopy(nodeOf(feed), type) : undefined;
  return [
    placeholder(nodeOf(feed), type, shape),
    ...(own ? [own] : []),
    {
      name: nodeOf(value),
      op: 'EnsureShape',
      inputs: [own ? `${own.name}:0` : feed],
      attributes: { T: typeAttribute(type), shape: { kind: 'shape', value: shape } },
    },
  ];
}

/**
 * A value that is there when the operations `after` have run: the binding can ask for values only.
 */
function doneNodes(name: string, after: readonly string[]): GraphNode[] {
  const value = { type: elementType.bool, shape: [], content: Uint8Array.of(1) };
  return [
    constant(`${name}_value`, value),
    {
      name,
      op: 'Identity',
      inputs: [`${name}_value:0`, ...after.map((operation) => `^${operation}`)],
      attributes: { T: typeAttribute(elementType.bool) },
    },
  ];
}

function constant(name: string, value: TensorValue): GraphNode {
  return {
    name,
    op: 'Const',
    inputs: [],
    attributes: { dtype: typeAttribute(value.type), value: { kind: 'tensor', value } },
  };
}

function placeholder(name: string, type: number, shape: readonly number[]): GraphNode {
  return {
    name,
    op: 'Placeholder',
    inputs: [],
    attributes: { dtype: typeAttribute(type), shape: { kind: 'shape', value: shape } },
  };
}

function feedName(program: Program, index: number): string {
  return `${program.prefix}feed_${index}:0`;
}

function assignName(program: Program, index: number): string {
  return `${program.prefix}assign_${index}`;
}

function outputName(program: Program, index: number): string {
  return `${program.prefix}output_${index}:0`;
}

function doneName(program: Program): string {
  return `${program.prefix}done:0`;
}

function typeAttribute(type: number): AttributeValue {
  return { kind: 'type', value: type };
}
