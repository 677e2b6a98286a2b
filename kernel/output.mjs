// What a cell writes, on its way to the notebook: text of the standard streams, joined so that a
// loop which prints does not drown the browser, and rich outputs.
import { StringDecoder } from 'node:string_decoder';
import { toBundle, toMetadata } from './display.mjs';

/** Text waits at most this long, so what a loop prints is seen while it runs. */
const flushMs = 40;

/** The outputs below one cell. */
export class Output {
  #publish;
  #activity;
  #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  #pending = '';
  #stream = 'stdout';
  #timer;
  #flushedAt = 0;

  /**
   * @param {(type: string, content: object) => void} publish tells every client
   * @param {import('./activity.mjs').Activity} activity
   */
  constructor(publish, activity) {
    this.#publish = publish;
    this.#activity = activity;
  }

  /**
   * Text, or its bytes, for one of the standard streams.
   *
   * @param {'stdout' | 'stderr'} stream
   * @param {string | Uint8Array} chunk
   * @param {BufferEncoding} [encoding] what the string of `chunk` means
   */
  write(stream, chunk, encoding = 'utf8') {
    this.#activity.protect(() => {
      const isText = typeof chunk === 'string' && /^utf-?8$/i.test(encoding);
      this.#add(stream, isText ? chunk : this.#decoders[stream].write(Buffer.from(chunk, encoding)));
      if (Date.now() - this.#flushedAt >= flushMs) this.#sendWhole();
      else this.#timer ??= setTimeout(() => this.#activity.protect(() => this.#sendWhole()), flushMs);
    });
  }

  #add(stream, text) {
    if (stream !== this.#stream) this.#send();
    this.#stream = stream;
    this.#pending += text;
  }

  /** Sends the text that waits, and U+FFFD for bytes of a character whose others did not come. */
  flush() {
    this.#activity.protect(() => {
      for (const [stream, decoder] of Object.entries(this.#decoders)) {
        const rest = decoder.end();
        if (rest !== '') this.#add(stream, rest);
      }
      this.#send();
    });
  }

  /** Sends the text that waits, but not the half of a character whose other half may come. */
  #sendWhole() {
    const isHalf = /[\ud800-\udbff]$/.test(this.#pending);
    this.#send(isHalf ? this.#pending.length - 1 : undefined);
  }

  #send(end = this.#pending.length) {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const text = this.#pending.slice(0, end);
    this.#pending = this.#pending.slice(end);
    if (text === '') return;
    this.#flushedAt = Date.now();
    this.#publish('stream', { name: this.#stream, text });
  }

  /**
   * A rich output.
   *
   * @param {Record<string, unknown>} data one entry a MIME type
   * @param {Record<string, unknown>} [metadata]
   * @param {{ displayId?: string, update?: boolean }} [options] `update` replaces the output with
   *   that id
   * @throws {import('./display.mjs').DisplayError} if Jupyter could not show it
   */
  display(data, metadata = {}, { displayId, update = false } = {}) {
    const transient = displayId === undefined ? {} : { display_id: String(displayId) };
    const content = { data: toBundle(data, 'a display'), metadata: toMetadata(metadata), transient };
    this.publish(update ? 'update_display_data' : 'display_data', content);
  }

  /** Any other output message, after the text that came before it. */
  publish(type, content) {
    this.#activity.protect(() => {
      this.#send();
      this.#publish(type, content);
    });
  }
}

/**
 * Sends what this process writes to its standard streams to a notebook.
 *
 * @param {() => Output | undefined} outputNow where what is written now belongs
 */
export function captureStandardStreams(outputNow) {
  for (const name of ['stdout', 'stderr']) {
    process[name].write = (chunk, encoding, callback) => {
      const [done, given] = typeof encoding === 'function' ? [encoding] : [callback, encoding];
      outputNow()?.write(name, chunk, given ?? undefined);
      if (done !== undefined) process.nextTick(done);
      return true;
    };
  }
}
