// The run of an item that ended last, and the preset that its settings are of.

import { canonicalJson } from '../../base/json';
import { libraryVersion } from '../../base/version';
import { labelled } from '../../report/provenance';
import { changed, type PresetName, presetOrder } from '../settings/preset-names';
import { RunStore } from './store';
import { type ExperimentSpec, type LatestRun } from './definition';

/** The run that ended last; of one of these presets if some are given. */
export async function latest<Settings extends object, Input, Result>(
  spec: ExperimentSpec<Settings, Input, Result>,
  store = new RunStore(),
  presets?: readonly PresetName[],
): Promise<LatestRun | undefined> {
  const stored = await store.latest<Result>(
    spec.id,
    (configuration) =>
      configuration.revision === spec.revision &&
      configuration.libraryVersion === libraryVersion &&
      (presets === undefined || presets.some((name) => hasSettings(spec, name, configuration.settings))),
  );
  if (stored === undefined) return undefined;
  const settings = spec.schema.safeParse(stored.configuration.settings);
  if (!settings.success) return undefined;
  const preset = nearestPreset(spec, settings.data);
  const name = hasSettings(spec, preset, settings.data) ? preset : changed(preset);
  const scale = (spec.presets[preset] ?? spec.presets.quick).description(settings.data);
  return {
    preset: name,
    ...spec.draw(stored.result, settings.data),
    provenance: labelled(stored.provenance, { preset: name, scale }),
  };
}

type AnySpec<Settings extends object> = Pick<ExperimentSpec<Settings, never, never>, 'presets' | 'schema'>;

/** The settings of a preset, as a run's configuration has them. */
function settingsOf<Settings extends object>(
  { presets, schema }: AnySpec<Settings>,
  name: PresetName,
): object {
  const preset = presets[name];
  return preset === undefined ? {} : { ...schema.parse(preset.settings) };
}

function hasSettings<Settings extends object>(
  spec: AnySpec<Settings>,
  name: PresetName,
  settings: unknown,
): boolean {
  return (
    spec.presets[name] !== undefined && canonicalJson(settingsOf(spec, name)) === canonicalJson(settings)
  );
}

/** The preset that has most of these settings: by which one a run was asked for it does not say. */
function nearestPreset<Settings extends object>(spec: AnySpec<Settings>, settings: Settings): PresetName {
  const fields = new Map(Object.entries(settings).map(([name, value]) => [name, canonicalJson(value)]));
  const alike = (name: PresetName): number =>
    Object.entries(settingsOf(spec, name)).filter(
      ([field, value]) => fields.get(field) === canonicalJson(value),
    ).length;
  return presetOrder.reduce((best, name) => (alike(name) > alike(best) ? name : best), 'quick');
}
