// The compiler's first stage: an automaton as a program over registers that hold relations, one
// `multiply` a layer. `weights.ts` turns it into weights. The construction is this project's
// (docs/theory.md).
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
import { type BilevelBounds, type Bounds, type CopySource, describeSource } from '../network/network';

/** A part of the residual stream that holds a relation between states, for every token. */
export interface Register {
  readonly name: string;
  readonly states: readonly string[];
  /** The initial relation of each token: start, symbols, separators; undefined is all 0. */
  readonly initial: readonly (Relation | undefined)[];
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
      readonly source: CopySource;
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
  readonly instructions: readonly Instruction[];
  readonly reads: readonly Read[];
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
    states,
    initial: [identityRelation(states.length), ...symbolRelations(automaton)],
  };
  return {
    automaton,
    bounds: { encoding: 'ape', maxLength },
    registers: [register],
    instructions: double('relation', 'word', maxLength),
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
        states: subStates,
        initial: [unmoved, ...subRelations(automaton), ...separators.map(() => unmoved)],
      },
      {
        name: 'segment relation',
        states: segmentStates,
        initial: [unmovedSegment, ...symbols.map(() => unmovedSegment), ...separators.map(() => undefined)],
      },
    ],
    instructions: [
      ...double('sub relation', 'segment', maxSegmentLength + 1),
      {
        op: 'transition',
        from: 'sub relation',
        row,
        to: 'segment relation',
        relations: separatorRelations(automaton),
      },
      ...double('segment relation', 'separators', maxSegments),
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

function double(register: string, among: CopySource['among'], length: number): Instruction[] {
  return Array.from({ length: doublings(length) }, (_, step) => ({
    op: 'multiply',
    register,
    source: { among, back: 2 ** step },
  }));
}

/** Prints a program, a line for each register, step and read-out. */
export function printProgram({ automaton, bounds, registers, instructions, reads }: RelationProgram): string {
  const symbols = automaton.symbols.length;
  const separators = automaton.type === 'nfa' ? 0 : automaton.separators.length;
  const limit =
    bounds.encoding === 'ape'
      ? `words of up to ${bounds.maxLength} symbols`
      : `up to ${bounds.maxSegments} segments of up to ${bounds.maxSegmentLength} symbols`;
  const rows: string[][] = [
    ['for', limit],
    ...registers.map(({ name, states, initial }) => [
      'load',
      `${name} [${states.length} x ${states.length}]`,
      `${symbols} symbols as their relations${describeSeparators(initial.slice(1 + symbols), separators)}`,
    ]),
    ...instructions.map((instruction) =>
      instruction.op === 'multiply'
        ? ['multiply', instruction.register, `by that ${describeSource(instruction.source)}`]
        : ['transition', instruction.to, `at a separator, by row ${instruction.row} of ${instruction.from}`],
    ),
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

function describeSeparators(initial: readonly (Relation | undefined)[], separators: number): string {
  if (separators === 0) return '';
  return initial.every((relation) => relation === undefined)
    ? ', separators empty for now'
    : ', separators as the identity';
}
