// Names of presets.

import { unknownName } from '../../base/suggest';

/** The scales at which an item can be run; an item offers those that differ for it. */
export type PresetName = 'smoke' | 'quick' | 'evening' | 'paper' | 'released';

/** Presets from the smallest to the largest. */
export const presetOrder: readonly PresetName[] = ['smoke', 'quick', 'evening', 'paper', 'released'];

const changedSuffix = ', changed';

/** The name of a preset with some of its fields replaced. */
export function changed(preset: string): string {
  return preset + changedSuffix;
}

/** The preset without what says that fields of it were replaced. */
export function unchanged(preset: string): string {
  return preset.endsWith(changedSuffix) ? preset.slice(0, -changedSuffix.length) : preset;
}

/**
 * The preset of a notebook: the environment variable BIPE_PRESET, or `quick`.
 *
 * @throws UsageError if that is none
 */
export function defaultPreset(): PresetName {
  const wanted = process.env['BIPE_PRESET'] ?? 'quick';
  const preset = presetOrder.find((name) => name === wanted);
  if (preset === undefined) throw unknownName('preset (BIPE_PRESET)', wanted, presetOrder);
  return preset;
}
