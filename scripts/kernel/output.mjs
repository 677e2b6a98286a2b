// What a cell writes, on its way to the notebook: text of the standard streams, joined so that a loop which
// prints does not drown the browser, and rich outputs.
import { StringDecoder } from 'node:string_decoder';

/** Text waits at most this long, so what a loop prints is seen while it runs. */
const flushMs = 40;

export class Output {
  /** The request whose cell gets what is written; the last one keeps getting it after its cell has ended. */
  #parent;
  #publish;
  #pending = '';
  #stream = 'stdout';
  #timer;
  #flushedAt = 0;

  /** @param {(type: string, content: object, parent: object) => void} publish sends a message to every client */
  constructor(publish) {
    this.#publish = publish;
  }

  /** From now on outputs belong to this request. */
  begin(parent) {
    this.flush();
    this.#parent = parent;
  }

  /** Text for one of the standard streams. */
  write(stream, text) {
    if (stream !== this.#stream) this.flush();
    this.#stream = stream;
    this.#pending += text;
    if (Date.now() - this.#flushedAt >= flushMs) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), flushMs);
  }

  /** Sends the text that waits. */
  flush() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending === '') return;
    this.#flushedAt = Date.now();
    const text = this.#pending;
    this.#pending = '';
    this.#send('stream', { name: this.#stream, text });
  }

  /**
   * A rich output.
   *
   * @param {Record<string, unknown>} data one entry a MIME type
   * @param {Record<string, unknown>} [metadata]
   * @param {{ displayId?: string, update?: boolean }} [options] `update` replaces the output with that id
   */
  display(data, metadata = {}, { displayId, update = false } = {}) {
    this.flush();
    const transient = displayId === undefined ? {} : { display_id: displayId };
    this.#send(update ? 'update_display_data' : 'display_data', { data, metadata, transient });
  }

  /** Any other output message of the running cell. */
  publish(type, content) {
    this.flush();
    this.#send(type, content);
  }

  #send(type, content) {
    if (this.#parent !== undefined) this.#publish(type, content, this.#parent);
  }

  /** Sends what this process writes to its standard streams to the notebook. */
  captureStandardStreams() {
    for (const name of ['stdout', 'stderr']) {
      const decoder = new StringDecoder('utf8');
      process[name].write = (chunk, encoding, callback) => {
        const text = typeof chunk === 'string' ? chunk : decoder.write(Buffer.from(chunk));
        this.write(name, text);
        const done = typeof encoding === 'function' ? encoding : callback;
        if (done !== undefined) process.nextTick(done);
        return true;
      };
    }
  }
}
