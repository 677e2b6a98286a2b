// What a preset says of itself, held against its settings: `bipe list`, the start page and the
// README show it.

import { describe, expect, it } from 'vitest';
import { experiments } from '../../lib/experiments/registry';
import { readNumbers } from '../support/numbers';

const presets = experiments.flatMap(({ id, presets }) =>
  presets.map((preset) => ({ preset, of: `${id}, preset ${preset.name}` })),
);

/** The same settings with other numbers in them, and with longer lists. */
function withOtherNumbers(value: unknown): unknown {
  if (typeof value === 'number') return 7 * value + 1013;
  if (Array.isArray(value)) return Array.from({ length: 97 }, () => value.map(withOtherNumbers)).flat();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inside]) => [key, withOtherNumbers(inside)]));
}

describe.each(presets)('$of', ({ of, preset }) => {
  const { settings, time } = preset;
  const described = (by: unknown): string => preset.description(by as object);

  it('describes itself by numbers that follow its settings', () => {
    const numbersFor = (by: unknown): readonly string[] => readNumbers(described(by)).map(({ text }) => text);
    const others = new Set(numbersFor(withOtherNumbers(settings)));
    expect(
      numbersFor(settings).filter((number) => others.has(number)),
      `${of}: "${described(settings)}" has numbers that stay the same with other settings: make them of the settings`,
    ).toEqual([]);
  });

  it('leaves the time it takes to the field of that name', () => {
    expect(time).not.toBe('');
    expect(described(settings)).not.toMatch(/\b(seconds|minutes?|hours?)\b/);
  });
});
