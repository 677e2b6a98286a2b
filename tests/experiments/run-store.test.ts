import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  type FinishedRun,
  RememberingStore,
  type RunConfiguration,
  runKey,
  RunStore,
} from '../../lib/experiments/run/store';
import { displayPath } from '../../lib/base/paths';
import { type Reporter, silentReporter } from '../../lib/base/progress';
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

  it('gives of an item the wanted run that ended last, whatever the order of their folders', async () => {
    const store = new RunStore(temporaryFolder());
    const revisions = [1, 2, 3, 4, 5];
    for (const revision of revisions) {
      const one = { ...configuration, revision };
      await store.findOrRun(one, () => Promise.resolve({ result: revision, provenance }));
    }
    const ended = [20, 50, 40, 10, 30];
    revisions.forEach((revision, index) => {
      const path = join(store.folderOf({ ...configuration, revision }), 'result.json');
      utimesSync(path, 1_700_000_000, 1_700_000_000 + (ended[index] ?? 0));
    });
    const latest = async (isWanted: (revision: number) => boolean): Promise<unknown> => {
      const found = await store.latest('fig0', (one) => isWanted(one.revision));
      expect(found?.configuration.revision).toBe(found?.result);
      return found?.result;
    };
    expect(await latest(() => true)).toBe(2);
    expect(await latest((revision) => revision !== 2)).toBe(3);
    expect(await latest((revision) => revision % 2 === 1 && revision !== 3)).toBe(5);
    expect(await latest((revision) => revision > 5)).toBeUndefined();
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

  /** A store with one run, what it notes when that is asked for again, and what it gives. */
  async function storeWith(result: unknown) {
    const store = new RunStore(temporaryFolder());
    const work = () => Promise.resolve({ result, provenance });
    await store.findOrRun(configuration, work);
    const path = join(store.folderOf(configuration), 'result.json');
    const notes: string[] = [];
    const reporter: Reporter = { ...silentReporter, note: (line) => notes.push(line) };
    return { store, path, notes, again: () => store.findOrRun(configuration, work, { reporter }) };
  }

  it.each([
    ['null', () => 'null', 'it has no checksum'],
    ['empty', () => '', 'it has no checksum'],
    ['cut short', (text: string) => text.slice(0, -9), 'it does not match its checksum'],
    [
      'a number that was changed',
      (text: string) => text.replace(/("intra": ?)31/, '$12147483648'),
      'it does not match its checksum',
    ],
    [
      'another commit',
      (text: string) => text.replace(/"commit":[^,]*/, '"commit":"f"'),
      'it does not match its checksum',
    ],
  ])('names a result that is %s, and computes it anew', async (_, damage, why) => {
    const { store, path, notes, again } = await storeWith({ intra: 31 });
    writeFileSync(path, damage(readFileSync(path, 'utf8')));
    expect(await store.latest('fig0', () => true)).toBeUndefined();
    expect(await again()).toMatchObject({ result: { intra: 31 }, reused: false });
    expect(notes).toEqual([`${displayPath(path)}: damaged (${why}); computed anew`]);
    expect(await again()).toMatchObject({ result: { intra: 31 }, reused: true });
    expect(notes).toHaveLength(1);
  });

  it('notices each change of a byte', async () => {
    const { store, path } = await storeWith({ intra: 31, names: ['a', 'b'] });
    const bytes = readFileSync(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), async (place, change) => {
        const damaged = Buffer.from(bytes);
        damaged[place] = (damaged[place] ?? 0) ^ change;
        writeFileSync(path, damaged);
        await expect(store.find(configuration)).rejects.toThrow(/damaged/);
      }),
    );
    writeFileSync(path, bytes);
    expect((await store.find(configuration))?.result).toEqual({ intra: 31, names: ['a', 'b'] });
  });

  it('does not take the result of another run, or a provenance that is none', async () => {
    const { store, path, notes, again } = await storeWith(1);
    const other = { ...configuration, revision: 2 };
    await store.findOrRun(other, () => Promise.resolve({ result: 2, provenance }));
    cpSync(join(store.folderOf(other), 'result.json'), path);
    expect((await again()).result).toBe(1);
    await store.forget(configuration);
    const none = { result: 1, provenance: { ...provenance, machine: null as never } };
    await store.findOrRun(configuration, () => Promise.resolve(none));
    expect(await again()).toMatchObject({ reused: false, provenance: { machine: provenance.machine } });
    expect(notes).toEqual([
      expect.stringContaining('it does not match its checksum'),
      expect.stringContaining('it: provenance.machine: Invalid input: expected object, received null'),
    ]);
  });

  it('keeps every number as it is', async () => {
    const numbers = [NaN, Infinity, -Infinity, -0, 5e-324];
    const { again } = await storeWith({ numbers });
    expect((await again()).result).toEqual({ numbers });
  });

  it('forgets a run as a whole, and what was left of one that was being forgotten', async () => {
    const { store, again } = await storeWith(1);
    const folder = store.folderOf(configuration);
    mkdirSync(`${folder}.99-1.partial`);
    await store.forget(configuration);
    expect(readdirSync(store.folder)).toEqual([]);
    expect((await again()).reused).toBe(false);
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
    const request = { label: 'smoke' };
    let clock = Date.now();
    const now = vi.spyOn(Date, 'now').mockImplementation(() => clock);
    onTestFinished(() => {
      now.mockRestore();
    });
    const work = () => {
      clock += 4000;
      return Promise.resolve({ result: 2, provenance: done });
    };
    await store.findOrRun(other, work, request);
    for (let times = 0; times < 2; times++) {
      const again = () => Promise.reject<FinishedRun<number>>(new Error('not again'));
      const { result } = await store.findOrRun(configuration, again, request);
      expect(result).toBe(1);
    }
    // Not the seconds that a run took when it was done, but those that doing and finding took here.
    expect(store.seconds).toBe(4);
    const [part] = store.parts;
    expect(store.parts).toHaveLength(1);
    expect([part?.origin?.commit, part?.seconds]).toEqual([provenance.commit, 6]);
    expect(part?.work.map(({ name, run }) => [name, run])).toEqual(
      [other, configuration].map((one) => ['smoke', `fig0-${runKey(one)}`]),
    );
  });
});
