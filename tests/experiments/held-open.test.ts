import { expect, it, vi } from 'vitest';
import { z } from 'zod';
import { silentReporter } from '../../lib/base/progress';
import { defineExperiment } from '../../lib/experiments/run/experiment';
import { RunStore } from '../../lib/experiments/run/store';
import { temporaryFolder } from '../support/command';

it.each([
  ['computed', {}],
  ['refused, since nothing is there and nothing is to be computed', { computes: false }],
  ['not computed for an error', { settings: { fails: true } }],
])('what an item holds open is given back once, where it is %s', async (_, options) => {
  const close = vi.fn();
  let atWork = -1;
  const item = defineExperiment({
    id: 'made-up',
    title: 'Made up',
    question: 'Which files?',
    claim: 'None.',
    notebook: 'notebooks/none.ipynb',
    revision: 1,
    schema: z.strictObject({ fails: z.boolean() }),
    presets: { quick: { description: () => 'all', time: 'seconds', settings: { fails: false } } },
    prepare: () => Promise.resolve({ input: null, data: [], missing: [], close }),
    run: ({ fails }) => {
      atWork = close.mock.calls.length;
      return fails ? Promise.reject(new Error('it fails')) : Promise.resolve({});
    },
    scale: () => 'Made up.',
    draw: () => ({ figures: [], tables: [], findings: [] }),
  });
  const store = new RunStore(temporaryFolder());
  await item.execute({ ...options, reporter: silentReporter, store }).catch(() => undefined);
  expect(close).toHaveBeenCalledTimes(1);
  expect(atWork).toBeLessThan(1);
});
