// The kernel's sockets, in a thread of their own: while the main thread computes, printed text
// still leaves, the heartbeat still beats, and the kernel can be interrupted and shut down. (Only
// one thread may use ZeroMQ: two of them corrupt its memory when the process ends.)
//
// An interrupt is a message to the main thread, which ends a waiting cell. If the main thread does
// not hear it, because the cell computes, its code is ended (see activity.mjs).
import inspector from 'node:inspector/promises';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { Endings } from './activity.mjs';
import { decodeMessage, encodeMessage, newMessage } from './protocol.mjs';

const { connection, zeromqPath, endings } = workerData;
const zmq = createRequire(import.meta.url)(zeromqPath);
const interruptMs = 400;
const retryMs = 40;
const shutdownGraceMs = 3000;
const parentCheckMs = 1000;

const linger = 500;
const channels = {
  shell: new zmq.Router({ linger }),
  control: new zmq.Router({ linger }),
  stdin: new zmq.Router({ linger }),
  // No message may be lost, so a slow browser makes the queue longer.
  iopub: new zmq.Publisher({ linger, sendHighWaterMark: 0 }),
};
const heartbeat = new zmq.Reply({ linger: 0 });
const debuggerSession = new inspector.Session();
debuggerSession.connectToMainThread();

/** A socket sends one message at a time. */
let sent = Promise.resolve();
function send(channel, frames) {
  const buffers = frames.map((frame) => Buffer.from(frame));
  sent = sent.then(() => channels[channel].send(buffers)).catch(() => undefined);
}

const mainThread = new Endings(endings);
let interrupts = 0;

/**
 * Makes the main thread hear an interrupt. It is repeated, since ending the cell's code may end the
 * hearing, too.
 */
async function interrupt() {
  interrupts += 1;
  const number = interrupts;
  for (let attempt = 0; ; attempt += 1) {
    parentPort.postMessage({ type: 'interrupt', number });
    await sleep(attempt === 0 ? interruptMs : retryMs, undefined, { ref: false });
    const expression = `globalThis[Symbol.for('bipe.stop')](${number}, ${attempt})`;
    // It fails if the stack is full, and when this thread ends.
    const evaluated = await debuggerSession.post('Runtime.evaluate', { expression }).catch(() => undefined);
    if (evaluated?.result.value === true) return;
  }
}

async function close() {
  await sent;
  for (const socket of [...Object.values(channels), heartbeat]) socket.close();
  debuggerSession.disconnect();
  // Nothing is left to wait for, so the thread ends by itself; ended from outside, ZeroMQ aborts
  // the process.
  parentPort.close();
}

parentPort.on('message', (message) => {
  if (message.type === 'send') send(message.channel, message.frames);
  else if (message.type === 'end') {
    void mainThread.carryOut(() => debuggerSession.post('Runtime.terminateExecution'));
  } else void close();
});

async function echoHeartbeats() {
  for await (const frames of heartbeat) await heartbeat.send(frames);
}

async function receive(channel) {
  for await (const frames of channels[channel]) {
    let message;
    try {
      message = decodeMessage(frames, connection.key);
    } catch (error) {
      process.emitWarning(`bipe kernel: ${error.message}`);
      continue;
    }
    const { identities } = message;
    const type = message.header.msg_type;
    if (type === 'interrupt_request') {
      void interrupt();
      const reply = newMessage('interrupt_reply', { status: 'ok' }, { parent: message, identities });
      send(channel, encodeMessage(reply, connection.key));
      continue;
    }
    parentPort.postMessage({ type: 'request', channel, message });
    // A main thread that is stuck cannot leave by itself.
    if (type === 'shutdown_request') {
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), shutdownGraceMs).unref();
    }
  }
}

// Jupyter names the server that the kernel must not outlive; a killed server shuts nothing down.
const server = process.env.JPY_PARENT_PID;
if (server !== undefined && server !== '1') {
  const parent = process.ppid;
  setInterval(() => {
    // Children of a dead process go to process 1, or to another one that adopts them.
    if (process.ppid === 1 || process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, parentCheckMs).unref();
}

const { transport, ip } = connection;
for (const [name, socket] of Object.entries(channels)) {
  await socket.bind(`${transport}://${ip}:${connection[`${name}_port`]}`);
}
await heartbeat.bind(`${transport}://${ip}:${connection.hb_port}`);
parentPort.postMessage({ type: 'ready' });
await Promise.all([echoHeartbeats(), receive('shell'), receive('control')]);
