// Sends a cell's outputs to the notebook: rich outputs, and text of the standard streams, joined so
// that a loop that prints does not flood the browser.
import { StringDecoder } from 'node:string_decoder';
import { toBundle, toMetadata } from './display.mjs';

/** Longest delay of text, so that a loop's output is seen while it runs. */
const flushMs = 40;

/** The outputs below a cell. */
export class Output {
  #publish;
  #activity;
  #decoders = { stdout: new StringDecoder('utf8'), stderr: new StringDecoder('utf8') };
  #pending = '';
  #stream = 'stdout';
  #timer;
  #flushedAt = 0;

  /**
   * @param {(type: string, content: object, extra?: object) => void} publish sends a message to
   *   every client
   * @param {import('./activity.mjs').Activity} activity
   */
  constructor(publish, activity) {
    this.#publish = publish;
    this.#activity = activity;
  }

  /**
   * Writes text, or its bytes, to one of the standard streams.
   *
   * @param {'stdout' | 'stderr'} stream
   * @param {string | Uint8Array} chunk
   * @param {BufferEncoding} [encoding] of a string
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

  /** Sends the waiting text, and U+FFFD for an incomplete character. */
  flush() {
    this.#activity.protect(() => {
      for (const [stream, decoder] of Object.entries(this.#decoders)) {
        const rest = decoder.end();
        if (rest !== '') this.#add(stream, rest);
      }
      this.#send();
    });
  }

  /** Sends the waiting text, except a half character whose other half may follow. */
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
   * Sends a rich output.
   *
   * @param {Record<string, unknown>} data one entry for each MIME type
   * @param {Record<string, unknown>} [metadata]
   * @param {{ displayId?: string, update?: boolean, later?: () => Promise<object | undefined> }}
   *   [options] `update` replaces the output with that id
   * @throws {import('./display.mjs').DisplayError} if Jupyter could not show it
   */
  display(data, metadata = {}, { displayId, update = false, later } = {}) {
    const transient = displayId === undefined ? {} : { display_id: String(displayId) };
    const content = { data: toBundle(data, 'a display'), metadata: toMetadata(metadata), transient };
    this.publish(update ? 'update_display_data' : 'display_data', content, { later });
  }

  /** Sends any other output message, after the waiting text. */
  publish(type, content, extra) {
    this.#activity.protect(() => {
      this.#send();
      this.#publish(type, content, extra);
    });
  }
}

/**
 * Sends this process's standard streams to the notebook.
 *
 * @param {() => Output | undefined} outputNow the output that current text belongs to
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
