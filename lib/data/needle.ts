// Facts in a real text, asked for at its end ("needle in a haystack"). A fact is a line of its own,
// `> method direct.`: a key word, and the value word that it has in this text alone. A question is
// the same line up to the key, so its answer is the value. Several facts stand in each text, so a
// reader has to find the one with the key. Texts of any length are made in the same way.

import { ConfigError } from '../base/errors';
import { type Random } from '../engine/random/random';
import { type Tokenizer } from './tokenizers/tokenizer';
import { type TokenSequence } from './tokens/sequence';

/** Words that facts are about; each is one token of Llama 2's vocabulary and its larger parts. */
const keyWords = (
  'question value name list error problem result type method object case answer test call point string ' +
  'number hand help user array text element link table year solution play event field view system'
).split(' ');

/** Words that facts give them. */
const valueWords = 'good true open right same main direct proper second first'.split(' ');

/** The number of values: a guess among them is right once in so many times. */
export const needleValues = valueWords.length;

/** Tokens of facts. */
export interface NeedleTokens {
  readonly newline: number;
  readonly cue: number;
  readonly stop: number;
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

/**
 * The tokens of facts in a vocabulary.
 *
 * @throws ConfigError if it lacks one of the words as a single token
 */
export function needleTokens(tokenizer: Pick<Tokenizer, 'name' | 'idOf'>): NeedleTokens {
  const tokenOf = (text: string): number => {
    const id = tokenizer.idOf(text);
    if (id !== undefined) return id;
    throw new ConfigError(
      `tokenizer ${tokenizer.name}: ${JSON.stringify(text)} is no token of it, and facts are made of whole tokens; give llama2, or llama2-2048 or more pieces`,
    );
  };
  return {
    newline: tokenOf('\n'),
    cue: tokenOf('>'),
    stop: tokenOf('.'),
    keys: keyWords.map((word) => tokenOf(` ${word}`)),
    values: valueWords.map((word) => tokenOf(` ${word}`)),
  };
}

/** Tokens of a fact. A question with its answer has as many, but the last one no stop. */
export const lineTokens = 5;

/** Sizes of a text with facts. */
export interface NeedleShape {
  /** Tokens of the text, through the answer of its last question. */
  readonly time: number;
  /** Facts in it, each with another key. */
  readonly facts: number;
  /** Questions at its end. */
  readonly asked: number;
  /**
   * The place of the fact that the last question is about, as the share of the text before it; the
   * other facts stand at random places. Left out: its place is random, too.
   */
  readonly depth?: number;
}

/**
 * Makes sure that there is room for facts and questions.
 *
 * @param field the setting that decides the length
 * @throws ConfigError if there is none
 */
export function checkNeedleShape({ time, facts, asked }: NeedleShape, field: string): void {
  const least = lineTokens * (facts + asked) + 1;
  if (facts > keyWords.length)
    throw new ConfigError(`facts: ${facts}, but there are ${keyWords.length} keys; give fewer`);
  if (time < least)
    throw new ConfigError(
      `${field}: ${time} tokens hold no text beside ${facts} facts and ${asked} questions; give ${least} or more`,
    );
}

/**
 * Draws texts: passages of a sequence of tokens, facts in them, and questions after them.
 *
 * @param haystack at least `time` tokens
 * @returns ids, [texts, time]; the last token of each text is the answer to its last question
 */
export function writeNeedles(
  haystack: TokenSequence,
  tokens: NeedleTokens,
  { time, facts, asked, depth }: NeedleShape,
  random: Random,
  texts: number,
): Int32Array {
  const { newline, cue, stop } = tokens;
  const length = time - lineTokens * (facts + asked) + 1;
  const ids = new Int32Array(texts * time);
  for (let text = 0; text < texts; text += 1) {
    const start = random.integer(0, haystack.length - length + 1);
    const passage = haystack.subarray(start, start + length);
    const keys = random.shuffle([...tokens.keys]).slice(0, facts);
    const lines = keys.map((key, fact) => ({
      place: Math.round((fact === 0 && depth !== undefined ? depth : random.uniform()) * length),
      ids: [newline, cue, key, random.choice(tokens.values), stop],
    }));
    // The first fact is asked for last.
    const questions = [...random.shuffle(lines.slice(1)).slice(0, asked - 1), ...lines.slice(0, 1)];
    const row: number[] = [];
    for (let place = 0; place <= length; place += 1) {
      for (const line of lines) if (line.place === place) row.push(...line.ids);
      if (place < length) row.push(passage[place] ?? 0);
    }
    for (const question of questions) row.push(...question.ids);
    ids.set(row.slice(0, time), text * time);
  }
  return ids;
}
