// The kernel as Jupyter's clients see it: requests come on the shell and the control channel and are
// answered one after another; everything a cell does is told to all clients on iopub.
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Output } from './output.mjs';
import { decodeMessage, encodeMessage, newMessage } from './protocol.mjs';
import { typescriptVersion, zeromqPath } from './typescript.mjs';

/** How long the requests that were sent together with one that failed may take to arrive. */
const abortMs = 30;

export class KernelServer {
  #connection;
  #cells;
  #zmq = createRequire(import.meta.url)(zeromqPath);
  #control;
  #sockets;
  #iopub;
  #shell;
  #publishing = Promise.resolve();
  #requests = [];
  #working = false;
  #executionCount = 0;
  output = new Output((type, content, parent) => this.#publish(type, content, parent));

  /** @param {object} connection the content of Jupyter's connection file */
  constructor(connection) {
    this.#connection = connection;
    this.#control = new Worker(new URL('control.mjs', import.meta.url), {
      workerData: { connection, zeromqPath },
    });
  }

  /**
   * Binds the sockets and answers until a client shuts the kernel down.
   *
   * @param {import('./cells.mjs').Cells} cells
   */
  async serve(cells) {
    this.#cells = cells;
    // Nothing may be lost: a slow browser makes the queue longer.
    this.#iopub = new this.#zmq.Publisher({ sendHighWaterMark: 0 });
    this.#shell = new this.#zmq.Router();
    const stdin = new this.#zmq.Router();
    this.#sockets = [this.#iopub, this.#shell, stdin];
    const { transport, ip, iopub_port, shell_port, stdin_port } = this.#connection;
    const address = (port) => `${transport}://${ip}:${port}`;
    await Promise.all([this.#iopub.bind(address(iopub_port)), stdin.bind(address(stdin_port))]);
    await this.#serveControl();
    await this.#shell.bind(address(shell_port));
    this.output.captureStandardStreams();
    for await (const frames of this.#shell) {
      this.#accept(frames, (reply) => this.#shell.send(reply));
    }
  }

  /** Waits for the control channel's thread and takes what it passes on. */
  async #serveControl() {
    await new Promise((resolve, reject) => {
      this.#control.once('error', reject);
      this.#control.on('message', (message) => {
        if (message.type === 'ready') resolve();
        else if (message.type === 'interrupt') {
          this.#control.postMessage({ type: 'interrupted' });
          this.#cells.interrupt();
        } else {
          const send = (frames) => this.#control.postMessage({ type: 'reply', frames });
          this.#answer({ message: this.#decode(message.frames), send });
        }
      });
    });
  }

  #decode(frames) {
    return decodeMessage(
      frames.map((frame) => Buffer.from(frame)),
      this.#connection.key,
    );
  }

  #accept(frames, send) {
    let message;
    try {
      message = this.#decode(frames);
    } catch (error) {
      process.emitWarning(`bipe kernel: ${error.message}`);
      return;
    }
    this.#requests.push({ message, send });
    void this.#work();
  }

  async #work() {
    if (this.#working) return;
    this.#working = true;
    for (let request = this.#requests.shift(); request !== undefined; request = this.#requests.shift()) {
      await this.#answer(request);
    }
    this.#working = false;
  }

  async #answer({ message, send }) {
    const type = message.header.msg_type;
    this.#publish('status', { execution_state: 'busy' }, message);
    try {
      const content = await this.#handlers[type]?.(message);
      if (content !== undefined) await this.#reply(message, content, send);
    } catch (error) {
      const { ename, evalue, traceback } = this.#cells.describe(error);
      await this.#reply(message, { status: 'error', ename, evalue, traceback }, send);
    } finally {
      this.output.flush();
      this.#publish('status', { execution_state: 'idle' }, message);
    }
    if (type === 'shutdown_request') await this.#close();
  }

  async #reply(message, content, send) {
    const type = message.header.msg_type.replace(/_request$/, '_reply');
    const { identities } = message;
    await send(
      encodeMessage(newMessage(type, content, { parent: message, identities }), this.#connection.key),
    );
  }

  #publish(type, content, parent) {
    const message = newMessage(type, content, { parent, identities: [Buffer.from(type)] });
    const frames = encodeMessage(message, this.#connection.key);
    this.#publishing = this.#iopub.send(frames).catch(() => undefined);
  }

  /** One for each type of request; what it returns is the reply's content. Other types get no reply. */
  #handlers = {
    kernel_info_request: () => kernelInfo,
    execute_request: (message) => this.#execute(message),
    comm_info_request: () => ({ status: 'ok', comms: {} }),
    history_request: () => ({ status: 'ok', history: [] }),
    shutdown_request: ({ content }) => ({ status: 'ok', restart: content.restart === true }),
    is_complete_request: ({ content }) => {
      const { completed, indent } = this.#cells.isComplete(content.code);
      return completed ? { status: 'complete' } : { status: 'incomplete', indent: indent ?? '' };
    },
    complete_request: ({ content: { code, cursor_pos } }) => {
      const { start, end, candidates } = this.#cells.complete(code, toUnits(code, cursor_pos));
      const [cursor_start, cursor_end] = [toCharacters(code, start), toCharacters(code, end)];
      return { status: 'ok', matches: candidates, cursor_start, cursor_end, metadata: {} };
    },
    inspect_request: ({ content: { code, cursor_pos } }) => {
      const text = this.#cells.inspect(code, toUnits(code, cursor_pos));
      const data = text === undefined ? {} : { 'text/plain': text };
      return { status: 'ok', found: text !== undefined, data, metadata: {} };
    },
  };

  async #execute(message) {
    const { code, silent = false, store_history: store = true, stop_on_error: stop = true } = message.content;
    if (!silent && store) this.#executionCount += 1;
    const count = this.#executionCount;
    this.output.begin(message);
    if (!silent) this.output.publish('execute_input', { code, execution_count: count });
    const { failure, result } = await this.#cells.execute(code, count);
    if (failure === undefined) {
      if (result !== undefined && !silent) {
        this.output.publish('execute_result', { execution_count: count, data: result, metadata: {} });
      }
      return { status: 'ok', execution_count: count, payload: [], user_expressions: {} };
    }
    if (!silent) this.output.publish('error', failure);
    if (stop) await this.#abortWaiting();
    return { status: 'error', execution_count: count, ...failure };
  }

  /** Cells that were sent to run after one that failed do not run. */
  async #abortWaiting() {
    await sleep(abortMs);
    const waiting = this.#requests;
    this.#requests = waiting.filter(({ message }) => message.header.msg_type !== 'execute_request');
    for (const { message, send } of waiting) {
      if (message.header.msg_type !== 'execute_request') continue;
      this.#publish('status', { execution_state: 'busy' }, message);
      await this.#reply(message, { status: 'aborted', execution_count: this.#executionCount }, send);
      this.#publish('status', { execution_state: 'idle' }, message);
    }
  }

  async #close() {
    await this.#publishing;
    this.#control.postMessage({ type: 'close' });
    for (const socket of this.#sockets) socket.close();
    // Timers and servers that cells have left open must not keep the process.
    setTimeout(() => process.exit(0), abortMs).unref();
  }
}

const kernelInfo = {
  status: 'ok',
  protocol_version: '5.3',
  implementation: 'bipe',
  implementation_version: '1.0.0',
  banner: `TypeScript ${typescriptVersion} on Node.js ${process.version}`,
  help_links: [{ text: 'TypeScript handbook', url: 'https://www.typescriptlang.org/docs/handbook/' }],
  language_info: {
    name: 'typescript',
    version: typescriptVersion,
    mimetype: 'text/typescript',
    file_extension: '.ts',
    pygments_lexer: 'typescript',
    // JupyterLab looks at `mode`, Notebook and nbconvert at the rest.
    codemirror_mode: { mode: 'typescript', name: 'javascript', typescript: true },
  },
};

/** Jupyter counts Unicode characters, JavaScript UTF-16 units. */
const toUnits = (text, characters) => [...text].slice(0, characters).join('').length;
const toCharacters = (text, units) => [...text.slice(0, units)].length;
