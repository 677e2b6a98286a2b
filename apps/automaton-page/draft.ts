// Reads the page's fields: from their texts to an automaton, a word and bounds, or to one line for
// each wrong field. Names are separated by blanks; each arrow is a line.

import { messageOf } from '../../lib/base/errors';
import { alphabetOf, wordReader } from '../../lib/theory/automata/alphabet';
import type { BiNfa, Word } from '../../lib/theory/automata/automaton';
import { problemsOf } from '../../lib/theory/automata/problems';
import type { BilevelBounds } from '../../lib/theory/network/network';
import { symbolsInSegments } from '../../lib/theory/network/words';

/** The fields, in the order of the page. */
export const fields = [
  'word',
  'maxSegmentLength',
  'maxSegments',
  'subStates',
  'subStart',
  'symbols',
  'subTransitions',
  'segmentStates',
  'segmentStart',
  'accept',
  'separators',
  'segmentTransitions',
] as const;

/** The name of a field; the automaton's are those of its file. */
export type Field = (typeof fields)[number];

/** The texts of all fields. */
export type Draft = Readonly<Record<Field, string>>;

/** The automaton, word and bounds that the page shows. */
export interface Source {
  readonly automaton: BiNfa;
  readonly word: Word;
  readonly bounds: BilevelBounds;
}

/** Wrong fields, each with one line. */
export type Problems = Readonly<Partial<Record<Field, string>>>;

/** The most that fits on the page. */
export const limits = { states: 8, alphabet: 12, bound: 16 } as const;

const labels: Readonly<Partial<Record<string, string>>> = {
  subStates: 'sub-states',
  segmentStates: 'segment states',
};

/** Writes a source into texts, which `readDraft` reads. */
export function draftOf({ automaton, word, bounds }: Source): Draft {
  const lines = (arrows: readonly (readonly string[])[]): string =>
    arrows.map((arrow) => arrow.join(' ')).join('\n');
  return {
    word: word.join(isSpelled(automaton) ? '' : ' '),
    maxSegmentLength: String(bounds.maxSegmentLength),
    maxSegments: String(bounds.maxSegments),
    subStates: automaton.subStates.join(' '),
    subStart: automaton.subStart,
    symbols: automaton.symbols.join(' '),
    subTransitions: lines(automaton.subTransitions),
    segmentStates: automaton.segmentStates.join(' '),
    segmentStart: automaton.segmentStart,
    accept: automaton.accept.join(' '),
    separators: automaton.separators.join(' '),
    segmentTransitions: lines(automaton.segmentTransitions),
  };
}

/** Reads the texts: a source, or a line for each wrong field. */
export function readDraft(draft: Draft): { readonly source: Source } | { readonly problems: Problems } {
  const subArrows = arrowsOf(draft.subTransitions, ['sub-state', 'symbol', 'sub-state']);
  const segmentArrows = arrowsOf(draft.segmentTransitions, [
    'segment state',
    'sub-state',
    'separator',
    'segment state',
  ]);
  const automaton: BiNfa = {
    type: 'bi-nfa',
    segmentStates: namesOf(draft.segmentStates),
    segmentStart: draft.segmentStart.trim(),
    accept: namesOf(draft.accept),
    subStates: namesOf(draft.subStates),
    subStart: draft.subStart.trim(),
    symbols: namesOf(draft.symbols),
    separators: namesOf(draft.separators),
    subTransitions: subArrows.arrows as BiNfa['subTransitions'],
    segmentTransitions: segmentArrows.arrows as BiNfa['segmentTransitions'],
  };
  const bounds = { maxSegmentLength: Number(draft.maxSegmentLength), maxSegments: Number(draft.maxSegments) };
  const problems: Partial<Record<Field, string>> = {
    ...problemsOfAutomaton(automaton, { subTransitions: subArrows, segmentTransitions: segmentArrows }),
    ...problemsOfBound('maxSegmentLength', bounds.maxSegmentLength),
    ...problemsOfBound('maxSegments', bounds.maxSegments),
  };
  const word = wordOf(draft.word, automaton);
  const isSound = Object.keys(problems).length === 0;
  const wrong =
    problemOfSymbols(word, automaton) ?? (isSound ? problemOfSize(word, automaton, bounds) : undefined);
  if (wrong !== undefined) problems.word = wrong;
  return Object.keys(problems).length === 0 ? { source: { automaton, word, bounds } } : { problems };
}

/** Adds an arrow to the texts, or removes it if it is there. */
export function toggleArrow(
  draft: Draft,
  field: 'subTransitions' | 'segmentTransitions',
  arrow: readonly string[],
): Draft {
  const wanted = arrow.join(' ');
  const lines = draft[field].split('\n');
  const others = lines.filter((line) => namesOf(line).join(' ') !== wanted);
  const kept = (others.length < lines.length ? others : [...lines, wanted]).filter(
    (line) => line.trim() !== '',
  );
  return { ...draft, [field]: kept.join('\n') };
}

