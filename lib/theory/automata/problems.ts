// What is wrong with an automaton that someone has written, one line for each mistake: where it stands, what it is, how to mend it.

import { DataError } from '../../base/errors';
import { hintFor } from './alphabet';
import type { Automaton, BiNfa, Nfa } from './automaton';

/**
 * Every mistake of an automaton, each with its place, e.g. `transitions[3]: state "x" is not in states; did you mean "y"?`;
 * none if it is sound.
 */
export function problemsOf(automaton: Automaton): string[] {
  return automaton.type === 'nfa' ? problemsOfNfa(automaton) : problemsOfBiNfa(automaton);
}

/**
 * Lets sound automata pass.
 *
 * @param where the message's first words, e.g. the file it is from
 * @throws DataError with the first mistake, and how many more there are
 */
export function checkAutomaton(automaton: Automaton, where = 'automaton'): void {
  const [first, ...others] = problemsOf(automaton);
  if (first === undefined) return;
  throw new DataError(`${where}: ${first}${others.length === 0 ? '' : ` (and ${others.length} more)`}`);
}

function problemsOfNfa({ states, symbols, start, accept, transitions }: Nfa): string[] {
  const state = { what: 'state', field: 'states', names: states };
  const symbol = { what: 'symbol', field: 'symbols', names: symbols };
  return [
    ...problemsOfNames(state),
    ...problemsOfNames(symbol),
    ...problemsOfUse('start', start, state),
    ...problemsOfAccept(accept, state),
    ...problemsOfArrows('transitions', transitions, [state, symbol, state]),
  ];
}

function problemsOfBiNfa(automaton: BiNfa): string[] {
  const { segmentStates, subStates, symbols, separators } = automaton;
  const segmentState = { what: 'segment state', field: 'segmentStates', names: segmentStates };
  const subState = { what: 'sub-state', field: 'subStates', names: subStates };
  const symbol = { what: 'symbol', field: 'symbols', names: symbols };
  const separator = { what: 'separator', field: 'separators', names: separators };
  return [
    ...problemsOfNames(segmentState),
    ...problemsOfCommas(segmentState),
    ...problemsOfNames(subState),
    ...problemsOfCommas(subState),
    ...problemsOfNames(symbol),
    ...problemsOfNames(separator),
    ...separators.flatMap((name, index) =>
      symbols.includes(name)
        ? [`separators[${index}]: ${JSON.stringify(name)} is also a symbol; rename one of them`]
        : [],
    ),
    ...problemsOfUse('segmentStart', automaton.segmentStart, segmentState),
    ...problemsOfUse('subStart', automaton.subStart, subState),
    ...problemsOfAccept(automaton.accept, segmentState),
    ...problemsOfArrows('subTransitions', automaton.subTransitions, [subState, symbol, subState]),
    ...problemsOfArrows('segmentTransitions', automaton.segmentTransitions, [
      segmentState,
      subState,
      separator,
      segmentState,
    ]),
  ];
}

/** Names that other fields use. */
interface Declaration {
  readonly what: string;
  readonly field: string;
  readonly names: readonly string[];
}

function problemsOfNames({ what, field, names }: Declaration): string[] {
  if (names.length === 0) return [`${field}: empty; name at least one ${what}`];
  return names.flatMap((name, index) => {
    const place = `${field}[${index}]`;
    if (name === '') return [`${place}: a ${what} without a name; give it one`];
    if (names.indexOf(name) === index) return [];
    return [`${place}: ${what} ${JSON.stringify(name)} is named twice; rename or remove one`];
  });
}

/** Pairs are written `"s,k"`. */
function problemsOfCommas({ what, field, names }: Declaration): string[] {
  return names.flatMap((name, index) =>
    name.includes(',')
      ? [
          `${field}[${index}]: ${what} ${JSON.stringify(name)} has a comma, which stands between the two names of a pair; rename it`,
        ]
      : [],
  );
}

function problemsOfUse(place: string, name: string, { what, field, names }: Declaration): string[] {
  if (names.includes(name)) return [];
  return [`${place}: ${what} ${JSON.stringify(name)} is not in ${field}; ${hintFor(name, names)}`];
}

function problemsOfAccept(accept: readonly string[], states: Declaration): string[] {
  return accept.flatMap((name, index) => {
    const place = `accept[${index}]`;
    const repeated = accept.indexOf(name) !== index;
    return [
      ...problemsOfUse(place, name, states),
      ...(repeated ? [`${place}: ${states.what} ${JSON.stringify(name)} is listed twice; remove one`] : []),
    ];
  });
}

function problemsOfArrows(
  field: string,
  arrows: readonly (readonly string[])[],
  parts: readonly Declaration[],
): string[] {
  const seen = new Map<string, number>();
  return arrows.flatMap((arrow, index) => {
    const place = `${field}[${index}]`;
    const key = JSON.stringify(arrow);
    const earlier = seen.get(key);
    if (earlier !== undefined) return [`${place}: ${key} is ${field}[${earlier}] again; remove one`];
    seen.set(key, index);
    return parts.flatMap((part, column) => problemsOfUse(place, arrow[column] ?? '', part));
  });
}
