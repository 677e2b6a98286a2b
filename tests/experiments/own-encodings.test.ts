// An encoding that a notebook has registered is one of an item's `encodings` by the name of its
// kind, as a built-in one is.

import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { experimentNamed } from '../../lib/experiments/registry';
import { type Encoding } from '../../lib/positional/encoding';
import { registerEncoding } from '../../lib/positional/registry';
import { prepare } from '../support/prepared';

const nothing = (name: string): Encoding => ({ name, levels: 1, parameters: () => [], apply: () => ({}) });

beforeAll(() => {
  registerEncoding({
    kind: 'own_plain' as const,
    schema: z.strictObject({ kind: z.literal('own_plain') }),
    create: () => nothing('own_plain'),
  });
  registerEncoding({
    kind: 'own_sized' as const,
    schema: z.strictObject({ kind: z.literal('own_sized'), size: z.number() }),
    create: () => nothing('own_sized'),
  });
});

describe.each(['fig3', 'fig4', 'thm3.2-trained', 'needle', 'table-normal', 'attention_by_segment'])(
  '%s',
  (name) => {
    const asked = (settings: object): Promise<void> =>
      prepare(experimentNamed(name), 'smoke', settings, 'without data');

    it('knows a registered encoding by its kind', async () => {
      await expect(asked({ encodings: ['rope', 'own_plain'] })).resolves.toBeUndefined();
    });

    it('names the setting that one needs, which variants give', async () => {
      await expect(asked({ encodings: ['own_sized'] })).rejects.toThrow(/^encoding own_sized: size: /);
      const variants = { 'own, 3': { kind: 'own_sized', size: 3 } };
      await expect(asked({ encodings: ['own, 3'], variants })).resolves.toBeUndefined();
    });

    it('lists it among those that there are', async () => {
      await expect(asked({ encodings: ['own_plian'] })).rejects.toThrow(/did you mean own_plain\?/);
    });
  },
);
