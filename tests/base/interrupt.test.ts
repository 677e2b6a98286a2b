import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { cellInterrupt, heedStop } from '../../lib/base/interrupt';
import { sha256File } from '../../lib/base/files';
import { projectPath } from '../../lib/base/paths';
import { interruptibleCell } from '../support/cell';

it('outside of a notebook nothing stops', async () => {
  expect(cellInterrupt()).toBeUndefined();
  await heedStop();
});

it('a loop that heeds lets a stop be heard, and ends with it', async () => {
  const stop = interruptibleCell();
  void sleep(120).then(stop);
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
