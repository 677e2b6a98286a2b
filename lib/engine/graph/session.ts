// Programs that share a state, loaded into one session of the native library. The state is resource
// variables inside the graph: it stays where the computation is, and nothing but inputs and results
// passes the binding.

import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type * as tf from '@tensorflow/tfjs';
import { CaptureError, messageOf } from '../../base/errors';
import { writeError } from '../../base/files';
import { workPath } from '../../base/paths';
import { present } from '../../base/present';
import { fusedKernels } from '../native/kernels';
import type { NativeBackend } from '../native/binding';
import { elementType, encodeSavedModel, type GraphNode, graphTag } from '../native/graph-def';
import type { Program } from './program';
import { doneName, feedName, outputName, sessionGraph, variableAccess } from './session-graph';
import type { NamedTensors } from './specs';

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
    this.variables = new Map(programs[0]?.state.map(({ key }, index) => [key, index]));
    // A GPU's memory is never JavaScript's; but whole numbers stay on the processor there too.
    const copyFed = (type: number): boolean => !backend.isUsingGpuDevice || type === elementType.int32;
    this.session = load(
      backend,
      sessionGraph(programs, this.variables, { overwrite: this.overwrites, copyFed }),
    );
  }

  /**
   * Runs one program on inputs and updates the state.
   *
   * @throws CaptureError with an operation's message about its inputs; the state is then undefined,
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

  /** Reads present values of state tensors. */
  readState(keys: readonly string[]): Record<string, tf.Tensor> {
    this.refuseLost(keys);
    const tensors = this.execute(
      [],
      keys.map((key) => this.access(key).read),
    );
    return Object.fromEntries(keys.map((key, index) => [key, present(tensors[index], `state ${key}`)]));
  }

  /** Gives state tensors other values; they keep their shapes and types. */
  writeState(values: NamedTensors): void {
    const entries = Object.entries(values).map(([key, tensor]) => [this.access(key), tensor] as const);
    const done = this.execute(
      entries.map(([{ feed }, tensor]) => [feed, tensor]),
      entries.map(([{ written }]) => written),
    );
    for (const tensor of done) tensor.dispose();
    for (const key of Object.keys(values)) this.lost.delete(key);
  }

  /** Frees the graph and its state. */
  dispose(): void {
    this.backend.binding.deleteSavedModel(this.session);
  }

  private access(key: string): ReturnType<typeof variableAccess> {
    return variableAccess(present(this.variables.get(key), `state ${key}`));
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
   * The operation's message, without the session's words before it and its place in the graph on
   * the following lines.
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
