// The syntax of regular expressions: a recursive-descent parser from a pattern to a tree, with the
// alphabet that the pattern names.

import { DataError } from '../../base/errors';
import { present } from '../../base/present';
import { hintFor } from './alphabet';

/** Most characters that a range may name. */
const MOST_RANGE = 1000;
/** Far more than a person nests; each level takes several calls of the parser. */
const MOST_NESTED = 200;
const MOST_CHARACTERS = 10_000;
/** Characters of a pattern that a message repeats. */
const QUOTED = 60;

/** One position of a pattern: the characters that it matches. */
export interface CharacterSet {
  readonly kind: 'set';
  readonly matches: (character: string) => boolean;
  /** Where it stands in the pattern, from 0. */
  readonly place: number;
}

/** A parsed pattern. */
export type Tree =
  | CharacterSet
  | { readonly kind: 'sequence' | 'choice'; readonly parts: readonly Tree[] }
  | { readonly kind: 'repeat'; readonly part: Tree; readonly min: number; readonly max: number };

const CLASSES: Readonly<Record<string, RegExp>> = {
  d: /^\d$/u,
  D: /^\D$/u,
  w: /^\w$/u,
  W: /^\W$/u,
  s: /^\s$/u,
  S: /^\S$/u,
};
const CONTROLS: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', f: '\f', v: '\v' };
const ANY = /^.$/u;
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

/**
 * Parses a pattern.
 *
 * @param symbols the alphabet; left out, the characters that the pattern names
 * @returns the tree and the alphabet
 * @throws DataError with the character of the pattern, counted from 1, and what to write instead
 */
export function parsePattern(
  pattern: string,
  symbols?: readonly string[],
): { readonly tree: Tree; readonly symbols: readonly string[] } {
  return new Parser(pattern, symbols);
}

class Parser {
  readonly tree: Tree;
  readonly symbols: readonly string[];
  private readonly characters: readonly string[];
  /** The alphabet, if none is given. */
  private readonly named = new Set<string>();
  /** Literal characters and where each occurs. */
  private readonly literals = new Map<string, number>();
  private place = 0;
  /** Open groups. */
  private open = 0;

  constructor(
    private readonly pattern: string,
    private readonly given?: readonly string[],
  ) {
    const wrong = given?.find((symbol) => Array.from(symbol).length !== 1);
    if (wrong !== undefined)
      throw new DataError(
        `${quotePattern(pattern)}: the symbol ${JSON.stringify(wrong)} is not one character; give single characters`,
      );
    this.characters = Array.from(pattern);
    if (this.characters.length > MOST_CHARACTERS)
      throw new DataError(
        `${quotePattern(pattern)}: has ${this.characters.length} characters, more than ${MOST_CHARACTERS}; make it shorter, or write the automaton as JSON`,
      );
    this.tree = this.choice();
    if (this.peek() === ')') this.fail('closes no group', 'remove it, or write \\)');
    this.symbols = given ?? [...this.named].sort();
    if (this.symbols.length === 0)
      throw new DataError(
        `${quotePattern(pattern)}: names no character, so that the alphabet would be empty; give the symbols`,
      );
    for (const [character, place] of this.literals)
      if (!this.symbols.includes(character))
        this.fail('is not among the symbols', hintFor(character, this.symbols), place);
  }

  private peek(): string | undefined {
    return this.characters[this.place];
  }

  private take(character: string): boolean {
    if (this.peek() !== character) return false;
    this.place += 1;
    return true;
  }

  private fail(what: string, mend: string, place = this.place): never {
    throw errorAt(this.pattern, place, `${what}; ${mend}`);
  }

  private choice(): Tree {
    const parts = [this.sequence()];
    while (this.take('|')) parts.push(this.sequence());
    return parts.length === 1 ? present(parts[0], 'part') : { kind: 'choice', parts };
  }

  private sequence(): Tree {
    const parts: Tree[] = [];
    for (let next = this.peek(); next !== undefined && next !== '|' && next !== ')'; next = this.peek())
      parts.push(this.repeated());
    return { kind: 'sequence', parts };
  }

  private repeated(): Tree {
    const part = this.atom();
    const place = this.place;
    const range = this.quantifier();
    if (range === undefined) return part;
    const [min, max] = range;
    if (min > max) this.fail(`asks for at least ${min} and at most ${max}`, 'swap the two', place);
    if (this.peek() === '?')
      this.fail('asks for as few as possible', 'remove it: which words match does not depend on it');
    return { kind: 'repeat', part, min, max };
  }

