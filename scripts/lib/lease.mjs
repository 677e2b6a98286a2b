// A thread of a process that holds locks: it writes to their entries every so often, so that other
// machines know that the process lives. It ends with the process.
import { closeSync, openSync, writeSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';

/** Milliseconds between two signs of life. */
const pause = 30_000;

const entries = new Set();

parentPort.on('message', ({ hold, release }) => {
  entries.delete(release);
  if (hold === undefined) return;
  entries.add(hold);
  giveSign(hold);
});
setInterval(() => entries.forEach(giveSign), pause);

/** Writes what is there already, which sets the time. An entry that is gone is never made anew. */
function giveSign(entry) {
  try {
    const file = openSync(entry, 'r+');
    writeSync(file, 'lease\n', 0);
    closeSync(file);
  } catch (error) {
    if (error.code === 'ENOENT') entries.delete(entry);
  }
}
