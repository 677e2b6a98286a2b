// Capture: a function of tensors (a training step with its optimizer, a part of an evaluation, a
// decoding step) becomes one native graph, run by a single call, for which the library plans memory
// and threads as a whole. On other backends the same step runs operation by operation.

import * as tf from '@tensorflow/tfjs';
import { CaptureError, UsageError } from '../../base/errors';
import { unknownName } from '../../base/suggest';
import { collectGarbage } from '../native/garbage';
import { handOver } from '../native/hand-over';
import { type NativeBackend, nativeBackend, recordingBinding } from '../native/binding';
import { GraphSession } from './session';
import {
  byteSize,
  checkState,
  checkTensors,
  clones,
  type NamedSpecs,
  type NamedTensors,
  signatureOf,
  specsOf,
  type StepResult,
} from './specs';
import type { ProductType, Program } from './program';
import { checkedResult, type TracedResult } from './recorder';
import { traceProgram } from './trace';

/**
 * A function that can be captured: a pure function of its state's present values and the inputs of
 * this call.
 *
 * It must not read a tensor's value in JavaScript. JavaScript values that it uses (numbers, shapes,
 * tensors from outside) keep the values of the moment of capture forever. Its intermediate tensors
 * are disposed.
 */
export type StepFunction<
  State extends NamedTensors,
  Inputs extends NamedTensors,
  Outputs extends NamedTensors,
> = (state: State, inputs: Inputs) => StepResult<State, Outputs>;

/** Options of a capture. (The intersection leaves the choice of `State` to the function.) */
export interface CaptureOptions<State extends NamedTensors> {
  /**
   * First values of the state, which the step keeps from call to call. They are copied; the caller
   * keeps its tensors.
   */
  readonly state?: State & NamedTensors;
  /** For error messages, such as `training step`. */
  readonly name?: string;
  /**
   * Runs operation by operation even where a graph is possible: to compare, or to debug the
   * function.
   */
  readonly eager?: boolean;
  /**
   * Precision of a graph's matrix products. `bfloat16` rounds factors and products to 8 bits (sums
   * inside a product stay float32, and so does the fused attention), which is twice as fast on
   * processors with instructions for it; eager steps always use float32. Default `float32`.
   */
  readonly products?: ProductType;
  /**
   * Lets a graph write new state values in place of the old ones: no copy of a large cache for a
   * few new numbers. If a run fails, that state is lost, and the next run says so until it is
   * written anew. Default false.
   */
  readonly overwrite?: boolean;
}

/** A function of tensors that runs as one call. */
export interface CapturedStep<
  State extends NamedTensors,
  Inputs extends NamedTensors,
  Outputs extends NamedTensors,
> {
  /** True if it runs as a native graph; otherwise operation by operation. */
  readonly captured: boolean;
  /**
   * Runs the step. The outputs are new tensors, the caller's to dispose.
   *
   * @throws CaptureError at the first call with inputs of a new shape, if the function cannot be
   *   captured; at any call, if an operation of its graph refuses its inputs
   */
  run(inputs: Inputs): Outputs;
  /** The state's present values, all or those named, as new tensors, the caller's to dispose. */
  readState(): State;
  readState<Key extends keyof State & string>(keys: readonly Key[]): Pick<State, Key>;
  /** Gives some or all state tensors other values; they are copied. */
  writeState(values: Partial<State>): void;
  /** Frees graph and state. Afterwards anything but another `dispose` is a UsageError. */
  dispose(): void;
}

/** Most shapes of inputs: each has a graph of its own, and more would be a mistake. */
const mostShapes = 32;

/** Bytes of a state that are worth a garbage collection, which takes a tenth of a second. */
const muchState = 1 << 27;

/**
 * Captures a function of tensors, see `StepFunction`.
 *
 * @example
 * const step = capture(
 *   ({ weight }, { x, y, rate }) => {
 *     const lossOf = (w: tf.Tensor) => tf.losses.meanSquaredError(y, tf.matMul(x, w));
 *     const { value, grads } = tf.valueAndGrads(lossOf)([weight]);
 *     return { outputs: { loss: value }, state: { weight: weight.sub(grads[0].mul(rate)) } };
 *   },
 *   { state: { weight } },
 * );
 * const { loss } = step.run({ x, y, rate });
 */
export function capture<
  State extends NamedTensors,
  Inputs extends NamedTensors,
  Outputs extends NamedTensors,
>(
  step: StepFunction<State, Inputs, Outputs>,
  options: CaptureOptions<State> = {},
): CapturedStep<State, Inputs, Outputs> {
  // Inside, names are only strings; the caller gets the types of the function.
  const run = step as unknown as Step;
  const { name = 'captured step', state = {}, eager = false } = options;
  const backend = eager ? undefined : nativeBackend();
  checkTensors(name, 'state', state);
  const runner = backend
    ? new GraphStep(run, state, name, backend, options)
    : new EagerStep(run, state, name);
  return new HeldStep(runner, name) as unknown as CapturedStep<State, Inputs, Outputs>;
}

type Step = (state: NamedTensors, inputs: NamedTensors) => TracedResult;

/** A step as its user holds it, perhaps beyond its end. */
class HeldStep {
  readonly captured: boolean;

