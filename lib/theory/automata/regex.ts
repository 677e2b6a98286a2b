// Regular expressions as NFAs by Glushkov's construction (1961): a state for each place of the
// pattern that reads a character, and a start; no empty moves. The pattern has to match the whole
// word. What it means is what JavaScript's `u` flag means by it.

import { DataError } from '../../base/errors';
import { present } from '../../base/present';
import { hintFor } from './alphabet';
import type { Nfa } from './automaton';

/**
 * The most states an NFA may get, for {m,n} multiplies them; and the most characters that a range
 * may name.
 */
const MOST = 1000;
/** A few words can ask for as many arrows as states times states times symbols. */
const MOST_ARROWS = 1_000_000;
/**
 * How often a place may be joined to one after it, the same pair counted each time: nested
 * quantifiers do it again and again.
 */
const MOST_JOINS = 3_000_000;
/** Far more than a person nests; each takes several calls of the parser. */
const MOST_NESTED = 200;
const MOST_CHARACTERS = 10_000;
/** Characters of a pattern that a message repeats. */
const QUOTED = 60;

/**
 * The NFA of a pattern: literals, escapes (`\d \w \s \n \t \r` and those of punctuation), `.`,
 * classes `[a-z]` and `[^a-z]`, `|`, groups, and the quantifiers `* + ? {m} {m,} {m,n}`.
 *
 * @param symbols the alphabet, single characters; left out, the characters that the pattern names,
 *   by themselves, by a range, or by an escape (its ASCII characters). `.` and `[^...]` name none
 *   and stand for those symbols that they match
 * @returns states `start`, and `p1`, `p2`, ... for the places of the pattern from left to right,
 *   quantifiers written out
 * @throws DataError with the character of the pattern, counted from 1, and what to write instead
 */
export function compileRegex(pattern: string, symbols?: readonly string[]): Nfa {
  const parser = new Parser(pattern, symbols);
  const positions = new Positions(pattern, parser.symbols);
  const whole = positions.add(parser.tree);
  positions.checkArrows(whole.first);
  const name = (position: number): string => `p${position + 1}`;
  const arrows = (from: string, targets: Iterable<number>): (readonly [string, string, string])[] =>
    [...targets]
      .sort((a, b) => a - b)
      .flatMap((target) => positions.read(target).map((symbol) => [from, symbol, name(target)] as const));
  const states = Array.from({ length: positions.count }, (_, position) => name(position));
  return {
    type: 'nfa',
    states: ['start', ...states],
    symbols: parser.symbols,
    start: 'start',
    accept: [...(whole.nullable ? ['start'] : []), ...whole.last.sort((a, b) => a - b).map(name)],
    transitions: [
      ...arrows('start', whole.first),
      ...states.flatMap((state, position) => arrows(state, positions.follow(position))),
    ],
  };
}

/** What a place of the pattern reads. */
interface CharacterSet {
  readonly kind: 'set';
  readonly matches: (character: string) => boolean;
  /** The place in the pattern, from 0. */
  readonly place: number;
}

type Tree =
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

/** Recursive descent over the characters of a pattern. */
class Parser {
  readonly tree: Tree;
  readonly symbols: readonly string[];
  private readonly characters: readonly string[];
  /** What the alphabet is made of, if none is given. */
  private readonly named = new Set<string>();
  /** Characters that stand for themselves, and where. */
  private readonly literals = new Map<string, number>();
  private place = 0;
  /** Groups that are open. */
  private open = 0;

  constructor(
    private readonly pattern: string,
    private readonly given?: readonly string[],
  ) {
    const wrong = given?.find((symbol) => Array.from(symbol).length !== 1);
    if (wrong !== undefined)
      throw new DataError(
        `${quote(pattern)}: the symbol ${JSON.stringify(wrong)} is not one character; give single characters`,
      );
    this.characters = Array.from(pattern);
    if (this.characters.length > MOST_CHARACTERS)
      throw new DataError(
        `${quote(pattern)}: has ${this.characters.length} characters, more than ${MOST_CHARACTERS}; make it shorter, or write the automaton as JSON`,
      );
    this.tree = this.choice();
    if (this.peek() === ')') this.fail('closes no group', 'remove it, or write \\)');
    this.symbols = given ?? [...this.named].sort();
    if (this.symbols.length === 0)
      throw new DataError(
        `${quote(pattern)}: names no character, so that the alphabet would be empty; give the symbols`,
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
    throw errorAt(this.pattern, place, this.characters[place], `${what}; ${mend}`);
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

  /** What stands after a backslash: a character, or a class of them. */
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
        // What a class leaves out need not be a symbol.
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
      if (high - low >= MOST) this.fail(`spans more than ${MOST} characters`, 'give the symbols', dash);
      this.nameAll(Array.from({ length: high - low + 1 }, (_, index) => String.fromCodePoint(low + index)));
    }
    return (symbol) => low <= codePoint(symbol) && codePoint(symbol) <= high;
  }
}

