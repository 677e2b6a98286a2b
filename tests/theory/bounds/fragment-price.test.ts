import { describe, expect, it } from 'vitest';
import { Random } from '../../../lib/engine/random/random';
import { flatten } from '../../../lib/theory/automata/flatten';
import { fragmentRelations } from '../../../lib/theory/automata/fragments';
import { automatonExamples } from '../../../lib/theory/automata/examples';
import { randomBiNfa } from '../../../lib/theory/automata/random';
import { countedAutomata } from '../../../lib/theory/bounds/counted-automata';
import { fragmentPrice } from '../../../lib/theory/bounds/fragment-price';
import { RowSpace } from '../../../lib/theory/bounds/rank';
import { witnessAutomaton } from '../../../lib/theory/bounds/witness';

describe.each([2, 3, 4])('automata of %i states that can be counted', (states) => {
  it.each(countedAutomata(states))('$name', ({ automaton, relations, rank }) => {
    const found = fragmentRelations(automaton, relations + 1);
    expect(found.size).toBe(relations);
    const space = new RowSpace();
    // The witness has the single arrows among its first relations.
    for (let index = 0; index < Math.min(found.size, 4096); index++) space.add(found.relation(index).entries);
    expect(space.rank).toBe(rank);
  });
});

describe('the price of a fragment', () => {
  it('is n² for the witness, which is what flat registers hold', () => {
    for (const states of [1, 2, 3])
      expect(fragmentPrice(witnessAutomaton(states))).toEqual({
        states,
        relations: 2 ** (states ** 2),
        isComplete: true,
        bits: states ** 2,
        registers: { flat: states ** 2, compact: null, bilevel: null },
      });
  });

  it('is a lower bound where there are too many relations', () => {
    const price = fragmentPrice(witnessAutomaton(4), 1000);
    expect(price).toMatchObject({ relations: 1000, isComplete: false });
    expect(price.bits).toBeCloseTo(Math.log2(1000));
  });

  it('is that of the flattened automaton for two levels, beside three sizes of registers', () => {
    const size = { subStates: 3, segmentStates: 2, symbols: 2, separators: 2, density: 0.5 };
    const automaton = randomBiNfa(Random.fromSeed(5), size);
    const [price, flat] = [fragmentPrice(automaton), fragmentPrice(flatten(automaton))];
    expect(price).toMatchObject({ states: 6, relations: flat.relations });
    expect(price.registers).toEqual({ flat: 36, compact: 9 + 4 + 3 + 2, bilevel: 13 });
  });

  it('is no more than what the registers for fragments hold', () => {
    for (const { automaton } of automatonExamples) {
      const { bits, isComplete, registers } = fragmentPrice(automaton);
      expect(isComplete).toBe(true);
      expect(bits).toBeLessThanOrEqual(Math.min(registers.flat, registers.compact ?? Infinity));
    }
  });
});
