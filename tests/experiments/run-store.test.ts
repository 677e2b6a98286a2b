import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RememberingStore, type RunConfiguration, runKey, RunStore } from '../../lib/experiments/run-store';
import { collectProvenance } from '../../lib/report/provenance';
import { temporaryFolder } from '../support/command';

const configuration: RunConfiguration = {
  item: 'fig0',
  revision: 1,
  libraryVersion: '0.0.1',
  settings: { lengths: [1, 2], name: 'a' },
  data: [{ name: 'text', version: '1', checksum: 'ab' }],
};

const provenance = collectProvenance({ item: 'fig0', preset: 'smoke', scale: 'none', startedAt: Date.now() });

function shuffled(value: unknown, order: (keys: string[]) => string[]): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffled(item, order));
  if (typeof value !== 'object' || value === null) return value;
  const fields = value as Record<string, unknown>;
  return Object.fromEntries(order(Object.keys(fields)).map((key) => [key, shuffled(fields[key], order)]));
}

describe('runKey', () => {
  it('does not depend on the order of fields', () => {
    fc.assert(
      fc.property(fc.object(), (settings) => {
        const one = { ...configuration, settings };
        const other = shuffled(one, (keys) => keys.reverse()) as RunConfiguration;
        expect(runKey(other)).toBe(runKey(one));
      }),
    );
  });

  it('depends on every part of the configuration', () => {
    const changed: Partial<RunConfiguration>[] = [
      { item: 'fig9' },
      { revision: 2 },
      { libraryVersion: '0.0.2' },
      { settings: { lengths: [2, 1], name: 'a' } },
      { data: [{ name: 'text', version: '1', checksum: 'ac' }] },
    ];
    const keys = [configuration, ...changed.map((change) => ({ ...configuration, ...change }))].map(runKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});

describe('RunStore', () => {
  it('does work once and then remembers its result and provenance', async () => {
    const store = new RunStore(temporaryFolder());
    let calls = 0;
    const work = () => {
      calls += 1;
      return Promise.resolve({ result: { answer: 42 }, provenance });
    };
    const first = await store.findOrRun(configuration, work);
    const second = await store.findOrRun(configuration, work);
    expect([first.reused, second.reused, calls]).toEqual([false, true, 1]);
    expect(second.result).toEqual({ answer: 42 });
    expect(second.provenance).toEqual(provenance);
    expect(await store.count('fig0')).toBe(1);
  });

  it('does not take runs for those of an item whose name begins alike', async () => {
    const store = new RunStore(temporaryFolder());
    const longer = { ...configuration, item: 'fig0-again' };
    await store.findOrRun(longer, () => Promise.resolve({ result: 1, provenance }));
    expect([await store.count('fig0'), await store.count('fig0-again')]).toEqual([0, 1]);
    expect(await store.latest('fig0', () => true)).toBeUndefined();
    expect((await store.latest('fig0-again', () => true))?.result).toBe(1);
  });

  it('keeps nothing of work that fails, and can be asked again', async () => {
    const store = new RunStore(temporaryFolder());
    await expect(store.findOrRun(configuration, () => Promise.reject(new Error('cut off')))).rejects.toThrow(
      'cut off',
    );
    expect(await store.find(configuration)).toBeUndefined();
    expect(await store.count('fig0')).toBe(0);
    const { result } = await store.findOrRun(configuration, () => Promise.resolve({ result: 1, provenance }));
    expect(result).toBe(1);
  });

  it('forgets a run on request', async () => {
    const store = new RunStore(temporaryFolder());
    await store.findOrRun(configuration, () => Promise.resolve({ result: 1, provenance }));
    await store.forget(configuration);
    expect(existsSync(store.folderOf(configuration))).toBe(false);
    expect(await store.count('fig0')).toBe(0);
  });

  it('says in one line which result is damaged', async () => {
    const store = new RunStore(temporaryFolder());
    await store.findOrRun(configuration, () => Promise.resolve({ result: 1, provenance }));
    const path = join(store.folderOf(configuration), 'result.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 10));
    await expect(store.find(configuration)).rejects.toThrow(/result\.json: damaged; delete the folder/);
  });

  it('writes the configuration beside the result, for people', async () => {
    const store = new RunStore(temporaryFolder());
    await store.findOrRun(configuration, () => Promise.resolve({ result: 1, provenance }));
    const folder = store.folderOf(configuration);
    expect(readdirSync(folder).sort()).toEqual(['config.json', 'result.json']);
    expect(JSON.parse(readFileSync(join(folder, 'config.json'), 'utf8'))).toEqual(configuration);
  });

  it('has no runs before the first', async () => {
    expect(await new RunStore(join(temporaryFolder(), 'none')).count('fig0')).toBe(0);
  });
});

describe('RememberingStore', () => {
  it('has the parts of all that it found or did, each once', async () => {
    const { folder } = new RunStore(temporaryFolder());
    const done = { ...provenance, durationSeconds: 3 };
    const other = { ...configuration, revision: 2 };
    await new RunStore(folder).findOrRun(configuration, () =>
      Promise.resolve({ result: 1, provenance: done }),
    );
    const store = new RememberingStore(folder);
    await store.findOrRun(other, () => Promise.resolve({ result: 2, provenance: done }));
    for (let times = 0; times < 2; times++) {
      const { result } = await store.findOrRun(configuration, () => Promise.reject(new Error('not again')));
      expect(result).toBe(1);
    }
    const [part] = store.parts;
    expect(store.parts).toHaveLength(1);
    expect([part?.origin?.commit, part?.seconds]).toEqual([provenance.commit, 6]);
    expect(part?.work.map(({ name, run }) => [name, run])).toEqual(
      [other, configuration].map((one) => ['smoke', `fig0-${runKey(one)}`]),
    );
  });

  it('lets a run that was found say what it lacks', async () => {
    const store = new RememberingStore(temporaryFolder());
    const work = () => Promise.resolve({ result: 1, provenance: { ...provenance, durationSeconds: 3 } });
    await new RunStore(store.folder).findOrRun(configuration, work);
    const parts = [{ origin: null, seconds: 3, work: [{ name: 'training', run: 'a', seconds: 3 }] }];
    await store.findOrRun(configuration, work, (earlier) =>
      Promise.resolve({ ...earlier.provenance, parts }),
    );
    expect(store.parts).toEqual(parts);
  });
});
