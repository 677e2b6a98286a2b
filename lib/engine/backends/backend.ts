// What a tensor backend is to the engine: something that can be examined without loading it,
// loaded, and found unavailable for a reason that a reader can act on.

/** The backends, the fastest first. */
export const backendNames = ['native-gpu', 'native-cpu', 'webgpu', 'wasm', 'javascript'] as const;

/** One of them. */
export type BackendName = (typeof backendNames)[number];

/** One way to compute. */
export interface BackendCandidate {
  readonly name: BackendName;
  /**
   * How much longer training takes than on the native backend, for who would not wait that long;
   * else undefined.
   */
  readonly slowdown: string | undefined;
  /**
   * Whether it can be had here, without loading it into this process.
   *
   * @param explicit whether it was asked for by name
   * @returns what would be used, in a few words
   * @throws BackendUnavailable
   */
  examine(explicit: boolean): Promise<string>;
  /**
   * Loads it into this process and makes it TensorFlow.js's current backend.
   *
   * @param explicit whether it was asked for by name
   * @returns its description, e.g. `native CPU (TensorFlow 2.21.0, oneDNN, AVX-512 kernels, 2
   *   threads)`
   * @throws BackendUnavailable
   */
  prepare(explicit: boolean): Promise<string>;
}

/** Why a backend cannot be used here, and what would change that. */
export class BackendUnavailable extends Error {
  constructor(
    readonly why: string,
    readonly mend: string,
    options?: ErrorOptions,
  ) {
    super(`${why}; ${mend}`, options);
    this.name = 'BackendUnavailable';
  }
}
