// Glushkov's construction (1961): the positions of a pattern, which can begin and end a match, and
// which can follow which. Quantifiers are written out, a copy of the part for each repetition.

import { DataError } from '../../base/errors';
import { present } from '../../base/present';
import { hintFor } from './alphabet';
import { type CharacterSet, errorAt, quotePattern, type Tree } from './regex-syntax';

/** Most states of an NFA: {m,n} multiplies positions. */
const MOST_STATES = 1000;
/** A short pattern can ask for states x states x symbols transitions. */
const MOST_ARROWS = 1_000_000;
/**
 * Most joins of a position to a follower, repeated pairs included: nested quantifiers repeat them.
 */
const MOST_JOINS = 3_000_000;

/** A part of the pattern, as Glushkov's construction sees it. */
export interface Fragment {
  /** Whether it matches the empty word. */
  readonly nullable: boolean;
  /** Positions that can begin a match. */
  readonly first: readonly number[];
  /** Positions that can end a match. */
  readonly last: readonly number[];
}

const EMPTY: Fragment = { nullable: true, first: [], last: [] };

/** Collects the positions of a pattern. */
export class Positions {
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

  /** The positions that can follow a position. */
  follow(position: number): ReadonlySet<number> {
    return present(this.followers[position], 'position');
  }

  /**
   * Refuses a pattern with too many transitions, before any is made.
   *
   * @throws DataError naming their number
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
      throw errorAt(this.pattern, place, `matches none of the symbols; ${hintFor('', this.symbols)}`);
    const position = this.reads.push(symbols) - 1;
    if (position + 2 > MOST_STATES) throw this.tooLarge(`more than ${MOST_STATES} states`);
    this.followers.push(new Set());
    return { nullable: false, first: [position], last: [position] };
  }

  /** `min` copies, then optional ones up to `max`; without a `max` the last one loops. */
  private repeat(part: Tree, min: number, max: number): Fragment {
    if (max === 0) return EMPTY;
    const before = this.count;
    let next = this.add(part);
    // A part without positions matches the empty word alone, however often it is repeated.
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
    return new DataError(`${quotePattern(this.pattern)}: needs ${what}; use smaller numbers in { }${mend}`);
  }
}
