// A tensor backend as the engine sees it: it can be examined without being loaded, loaded, and
// found unavailable for a reason that a reader can act on.

/** The backends, the fastest first. */
export const backendNames = ['native-gpu', 'native-cpu', 'webgpu', 'wasm', 'javascript'] as const;

/** The name of a backend. */
export type BackendName = (typeof backendNames)[number];

/** A backend that may be chosen. */
export interface BackendCandidate {
  readonly name: BackendName;
  /**
   * Training time relative to the native backend, in words, if it is much longer; else undefined.
   */
  readonly slowdown: string | undefined;
  /**
   * Finds out whether the backend works here, without loading it into this process.
   *
   * @param explicit whether it was requested by name
   * @returns the device that would be used, in a few words
   * @throws BackendUnavailable
   */
  examine(explicit: boolean): Promise<string>;
  /**
   * Loads the backend into this process and makes it TensorFlow.js's current one.
   *
   * @param explicit whether it was requested by name
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
