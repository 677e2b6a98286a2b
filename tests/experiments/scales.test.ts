// What each item says of the scale at which it was measured, for every preset.

import { expect, it, vi } from 'vitest';
import { fig1Presets } from '../../lib/experiments/items/fig1/item';
import { experiments } from '../../lib/experiments/registry';
import { expectText } from '../support/page';

// The definitions of the items, of which the registry shows a part.
vi.mock('../../lib/experiments/run/experiment', async (original) => ({
  ...(await original<object>()),
  defineExperiment: (spec: object) => spec,
}));

interface Spec {
  readonly id: string;
  readonly presets: Readonly<Record<string, { readonly settings: object }>>;
  readonly scale: (settings: object, missing: readonly string[], input: unknown) => string;
}

/** What of the input of any item its sentence names. */
function inputLike(settings: object): object {
  const checkpoint = (model: string) => ({ checkpoint: { model } });
  const corpus = (name: string) => ({ info: { sources: [{ name }] } });
  return {
    kind: 'checkpoints' in settings ? 'released' : 'trained',
    settings,
    models: { settings },
    released: {
      models: ['first', 'second'].map(checkpoint),
      corpora: ['books', 'papers'].map(corpus),
    },
    starts: { models: 'the models of Figure 4' },
    tasks: [{ kind: 'quick', task: 'find' }, { task: 'qasper' }].map((data) => ({ settings: { data } })),
  };
}

it('the scale of each item and preset is what is kept of it', async () => {
  const missing = ['papers: not to be had'];
  const texts = (experiments as unknown as readonly Spec[]).map(({ id, presets, scale }) =>
    [
      `${id}:`,
      ...Object.entries(presets).map(
        ([name, { settings }]) => `  ${name}: ${scale(settings, missing, inputLike(settings))}`,
      ),
    ].join('\n'),
  );
  await expectText('scales', `${texts.join('\n\n')}\n`);
});

it('a preset names each of its sources', () => {
  const { description, settings } = fig1Presets.smoke;
  expect(description({ ...settings, sources: ['moby-dick', 'sotu'] })).toMatch(/ of moby-dick, sotu$/);
});
