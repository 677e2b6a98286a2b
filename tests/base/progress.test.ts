import { PassThrough } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { remainingTime, type Reporter, terminalReporter } from '../../lib/base/progress';

/** Seconds since the test began. */
let clock = 0;
beforeEach(() => {
  clock = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => 1000 * clock);
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** A reporter, and what it has written. */
function reporterFor(isTTY: boolean): { readonly reporter: Reporter; readonly written: () => string } {
  const stream = Object.assign(new PassThrough(), { isTTY, columns: 200 });
  let text = '';
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  return {
    reporter: terminalReporter(stream as unknown as NodeJS.WriteStream),
    written: () => stripVTControlCharacters(text),
  };
}

describe('the time that is left', () => {
  it('follows from the pace since the first update', () => {
    const left = remainingTime(100);
    expect(left(0)).toBeUndefined();
    clock = 10;
    expect(left(20)).toBe(40);
    clock = 15;
    expect(left(60)).toBe(10);
    expect(left(100)).toBe(0);
  });

  it('after a resume does not count what was done before as done now', () => {
    const left = remainingTime(100);
    clock = 3;
    expect(left(60)).toBeUndefined();
    clock = 4;
    expect(left(60)).toBeUndefined();
    clock = 13;
    // Ten steps in ten seconds, and thirty to go.
    expect(left(70)).toBe(30);
  });

  it('is not told where no total is known, or it was too small', () => {
    for (const total of [0, 5]) {
      const left = remainingTime(total);
      expect(left(1)).toBeUndefined();
      clock += 1;
      expect(left(6)).toBeUndefined();
    }
  });
});

describe('progress in a log', () => {
  it('has a line for each begin, each tenth and each end', () => {
    const { reporter, written } = reporterFor(false);
    reporter.note('one');
    const task = reporter.task('training', 20, 'steps');
    for (let step = 0; step <= 20; step += 1) {
      clock = step;
      task.update(step, step > 15 ? 'slow' : undefined);
    }
    task.finish('20 steps done');
    task.finish('again');
    const tenths = [1, 2, 3, 4, 5, 6, 7, 8, 9].map(
      (tenth) =>
        `  training ${10 * tenth}% (${2 * tenth}/20 steps), ${20 - 2 * tenth} s left${tenth > 7 ? '; slow' : ''}`,
    );
    expect(written().split('\n')).toEqual([
      'one',
      '  training ...',
      ...tenths,
      '  training: 20 steps done',
      '',
    ]);
  });

  it('of work that goes on begins where that was', () => {
    const { reporter, written } = reporterFor(false);
    const task = reporter.task('training', 100);
    task.update(60);
    clock = 10;
    task.update(70);
    task.finish();
    expect(written().split('\n')).toEqual([
      '  training ...',
      '  training 60% (60/100)',
      '  training 70% (70/100), 30 s left',
      '  training: done',
      '',
    ]);
  });
});

describe('progress on a terminal', () => {
  it('is a bar with the time that is left, and one line at the end', async () => {
    const { reporter, written } = reporterFor(true);
    reporter.note('one');
    const task = reporter.task('training', 100, 'steps');
    task.update(60);
    clock = 10;
    task.update(70, 'loss 2');
    while (!written().includes('loss 2')) await pause(10);
    expect(written()).toMatch(/^one\n/);
    expect(written()).toMatch(/ {2}training \[.+\] 70% 70\/100 steps 30 s left loss 2/);
    task.finish('100 steps done');
    task.finish('again');
    expect(written()).toMatch(/ {2}training: 100 steps done\n$/);
    // A note while a bar is there stands above it, whole.
    const second = reporter.task('reading', 0);
    reporter.note('two');
    while (!written().includes('two\n')) await pause(10);
    second.finish();
    expect(written()).toMatch(/ {2}reading\n$/);
  });

  it('of several keeps every line, also those said just before the last one ends', () => {
    const { reporter, written } = reporterFor(true);
    const [first, second] = [reporter.task('first', 2), reporter.task('second', 2)];
    first.finish('done');
    reporter.note('one more');
    second.finish();
    const lines = written().match(/ {2}first: done\n|one more\n| {2}second\n/g);
    expect(lines).toEqual(['  first: done\n', 'one more\n', '  second\n']);
  });
});
