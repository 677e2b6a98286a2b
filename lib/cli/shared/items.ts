// Commands over paper items: which are asked for, and what becomes of those that fail.

import { bipe } from '../../base/command';
import { UsageError, WorkbenchError } from '../../base/errors';
import { shorten } from '../../base/format';
import { jsonOrUndefined } from '../../base/json';
import { ownEntry } from '../../base/own';
import { checkKeys } from '../../base/strict-json';
import { type Experiment } from '../../experiments/run/definition';
import { printFailure, printJson } from './output';

/** The outcome of a command for one item. */
export interface ItemOutcome {
  /** For `--json`. */
  readonly summary: unknown;
  /** The item was done, and its result is a failure. */
  readonly failure: WorkbenchError | undefined;
}

/**
 * Does something with each of the items that are named (`all`: each there is), one after the other
 * or all together. One item that cannot
 * be done does not keep the others from being done: of one alone its error is thrown, of several
 * each is printed and the exit code is set.
 *
 * @throws UsageError if there is no such item
 */
export async function forEachItem(
  names: readonly string[],
  { json, together = false }: { readonly json: boolean | undefined; readonly together?: boolean },
  work: (experiment: Experiment) => Promise<ItemOutcome>,
): Promise<void> {
  const { experiments, experimentNamed } = await import('../../experiments/registry.js');
  const chosen = names.includes('all') ? [...experiments] : [...new Set(names)].map(experimentNamed);
  const summaries = new Map<Experiment, unknown>();
  const failures: WorkbenchError[] = [];
  const attempt = async (experiment: Experiment): Promise<void> => {
    try {
      const { summary, failure } = await work(experiment);
      summaries.set(experiment, summary);
      if (failure === undefined) return;
      failures.push(failure);
      if (chosen.length > 1) printFailure(failure.message);
    } catch (error) {
      if (!(error instanceof WorkbenchError)) throw error;
      failures.push(error);
      summaries.set(experiment, { item: experiment.id, error: error.message });
      if (chosen.length > 1) printFailure(naming(experiment, error.message));
    }
  };
  if (together) await Promise.all(chosen.map(attempt));
  else for (const experiment of chosen) await attempt(experiment);
  if (json === true) printJson(chosen.map((experiment) => summaries.get(experiment)));
  const [first] = failures;
  if (first === undefined) return;
  if (chosen.length === 1) throw first;
  process.exitCode = Math.max(...failures.map((failure) => failure.exitCode));
}

/**
 * The end of `reproduce fig4 --help`: the fields of items, with their meanings and their values;
 * without an item, how to see them.
 */
export function describeFields(items: readonly Experiment[]): string {
  return items.length === 0
    ? `\n${bipe('reproduce fig4 --help')} lists the fields of Figure 4 that --set replaces.`
    : items.map(fieldsOf).join('\n');
}

function fieldsOf({ id, presets, meanings }: Experiment): string {
  const quick = presets.find(({ name }) => name === 'quick');
  const values = new Map<string, unknown>(Object.entries(quick?.settings ?? {}));
  const fields = Object.entries(meanings).filter(([field]) => values.has(field));
  const width = Math.max(...fields.map(([field]) => field.length));
  const lines = fields.map(([field, meaning]) => {
    const value = values.get(field);
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    return `  ${field.padEnd(width)}  ${meaning} (${shorten(text, 60)})`;
  });
  return [`\nFields of ${id}, with their values in the preset quick:`, ...lines].join('\n');
}

/** A message that says of which item it is, once. */
function naming({ id }: Experiment, message: string): string {
  return message.startsWith(`${id}: `) ? message : `${id}: ${message}`;
}

/** The preset and the `--set` fields of a command. */
interface Chosen {
  readonly preset: string;
  readonly set: readonly string[];
}

/**
 * The fields of a preset that `--set` replaces.
 *
 * @throws UsageError if one is not `field=value`
 */
export function settingsFor({ presets }: Experiment, { preset, set }: Chosen): Record<string, unknown> {
  const inPreset: Readonly<Record<string, unknown>> = {
    ...presets.find(({ name }) => name === preset)?.settings,
  };
  return Object.fromEntries(
    set.map(splitSetting).map(([field, value]) => [field, parseValue(value, ownEntry(inPreset, field))]),
  );
}

/** A `field=value`. */
function splitSetting(text: string): readonly [field: string, value: string] {
  const equals = text.indexOf('=');
  if (equals < 1) throw new UsageError(`--set: '${text}' is not field=value, e.g. maxTokens=100000`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/**
 * A value as JSON where it is JSON, else as text; where the preset has a list, several with commas
 * between them.
 */
function parseValue(text: string, inPreset: unknown): unknown {
  const json = jsonOrUndefined(text);
  if (json !== undefined) checkKeys(text, '--set');
  const value = json === undefined ? text : json;
  if (!Array.isArray(inPreset) || Array.isArray(value)) return value;
  return text === '' ? [] : text.split(',').map((part) => parseValue(part, undefined));
}
