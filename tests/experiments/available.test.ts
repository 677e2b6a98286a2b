import { describe, expect, it } from 'vitest';
import {
  AbsentError,
  CheckpointError,
  DataError,
  MachineError,
  NetworkError,
  UsageError,
} from '../../lib/base/errors';
import { silentReporter } from '../../lib/base/progress';
import { absentNames, available, notMeasured } from '../../lib/experiments/run/available';
import { fig1 } from '../../lib/experiments/items/fig1/item';
import { prepareLanguageModels } from '../../lib/experiments/language-models/comparison';
import { fig4Presets } from '../../lib/experiments/items/fig4/item';

/** Gets each name but those whose getting fails so. */
const getter =
  (failures: Readonly<Record<string, Error>>) =>
  (name: string): Promise<string> =>
    name in failures ? Promise.reject(failures[name] ?? new Error()) : Promise.resolve(name.toUpperCase());

describe('what a comparison measures', () => {
  it('is what can be had, in the order asked for; a line says of each of the others why not', async () => {
    const { had, absent } = await available(
      ['a', 'b', 'c', 'd'],
      getter({ b: new NetworkError('no route; check the network'), c: new AbsentError('not installed') }),
    );
    expect(had).toEqual(['A', 'D']);
    expect(absentNames(absent)).toEqual(['b: no route; check the network', 'c: not installed']);
  });

  it.each([
    new TypeError('x is undefined'),
    Object.assign(new Error('write'), { code: 'ENOSPC' }),
    new DataError('does not match its checksum; delete it'),
    new CheckpointError('has the encoding alibi, not rope'),
    new MachineError('the disk is full'),
    new UsageError('no source b; did you mean a?'),
  ])('is nothing after a failure that is none of having: %s', async (failure) => {
    const asked: string[] = [];
    const get = getter({ b: failure });
    const work = available(['a', 'b', 'c'], (name) => {
      asked.push(name);
      return get(name);
    });
    await expect(work).rejects.toBe(failure);
    expect(asked).toEqual(['a', 'b']);
  });

  it('is said in a sentence where something is missing, and only there', () => {
    expect(notMeasured([])).toBe('');
    expect(notMeasured(['a: gone', 'b: gone'])).toBe(' Not measured on this machine: a: gone; b: gone.');
  });

  it('is never less because a name is wrong', async () => {
    const settings = { sources: ['moby-dick', 'soto'] };
    await expect(fig1.execute({ preset: 'smoke', settings, reporter: silentReporter })).rejects.toThrow(
      'did you mean sotu?',
    );
    await expect(
      prepareLanguageModels({ ...fig4Presets.smoke.settings, sources: ['soto'] }, ['rope'], silentReporter),
    ).rejects.toThrow('did you mean sotu?');
  });
});
