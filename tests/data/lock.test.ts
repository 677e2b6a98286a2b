import { type ChildProcess, fork, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { takeLock } from '#lock';
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
      expect(together).toEqual([0, 0, 0]);
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
