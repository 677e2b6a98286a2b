// Provenance in one line, for the foot of a figure.

import { allOrigins, type Origin, type Provenance, type ProvenancePart, secondsOf } from './provenance';
import { type Machine } from './machine';

/**
 * One line for the foot of a figure: what a reader needs to trust it, short enough to print. Of
 * parts of several origins it names each commit, engine and machine once; which part has which is
 * in the JSON.
 */
export function provenanceLine(provenance: Provenance): string {
  const { data, seeds } = provenance;
  const computing = computingOrigins(provenance);
  const parts = [
    `${provenance.item}, preset ${provenance.preset}`,
    ...(seeds.length === 0 ? [] : [`${seeds.length === 1 ? 'seed' : 'seeds'} ${seeds.join(', ')}`]),
    ...(provenance.steps === null ? [] : [`${provenance.steps.toLocaleString('en')} steps`]),
    ...(data.length === 0
      ? []
      : [`data ${shortList(data.map((source) => `${source.name} ${source.version}`.trim()))}`]),
    ...codeWords(provenance),
    ...engineWords(computing),
    ...distinct(computing.map(({ machine }) => machineWords(machine))),
  ];
  return parts.join(' · ');
}

/**
 * The origins that computed: that of a whole that only put its parts together, in less than a
 * hundredth of the time, is not among them.
 */
function computingOrigins(provenance: Provenance): Origin[] {
  const { parts = [], durationSeconds } = provenance;
  const origins = allOrigins(provenance);
  const own = durationSeconds - secondsOf(parts);
  return origins.length > 1 && own < durationSeconds / 100 ? origins.slice(0, -1) : origins;
}

/**
 * Commits, or versions where there are none, each once; and of how many parts they are not known.
 */
function codeWords(provenance: Provenance): string[] {
  const origins = allOrigins(provenance);
  const commits = distinct(
    origins.flatMap(({ commit, dirty }) =>
      commit === null ? [] : [`${commit.slice(0, 10)}${dirty ? ' with changes' : ''}`],
    ),
  );
  const versions = distinct(
    origins.flatMap(({ commit, libraryVersion: version }) => (commit === null ? [version] : [])),
  );
  const { parts = [] } = provenance;
  const count = (some: readonly ProvenancePart[]): number =>
    some.reduce((sum, { work }) => sum + work.length, 0);
  const unknown = count(parts.filter(({ origin }) => origin === null));
  return [
    ...listed('commit', commits),
    ...listed('version', versions),
    ...(unknown === 0 ? [] : [`commit not recorded of ${unknown} of ${count(parts)} parts`]),
  ];
}

function listed(word: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${word}${names.length === 1 ? '' : 's'} ${shortList(names)}`];
}

function shortList(names: readonly string[]): string {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} more`] : names;
  return shown.join(', ');
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/**
 * Engines, each once; those that differ in their number of threads alone as one, `1 and 2 threads`.
 */
function engineWords(origins: readonly Origin[]): string[] {
  const threads = /\b(\d+) threads?\b/;
  const counts = new Map<string, string[]>();
  for (const { engine, captured } of origins) {
    if (engine === null) continue;
    const text = `${engine}${capturedWords(captured)}`;
    const known = threads.exec(text)?.[1];
    const rest = text.replace(threads, '# threads');
    counts.set(rest, distinct([...(counts.get(rest) ?? []), ...(known === undefined ? [] : [known])]));
  }
  return [...counts].map(([rest, numbers]) =>
    rest.replace('# threads', `${numbers.join(' and ')} ${numbers.join() === '1' ? 'thread' : 'threads'}`),
  );
}

function machineWords(machine: Machine): string {
  return `${machine.gpu ?? machine.cpu}, ${machine.cores} cores, ${Math.round(machine.memoryBytes / 2 ** 30)} GiB, ${machine.os}`;
}

/** Nothing where it is not known: results of before this was recorded are still drawn. */
function capturedWords(captured: boolean | null): string {
  if (captured === true) return ', captured';
  return captured === false ? ', operation by operation' : '';
}
