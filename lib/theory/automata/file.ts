// Automata as JSON files: reading them with every field checked, and writing them an arrow a line.

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
 * The automaton that a JSON text describes.
 *
 * @param where the message's first words, e.g. the file it is from
 * @throws DataError naming the field: text that is not JSON, a field that is named twice, unknown,
 *   missing or of the wrong type, or what `problemsOf` finds
 */
export function parseAutomaton(text: string, where: string): Automaton {
  return automatonFrom(
    asData(() => parseStrictJson(text, where)),
    where,
  );
}

/**
 * The automaton that a value read from JSON describes.
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

/** An automaton is data, not a configuration. */
function asData<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ConfigError) throw new DataError(error.message, { cause: error });
    throw error;
  }
}

/**
 * The automaton of a JSON file.
 *
 * @throws DataError naming file and field
 */
export async function readAutomaton(path: string): Promise<Automaton> {
  return parseAutomaton(await readTextFile(path), displayPath(path));
}

/**
 * Writes an automaton so that `readAutomaton` gives it back.
 *
 * @throws DataError if it is not sound, MachineError if the file cannot be written
 */
export async function writeAutomaton(path: string, automaton: Automaton): Promise<void> {
  checkAutomaton(automaton, displayPath(path));
  await writeFileAtomic(path, formatAutomaton(automaton));
}

/** An automaton as JSON text: a line for each field, and one for each arrow. */
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