function codePoint(character: string): number {
  return present(character.codePointAt(0), 'character');
}

function errorAt(pattern: string, place: number, character: string | undefined, message: string): DataError {
  const shown = character === undefined ? 'the end' : `character ${place + 1}, ${JSON.stringify(character)},`;
  return new DataError(`${quote(pattern)}: ${shown} ${message}`);
}

/** A pattern as the first words of a message. */
function quote(pattern: string): string {
  const characters = Array.from(pattern);
  const isLong = characters.length > QUOTED;
  return `regular expression ${JSON.stringify(isLong ? `${characters.slice(0, QUOTED).join('')}...` : pattern)}`;
}

/** What Glushkov's construction needs to know of a part of the pattern. */
interface Fragment {
  /** Whether it matches the empty word. */
  readonly nullable: boolean;
  /** The positions with which a match can begin, and end. */
  readonly first: number[];
  readonly last: number[];
}

const EMPTY: Fragment = { nullable: true, first: [], last: [] };

/** The positions of a pattern, and which can follow which. */
class Positions {
  private readonly reads: (readonly string[])[] = [];
  private readonly followers: Set<number>[] = [];
  private joins = 0;

  constructor(
    private readonly pattern: string,
    private readonly symbols: readonly string[],
  ) {}

  get count(): number {
    return this.reads.length;
  }

  /** The symbols that a position reads. */
  read(position: number): readonly string[] {
    return present(this.reads[position], 'position');
  }

  follow(position: number): ReadonlySet<number> {
    return present(this.followers[position], 'position');
  }

  /**
   * @throws DataError if there are more arrows than an NFA may get; they are made only afterwards
   */
  checkArrows(first: readonly number[]): void {
    const arrowsTo = (targets: Iterable<number>): number => {
      let arrows = 0;
      for (const target of targets) arrows += this.read(target).length;
      return arrows;
    };
    const arrows = this.followers.reduce((sum, targets) => sum + arrowsTo(targets), arrowsTo(first));
    if (arrows > MOST_ARROWS)
      throw this.tooLarge(
        `${arrows.toLocaleString('en')} arrows, more than ${MOST_ARROWS.toLocaleString('en')}`,
        ' or narrower classes',
      );
  }

  add(tree: Tree): Fragment {
    switch (tree.kind) {
      case 'set':
        return this.position(tree);
      case 'sequence':
        return tree.parts.reduce((before, part) => this.concatenate(before, this.add(part)), EMPTY);
      case 'choice': {
        const parts = tree.parts.map((part) => this.add(part));
        return {
          nullable: parts.some(({ nullable }) => nullable),
          first: parts.flatMap(({ first }) => first),
          last: parts.flatMap(({ last }) => last),
        };
      }
      case 'repeat':
        return this.repeat(tree.part, tree.min, tree.max);
    }
  }

  private position({ matches, place }: CharacterSet): Fragment {
    const symbols = this.symbols.filter(matches);
    if (symbols.length === 0)
      throw errorAt(
        this.pattern,
        place,
        Array.from(this.pattern)[place],
        `matches none of the symbols; ${hintFor('', this.symbols)}`,
      );
    const position = this.reads.push(symbols) - 1;
    if (position + 2 > MOST) throw this.tooLarge(`more than ${MOST} states`);
    this.followers.push(new Set());
    return { nullable: false, first: [position], last: [position] };
  }

  /** `min` copies, then up to `max`, or the last one again and again. */
  private repeat(part: Tree, min: number, max: number): Fragment {
    if (max === 0) return EMPTY;
    const before = this.count;
    let next = this.add(part);
    // Without a place it matches the empty word alone, however often.
    if (this.count === before) return EMPTY;
    let whole = EMPTY;
    for (let copy = 1; ; copy++) {
      const isLast = copy >= (max === Infinity ? min : max);
      if (isLast && max === Infinity) this.connect(next, next);
      const isOptional = max === Infinity ? isLast && min === 0 : copy > min;
      whole = this.concatenate(whole, { ...next, nullable: next.nullable || isOptional });
      if (isLast) return whole;
      next = this.add(part);
    }
  }

  private concatenate(before: Fragment, after: Fragment): Fragment {
    this.connect(before, after);
    return {
      nullable: before.nullable && after.nullable,
      first: before.nullable ? [...before.first, ...after.first] : before.first,
      last: after.nullable ? [...before.last, ...after.last] : after.last,
    };
  }

  private connect({ last }: Fragment, { first }: Fragment): void {
    this.joins += last.length * first.length;
    if (this.joins > MOST_JOINS)
      throw this.tooLarge('too many arrows', ' or fewer of them inside each other');
    for (const position of last)
      for (const next of first) present(this.followers[position], 'position').add(next);
  }

  private tooLarge(what: string, mend = ''): DataError {
    return new DataError(`${quote(this.pattern)}: needs ${what}; use smaller numbers in { }${mend}`);
  }
}
