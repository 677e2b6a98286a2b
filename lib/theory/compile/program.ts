// The compiler's first stage: an automaton as a program over registers that hold relations, one
// `multiply` or `join` a layer (`compact.ts` has the programs of joins, `carried.ts` and
// `spread.ts` those over sets of states). `weights.ts` turns it into weights. The construction is
// this project's (docs/theory.md).
//
// Doubling: if every token holds the relation of the last 2^l symbols and multiplies it by that of
// the token 2^l before, it holds that of the last 2^(l+1). So ceil(log2 length) steps are enough.

import type { Automaton, BiNfa, Nfa } from '../automata/automaton';
import {
  identityRelation,
  type Relation,
  separatorRelations,
  subRelations,
  symbolRelations,
} from '../automata/relation';
import type { BlockShape } from '../network/layout';
import {
  type BilevelBounds,
  type BlockSource,
  type Bounds,
  describeSource,
  type TokenSource,
} from '../network/network';

/** A part of the residual stream that holds a relation between states, for every token. */
export interface Register {
  readonly name: string;
  /** Names of the states that it leads from; a set of states has one row, without a name. */
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  /** The initial relation of each token: start, symbols, separators; undefined is all 0. */
  readonly initial: readonly (Relation | undefined)[];
  /** Whether a token begins with a 1 in the row of its index in its block of places, too. */
  readonly marksIndex?: true;
}

/** A step of a program. */
export type Instruction =
  | {
      /**
       * register := (register of the source token) then (register). Without a source token nothing
       * changes.
       */
      readonly op: 'multiply';
      readonly register: string;
      readonly source: TokenSource;
    }
  | {
      /**
       * At a separator: to := the separator's relation between segment states, for the sub-states
       * in row `row` of `from`.
       */
      readonly op: 'transition';
      readonly from: string;
      readonly row: number;
      readonly to: string;
      /** [separators][states of `from`] */
      readonly relations: readonly (readonly Relation[])[];
    }
  | {
      /**
       * The registers together, a summary of a fragment, := that of the source token, then that of
       * the token.
       */
      readonly op: 'join';
      readonly source: TokenSource;
      /** [separators][sub-states] */
      readonly relations: readonly (readonly Relation[])[];
    }
  | SetInstruction;

/** A step of a program over sets of states, a row of n in each register. */
export type SetInstruction =
  | {
      /** register := (register of the source token), moved by the token's own symbol. */
      readonly op: 'carry';
      readonly register: string;
      readonly source: TokenSource;
      /** By kind of token, the start first: [1 + symbols] */
      readonly relations: readonly Relation[];
    }
  | {
      /** register := register, moved by the symbol of the source token; the start moves nothing. */
      readonly op: 'read';
      readonly register: string;
      readonly source: BlockSource;
      /** By kind of token, the start first: [1 + symbols] */
      readonly relations: readonly Relation[];
    }
  | {
      /**
       * register := the union of the registers of the source tokens; unchanged if that is the
       * start.
       */
      readonly op: 'unite';
      readonly register: string;
      readonly source: BlockSource;
    }
  | {
      /** to := the state of the token's index in its block, if `state` is in `from`; else none. */
      readonly op: 'pick';
      readonly from: string;
      readonly state: number;
      readonly to: string;
    }
  | {
      /** to := the union of `from` of the source tokens. */
      readonly op: 'collect';
      readonly from: string;
      readonly to: string;
      readonly source: BlockSource;
    };

/** The read-out of a token: row `row` of a register, with a state for each column. */
export interface Read {
  /** The kind of states, e.g. `sub-states`. */
  readonly name: string;
  readonly register: string;
  readonly row: number;
  /**
   * Whether the sub-level has restarted at a separator's own token, which then reads the start
   * alone.
   */
  readonly anewAtSeparators: boolean;
}

/** An automaton as a program. */
export interface RelationProgram {
  readonly automaton: Automaton;
  readonly bounds: Bounds;
  readonly registers: readonly Register[];
  /** Blocks that steps write in between, such as what a head has copied. */
  readonly scratch: readonly BlockShape[];
  readonly instructions: readonly Instruction[];
  readonly reads: readonly Read[];
  /** Places are grouped into blocks of so many; without it, a place is one number. */
  readonly blockLength?: number;
}

/** The number of doublings that cover a length. */
export function doublings(length: number): number {
  return Math.ceil(Math.log2(length));
}

/** The flat construction: one register |Q| x |Q|, doubled over places in the word. */
export function flatProgram(automaton: Nfa, maxLength: number): RelationProgram {
  const { states, start } = automaton;
  const register: Register = {
    name: 'relation',
    rows: states,
    columns: states,
    initial: [identityRelation(states.length), ...symbolRelations(automaton)],
  };
  return {
    automaton,
    bounds: { encoding: 'ape', maxLength },
    registers: [register],
    scratch: [copied(states.length)],
    instructions: multiplyDoubling('relation', 'word', maxLength),
    reads: [{ name: 'states', register: 'relation', row: states.indexOf(start), anewAtSeparators: false }],
  };
}

