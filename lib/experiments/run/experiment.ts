// A paper item as one value: notebook, command line and sweeps all go through it.

import { type TidyRow } from '../../report/rows';
import { presetOrder } from '../settings/preset-names';
import { meaningsOf } from '../settings/fields';
import { type ExperimentSpec, type Experiment } from './definition';
import { execute, perform } from './execute';
import { latest } from './latest';
import { planOf } from './plan';

/** Closes a definition over its types. */
export function defineExperiment<Settings extends object, Input, Result, Row extends TidyRow = TidyRow>(
  spec: ExperimentSpec<Settings, Input, Result, Row>,
): Experiment<Settings, Result, Row> {
  const names = presetOrder.filter((name) => spec.presets[name] !== undefined);
  return {
    id: spec.id,
    title: spec.title,
    question: spec.question,
    ...(spec.answer && { answer: spec.answer }),
    claim: spec.claim,
    notebook: spec.notebook,
    presets: names.flatMap((name) => {
      const preset = spec.presets[name];
      return preset === undefined ? [] : [{ ...preset, name }];
    }),
    inPieces: spec.inPieces === true,
    meanings: meaningsOf(spec.fieldsOf ?? spec.schema),
    execute: (options) => execute(spec, names, options),
    perform: (settings, options) => perform(spec, settings, options),
    plan: (options) => planOf(spec, names, options),
    latest: (store, presets) => latest(spec, store, presets),
  };
}
