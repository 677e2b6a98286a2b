// The compact construction: absolute positions, and width O(k^2 + |S|^2) for a bilevel automaton
// all the same. A fragment of a word, wherever it begins, has a summary:
//
//   h  the relation between sub-states of the symbols before its first separator, [k, k]
//   a  which separator that is, or none
//   M  the relation between segment states of the segments closed after it, [|S|, |S|]
//   x  the sub-states since its last separator, [k]: they begin at the sub-level's start
//
// Write T_a(R) for the relation between segment states that separator a makes of the sub-states R,
// and h_q for row q of h. Then the fragment leads from (s, q) to (s', q') exactly if
// (T_a(h_q) M)[s, s'] and x[q'] are 1; without a separator, if s = s' and h[q, q'] = 1. And two
// fragments, one after the other, have the summary (h1, a1, M1 T_a2(x1 h2) M2, x2); h1 becomes h1
// h2 if the left one has no separator, and x2 becomes x1 h2 if the right one has none. So summaries
// double over places as relations do.
//
// The start of a word counts as one more separator, after which the sub-level begins. A word's
// summary then has all that is read out: M and x. To pass the start again changes nothing.

import type { BiNfa } from '../automata/automaton';
import { identityRelation, separatorRelations, subRelations } from '../automata/relation';
import type { BlockShape } from '../network/layout';
import { unitRow } from './carried';
import { doubledDistances, type Register, type RelationProgram } from './program';

/** The registers of a summary, in their order: h, a, M and x. */
export const summary = {
  sub: 'sub relation',
  first: 'first separator',
  segment: 'segment relation',
  reached: 'sub-states',
} as const;

/** The blocks that a `join` writes in between. */
export const scratch = { moved: 'moved sub-states', passage: 'passage' } as const;

/** The block that the source token's register is copied to. */
export function copyOf(register: string): string {
  return `copied ${register}`;
}

/** The compact construction: a summary of four registers, doubled over places in the word. */
export function compactProgram(automaton: BiNfa, maxLength: number): RelationProgram {
  const { subStates, segmentStates, symbols, separators } = automaton;
  const [unmoved, unmovedSegment] = [
    identityRelation(subStates.length),
    identityRelation(segmentStates.length),
  ];
  const begun = unitRow(subStates.length, subStates.indexOf(automaton.subStart));
  const firsts = ['start', ...separators];
  const relations = separatorRelations(automaton);
  const registers: Register[] = [
    {
      name: summary.sub,
      rows: subStates,
      columns: subStates,
      initial: [unmoved, ...subRelations(automaton), ...separators.map(() => unmoved)],
    },
    {
      name: summary.first,
      rows: [''],
      columns: firsts,
      initial: [
        unitRow(firsts.length, 0),
        ...symbols.map(() => undefined),
        ...separators.map((_, index) => unitRow(firsts.length, 1 + index)),
      ],
    },
    {
      name: summary.segment,
      rows: segmentStates,
      columns: segmentStates,
      initial: [unmovedSegment, ...symbols, ...separators].map(() => unmovedSegment),
    },
    {
      name: summary.reached,
      rows: [''],
      columns: subStates,
      initial: [begun, ...symbols.map(() => undefined), ...separators.map(() => begun)],
    },
  ];
  return {
    automaton,
    bounds: { encoding: 'compact', maxLength },
    registers,
    scratch: [
      ...registers.map(({ name, rows, columns }): BlockShape => ({ name: copyOf(name), rows, columns })),
      { name: scratch.moved, rows: [''], columns: subStates },
      { name: scratch.passage, rows: segmentStates, columns: segmentStates },
    ],
    // The start is a token of the fragment, too.
    instructions: doubledDistances(maxLength + 1).map((back) => ({
      op: 'join',
      source: { among: 'word', back },
      relations,
    })),
    reads: [
      {
        name: 'segment states',
        register: summary.segment,
        row: segmentStates.indexOf(automaton.segmentStart),
        anewAtSeparators: false,
      },
      { name: 'sub-states', register: summary.reached, row: 0, anewAtSeparators: false },
    ],
  };
}
