// Finds the mistakes of an automaton, one line each: where it is, what it is, how to mend it.

import { DataError } from '../../base/errors';
import { hintFor } from './alphabet';
import type { Automaton, BiNfa, Nfa } from './automaton';

/** A file may have a million mistakes; a reader mends the first ones and checks again. */
const most = 100;

/**
 * Lists the first 100 mistakes of an automaton, each with its place, e.g. `transitions[3]: state
 * "x" is not in states; did you mean "y"?`. An empty list means that it is sound.
 */
export function problemsOf(automaton: Automaton): string[] {
  const found: string[] = [];
  for (const problem of automaton.type === 'nfa' ? problemsOfNfa(automaton) : problemsOfBiNfa(automaton)) {
    found.push(problem);
    if (found.length === most) break;
  }
  return found;
}

/**
 * Refuses an automaton with mistakes.
 *
 * @param where begins the message, e.g. the file's name
 * @throws DataError with the first mistake, and the number of others
 */
export function checkAutomaton(automaton: Automaton, where = 'automaton'): void {
  const [first, ...others] = problemsOf(automaton);
  if (first === undefined) return;
  const more = `${others.length + 1 === most ? 'at least ' : ''}${others.length} more`;
  throw new DataError(`${where}: ${first}${others.length === 0 ? '' : ` (and ${more})`}`);
}

type Problems = Generator<string, void, undefined>;

function* problemsOfNfa({ states, symbols, start, accept, transitions }: Nfa): Problems {
  const state = declaration('state', 'states', states);
  const symbol = declaration('symbol', 'symbols', symbols);
  yield* problemsOfNames(state);
  yield* problemsOfNames(symbol);
  yield* problemsOfUse('start', start, state);
  yield* problemsOfAccept(accept, state);
  yield* problemsOfArrows('transitions', transitions, [state, symbol, state]);
}

function* problemsOfBiNfa(automaton: BiNfa): Problems {
  const segmentState = declaration('segment state', 'segmentStates', automaton.segmentStates);
  const subState = declaration('sub-state', 'subStates', automaton.subStates);
  const symbol = declaration('symbol', 'symbols', automaton.symbols);
  const separator = declaration('separator', 'separators', automaton.separators);
  yield* problemsOfNames(segmentState);
  yield* problemsOfCommas(segmentState);
  yield* problemsOfNames(subState);
  yield* problemsOfCommas(subState);
  yield* problemsOfNames(symbol);
  yield* problemsOfNames(separator);
  for (const [index, name] of separator.names.entries())
    if (symbol.known.has(name))
      yield `separators[${index}]: ${JSON.stringify(name)} is also a symbol; rename one of them`;
  yield* problemsOfUse('segmentStart', automaton.segmentStart, segmentState);
  yield* problemsOfUse('subStart', automaton.subStart, subState);
  yield* problemsOfAccept(automaton.accept, segmentState);
  yield* problemsOfArrows('subTransitions', automaton.subTransitions, [subState, symbol, subState]);
  yield* problemsOfArrows('segmentTransitions', automaton.segmentTransitions, [
    segmentState,
    subState,
    separator,
    segmentState,
  ]);
}

/** A field that declares names for other fields. */
interface Declaration {
  readonly what: string;
  readonly field: string;
  readonly names: readonly string[];
  /** The names as a set. */
  readonly known: ReadonlySet<string>;
}

function declaration(what: string, field: string, names: readonly string[]): Declaration {
  return { what, field, names, known: new Set(names) };
}

function* problemsOfNames({ what, field, names }: Declaration): Problems {
  if (names.length === 0) yield `${field}: empty; name at least one ${what}`;
  const seen = new Set<string>();
  for (const [index, name] of names.entries()) {
    const place = `${field}[${index}]`;
    if (name === '') yield `${place}: a ${what} without a name; give it one`;
    else if (seen.has(name))
      yield `${place}: ${what} ${JSON.stringify(name)} is named twice; rename or remove one`;
    seen.add(name);
  }
}

/** A comma in a name would make pairs `"s,k"` ambiguous. */
function* problemsOfCommas({ what, field, names }: Declaration): Problems {
  for (const [index, name] of names.entries())
    if (name.includes(','))
      yield `${field}[${index}]: ${what} ${JSON.stringify(name)} has a comma, which stands between the two names of a pair; rename it`;
}

function* problemsOfUse(place: string, name: string, { what, field, names, known }: Declaration): Problems {
  if (!known.has(name))
    yield `${place}: ${what} ${JSON.stringify(name)} is not in ${field}; ${hintFor(name, names)}`;
}

function* problemsOfAccept(accept: readonly string[], states: Declaration): Problems {
  const seen = new Set<string>();
  for (const [index, name] of accept.entries()) {
    const place = `accept[${index}]`;
    yield* problemsOfUse(place, name, states);
    if (seen.has(name)) yield `${place}: ${states.what} ${JSON.stringify(name)} is listed twice; remove one`;
    seen.add(name);
  }
}

function* problemsOfArrows(
  field: string,
  arrows: readonly (readonly string[])[],
  parts: readonly Declaration[],
): Problems {
  const seen = new Map<string, number>();
  for (const [index, arrow] of arrows.entries()) {
    const place = `${field}[${index}]`;
    const key = JSON.stringify(arrow);
    const earlier = seen.get(key);
    if (earlier !== undefined) {
      yield `${place}: ${key} is ${field}[${earlier}] again; remove one`;
      continue;
    }
    seen.set(key, index);
    for (const [column, part] of parts.entries()) yield* problemsOfUse(place, arrow[column] ?? '', part);
  }
}
