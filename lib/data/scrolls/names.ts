// Two quick tasks about the names in a text, in formats of SCROLLS: a question with a short answer,
// as NarrativeQA's and Qasper's, and one with four choices, as QuALITY's. Each has to be answered
// from the whole text, however long it is: a name may stand anywhere in it. The choices alone tell
// nothing about the answer: all of them are named in the same chapter.

import { type Random } from '../../engine/random/random';
import { drawSpanAround, type Span } from './excerpts';

/** People of Moby-Dick. */
export const people =
  'Ahab Stubb Queequeg Starbuck Flask Peleg Bildad Jonah Tashtego Daggoo Pip Fedallah'.split(' ');

/** Countries and states of which the addresses speak. */
export const places = (
  'Mexico Spain France China Cuba Japan Germany Russia England Texas Canada Nicaragua Iraq Korea Panama ' +
  'Turkey Italy Brazil Peru Chile Hawaii Colombia Venezuela Austria Alaska California Florida Oregon'
).split(' ');

/** A place at which a text names somebody or something. */
interface Mention extends Span {
  readonly name: string;
}

/** A text, and its names. */
export interface NamedText {
  readonly text: string;
  readonly mentions: readonly Mention[];
  /** Each once, in the order of their first mentions. */
  readonly names: readonly string[];
}

/** Finds the names of a list in a text. */
export function findNames(text: string, list: readonly string[]): NamedText {
  const mentions = [...text.matchAll(new RegExp(`\\b(?:${list.join('|')})\\b`, 'g'))].map(
    ({ 0: name, index }) => ({ name, start: index, end: index + name.length }),
  );
  return { text, mentions, names: [...new Set(mentions.map(({ name }) => name))] };
}

/** A question about an excerpt, and its answer. */
export interface NameQuestion {
  readonly input: string;
  readonly output: string;
}

/** Draws a question; undefined if this attempt found none. */
export type NameQuestionMaker = (
  named: NamedText,
  documentLength: number,
  random: Random,
) => NameQuestion | undefined;

/** Which name an excerpt has most often: no other as often as that. */
export const drawMostFrequent: NameQuestionMaker = (named, documentLength, random) => {
  if (named.names.length === 0) return undefined;
  const excerpt = excerptNaming(random.choice(named.names), named, documentLength, random);
  const [[name, most], second] = [...excerpt.counts].sort(([, a], [, b]) => b - a) as [
    [string, number],
    [string, number]?,
  ];
  if (second?.[1] === most) return undefined;
  return { input: `Which name does the text have most often?\n\n${excerpt.document}`, output: name };
};

const letters = ['A', 'B', 'C', 'D'] as const;

/** Which of four names an excerpt has: one of them, while the chapter has all. */
export const drawChoice: NameQuestionMaker = (named, documentLength, random) => {
  if (named.names.length < letters.length) return undefined;
  const choices = random.shuffle([...named.names]).slice(0, letters.length);
  const right = random.choice(choices);
  const { document, counts } = excerptNaming(right, named, documentLength, random);
  if (choices.some((name) => name !== right && counts.has(name))) return undefined;
  const listed = choices.map((name, place) => `(${letters[place] ?? ''}) ${name}`).join('\n');
  return { input: `Which of these does the text name?\n${listed}\n\n${document}`, output: right };
};

interface NamingExcerpt {
  readonly document: string;
  /** How often it has each of its names. */
  readonly counts: ReadonlyMap<string, number>;
}

/** Draws an excerpt that has a name of the text. */
function excerptNaming(
  name: string,
  { text, mentions }: NamedText,
  documentLength: number,
  random: Random,
): NamingExcerpt {
  const mention = random.choice(mentions.filter((one) => one.name === name));
  const { start, end } = drawSpanAround(text, mention, documentLength, random);
  const counts = new Map<string, number>();
  for (const one of mentions)
    if (one.start >= start && one.end <= end) counts.set(one.name, (counts.get(one.name) ?? 0) + 1);
  return { document: text.slice(start, end), counts };
}
