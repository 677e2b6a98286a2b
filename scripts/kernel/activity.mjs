// What the main thread is doing, in memory that the channels' thread can read while the main thread computes. It
// decides what an interrupt may end: V8 ends whatever runs, and the compiler must not be left half way.

const slot = { compiling: 0, running: 1, heard: 2 };
/** By then it is not the kernel's own few lines that run, but what an interrupted cell has left behind. */
const patience = 8;

export class Activity {
  #memory;

  /** @param {SharedArrayBuffer} [buffer] that of the other thread's object; a new one without */
  constructor(buffer = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)) {
    this.#memory = new Int32Array(buffer);
  }

  get buffer() {
    return this.#memory.buffer;
  }

  /** Does work of the compiler. */
  compile(work) {
    Atomics.add(this.#memory, slot.compiling, 1);
    try {
      return work();
    } finally {
      Atomics.sub(this.#memory, slot.compiling, 1);
    }
  }

  /** Runs a cell's code. One that is interrupted may go on for ever. */
  async run(work) {
    Atomics.add(this.#memory, slot.running, 1);
    try {
      return await work();
    } finally {
      Atomics.sub(this.#memory, slot.running, 1);
    }
  }

  /** Notes that an interrupt was heard; false if it was heard before. */
  hear(number) {
    return Atomics.exchange(this.#memory, slot.heard, number) !== number;
  }

  hasHeard(number) {
    return Atomics.load(this.#memory, slot.heard) >= number;
  }

  /** Whether what runs may be ended, at the given attempt to make an interrupt heard. */
  mayBeEnded(attempt) {
    if (Atomics.load(this.#memory, slot.compiling) > 0) return false;
    return Atomics.load(this.#memory, slot.running) > 0 || attempt >= patience;
  }
}