/**
 * The bilevel construction: a register of sub-states doubled inside segments, the transition of
 * segment states at separators, and a register of segment states doubled over segments. A segment
 * has one place more than symbols, its separator's.
 */
export function bilevelProgram(
  automaton: BiNfa,
  { maxSegmentLength, maxSegments }: BilevelBounds,
): RelationProgram {
  const { subStates, subStart, segmentStates, segmentStart, symbols, separators } = automaton;
  const [unmoved, unmovedSegment] = [
    identityRelation(subStates.length),
    identityRelation(segmentStates.length),
  ];
  const row = subStates.indexOf(subStart);
  return {
    automaton,
    bounds: { encoding: 'bipe', maxSegmentLength, maxSegments },
    registers: [
      {
        name: 'sub relation',
        rows: subStates,
        columns: subStates,
        initial: [unmoved, ...subRelations(automaton), ...separators.map(() => unmoved)],
      },
      {
        name: 'segment relation',
        rows: segmentStates,
        columns: segmentStates,
        initial: [unmovedSegment, ...symbols.map(() => unmovedSegment), ...separators.map(() => undefined)],
      },
    ],
    scratch: [copied(Math.max(subStates.length, segmentStates.length))],
    instructions: [
      ...multiplyDoubling('sub relation', 'segment', maxSegmentLength + 1),
      {
        op: 'transition',
        from: 'sub relation',
        row,
        to: 'segment relation',
        relations: separatorRelations(automaton),
      },
      ...multiplyDoubling('segment relation', 'separators', maxSegments),
    ],
    reads: [
      {
        name: 'segment states',
        register: 'segment relation',
        row: segmentStates.indexOf(segmentStart),
        anewAtSeparators: false,
      },
      { name: 'sub-states', register: 'sub relation', row, anewAtSeparators: true },
    ],
  };
}

/** The distances that double until they cover a length: 1, 2, 4, ... */
export function doubledDistances(length: number): number[] {
  return Array.from({ length: doublings(length) }, (_, step) => 2 ** step);
}

function multiplyDoubling(register: string, among: TokenSource['among'], length: number): Instruction[] {
  return doubledDistances(length).map((back) => ({ op: 'multiply', register, source: { among, back } }));
}

/** The block for the copied relation of the largest register. */
function copied(states: number): BlockShape {
  return {
    name: 'copied',
    rows: [''],
    columns: Array.from({ length: states ** 2 }, (_, entry) => String(entry + 1)),
  };
}

/** Prints a program, a line for each register, step and read-out. */
export function printProgram({ automaton, bounds, registers, instructions, reads }: RelationProgram): string {
  const symbols = automaton.symbols.length;
  const separators = automaton.type === 'nfa' ? 0 : automaton.separators.length;
  const limit =
    bounds.encoding !== 'bipe'
      ? `words of up to ${bounds.maxLength} symbols`
      : `up to ${bounds.maxSegments} segments of up to ${bounds.maxSegmentLength} symbols`;
  const rows: string[][] = [
    ['for', limit],
    ...registers.map(({ name, rows: from, columns, initial }) => [
      'load',
      `${name} [${from.length} x ${columns.length}]`,
      `${symbols} symbols ${describeInitial(initial.slice(1, 1 + symbols))}${separators === 0 ? '' : `, separators ${describeInitial(initial.slice(1 + symbols))}`}`,
    ]),
    ...instructions.map(describeInstruction),
    ...reads.map(({ register, row, anewAtSeparators }) => [
      'read',
      register,
      `row ${row}${anewAtSeparators ? '; at a separator as at the start' : ''}`,
    ]),
  ];
  return rows
    .map(([op = '', what = '', how = '']) => `${op.padEnd(10)}  ${what.padEnd(26)}  ${how}`.trimEnd())
    .join('\n');
}

function describeInstruction(instruction: Instruction): string[] {
  if (instruction.op === 'transition')
    return ['transition', instruction.to, `at a separator, by row ${instruction.row} of ${instruction.from}`];
  if (instruction.op === 'pick')
    return ['pick', instruction.to, `the own index, if ${instruction.from} has state ${instruction.state}`];
  const source = describeSource(instruction.source);
  switch (instruction.op) {
    case 'multiply':
      return ['multiply', instruction.register, `by that ${source}`];
    case 'join':
      return ['join', 'all registers', `with those ${source}`];
    case 'carry':
      return ['carry', instruction.register, `that ${source}, by the own symbol`];
    case 'read':
      return ['read', instruction.register, `by the symbol ${source}`];
    case 'unite':
      return ['unite', instruction.register, `those ${source}`];
    case 'collect':
      return ['collect', instruction.to, `${instruction.from} ${source}`];
  }
}

function describeInitial(initial: readonly (Relation | undefined)[]): string {
  if (initial.every((relation) => relation === undefined)) return 'empty';
  const areIdentities = initial.every(
    (relation) =>
      relation !== undefined &&
      relation.rows === relation.columns &&
      relation.entries.join() === identityRelation(relation.rows).entries.join(),
  );
  return areIdentities ? 'as the identity' : 'each its own';
}
