// What presets are called.

/** The scales at which an item can be run; an item offers those that differ for it. */
export type PresetName = 'smoke' | 'quick' | 'evening' | 'paper' | 'released';

/** Presets from the smallest to the largest. */
export const presetOrder: readonly PresetName[] = ['smoke', 'quick', 'evening', 'paper', 'released'];

const changedSuffix = ', changed';

/** What a preset is called of which fields were replaced. */
export function changed(preset: string): string {
  return preset + changedSuffix;
}

/** The preset without what says that fields of it were replaced. */
export function unchanged(preset: string): string {
  return preset.endsWith(changedSuffix) ? preset.slice(0, -changedSuffix.length) : preset;
}
