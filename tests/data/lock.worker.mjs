// A process that takes a lock when it is told to: `hold` keeps it until the process is killed;
// `round` takes it as soon as it can, and says whether anybody else was inside; `compute` makes its
// sign of life an old one, and never ends.
import { closeSync, openSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
    if (wanted === 'compute') {
      utimesSync(join(lock, readdirSync(lock)[0]), 1000, 1000);
      writeFileSync(inside, '');
      for (;;);
    }
    const alone = isAlone();
    if (wanted === 'round') release();
    process.send(alone);
    return;
  }
});
process.send('ready');
