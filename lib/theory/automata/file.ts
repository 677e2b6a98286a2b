// Reads automata from JSON files, with every field checked, and writes them, a transition a line.

import { z } from 'zod';
import { ConfigError, DataError } from '../../base/errors';
import { readTextFile, writeFileAtomic } from '../../base/files';
import { displayPath } from '../../base/paths';
import { parseWith } from '../../base/schema';
import { parseStrictJson } from '../../base/strict-json';
import type { Automaton, BiNfa, Nfa } from './automaton';
import { checkAutomaton } from './problems';

const name = z.string();
const names = z.array(name);
const arrow = z.tuple([name, name, name], { error: 'must be three names: [from, symbol, to]' });
const segmentArrow = z.tuple([name, name, name, name], {
  error: 'must be four names: [segment state, sub-state, separator, segment state]',
});

const nfaSchema: z.ZodType<Nfa> = z.strictObject({
  type: z.literal('nfa'),
  states: names,
  symbols: names,
  start: name,
  accept: names,
  transitions: z.array(arrow),
});

const biNfaSchema: z.ZodType<BiNfa> = z.strictObject({
  type: z.literal('bi-nfa'),
  segmentStates: names,
  segmentStart: name,
  accept: names,
  subStates: names,
  subStart: name,
  symbols: names,
  separators: names,
  subTransitions: z.array(arrow),
  segmentTransitions: z.array(segmentArrow),
});

const schemas = { nfa: nfaSchema, 'bi-nfa': biNfaSchema } as const;
const kindSchema = z.looseObject({
  type: z.enum(['nfa', 'bi-nfa'], { error: 'must be "nfa" or "bi-nfa"' }),
});

/**
 * Parses an automaton from JSON text.
 *
 * @param where begins an error's message, e.g. the file's name
 * @throws DataError naming the field, for text that is not JSON, a field that is duplicated,
 *   unknown, missing or of the wrong type, and for what `problemsOf` finds
 */
export function parseAutomaton(text: string, where: string): Automaton {
  return automatonFrom(
    asData(() => parseStrictJson(text, where)),
    where,
  );
}

/**
 * Checks a value read from JSON and returns the automaton that it describes.
 *
 * @throws DataError as `parseAutomaton` does
 */
export function automatonFrom(value: unknown, where: string): Automaton {
  const automaton = fields(value, where);
  checkAutomaton(automaton, where);
  return automaton;
}

function fields(value: unknown, where: string): Automaton {
  return asData(() => {
    const { type } = parseWith(kindSchema, value, where);
    return parseWith<Automaton>(schemas[type], value, where);
  });
}

/** Turns schema errors into data errors: an automaton is data, not a configuration. */
function asData<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConfigError) throw new DataError(error.message, { cause: error });
    throw error;
  }
}

/**
 * Reads an automaton from a JSON file.
 *
 * @throws DataError naming file and field
 */
export async function readAutomaton(path: string): Promise<Automaton> {
  return parseAutomaton(await readTextFile(path), displayPath(path));
}

/**
 * Writes an automaton to a JSON file that `readAutomaton` reads.
 *
 * @throws DataError if it is not sound, MachineError if the file cannot be written
 */
export async function writeAutomaton(path: string, automaton: Automaton): Promise<void> {
  checkAutomaton(automaton, displayPath(path));
  await writeFileAtomic(path, formatAutomaton(automaton));
}

/** Formats an automaton as JSON, a line for each field and each transition. */
export function formatAutomaton(automaton: Automaton): string {
  const lines = Object.entries(automaton).map(([field, value]) => {
    const isArrows = Array.isArray(value) && value.some(Array.isArray);
    const text = isArrows
      ? `[\n${value.map((item) => `    ${JSON.stringify(item)}`).join(',\n')}\n  ]`
      : JSON.stringify(value);
    return `  ${JSON.stringify(field)}: ${text}`;
  });
  return `{\n${lines.join(',\n')}\n}\n`;
}
