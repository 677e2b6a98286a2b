// The kernel's sockets, in a thread of their own: while the main thread computes, text that a cell prints still
// leaves, the heartbeat still beats, and a kernel can still be interrupted and shut down. (One thread only
// may use ZeroMQ: two of them corrupt its memory when the process ends.)
//
// An interrupt goes in two steps: SIGINT, which ends the synchronous part of a cell and rejects what it
// awaits; if the main thread does not say within a second that it saw it (a loop after an `await`), V8 is
// asked to end whatever runs.
import inspector from 'node:inspector';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeMessage, encodeMessage, newMessage } from './protocol.mjs';

const { connection, zeromqPath } = workerData;
const zmq = createRequire(import.meta.url)(zeromqPath);
const interruptGraceMs = 1000;
const shutdownGraceMs = 1500;
const parentCheckMs = 1000;

const linger = 500;
const channels = {
  shell: new zmq.Router({ linger }),
  control: new zmq.Router({ linger }),
  stdin: new zmq.Router({ linger }),
  // Nothing may be lost: a slow browser makes the queue longer.
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

let interruptTimer;
function interrupt() {
  process.kill(process.pid, 'SIGINT');
  interruptTimer ??= setTimeout(() => {
    interruptTimer = undefined;
    debuggerSession.post('Runtime.terminateExecution');
  }, interruptGraceMs);
  parentPort.postMessage({ type: 'interrupt' });
}

async function close() {
  await sent;
  for (const socket of [...Object.values(channels), heartbeat]) socket.close();
  debuggerSession.disconnect();
  parentPort.postMessage({ type: 'closed' });
}

parentPort.on('message', (message) => {
  if (message.type === 'send') send(message.channel, message.frames);
  else if (message.type === 'close') void close();
  else {
    clearTimeout(interruptTimer);
    interruptTimer = undefined;
  }
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
      interrupt();
      const reply = newMessage('interrupt_reply', { status: 'ok' }, { parent: message, identities });
      send(channel, encodeMessage(reply, connection.key));
      continue;
    }
    parentPort.postMessage({ type: 'request', channel, message });
    // A main thread that is stuck cannot leave by itself.
    if (type === 'shutdown_request') setTimeout(() => process.kill(process.pid, 'SIGKILL'), shutdownGraceMs);
  }
}

// Jupyter says so where the kernel must not outlive it: a server that was killed shuts nothing down.
if (process.env.JPY_PARENT_PID !== undefined) {
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
  }, parentCheckMs);
}

const { transport, ip } = connection;
for (const [name, socket] of Object.entries(channels)) {
  await socket.bind(`${transport}://${ip}:${connection[`${name}_port`]}`);
}
await heartbeat.bind(`${transport}://${ip}:${connection.hb_port}`);
parentPort.postMessage({ type: 'ready' });
await Promise.all([echoHeartbeats(), receive('shell'), receive('control')]);
