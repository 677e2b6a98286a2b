// The kernel as Jupyter's clients see it: requests on the shell channel are answered one after another, those on
// the control channel at once; everything a cell does is told to all clients on iopub.
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Output } from './output.mjs';
import { encodeMessage, newMessage } from './protocol.mjs';
import { ts, zeromqPath } from './typescript.mjs';

/** How long the requests that were sent together with one that failed may take to arrive. */
const abortMs = 30;

export class KernelServer {
  #key;
  #activity;
  #cells;
  #channels;
  #waiting = [];
  #isWorking = false;
  #executionCount = 0;
  output = new Output((type, content, parent) => this.#publish(type, content, parent));

  /**
   * @param {object} connection the content of Jupyter's connection file
   * @param {import('./activity.mjs').Activity} activity
   */
  constructor(connection, activity) {
    this.#activity = activity;
    this.#key = connection.key;
    const workerData = { connection, zeromqPath, activity: activity.buffer };
    this.#channels = new Worker(new URL('channels.mjs', import.meta.url), { workerData });
  }

  /**
   * Answers requests until a client shuts the kernel down.
   *
   * @param {import('./cells.mjs').Cells} cells
   * @returns {Promise<void>} once clients can connect
   */
  async serve(cells) {
    this.#cells = cells;
    this.output.captureStandardStreams();
    await new Promise((resolve, reject) => {
      this.#channels.on('error', reject);
      this.#channels.on('exit', (code) => process.exit(code));
      this.#channels.on('message', ({ type, ...request }) => {
        if (type === 'ready') resolve();
        else if (type === 'interrupt') {
          if (this.#activity.hear(request.number)) this.#cells.interrupt();
        } else if (request.channel === 'control') void this.#answer(request);
        else {
          this.#waiting.push(request);
          void this.#work();
        }
      });
    });
  }

  async #work() {
    if (this.#isWorking) return;
    this.#isWorking = true;
    while (this.#waiting.length > 0) await this.#answer(this.#waiting.shift());
    this.#isWorking = false;
  }

  async #answer({ channel, message }) {
    const type = message.header.msg_type;
    this.#publish('status', { execution_state: 'busy' }, message);
    try {
      const content = await this.#handlers[type]?.(message);
      if (content !== undefined) this.#reply(channel, message, content);
    } catch (error) {
      this.#reply(channel, message, { status: 'error', ...this.#cells.describe(error) });
    }
    this.output.flush();
    this.#publish('status', { execution_state: 'idle' }, message);
    if (type === 'shutdown_request') this.#channels.postMessage({ type: 'close' });
  }

  #reply(channel, message, content) {
    const type = message.header.msg_type.replace(/_request$/, '_reply');
    this.#send(channel, newMessage(type, content, { parent: message, identities: message.identities }));
  }

  #publish(type, content, parent) {
    this.#send('iopub', newMessage(type, content, { parent, identities: [Buffer.from(type)] }));
  }

  #send(channel, message) {
    this.#channels.postMessage({ type: 'send', channel, frames: encodeMessage(message, this.#key) });
  }

  /** One for each type of request; what it returns is the reply's content. Other types get no reply. */
  #handlers = {
    kernel_info_request: () => kernelInfo,
    execute_request: (message) => this.#execute(message),
    comm_info_request: () => ({ status: 'ok', comms: {} }),
    history_request: () => ({ status: 'ok', history: [] }),
    shutdown_request: ({ content }) => ({ status: 'ok', restart: content.restart === true }),
    is_complete_request: ({ content }) => {
      const { isComplete, indent } = this.#cells.isComplete(content.code);
      return isComplete ? { status: 'complete' } : { status: 'incomplete', indent };
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
    const isExecution = ({ message }) => message.header.msg_type === 'execute_request';
    const aborted = this.#waiting.filter(isExecution);
    this.#waiting = this.#waiting.filter((request) => !isExecution(request));
    for (const { channel, message } of aborted) {
      this.#publish('status', { execution_state: 'busy' }, message);
      this.#reply(channel, message, { status: 'aborted' });
      this.#publish('status', { execution_state: 'idle' }, message);
    }
  }
}

const kernelInfo = {
  status: 'ok',
  protocol_version: '5.3',
  implementation: 'bipe',
  implementation_version: '1.0.0',
  banner: `TypeScript ${ts.version} on Node.js ${process.version}`,
  help_links: [{ text: 'TypeScript handbook', url: 'https://www.typescriptlang.org/docs/handbook/' }],
  language_info: {
    name: 'typescript',
    version: ts.version,
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
