// Answers the requests of Jupyter's clients: those on the shell channel one after another, those on
// the control channel at once. The outputs of cells go to all clients on iopub.
import { Worker } from 'node:worker_threads';
import { captureStandardStreams, Output } from './output.mjs';
import { encodeMessage, newMessage } from './protocol.mjs';
import { ts, zeromqPath } from './typescript.mjs';

/** Time for requests to arrive that were sent together with a failed one. */
const abortMs = 30;

/** The server of a kernel. */
export class KernelServer {
  #key;
  #activity;
  #cells;
  #runs;
  #widgets;
  #channels;
  /** Waiting requests of the shell channel. */
  #waiting = [];
  #isWorking = false;
  /** The request of the cell that runs. */
  #running;
  #executionCount = 0;

  /**
   * @param {object} connection the content of Jupyter's connection file
   * @param {import('./activity.mjs').Activity} activity
   */
  constructor(connection, activity) {
    this.#activity = activity;
    this.#key = connection.key;
    const workerData = { connection, zeromqPath, endings: activity.buffer };
    this.#channels = new Worker(new URL('channels.mjs', import.meta.url), { workerData });
  }

  /**
   * Answers requests until a client shuts the kernel down.
   *
   * @param {import('./cells.mjs').Cells} cells
   * @param {import('./runs.mjs').Runs} runs
   * @param {import('./widgets.mjs').Widgets} widgets
   * @returns {Promise<void>} once clients can connect
   */
  async serve(cells, runs, widgets) {
    this.#cells = cells;
    this.#runs = runs;
    this.#widgets = widgets;
    captureStandardStreams(() => runs.output);
    this.#activity.connect(
      () => this.#channels.postMessage({ type: 'end' }),
      () => runs.isListening,
    );
    await new Promise((resolve, reject) => {
      this.#channels.on('error', reject);
      this.#channels.on('exit', (code) => process.exit(code));
      this.#channels.on('message', ({ type, ...request }) => {
        if (type === 'ready') resolve();
        else if (type === 'interrupt') {
          const { number } = request;
          if (this.#activity.hear(number)) runs.interrupt(this.#activity.hasEnded(number));
        } else this.#activity.protect(() => this.#take(request));
      });
    });
  }

  #take(request) {
    if (request.channel === 'control') {
      this.#begin(request, () => undefined);
      return;
    }
    if (/^comm_(open|msg|close)$/.test(request.message.header.msg_type)) {
      this.#begin(request, () => this.#sayStillBusy());
      return;
    }
    this.#waiting.push(request);
    this.#work();
  }

  /**
   * Answers requests of the shell channel until none waits, or a cell runs; the cell's end
   * continues.
   */
  #work() {
    while (!this.#isWorking && this.#waiting.length > 0) {
      this.#isWorking = true;
      this.#begin(this.#waiting.shift(), () => {
        this.#isWorking = false;
      });
    }
  }

  #begin(request, done) {
    const { message } = request;
    const type = message.header.msg_type;
    const end = (content) => {
      if (content !== undefined) this.#reply(request.channel, message, content);
      this.#publish('status', { execution_state: 'idle' }, message);
      if (type === 'shutdown_request') this.#channels.postMessage({ type: 'close' });
      done();
    };
    this.#publish('status', { execution_state: 'busy' }, message);
    if (type === 'execute_request') return this.#execute(message, end);
    let content;
    try {
      content = this.#handlers[type]?.(message);
    } catch (error) {
      content = { status: 'error', ...this.#cells.describe(error) };
    }
    end(content);
  }

  /** To a page, `idle` for a widget's message is `idle` for the whole kernel. */
  #sayStillBusy() {
    if (this.#running !== undefined) this.#publish('status', { execution_state: 'busy' }, this.#running);
  }

  #reply(channel, message, content) {
    const type = message.header.msg_type.replace(/_request$/, '_reply');
    this.#send(channel, newMessage(type, content, { parent: message, identities: message.identities }));
  }

  #publish(type, content, parent, { metadata, buffers } = {}) {
    const identities = [Buffer.from(type)];
    this.#send('iopub', newMessage(type, content, { parent, identities, metadata, buffers }));
  }

  #takeComm(message) {
    const publish = (type, content) => this.#publish(type, content, message);
    this.#widgets.take(message.header.msg_type, message.content, publish);
  }

  #send(channel, message) {
    this.#channels.postMessage({ type: 'send', channel, frames: encodeMessage(message, this.#key) });
  }

  /**
   * A handler for each type of request except execution; it returns the reply's content. Other
   * types get no reply.
   */
  #handlers = {
    kernel_info_request: () => kernelInfo,
    comm_info_request: ({ content }) => ({ status: 'ok', comms: this.#widgets.list(content.target_name) }),
    comm_open: (message) => this.#takeComm(message),
    comm_msg: (message) => this.#takeComm(message),
    comm_close: (message) => this.#takeComm(message),
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

  /** @param {(content: object) => void} end answers the request, then continues with the next */
  #execute(message, end) {
    const { code, silent = false, store_history: store = true, stop_on_error: stop = true } = message.content;
    if (!silent && store) this.#executionCount += 1;
    const count = this.#executionCount;
    const { cellId } = message.metadata;
    const publish = (type, content, extra) => this.#publish(type, content, message, extra);
    const output = new Output(publish, this.#activity);
    this.#running = message;
    this.#widgets.closeOf(cellId);
    if (!silent) output.publish('execute_input', { code, execution_count: count });
    const finish = ({ failure, result }) => {
      if (failure !== undefined && !silent) output.publish('error', failure);
      if (result !== undefined && !silent) {
        output.publish('execute_result', { execution_count: count, data: result, metadata: {} });
      }
      output.flush();
      const answer = () => {
        const outcome = failure ?? { payload: [], user_expressions: {} };
        this.#running = undefined;
        end({ status: failure === undefined ? 'ok' : 'error', execution_count: count, ...outcome });
        this.#work();
      };
      if (failure === undefined || !stop) answer();
      else setTimeout(() => this.#activity.protect(() => this.#abortWaiting(answer)), abortMs);
    };
    this.#runs.begin(code, count, output, finish, cellId);
  }

  /** Aborts waiting cells after a failed one. */
  #abortWaiting(answer) {
    const isExecution = ({ message }) => message.header.msg_type === 'execute_request';
    const aborted = this.#waiting.filter(isExecution);
    this.#waiting = this.#waiting.filter((request) => !isExecution(request));
    for (const { channel, message } of aborted) {
      this.#publish('status', { execution_state: 'busy' }, message);
      this.#reply(channel, message, { status: 'aborted' });
      this.#publish('status', { execution_state: 'idle' }, message);
    }
    answer();
  }
}

const kernelInfo = {
  status: 'ok',
  protocol_version: '5.3',
  implementation: 'bipe',
  implementation_version: '1.0.0',
  banner: `TypeScript ${ts.version} on Node.js ${process.version}`,
  help_links: [{ text: 'TypeScript handbook', url: 'https://www.typescriptlang.org/docs/handbook/' }],
  // JupyterLab copies this into a notebook that it opens. The project's notebooks have it already,
  // so that opening one changes nothing; the version has only the part that rarely changes.
  language_info: {
    name: 'typescript',
    version: ts.versionMajorMinor.split('.')[0],
    mimetype: 'text/typescript',
    file_extension: '.ts',
    pygments_lexer: 'typescript',
    // JupyterLab uses `mode`, Notebook and nbconvert the rest.
    codemirror_mode: { mode: 'typescript', name: 'javascript', typescript: true },
  },
};

/** Jupyter counts Unicode characters, JavaScript UTF-16 units. */
const toUnits = (text, characters) => [...text].slice(0, characters).join('').length;
const toCharacters = (text, units) => [...text.slice(0, units)].length;
