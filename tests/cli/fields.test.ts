import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellWord } from '../../lib/base/command';
import { createProgram } from '../../lib/cli/main';
import { settingsFor } from '../../lib/cli/shared/items';
import { experiments } from '../../lib/experiments/registry';
import { changedFields } from '../../lib/experiments/settings/changes';

describe('the fields of settings', () => {
  it('have a meaning each', () => {
    const without = experiments.flatMap(({ id, presets, meanings }) =>
      presets
        .flatMap(({ settings }) => Object.keys(settings))
        .filter((field) => meanings[field] === undefined)
        .map((field) => `${id} ${field}`),
    );
    expect(without).toEqual([]);
  });

  it('mean what they mean in the presets that train, where a released model has one of the name', () => {
    const fig4 = experiments.find(({ id }) => id === 'fig4');
    expect(fig4?.meanings).toMatchObject({
      tokenizer: 'llama2, llama2-<pieces>, bytes or characters',
      checkpoints: 'models of the hub by the names of their encodings',
    });
    expect(Object.keys(fig4?.meanings ?? {})[0]).toBe('encodings');
  });

  it('stand in the help of an item, with meaning and value', () => {
    const [fig3] = experiments.filter(({ id }) => id === 'fig3');
    if (fig3 === undefined) throw new Error('no fig3');
    const [command] = createProgram([fig3]).commands.filter((one) => one.name() === 'reproduce');
    let text = '';
    command?.configureOutput({ writeOut: (part) => void (text += part) }).outputHelp();
    const quick = fig3.presets.find(({ name }) => name === 'quick');
    for (const field of Object.keys(quick?.settings ?? {}))
      expect(text).toMatch(new RegExp(`^  ${field} +${fig3.meanings[field]?.slice(0, 20) ?? ''}`, 'm'));
    expect(text).toMatch(/^ {2}encodings +names of encodings.* \(\["bipe_alibi",.*\)$/m);
  });
});

describe('the fields that make other settings of a preset', () => {
  const readAs = (words: readonly string[], preset: string, item: string): object => {
    const [experiment] = experiments.filter(({ id }) => id === item);
    if (experiment === undefined) throw new Error(`no ${item}`);
    return settingsFor(experiment, { preset, set: words });
  };

  it('are none for the preset itself, and make any preset of another one', () => {
    for (const { id, presets } of experiments)
      for (const one of presets)
        for (const other of presets) {
          if (Object.keys(one.settings).join() !== Object.keys(other.settings).join()) continue;
          const changes = readAs(changedFields(other.settings, one.settings), one.name, id);
          if (one === other) expect(changes).toEqual({});
          // Variants are added to those of the preset.
          const variants = Object.entries({ ...one.settings, ...other.settings }).filter(
            ([name]) => name === 'variants',
          );
          expect({ ...one.settings, ...changes, ...Object.fromEntries(variants) }).toEqual(other.settings);
        }
  });

  it('are read as they were, behind a shell', () => {
    const word = fc.oneof(fc.string(), fc.constantFrom('1', 'null', '[', "it's", 'a,b', '"a"', ''));
    const number = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0);
    const scalar = fc.oneof(word, number, fc.constant(null), fc.boolean());
    const noNul = (value: unknown): boolean => !JSON.stringify(value).includes(String.raw`\u0000`);
    const settings = fc.record({ steps: scalar, seeds: fc.array(scalar) }).filter(noNul);
    const quick = { steps: 7, seeds: [77] };
    fc.assert(
      fc.property(fc.array(settings, { minLength: 20, maxLength: 40 }), (list) => {
        const words = list.map((one) => changedFields(one, quick));
        const lines = words.map((fields) => `printf '%s\\0' ${fields.map(shellWord).join(' ')}`);
        const seen = execFileSync('sh', ['-c', lines.join('\n')], { encoding: 'utf8' });
        expect(seen).toBe(
          words
            .flat()
            .map((field) => `${field}\0`)
            .join(''),
        );
        for (const [index, one] of list.entries())
          expect({ ...quick, ...readAs(words[index] ?? [], 'quick', 'fig3') }).toEqual(one);
      }),
      { numRuns: 10 },
    );
  });
});