  constructor(
    private runner: EagerStep | GraphStep | undefined,
    private readonly name: string,
  ) {
    this.captured = runner instanceof GraphStep;
  }

  run(inputs: NamedTensors): NamedTensors {
    checkTensors(this.name, 'input', inputs);
    return this.live().run(inputs);
  }

  readState(keys?: readonly string[]): NamedTensors {
    return this.live().readState(keys);
  }

  writeState(values: NamedTensors): void {
    checkTensors(this.name, 'state', values);
    this.live().writeState(values);
  }

  dispose(): void {
    this.runner?.dispose();
    this.runner = undefined;
  }

  private live(): EagerStep | GraphStep {
    if (recordingBinding()) {
      throw new CaptureError(
        `${this.name}: runs inside a function that is being captured, where its state has no values; call its function there instead`,
      );
    }
    if (this.runner) return this.runner;
    throw new UsageError(`${this.name}: used after it was disposed; dispose it later, or capture it again`);
  }
}

/** Runs operation by operation. */
class EagerStep {
  private readonly state: Record<string, tf.Tensor> = {};

  constructor(
    private readonly step: Step,
    state: NamedTensors,
    private readonly name: string,
  ) {
    this.replace(clones(state));
  }

  run(inputs: NamedTensors): NamedTensors {
    const { outputs, state } = tf.tidy(() => {
      const result = checkedResult(this.name, this.step({ ...this.state }, inputs));
      checkState(this.name, result.state ?? {}, specsOf(this.state));
      return { outputs: clones(result.outputs), state: clones(result.state ?? {}) };
    });
    this.replace(state);
    return outputs;
  }

  readState(keys: readonly string[] = Object.keys(this.state)): NamedTensors {
    return clones(select(this.name, this.state, keys));
  }

  writeState(values: NamedTensors): void {
    checkState(this.name, values, specsOf(this.state));
    this.replace(clones(values));
  }

  dispose(): void {
    tf.dispose(this.state);
  }

  private replace(values: NamedTensors): void {
    for (const [key, tensor] of Object.entries(values)) {
      this.state[key]?.dispose();
      this.state[key] = tf.keep(tensor);
    }
  }
}

/** Runs as a native graph, one program for each signature of inputs. */
class GraphStep {
  private readonly specs: NamedSpecs;
  /** Holds the state until a graph does. */
  private readonly initial: EagerStep;
  private readonly signatures = new Map<string, number>();
  private programs: readonly Program[] = [];
  private session: GraphSession | undefined;

  constructor(
    private readonly step: Step,
    state: NamedTensors,
    private readonly name: string,
    private readonly backend: NativeBackend,
    private readonly options: Pick<CaptureOptions<NamedTensors>, 'products' | 'overwrite'>,
  ) {
    this.specs = specsOf(state);
    this.initial = new EagerStep(step, state, name);
    for (const tensor of Object.values(state)) handOver(tensor);
    if (byteSize(this.specs) > muchState) collectGarbage();
  }

  run(inputs: NamedTensors): NamedTensors {
    const { session, index } = this.programFor(inputs);
    return session.run(index, inputs);
  }

  readState(keys: readonly string[] = Object.keys(this.specs)): NamedTensors {
    if (this.session === undefined) return this.initial.readState(keys);
    select(this.name, this.specs, keys);
    return this.session.readState(keys);
  }

  writeState(values: NamedTensors): void {
    checkState(this.name, values, this.specs);
    for (const tensor of Object.values(values)) handOver(tensor);
    (this.session ?? this.initial).writeState(values);
  }

  dispose(): void {
    (this.session ?? this.initial).dispose();
  }

  /**
   * The program for inputs of these shapes. A new one joins the others in a new graph, since they
   * share the state.
   */
  private programFor(inputs: NamedTensors): { session: GraphSession; index: number } {
    const specs = specsOf(inputs);
    const signature = signatureOf(specs);
    const index = this.signatures.get(signature);
    if (index !== undefined && this.session !== undefined) return { session: this.session, index };
    if (this.programs.length === mostShapes) {
      throw new CaptureError(
        `${this.name}: inputs came in ${mostShapes} different shapes, now with ${signature}; each needs a graph of its ` +
          'own: pad them to a few lengths',
      );
    }
    const program = traceProgram(this.backend, {
      name: this.name,
      prefix: `step${this.programs.length}/`,
      state: this.specs,
      inputs: specs,
      products: this.options.products ?? 'float32',
      run: this.step,
    });
    const programs = [...this.programs, program];
    const session = new GraphSession(this.name, this.backend, programs, this.options.overwrite ?? false);
    const state = this.readState();
    session.writeState(state);
    tf.dispose(state);
    this.dispose();
    this.programs = programs;
    this.session = session;
    this.signatures.set(signature, programs.length - 1);
    return { session, index: programs.length - 1 };
  }
}

function select<T>(
  step: string,
  values: Readonly<Record<string, T>>,
  keys: readonly string[],
): Record<string, T> {
  return Object.fromEntries(
    keys.map((key) => {
      const value = values[key];
      if (value === undefined) throw unknownName(`state of ${step}:`, key, Object.keys(values));
      return [key, value];
    }),
  );
}
