// The compiler's first stage: an automaton as a program over registers that hold relations, one
// step for each layer. It says what is computed, in the words of automata; `weights.ts` says by
// which weights. The construction is this project's (docs/theory.md).
//
// Doubling: when every token holds the relation of the last 2^l symbols, and takes in that of the
// token 2^l before, it holds that of the last 2^(l+1). So ceil(log2 length) steps are enough.

import type { Automaton, BiNfa, Nfa } from '../automata/automaton';
import {
  identityRelation,
  type Relation,
  separatorRelations,
  subRelations,
  symbolRelations,
} from '../automata/relation';
import { type Bounds, type CopySource, describeSource } from '../network/network';

/** A place in the residual stream that holds a relation between states, for every token. */
export interface Register {
  readonly name: string;
  readonly states: readonly string[];
  /** What each token begins with: start, symbols, separators; all entries 0 where undefined. */
  readonly initial: readonly (Relation | undefined)[];
}

/** One step. */
export type Instruction =
  | {
      /**
       * register := (register of a token before) then (register); where there is no such token,
       * nothing changes.
       */
      readonly op: 'multiply';
      readonly register: string;
      readonly source: CopySource;
    }
  | {
      /**
       * At a separator: to := what the separator does to segment states, by the sub-states that row
       * `row` of `from` holds.
       */
      readonly op: 'transition';
      readonly from: string;
      readonly row: number;
      readonly to: string;
      /** [separators][states of `from`] */
      readonly relations: readonly (readonly Relation[])[];
    };

/** What is read at every token: row `row` of a register, a state for each of its columns. */
export interface Read {
  /** What the states are called, e.g. `sub-states`. */
  readonly name: string;
  readonly register: string;
  readonly row: number;
  /**
   * Whether a separator's own token reads the row as if nothing had followed it: the sub-level
   * starts anew.
   */
  readonly anewAtSeparators: boolean;
}

/** An automaton as steps. */
export interface RelationProgram {
  readonly automaton: Automaton;
  readonly bounds: Bounds;
  readonly registers: readonly Register[];
  readonly instructions: readonly Instruction[];
  readonly reads: readonly Read[];
}

/** How many doublings cover a length. */
export function doublings(length: number): number {
  return Math.ceil(Math.log2(length));
}

/** The flat construction: one register of |Q| x |Q|, doubled over places in the word. */
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
 * The bilevel construction: sub-states doubled inside segments (a separator's token among them, so
 * one place more than symbols), then what separators do to segment states, then segment states
 * doubled over segments.
 */
export function bilevelProgram(
  automaton: BiNfa,
  { maxSegmentLength, maxSegments }: { readonly maxSegmentLength: number; readonly maxSegments: number },
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

/** The program as text, a line for each register, step and read. */
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
