// What a model is called decides nothing: the store keeps results without names, and a report has
// those that were asked for.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { type Fig1Result } from '../../lib/experiments/items/fig1/draw';
import { experimentNamed } from '../../lib/experiments/registry';
import { RunStore } from '../../lib/experiments/run/store';
import { tableScrollsPresets } from '../../lib/experiments/items/scrolls/item';
import { thm32TrainedPresets } from '../../lib/experiments/items/thm3-2-trained/item';
import { temporaryFolder } from '../support/command';

const encoding = { kind: 'rope', base: 777 } as const;

/** Models by these names, which all have the same encoding. */
type Named = (names: readonly string[]) => Readonly<Record<string, unknown>>;

const asVariants: Named = (names) => ({
  encodings: names,
  variants: Object.fromEntries(names.map((name) => [name, encoding])),
});

const { start } = tableScrollsPresets.smoke.settings;
const { automaton } = thm32TrainedPresets.smoke.settings;

/** Every item that compares models by names of the reader's. */
const items: readonly (readonly [item: string, named: Named])[] = [
  ['fig3', (names) => ({ ...asVariants(names), steps: 5, warmupSteps: 1 })],
  [
    'thm3.2-trained',
    (names) => ({
      ...asVariants(names),
      ...{ steps: 5, warmupSteps: 1, words: 10, automaton: { ...automaton, candidates: 5 } },
    }),
  ],
  ['fig4', asVariants],
  ['fig5', asVariants],
  ['table-normal', asVariants],
  ['attention_by_segment', asVariants],
  [
    'table-scrolls',
    (names) => {
      const { encodings, variants } = asVariants(names);
      return { encodings, start: { ...start, variants } };
    },
  ],
];

/**
 * Every file of a store's runs, but those of this item itself, whose configuration has the names.
 */
function partsOf(store: RunStore, item: string): string[] {
  const folders = readdirSync(store.folder).filter(
    (name) => !/-[0-9a-f]{16}$/.test(name.slice(item.length)) || !name.startsWith(item),
  );
  return folders.flatMap((folder) =>
    readdirSync(join(store.folder, folder), { recursive: true })
      .map((name) => join(store.folder, folder, String(name)))
      .filter((path) => path.endsWith('.json') || path.endsWith('.jsonl')),
  );
}

describe.each(items)('%s', (item, named) => {
  it(
    'gives a model another name and the same numbers where it is asked for by another name',
    { timeout: 300_000 },
    async () => {
      const store = new RunStore(temporaryFolder());
      const report = (...names: string[]) =>
        experimentNamed(item).execute({
          preset: 'smoke',
          settings: named(names),
          reporter: silentReporter,
          store,
        });
      const first = await report('zuerst');
      // It says what computed it.
      expect(first.provenance.engine).toMatch(/TensorFlow/);
      const runs = readdirSync(store.folder);
      const second = await report('danach');
      expect(JSON.stringify(second.numbers)).toBe(
        JSON.stringify(first.numbers).replaceAll('zuerst', 'danach'),
      );
      expect(JSON.stringify(second)).toContain('danach');
      expect(JSON.stringify(second)).not.toContain('zuerst');
      // Nothing was computed a second time.
      expect(readdirSync(store.folder)).toHaveLength(runs.length + 1);
      // Two names for one model: two rows of the same numbers.
      const both = JSON.stringify((await report('zuerst', 'danach')).numbers);
      const count = (text: string, part: string): number => text.split(part).length - 1;
      const one = JSON.stringify(first.numbers);
      for (const name of ['"zuerst"', '"danach"']) expect(count(both, name)).toBe(count(one, '"zuerst"'));
      const parts = partsOf(store, item);
      expect(parts.length).toBeGreaterThan(2);
      for (const path of parts) expect(readFileSync(path, 'utf8')).not.toMatch(/"(zuerst|danach)[",]/);
    },
  );
});

describe('a report', () => {
  it('is called by the preset that was asked for, whichever computed it', async () => {
    const store = new RunStore(temporaryFolder());
    const execute = (preset: string, settings = {}) =>
      experimentNamed('fig2').execute({ preset, settings, reporter: silentReporter, store });
    const first = await execute('smoke');
    const second = await execute('quick', { text: 'Up. Down.' });
    expect([first.preset, second.preset, second.provenance.preset]).toEqual([
      'smoke',
      'quick, changed',
      'quick, changed',
    ]);
    expect(second).toMatchObject({ reused: true, numbers: first.numbers });
    expect(first.provenance.engine).toBeNull();
    expect((await experimentNamed('fig2').latest(store))?.preset).toBe('smoke');
  });

  it.each([{ revision: 0 }, { libraryVersion: '0.0.0' }])(
    'is not the latest of its item where it is of other code: %o',
    async (change) => {
      const [store, earlier] = [new RunStore(temporaryFolder()), new RunStore(temporaryFolder())];
      const item = experimentNamed('fig2');
      await item.execute({ preset: 'smoke', reporter: silentReporter, store });
      const { configuration, ...finished } = present(await store.latest('fig2', () => true), 'run');
      await earlier.findOrRun({ ...configuration, ...change }, () => Promise.resolve(finished));
      for (const presets of [undefined, ['smoke']] as const) {
        expect((await item.latest(store, presets))?.preset).toBe('smoke');
        expect(await item.latest(earlier, presets)).toBeUndefined();
      }
      expect(await item.latest(store, ['evening'])).toBeUndefined();
    },
  );

  it('has its numbers under the kind of text that a source is now', async () => {
    const { version } = JSON.parse(
      readFileSync(projectPath('node_modules', 'zod', 'package.json'), 'utf8'),
    ) as {
      version: string;
    };
    const folder = temporaryFolder();
    vi.stubEnv('BIPE_DATASETS', folder);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const store = new RunStore(temporaryFolder());
    const kinds: unknown[] = [];
    for (const modality of ['books', 'papers']) {
      const files = { package: 'zod', version, extensions: ['.ts'], paths: ['src/v4/core/schemas.ts'] };
      const source = {
        ...{ name: 'mine', modality, title: 'Made up', document: 'a file', licence: 'MIT' },
        ...{ version: 'as pinned', checksum: null, bytes: 1 },
        reader: { kind: 'package-files', packages: [files] },
      };
      writeFileSync(join(folder, 'registry.json'), JSON.stringify({ sources: [source] }));
      const { numbers } = await experimentNamed('fig1').execute({
        preset: 'smoke',
        settings: { sources: ['mine'], sequenceLengths: [512], maxTokens: 5000 },
        reporter: silentReporter,
        store,
      });
      kinds.push(...(numbers as Fig1Result).modalities.map((one) => one.modality));
    }
    expect(kinds).toEqual(['books', 'papers']);
    expect((await experimentNamed('fig1').latest(store))?.preset).toMatch(/, changed$/);
  });
});
