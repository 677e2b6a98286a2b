import { type ChildProcess, fork, spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isSilent, takeLock } from '#lock';
import { MachineError } from '../../lib/base/errors';
import { displayPath, projectPath } from '../../lib/base/paths';
import { withLock } from '../../lib/data/io/lock';
import { temporaryFolder } from '../support/command';

/** Of each kind of lock that was left: BIPE_LOCK_ROUNDS=1000 tries for minutes. */
const rounds = Number(process.env['BIPE_LOCK_ROUNDS'] ?? 20);

/** A process that takes a lock when it is told to. */
async function worker(lock: string, inside: string): Promise<ChildProcess> {
  const child = fork(projectPath('tests', 'data', 'lock.worker.mjs'), [lock, inside], { execArgv: [] });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await answerOf(child);
  return child;
}

function answerOf(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve) => child.once('message', resolve));
}

function tell(child: ChildProcess, wanted: 'hold' | 'round'): Promise<unknown> {
  const answer = answerOf(child);
  child.send(wanted);
  return answer;
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}

/** The lock that a process left which was killed. */
async function lockOfTheDead(folder: string): Promise<string> {
  const lock = join(folder, 'left.lock');
  const child = await worker(lock, join(folder, 'inside'));
  await tell(child, 'hold');
  await kill(child);
  return lock;
}

/**
 * Makes a lock another machine's, which gave its last sign of life so many seconds ago.
 *
 * @param left a lock of this machine
 */
function lockOfAnother(lock: string, left: string, secondsAgo: number, content = 'lease\n'): void {
  const [entry = ''] = readdirSync(left);
  const path = join(lock, entry.replace(/[^-]+$/, 'another'));
  mkdirSync(lock);
  writeFileSync(path, content);
  const at = Date.now() / 1000 - secondsAgo;
  utimesSync(path, at, at);
}

const work = () => Promise.resolve('done');
const idle = () => Promise.resolve();

