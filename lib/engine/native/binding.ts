// The part of tfjs-node's backend and of its native binding that capture uses: operations by name,
// tensors by number, and graphs in sessions. tfjs-node publishes no types for them.

import * as tf from '@tensorflow/tfjs';

/** Numbers of a tensor in the binding's form: int64 as pairs of int32, low half first. */
export type ElementArray = Float32Array | Int32Array | Uint8Array;

/** An attribute of an operation as tfjs-node writes it; `type` is one of `attributeType`. */
export interface OperationAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** The binding's description of a tensor that it made. */
export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  /** One of TensorFlow's numbers, see `elementType`. */
  readonly dtype: number;
}

/** TensorFlow's numbers for types of attributes (c_api.h, TF_AttrType). */
export const attributeType = { string: 0, integer: 1, float: 2, boolean: 3, type: 4, shape: 5 } as const;

/** The functions of the native module. */
export interface NativeBinding {
  createTensor(shape: readonly number[], dtype: number, values: ElementArray): number;
  deleteTensor(id: number): void;
  tensorDataSync(id: number): ElementArray;
  executeOp(
    operation: string,
    attributes: readonly OperationAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[];
  /** Loads a graph into a session of its own. */
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(session: number): void;
  /** Runs what the outputs need; names are `name:output`, joined by commas. */
  runSavedModel(
    session: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): TensorMetadata[];
}

/** The binding that takes the native one's place while a step is traced. */
export interface RecordingBinding extends NativeBinding {
  /** The tensor `id`, as a value that exists only when the tensor `trigger` does. */
  after(id: number, trigger: number): TensorMetadata;
  /** The same for a constant: TensorFlow does not compute beforehand what depends on it alone. */
  lateConstant(id: number, trigger: number): TensorMetadata;
  /**
   * Adam on variables; the new parameter and moments, or undefined if these are not the step's
   * state.
   */
  adam(ids: AdamIds, beta1: number, beta2: number): readonly TensorMetadata[] | undefined;
}

/** The tensors of an update, see `adamInPlace`. */
export interface AdamIds {
  readonly parameter: number;
  readonly firstMoment: number;
  readonly secondMoment: number;
  readonly gradient: number;
  readonly rate: number;
  readonly epsilon: number;
  readonly decay: number | undefined;
}

/** tfjs-node's backend. */
export interface NativeBackend {
  binding: NativeBinding | RecordingBinding;
  readonly isUsingGpuDevice: boolean;
  /** Place of each tensor's values: in `values` until its first use, then under `id`. */
  readonly tensorMap: {
    get(dataId: object): { id: number; readonly values: ElementArray | null };
  };
  /**
   * The binding's numbers of these tensors; moves their values into the library if they are not
   * there yet.
   */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): number[];
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
}

/** The current backend if it is the native one, on processor or GPU. */
export function nativeBackend(): NativeBackend | undefined {
  return tf.getBackend() === 'tensorflow' ? (tf.backend() as unknown as NativeBackend) : undefined;
}

/** The binding in whose place a step is being traced; undefined at all other times. */
export function recordingBinding(): RecordingBinding | undefined {
  const binding = nativeBackend()?.binding;
  return binding !== undefined && 'adam' in binding ? binding : undefined;
}
