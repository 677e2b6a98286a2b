// A process that takes a lock when it is told to: `hold` keeps it until the process is killed;
// `round` takes it as soon as it can, and says whether anybody else was inside.
import { closeSync, openSync, rmSync } from 'node:fs';
import { takeLock } from '../../scripts/lib/lock.mjs';

const [lock, inside] = process.argv.slice(2);

function isAlone() {
  try {
    closeSync(openSync(inside, 'wx'));
  } catch {
    return false;
  }
  // Long enough for others to come in if they can.
  for (const end = performance.now() + 2; performance.now() < end;);
  rmSync(inside, { force: true });
  return true;
}

process.on('message', (wanted) => {
  for (;;) {
    const { release } = takeLock(lock);
    if (release === undefined) continue;
    const alone = isAlone();
    if (wanted === 'round') release();
    process.send(alone);
    return;
  }
});
process.send('ready');