  private quantifier(): readonly [min: number, max: number] | undefined {
    if (this.take('*')) return [0, Infinity];
    if (this.take('+')) return [1, Infinity];
    if (this.take('?')) return [0, 1];
    if (this.peek() !== '{') return undefined;
    const braces = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.characters.slice(this.place).join(''));
    if (braces === null) this.fail('begins no quantifier', 'write {2}, {2,} or {2,5}, or \\{ for the brace');
    const [text, min = '', comma, max = ''] = braces;
    this.place += text.length;
    if (comma === undefined) return [Number(min), Number(min)];
    return [Number(min), max === '' ? Infinity : Number(max)];
  }

  private atom(): Tree {
    const place = this.place;
    const character = present(this.peek(), 'character');
    this.place += 1;
    switch (character) {
      case '(':
        return this.group(place);
      case '[':
        return this.characterClass(place);
      case '.':
        return { kind: 'set', matches: (symbol) => ANY.test(symbol), place };
      case '\\': {
        const escaped = this.escape(place);
        if (typeof escaped === 'string') return this.literal(escaped, place);
        this.nameAll(ASCII.filter(escaped));
        return { kind: 'set', matches: escaped, place };
      }
      case '*':
      case '+':
      case '?':
      case '{':
        return this.fail('has nothing to repeat', `put something before it, or write \\${character}`, place);
      case '^':
      case '$':
        return this.fail(
          'is not supported',
          `remove it: the whole word is matched anyway; for the character write \\${character}`,
          place,
        );
      case ']':
      case '}':
        return this.fail('closes nothing', `remove it, or write \\${character}`, place);
      default:
        return this.literal(character, place);
    }
  }

  private group(place: number): Tree {
    if (this.take('?') && !this.take(':'))
      this.fail('begins a group of a kind that is not supported', 'use ( or (?:', place);
    this.open += 1;
    if (this.open > MOST_NESTED)
      this.fail(`opens a group inside of ${MOST_NESTED} others`, 'write it flatter', place);
    const inside = this.choice();
    this.open -= 1;
    if (!this.take(')')) this.fail('opens a group that is not closed', 'add a )', place);
    return inside;
  }

  private literal(character: string, place: number): CharacterSet {
    this.literals.set(character, place);
    this.named.add(character);
    return { kind: 'set', matches: (symbol) => symbol === character, place };
  }

  private nameAll(characters: readonly string[]): void {
    for (const character of characters) this.named.add(character);
  }

  /** Reads the part of an escape after the backslash: a character, or a class of them. */
  private escape(place: number): string | CharacterSet['matches'] {
    const character = this.peek();
    if (character === undefined)
      return this.fail('has nothing after it', 'write \\\\ for the backslash', place);
    this.place += 1;
    const group = CLASSES[character];
    if (group) return (symbol) => group.test(symbol);
    const control = CONTROLS[character];
    if (control !== undefined) return control;
    if (/^[\p{L}\p{N}]$/u.test(character))
      this.fail(
        `and the ${JSON.stringify(character)} after it are not supported`,
        'known are \\d \\w \\s \\D \\W \\S \\n \\t \\r \\f \\v; write other characters themselves',
        place,
      );
    return character;
  }

  private characterClass(place: number): CharacterSet {
    const negated = this.take('^');
    const members: CharacterSet['matches'][] = [];
    while (!this.take(']')) {
      const start = this.place;
      const from = this.member(place);
      const isRange = this.peek() === '-' && ![undefined, ']'].includes(this.characters[this.place + 1]);
      if (isRange) {
        const dash = this.place;
        this.place += 1;
        members.push(this.range(from, this.member(place), dash, negated));
      } else if (typeof from === 'string') {
        members.push((symbol) => symbol === from);
        // A character that a class excludes need not be a symbol.
        if (!negated) this.literal(from, start);
      } else {
        members.push(from);
        if (!negated) this.nameAll(ASCII.filter(from));
      }
    }
    if (members.length === 0)
      this.fail('opens a class without members', 'put characters between [ and ]', place);
    return {
      kind: 'set',
      matches: (symbol) => members.some((matches) => matches(symbol)) !== negated,
      place,
    };
  }

  private member(open: number): string | CharacterSet['matches'] {
    const place = this.place;
    const next = this.peek();
    if (next === undefined) return this.fail('opens a class that is not closed', 'add a ]', open);
    this.place += 1;
    return next === '\\' ? this.escape(place) : next;
  }

  private range(
    from: string | CharacterSet['matches'],
    to: string | CharacterSet['matches'],
    dash: number,
    negated: boolean,
  ): CharacterSet['matches'] {
    if (typeof from !== 'string' || typeof to !== 'string')
      return this.fail('stands beside a class', 'a range goes from a character to a character', dash);
    const [low, high] = [codePoint(from), codePoint(to)];
    if (low > high)
      return this.fail(`stands between ${from} and ${to}, the higher one first`, 'swap the two', dash);
    if (!negated && this.given === undefined) {
      if (high - low >= MOST_RANGE)
        this.fail(`spans more than ${MOST_RANGE} characters`, 'give the symbols', dash);
      this.nameAll(Array.from({ length: high - low + 1 }, (_, index) => String.fromCodePoint(low + index)));
    }
    return (symbol) => low <= codePoint(symbol) && codePoint(symbol) <= high;
  }
}

function codePoint(character: string): number {
  return present(character.codePointAt(0), 'character');
}

/** A mistake at a place of the pattern, counted from 0; past its last character, at the end. */
export function errorAt(pattern: string, place: number, message: string): DataError {
  const character = Array.from(pattern)[place];
  const shown = character === undefined ? 'the end' : `character ${place + 1}, ${JSON.stringify(character)},`;
  return new DataError(`${quotePattern(pattern)}: ${shown} ${message}`);
}

/** Quotes a pattern, shortened, to begin a message. */
export function quotePattern(pattern: string): string {
  const characters = Array.from(pattern);
  const isLong = characters.length > QUOTED;
  return `regular expression ${JSON.stringify(isLong ? `${characters.slice(0, QUOTED).join('')}...` : pattern)}`;
}
