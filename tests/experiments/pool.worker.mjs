// A process as the pool's own are, which does as the name of a job's item says.
import { appendFileSync, existsSync, writeFileSync } from 'node:fs';

process.on('message', ({ item, settings: { log, ms = 20 } }) => {
  const [what] = item.split(' ');
  const isFirst = !existsSync(`${log}.${item}`);
  writeFileSync(`${log}.${item}`, '');
  const note = (event) => appendFileSync(log, `${event} ${process.pid} ${item}\n`);
  note('begin');
  setTimeout(() => {
    if (what === 'dies' || (what === 'dies-once' && isFirst)) process.kill(process.pid, 'SIGKILL');
    note('end');
    if (what === 'fails') process.send({ kind: 'failed', name: 'UsageError', message: 'so not' });
    else if (what === 'breaks') process.send({ kind: 'failed', name: 'Error', message: 'a stack' });
    else if (what === 'locked-once' && isFirst)
      process.send({ kind: 'failed', name: 'LockedError', message: 'is at work' });
    else {
      process.send({ kind: 'note', line: `${item} goes on` });
      process.send({ kind: 'curve', step: 1, loss: 0.5 });
      process.send({ kind: 'done' });
    }
  }, ms);
});
process.on('disconnect', () => process.exit());