describe('a lock', () => {
  it(
    'is held by one process of four at any moment, whatever was left there',
    { timeout: 3_600_000 },
    async () => {
      const folder = temporaryFolder();
      const [lock, inside] = [join(folder, 'run.lock'), join(folder, 'inside')];
      const left = await lockOfTheDead(folder);
      const kinds: (() => void)[] = [
        () => undefined,
        () => {
          cpSync(left, lock, { recursive: true });
        },
        () => {
          mkdirSync(lock);
        },
        () => {
          lockOfAnother(lock, left, 700);
        },
      ];
      const workers = await Promise.all(Array.from({ length: 4 }, () => worker(lock, inside)));
      const together = kinds.map(() => 0);
      for (let round = 0; round < rounds; round += 1) {
        for (const [place, leave] of kinds.entries()) {
          leave();
          const alone = await Promise.all(workers.map((child) => tell(child, 'round')));
          together[place] = (together[place] ?? 0) + alone.filter((one) => one !== true).length;
          rmSync(inside, { force: true });
        }
      }
      expect(together).toEqual([0, 0, 0, 0]);
      expect(readdirSync(folder)).toEqual(['left.lock']);
    },
  );

  it('is free once its work has ended, well or not', async () => {
    const lock = join(temporaryFolder(), 'below', 'run.lock');
    expect(await withLock(lock, 'this', work)).toBe('done');
    await expect(withLock(lock, 'this', () => Promise.reject(new Error('cut off')))).rejects.toThrow(
      'cut off',
    );
    expect(existsSync(lock)).toBe(false);
    expect(await withLock(lock, 'this', work)).toBe('done');
  });

  it('names who holds it, in one line', async () => {
    const folder = temporaryFolder();
    const lock = join(folder, 'run.lock');
    const child = await worker(lock, join(folder, 'inside'));
    await tell(child, 'hold');
    const refused = withLock(lock, 'this run', work);
    await expect(refused).rejects.toThrow(MachineError);
    await expect(refused).rejects.toThrow(
      `${displayPath(lock)}: process ${child.pid ?? 0} is at work on this run; wait for it, or delete this lock if it is gone`,
    );
    await kill(child);
    expect(await withLock(lock, 'this run', work)).toBe('done');
  });

  it('says so where this very process holds it', async () => {
    const lock = join(temporaryFolder(), 'run.lock');
    await withLock(lock, 'this run', async () => {
      await expect(withLock(lock, 'this run', idle)).rejects.toThrow(
        `${displayPath(lock)}: process ${process.pid}, this very one, is at work on this run already; wait until that has ended`,
      );
    });
  });

  it('of a process that began after it was taken, and has the same number, counts for nothing', async () => {
    const folder = temporaryFolder();
    const left = await lockOfTheDead(folder);
    const [entry = ''] = readdirSync(left);
    for (const pid of [process.pid, process.ppid]) {
      const lock = join(folder, `${pid}.lock`);
      mkdirSync(lock);
      // What the first process of a container leaves, which has the number 1 each time.
      writeFileSync(join(lock, entry.replace(/^\d+/, String(pid))), '');
      expect(await withLock(lock, 'this run', work)).toBe('done');
    }
  });

  it.skipIf(process.platform !== 'linux')(
    'of a process that has ended, and that its parent has not noticed yet, counts for nothing',
    async () => {
      const folder = temporaryFolder();
      const lock = join(folder, 'run.lock');
      const script = `import { takeLock } from ${JSON.stringify(projectPath('scripts', 'lib', 'lock.mjs'))};
        takeLock(${JSON.stringify(lock)}); process.kill(process.pid, 'SIGKILL');`;
      // exec: a sleeping parent never looks at its children.
      const parent = spawn('sh', [
        '-c',
        `"$0" --input-type=module -e "$1" & exec sleep 60`,
        process.execPath,
        script,
      ]);
      onTestFinished(() => {
        parent.kill('SIGKILL');
      });
      await expect.poll(() => withLock(lock, 'this run', work).catch(String)).toBe('done');
      await expect.poll(() => existsSync(lock)).toBe(false);
    },
  );

  it('counts where it is a file, and stays', async () => {
    const lock = join(temporaryFolder(), 'run.lock');
    writeFileSync(lock, '47');
    await expect(withLock(lock, 'this run', work)).rejects.toThrow(/ is at work on this run; wait for it/);
    expect(existsSync(lock)).toBe(true);
  });

  it('counts where its folder holds something else, or is of another machine', async () => {
    const folder = temporaryFolder();
    const left = await lockOfTheDead(folder);
    const [entry = ''] = readdirSync(left);
    for (const name of ['something', entry.replace(/[^-]+$/, 'another')]) {
      const lock = join(folder, 'run.lock');
      mkdirSync(lock);
      writeFileSync(join(lock, name), '');
      await expect(withLock(lock, 'this run', work)).rejects.toThrow(/ is at work on this run; wait for it/);
      rmSync(lock, { recursive: true });
    }
  });

  it('of another machine is taken over after ten minutes of silence, unless that never gives signs', async () => {
    const folder = temporaryFolder();
    const left = await lockOfTheDead(folder);
    for (const [secondsAgo, content, isFree] of [
      [500, 'lease\n', false],
      [700, 'lease\n', true],
      [700, '', false],
      // A clock that is ahead.
      [-700, 'lease\n', false],
    ] as const) {
      const lock = join(folder, 'run.lock');
      lockOfAnother(lock, left, secondsAgo, content);
      const { release } = takeLock(lock);
      expect(release !== undefined).toBe(isFree);
      release?.();
      rmSync(lock, { recursive: true, force: true });
    }
  });

  it('is not taken over from a process that lives, whatever the clocks and the file system do', () => {
    const second = 1000;
    fc.assert(
      fc.property(
        fc.record({
          /** What the two machines' clocks are ahead of the true time. */
          holder: fc.integer({ min: -120, max: 120 }),
          observer: fc.integer({ min: -120, max: 120 }),
          /** Seconds by which signs come late, beside the 30 between them. */
          late: fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 40 }),
          /** Seconds until another machine sees a sign. */
          delay: fc.integer({ min: 0, max: 90 }),
          looks: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1 }),
        }),
        ({ holder, observer, late, delay, looks }) => {
          const signs = [0];
          for (const more of late) signs.push((signs.at(-1) ?? 0) + 30 + more);
          const death = (signs.at(-1) ?? 0) + 30;
          const silentAt = (at: number): boolean => {
            const heard = signs.filter((sign) => sign === 0 || sign + delay <= at).at(-1) ?? 0;
            return isSilent((heard + holder) * second, (at + observer) * second);
          };
          for (const look of looks) expect(silentAt(look * death)).toBe(false);
          // However the clocks are, a dead process's lock is free in the end.
          expect(silentAt(death + 600 + 240)).toBe(true);
        },
      ),
    );
  });

  it(
    'is seen to be held by others while its process computes without a pause',
    { timeout: 120_000 },
    async () => {
      const folder = temporaryFolder();
      const lock = join(folder, 'run.lock');
      const child = await worker(lock, join(folder, 'inside'));
      child.send('compute');
      await expect.poll(() => existsSync(join(folder, 'inside'))).toBe(true);
      const [entry = ''] = readdirSync(lock);
      await expect
        .poll(() => statSync(join(lock, entry)).mtimeMs, { timeout: 60_000 })
        .toBeGreaterThan(1_000_000_000);
    },
  );

  it('that was taken over is not written by who held it', async () => {
    const lock = join(temporaryFolder(), 'run.lock');
    await withLock(lock, 'this run', (checkHeld) => {
      checkHeld();
      rmSync(lock, { recursive: true });
      expect(checkHeld).toThrow(/was silent for so long that another one is at work on this run now$/);
      return Promise.resolve();
    });
  });

  it('stays with the process that took it over, when another one comes late with what it saw before', () => {
    const folder = temporaryFolder();
    const lock = join(folder, 'run.lock');
    const { release: early } = takeLock(lock);
    early?.();
    const { release } = takeLock(lock);
    early?.();
    expect(takeLock(lock).holder).toMatchObject({ isSelf: true });
    release?.();
    expect(existsSync(lock)).toBe(false);
  });

  it('leaves nothing of a process that was killed while it took one', async () => {
    const folder = temporaryFolder();
    const left = await lockOfTheDead(folder);
    const [entry = ''] = readdirSync(left);
    mkdirSync(join(folder, `.lock-${entry}`));
    await withLock(join(folder, 'run.lock'), 'this run', idle);
    expect(readdirSync(folder)).toEqual(['left.lock']);
  });
});
