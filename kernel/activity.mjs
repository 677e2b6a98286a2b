// Ends the code of a cell at a stop. V8 can end whatever runs on the main thread, at any loop or
// call: `finally` does not run, waiting continuations of promises are dropped. So the main thread
// itself decides, in the middle of what runs: only code of a cell is ended, never the kernel's, and
// no work of the kernel depends on the ended code.
//
// The channels' thread makes the main thread call `#stop` through V8's debugger, however busy it
// is. If code of a cell runs, the main thread requests its end and waits until that is under way,
// so that nothing comes between.

const state = { none: 0, asked: 1, underWay: 2 };
/**
 * Until this attempt, code inside Node.js's own functions is spared: ending it would corrupt their
 * state.
 */
const sparingAttempts = 10;
/**
 * Until this attempt, after some 5 s, two kinds of code are spared: a cell that asked for its
 * signal, which may hear it at its next step, and an ES module under evaluation, because Node.js
 * keeps one whose evaluation was ended and never evaluates it again.
 */
const patientAttempts = 120;

const kernelFolder = new URL('.', import.meta.url).href;

/** The main thread's side of a stop. */
export class Activity {
  #ending;
  #askForEnd;
  #isListening;
  #protected = 0;
  #heard = 0;
  /** The latest stop for which code was ended where it stood. */
  #ended = 0;

  /** Shared memory with the progress of an end. */
  buffer = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);

  constructor() {
    this.#ending = new Int32Array(this.buffer);
    const value = (number, attempt) => this.#stop(number, attempt);
    Object.defineProperty(globalThis, Symbol.for('bipe.stop'), { value });
  }

  /**
   * @param {() => void} askForEnd asks the channels' thread to end what runs
   * @param {() => boolean} isListening whether the cell that runs asked for its signal
   */
  connect(askForEnd, isListening) {
    this.#askForEnd = askForEnd;
    this.#isListening = isListening;
  }

  /** Does work of the kernel, which no stop interrupts. */
  protect(work) {
    // An end that is under way takes effect here, not in the middle of the work.
    while (Atomics.load(this.#ending, 0) !== state.none);
    this.#protected += 1;
    try {
      return work();
    } finally {
      this.#protected -= 1;
    }
  }

  /** Records that a stop was heard in the event loop; false if it was heard before. */
  hear(number) {
    if (this.#heard >= number) return false;
    this.#heard = number;
    return true;
  }

  /** Whether code was ended where it stood before a stop was heard. */
  hasEnded(number) {
    return this.#ended === number;
  }

  /**
   * Ends the code of a cell that keeps the event loop from hearing a stop.
   *
   * @param {number} number the stop's number
   * @param {number} attempt number of earlier attempts
   * @returns {boolean} whether the stop has been heard
   */
  #stop(number, attempt) {
    if (this.#heard >= number) return true;
    if (this.#protected > 0 || Atomics.load(this.#ending, 0) !== state.none) return false;
    const isPatient = attempt < patientAttempts;
    if (isPatient && this.#isListening()) return false;
    const files = filesOnStack();
    if (isPatient && files.some(evaluatesModules)) return false;
    if (!isInCell(files, attempt < sparingAttempts)) return false;
    forgetCallbacks();
    this.#ended = number;
    Atomics.store(this.#ending, 0, state.asked);
    this.#askForEnd();
    while (Atomics.load(this.#ending, 0) === state.asked);
    return false;
  }
}

/** The channels' thread's side of a stop. */
export class Endings {
  #ending;

  /** @param {SharedArrayBuffer} buffer that of the main thread's Activity */
  constructor(buffer) {
    this.#ending = new Int32Array(buffer);
  }

  /** @param {() => Promise<void>} end asks V8 to end what runs; resolves once it has */
  async carryOut(end) {
    const ended = end();
    Atomics.store(this.#ending, 0, state.underWay);
    await ended.catch(() => undefined);
    Atomics.store(this.#ending, 0, state.none);
  }
}

/** The files on the stack of the interrupted code, innermost first; `eval` for evaluated code. */
function filesOnStack() {
  const { prepareStackTrace, stackTraceLimit } = Error;
  Error.stackTraceLimit = Infinity;
  Error.prepareStackTrace = (_, sites) => sites;
  const sites = new Error().stack;
  Object.assign(Error, { prepareStackTrace, stackTraceLimit });
  // Built-in functions and the debugger's code have no file.
  const files = sites
    .filter((site) => !site.isAsync())
    .map((site) => (site.isEval() ? 'eval' : site.getFileName()));
  return files.filter((file) => file && !file.startsWith(kernelFolder));
}

const isOfNode = (file) => file.startsWith('node:');
const evaluatesModules = (file) => file.startsWith('node:internal/modules/esm/');

/**
 * Checks if code of a cell runs; with `sparing`, also that it is not inside a function of Node.js.
 */
function isInCell(files, sparing) {
  return sparing ? files.length > 0 && !isOfNode(files[0]) : !files.every(isOfNode);
}

/**
 * Makes Node.js forget its current callbacks, as after an uncaught error. Otherwise it would find
 * them unfinished and abort the process.
 */
function forgetCallbacks() {
  const isFree = !process.hasUncaughtExceptionCaptureCallback();
  if (isFree) process.setUncaughtExceptionCaptureCallback(() => undefined);
  process._fatalException(new Error('the cell was stopped'));
  if (isFree) process.setUncaughtExceptionCaptureCallback(null);
}
