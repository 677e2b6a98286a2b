import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cellInterrupt, heedStop, withStopAdvice } from '../../lib/base/interrupt';
import { sha256File } from '../../lib/base/files';
import { projectPath } from '../../lib/base/paths';
import { interruptibleCell } from '../support/cell';

it('outside of a notebook nothing stops', async () => {
  expect(cellInterrupt()).toBeUndefined();
  await heedStop();
});

it('a loop that heeds lets a stop be heard, and ends with it', async () => {
  const stop = interruptibleCell();
  void sleep(120).then(() => {
    stop();
  });
  const busyUntil = Date.now() + 30_000;
  const loop = async (): Promise<void> => {
    while (Date.now() < busyUntil) await heedStop();
  };
  await expect(loop()).rejects.toThrow('the cell was interrupted');
  expect(Date.now()).toBeLessThan(busyUntil);
});

it('a cell that was not stopped goes on, also after one that was', async () => {
  interruptibleCell()();
  await expect(heedStop()).rejects.toThrow('the cell was interrupted');
  interruptibleCell();
  await heedStop();
});

it('a file whose cell was stopped is not read to its end', async () => {
  interruptibleCell()();
  await expect(sha256File(projectPath('package.json'))).rejects.toThrow();
});

it('work that a stop does not lose says so on the signal of its cell while it lasts, however it ends', async () => {
  const adviceNow = (): unknown => Reflect.get(cellInterrupt() ?? {}, Symbol.for('bipe.advice'));
  expect(await withStopAdvice('kept', () => Promise.resolve(7))).toBe(7);
  interruptibleCell();
  const said: unknown[] = [adviceNow()];
  const work = async (): Promise<never> => {
    said.push(adviceNow());
    await sleep(1);
    said.push(adviceNow());
    throw new Error('no');
  };
  await expect(withStopAdvice('kept', work)).rejects.toThrow('no');
  expect([...said, adviceNow()]).toEqual([undefined, 'kept', 'kept', undefined]);
});
