import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { silentReporter } from '../../lib/base/progress';
import { defineExperiment } from '../../lib/experiments/run/experiment';
import { RunStore } from '../../lib/experiments/run/store';
import { temporaryFolder } from '../support/command';

const variants = { sinusoidal: { kind: 'sinusoidal', scale: 0.02 } };

const item = defineExperiment({
  id: 'made-up',
  title: 'Made up',
  question: 'Which settings?',
  claim: 'None.',
  notebook: 'notebooks/none.ipynb',
  revision: 1,
  schema: z.strictObject({
    variants: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
    start: z.record(z.string(), z.unknown()),
  }),
  presets: {
    smoke: {
      description: () => 'without variants',
      time: 'seconds',
      settings: { start: { kind: 'a', size: 1 } },
    },
    quick: {
      description: () => 'all',
      time: 'seconds',
      settings: { variants, start: { kind: 'a', size: 1 } },
    },
  },
  prepare: () => Promise.resolve({ input: null, data: [], missing: [] }),
  run: () => Promise.resolve({}),
  scale: () => 'Made up.',
  draw: () => ({ figures: [], tables: [], findings: [] }),
});

describe("variants given beside a preset's", () => {
  const settingsWith = async (settings: Readonly<Record<string, unknown>>, preset = 'quick') => {
    const store = new RunStore(temporaryFolder());
    return (await item.execute({ preset, settings, reporter: silentReporter, store })).settings;
  };

  it('join them, so that an encoding of the preset stays what it was', async () => {
    const mine = { kind: 'rope', base: 500 };
    expect(await settingsWith({ variants: { mine } })).toMatchObject({ variants: { ...variants, mine } });
  });

  it('go before those of the same name', async () => {
    const sinusoidal = { kind: 'sinusoidal' };
    expect(await settingsWith({ variants: { sinusoidal } })).toMatchObject({ variants: { sinusoidal } });
    expect(await settingsWith({ variants: { sinusoidal } })).not.toMatchObject({ variants });
  });

  it('are the only ones where the preset has none; other fields are replaced whole', async () => {
    const settings = { variants: { mine: { kind: 'none' } }, start: { kind: 'b' } };
    expect(await settingsWith(settings, 'smoke')).toEqual(settings);
  });

  it.each(['mine', 7, null, ['mine'], [{ kind: 'none' }]])(
    'are refused if they are no encodings by name: %j',
    async (wrong) => {
      await expect(settingsWith({ variants: wrong })).rejects.toThrow(/variants: /);
    },
  );
});
