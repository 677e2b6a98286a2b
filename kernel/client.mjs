// A Jupyter client for a kernel of this project, without Python. Tests and the benchmark use it to
// talk to the kernel as JupyterLab does.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeMessage, encodeMessage, newMessage } from './protocol.mjs';

const require = createRequire(import.meta.url);
const projectRoot = join(import.meta.dirname, '..');
const address = '127.0.0.1';

/** Finds free ports; all are held until the last is known, so that they differ. */
async function freePorts(count) {
  const servers = Array.from({ length: count }, () => createServer().listen(0, address));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => server.address().port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/**
 * Starts a kernel and waits until it answers.
 *
 * @param {import('./client.mjs').KernelOptions} [options]
 * @returns {Promise<KernelClient>}
 */
export async function startKernel({ root = projectRoot, folder = join(root, 'notebooks') } = {}) {
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = await freePorts(5);
  const connection = {
    transport: 'tcp',
    ip: address,
    key: randomUUID(),
    signature_scheme: 'hmac-sha256',
    ...{ shell_port, iopub_port, stdin_port, control_port, hb_port },
  };
  const runtime = join(root, '.jupyter', 'runtime');
  mkdirSync(runtime, { recursive: true });
  const connectionFile = join(runtime, `kernel-${randomUUID()}.json`);
  writeFileSync(connectionFile, JSON.stringify(connection), { mode: 0o600 });
  const main = join(root, 'kernel', 'main.mjs');
  const child = spawn(process.execPath, [main, '--config-path', connectionFile], {
    cwd: folder,
    env: { ...process.env, JPY_PARENT_PID: String(process.pid) },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = once(child, 'exit').finally(() => rmSync(connectionFile, { force: true }));
  const client = new KernelClient(child, exited, connection);
  // Messages published before the subscription arrives are lost, so ask until an answer is
  // complete.
  const retryMs = 300;
  for (let isReady = false; !isReady;) {
    const answered = client.request('kernel_info_request', {}).then(() => true);
    isReady = await Promise.race([answered, sleep(retryMs, false)]);
  }
  return client;
}

export class KernelClient {
  #child;
  #exited;
  #connection;
  #session = randomUUID();
  #channels;
  #iopub;
  #waiting = new Map();
  #isRunning = true;

  constructor(child, exited, connection) {
    const zmq = require(createRequire(require.resolve('tslab')).resolve('zeromq'));
    this.#child = child;
    this.#exited = exited;
    this.#connection = connection;
    this.#channels = { shell: new zmq.Dealer({ linger: 0 }), control: new zmq.Dealer({ linger: 0 }) };
    this.#iopub = new zmq.Subscriber({ linger: 0, receiveHighWaterMark: 0 });
    const url = (port) => `tcp://${address}:${port}`;
    this.#channels.shell.connect(url(connection.shell_port));
    this.#channels.control.connect(url(connection.control_port));
    this.#iopub.connect(url(connection.iopub_port));
    this.#iopub.subscribe();
    for (const socket of [this.#channels.shell, this.#channels.control, this.#iopub])
      void this.#receive(socket);
    void exited.then(() => this.#fail());
  }

  /** Id of the kernel's process. */
  get pid() {
    return this.#child.pid;
  }

  async #receive(socket) {
    for await (const frames of socket) {
      const message = decodeMessage(frames, this.#connection.key);
      this.#waiting.get(message.parent.msg_id)?.take(message, socket === this.#iopub);
    }
  }

  #fail() {
    this.#isRunning = false;
    for (const { reject } of this.#waiting.values()) reject(new Error('the kernel ended'));
    this.#waiting.clear();
  }

  /**
   * Sends a request and waits until the kernel is idle again. Returns the reply and all published
   * messages; later ones, e.g. when a cell continues to print, are added to `published`.
   */
  async exchange(type, content, { channel = 'shell', onPublished = () => undefined, metadata } = {}) {
    if (!this.#isRunning) throw new Error('the kernel has ended');
    const message = newMessage(type, content, { session: this.#session, metadata });
    const id = message.header.msg_id;
    const published = [];
    let reply;
    let idle = false;
    const answered = new Promise((resolve, reject) => {
      const take = (received, isPublished) => {
        if (isPublished) {
          const { header, content, metadata, buffers } = received;
          published.push({ type: header.msg_type, content, metadata, buffers });
          onPublished(published.at(-1));
        } else reply = received.content;
        idle ||= isPublished && received.content.execution_state === 'idle';
        // The control channel's own thread answers an interrupt and publishes nothing; a widget's
        // message has no reply.
        const isAnswered = reply !== undefined || /^comm_(open|msg|close)$/.test(type);
        if (isAnswered && (idle || type === 'interrupt_request')) resolve();
      };
      this.#waiting.set(id, { take, reject });
    });
    await this.#channels[channel].send(encodeMessage(message, this.#connection.key));
    await answered;
    return { reply, published };
  }

  async request(type, content, channel = 'shell') {
    return (await this.exchange(type, content, { channel })).reply;
  }

  async execute(code, { onPublished, metadata, ...options } = {}) {
    const content = { code, ...options };
    const { reply, published } = await this.exchange('execute_request', content, { onPublished, metadata });
    const text = (name) =>
      published
        .filter(({ type, content }) => type === 'stream' && content.name === name)
        .map(({ content }) => content.text)
        .join('');
    return {
      reply,
      published,
      stdout: text('stdout'),
      stderr: text('stderr'),
      result: published.find(({ type }) => type === 'execute_result')?.content.data,
      error: published.find(({ type }) => type === 'error')?.content,
      displays: published.filter(({ type }) => type.endsWith('display_data')),
    };
  }

  /** Interrupts the cell that runs, as JupyterLab's stop button does. */
  async interrupt() {
    await this.request('interrupt_request', {}, 'control');
  }

  signal(name) {
    this.#child.kill(name);
  }

  async stop() {
    // The kernel may end before it says so, or have ended already.
    await this.request('shutdown_request', { restart: false }, 'control').catch(() => undefined);
    const [code, signal] = await this.#exited;
    for (const socket of [this.#channels.shell, this.#channels.control, this.#iopub]) socket.close();
    return { code, signal };
  }
}
