// The control channel and the heartbeat, in a thread of their own: a kernel whose main thread computes must
// still be interrupted and shut down. An interrupt goes in two steps: SIGINT, which ends the synchronous part
// of a cell and rejects what it awaits; if the main thread does not say within a second that it saw it (a
// loop after an `await`), V8 is asked to end whatever runs.
import inspector from 'node:inspector';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';
import { decodeMessage, encodeMessage, newMessage } from './protocol.mjs';

const { connection, zeromqPath } = workerData;
const zmq = createRequire(import.meta.url)(zeromqPath);
const graceMs = { interrupt: 1000, shutdown: 1500 };

const control = new zmq.Router({ linger: 0 });
const heartbeat = new zmq.Reply({ linger: 0 });
const address = (port) => `${connection.transport}://${connection.ip}:${port}`;
await Promise.all([
  control.bind(address(connection.control_port)),
  heartbeat.bind(address(connection.hb_port)),
]);

/** Sends are queued: a socket takes one at a time. */
let sent = Promise.resolve();
function send(frames) {
  sent = sent.then(() => control.send(frames)).catch(() => undefined);
}

let interruptTimer;
const debuggerSession = new inspector.Session();
debuggerSession.connectToMainThread();

function interrupt() {
  process.kill(process.pid, 'SIGINT');
  interruptTimer ??= setTimeout(() => {
    interruptTimer = undefined;
    debuggerSession.post('Runtime.terminateExecution');
  }, graceMs.interrupt);
}

parentPort.on('message', (message) => {
  if (message.type === 'reply') send(message.frames.map((frame) => Buffer.from(frame)));
  else if (message.type === 'interrupted') {
    clearTimeout(interruptTimer);
    interruptTimer = undefined;
  } else if (message.type === 'close') {
    debuggerSession.disconnect();
    control.close();
    heartbeat.close();
    parentPort.close();
  }
});
parentPort.postMessage({ type: 'ready' });

async function echoHeartbeats() {
  for await (const frames of heartbeat) await heartbeat.send(frames);
}

async function serveControl() {
  for await (const frames of control) {
    let message;
    try {
      message = decodeMessage(frames, connection.key);
    } catch (error) {
      console.error(error.message);
      continue;
    }
    if (message.header.msg_type === 'interrupt_request') {
      interrupt();
      parentPort.postMessage({ type: 'interrupt' });
      const { identities } = message;
      const reply = newMessage('interrupt_reply', { status: 'ok' }, { parent: message, identities });
      send(encodeMessage(reply, connection.key));
      continue;
    }
    parentPort.postMessage({ type: 'request', frames });
    if (message.header.msg_type === 'shutdown_request') {
      // A main thread that is stuck cannot leave by itself.
      setTimeout(() => process.kill(process.pid, 'SIGKILL'), graceMs.shutdown).unref();
    }
  }
}

await Promise.all([echoHeartbeats(), serveControl()]);