/** Checks if words are written without blanks: every name of the alphabet is one character. */
function isSpelled(automaton: BiNfa): boolean {
  return alphabetOf(automaton).every((name) => Array.from(name).length === 1);
}

function wordOf(text: string, automaton: BiNfa): Word {
  return isSpelled(automaton) ? Array.from(text.replace(/\s/g, '')) : namesOf(text);
}

function namesOf(text: string): string[] {
  return text.split(/\s+/).filter((name) => name !== '');
}

/** Arrows, their line numbers from 1, and the first line that is not an arrow. */
interface Arrows {
  readonly arrows: readonly (readonly string[])[];
  readonly lines: readonly number[];
  readonly problem: string | undefined;
}

function arrowsOf(text: string, parts: readonly string[]): Arrows {
  const rows = text
    .split('\n')
    .map((line, index) => ({ names: namesOf(line), line: index + 1 }))
    .filter(({ names }) => names.length > 0);
  const wrong = rows.find(({ names }) => names.length !== parts.length);
  const sound = rows.filter(({ names }) => names.length === parts.length);
  return {
    arrows: sound.map(({ names }) => names),
    lines: sound.map(({ line }) => line),
    problem:
      wrong === undefined
        ? undefined
        : `line ${wrong.line}: ${wrong.names.length} names; write ${parts.join(', ')}`,
  };
}

function problemsOfAutomaton(
  automaton: BiNfa,
  arrows: { readonly subTransitions: Arrows; readonly segmentTransitions: Arrows },
): Partial<Record<Field, string>> {
  const found: Partial<Record<Field, string>> = {};
  for (const line of problemsOf(automaton)) {
    const match = /^(\w+)(?:\[(\d+)\])?: (.*)$/s.exec(line);
    const field = fields.find((name) => name === match?.[1]);
    if (match === null || field === undefined) throw new Error(`no field for: ${line}`);
    const text = (match[3] ?? '')
      .replace(/is not in (\w+)/, (_, name: string) => `is not among the ${labels[name] ?? name}`)
      .replace(
        /is \w+\[(\d+)\] again/,
        (_, index: string) => `repeats line ${lineOf(arrows, field, Number(index))}`,
      );
    const isArrow = field === 'subTransitions' || field === 'segmentTransitions';
    found[field] ??= isArrow ? `line ${lineOf(arrows, field, Number(match[2]))}: ${text}` : text;
  }
  for (const field of ['subTransitions', 'segmentTransitions'] as const) {
    const { problem } = arrows[field];
    if (problem !== undefined) found[field] = problem;
  }
  const atMost = (field: Field, what: string, names: readonly string[], most: number): void => {
    if (names.length > most)
      found[field] = `${names.length} ${what}, and the page shows at most ${most}; remove some`;
  };
  atMost('subStates', 'sub-states', automaton.subStates, limits.states);
  atMost('segmentStates', 'segment states', automaton.segmentStates, limits.states);
  atMost('symbols', 'symbols and separators', alphabetOf(automaton), limits.alphabet);
  return found;
}

function lineOf(
  arrows: { readonly subTransitions: Arrows; readonly segmentTransitions: Arrows },
  field: Field,
  index: number,
): number {
  const { lines } = field === 'subTransitions' ? arrows.subTransitions : arrows.segmentTransitions;
  return lines[index] ?? index + 1;
}

function problemsOfBound(field: Field, value: number): Partial<Record<Field, string>> {
  return Number.isInteger(value) && value >= 1 && value <= limits.bound
    ? {}
    : { [field]: `must be a whole number from 1 to ${limits.bound}` };
}

function problemOfSymbols(word: Word, automaton: BiNfa): string | undefined {
  try {
    wordReader(alphabetOf(automaton))(word);
    return undefined;
  } catch (error) {
    return messageOf(error).replace(/^word: /, '');
  }
}

function problemOfSize(word: Word, automaton: BiNfa, bounds: BilevelBounds): string | undefined {
  const segments = symbolsInSegments(word, new Set(automaton.separators));
  const longest = Math.max(0, ...segments);
  if (segments.length > bounds.maxSegments)
    return `${segments.length} segments, and ${bounds.maxSegments} are allowed for; raise the bound or shorten the word`;
  if (longest > bounds.maxSegmentLength)
    return `a segment of ${longest} symbols, and ${bounds.maxSegmentLength} are allowed for; raise the bound or shorten the word`;
  return undefined;
}
