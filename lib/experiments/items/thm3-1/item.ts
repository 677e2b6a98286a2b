// Theorem 3.1 (1.6 in the appendix), by the working definition: how many bits a summary of a
// fragment has. All relations of a witness automaton, the rank of its fragments by contexts, and
// what a compiled network forgets when it has less room.

import { defineExperiment } from '../../run/experiment';
import { prepareNothing } from '../../run/definition';
import { counted } from '../../settings/preset-words';
import { drawTheorem31 } from './draw';
import { measureTheorem31, type Theorem31Result, theorem31Schema, type Theorem31Settings } from './measures';

const quick: Theorem31Settings = {
  monoidStates: 5,
  contextStates: 4,
  rankStates: 8,
  cliffStates: [2, 3, 4],
  fragments: 512,
  bitsStates: 3,
  countedStates: 4,
  priceRelations: 20_000,
  seed: 1,
};

function describe(settings: Theorem31Settings): string {
  const { monoidStates, rankStates, cliffStates, fragments, bitsStates } = settings;
  return (
    `all relations up to n = ${monoidStates}, ranks up to n = ${rankStates}, bits for n = ${bitsStates}; ` +
    `networks of ${cliffStates.join(', ')} states, ${counted(fragments, 'fragment')} at most`
  );
}

/** Theorem 3.1 as an item. */
export const theorem31 = defineExperiment<Theorem31Settings, null, Theorem31Result>({
  id: 'thm3.1',
  title: 'Theorem 3.1: what a fragment of an NFA’s word costs to remember',
  question:
    'How many bits does a summary of a fragment have, if it tells which states lead to which, whatever came before?',
  answer: /^d numbers of p bits recall no more than/,
  claim:
    'Theorem 3.1 (1.6 in the appendix): a lower bound, for absolute positional encoding and NFA (public summary page; we have not seen its text). Working definition: a fragment whose beginning is not known yet is summarised by d numbers of p bits; the words of one automaton of n states have all 2^(n²) relations between states, so for it d·p ≥ n². Proved: this count, for summaries of fragments. Open: for which networks a lower bound on the width follows; not for all, since from the start of a word n bits are enough.',
  notebook: 'notebooks/thm3.1.ipynb',
  revision: 2,
  schema: theorem31Schema,
  presets: {
    smoke: {
      description: describe,
      time: 'seconds',
      settings: {
        monoidStates: 3,
        contextStates: 2,
        rankStates: 3,
        cliffStates: [2],
        fragments: 32,
        bitsStates: 2,
        countedStates: 3,
        priceRelations: 1000,
        seed: 1,
      },
    },
    quick: {
      description: describe,
      time: 'half a minute, 0.5 GB',
      settings: quick,
    },
    paper: {
      description: describe,
      time: 'four minutes, 0.5 GB',
      settings: { ...quick, fragments: 4096, bitsStates: 4 },
    },
  },
  seeds: ({ seed }) => [seed],
  usesEngine: true,
  prepare: prepareNothing,
  run: (settings, _input, { reporter }) => measureTheorem31(settings, reporter),
  scale: ({ monoidStates, contextStates, fragments }) =>
    `Relations are counted exactly for up to ${monoidStates} states, tried in every context for up to ${contextStates}; each network read at most ${fragments.toLocaleString('en')} fragments in every context, in float32. The count holds for every n; it is about summaries of fragments, not about all Transformers.`,
  draw: drawTheorem31,
});
