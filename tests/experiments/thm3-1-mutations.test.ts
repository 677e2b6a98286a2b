// The item fails if a part of it is broken: a witness that lacks a symbol, an elimination that does
// not eliminate, a search that overlooks relations. Each mutation is fed to the measurement.

import { afterEach, beforeAll, expect, it, vi } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { drawTheorem31 } from '../../lib/experiments/items/thm3-1/draw';
import { measureTheorem31 } from '../../lib/experiments/items/thm3-1/measures';
import type { Nfa } from '../../lib/theory/automata/automaton';
import type * as Fragments from '../../lib/theory/automata/fragments';
import type { FragmentRelations } from '../../lib/theory/automata/fragments';
import type * as Monoid from '../../lib/theory/automata/monoid';
import type { TransitionMonoid } from '../../lib/theory/automata/monoid';
import type * as Witness from '../../lib/theory/bounds/witness';
import { RowSpace } from '../../lib/theory/bounds/rank';

/** What is broken at the moment. */
const broken = vi.hoisted(() => ({
  witness: (automaton: Nfa): Nfa => automaton,
  monoid: (monoid: TransitionMonoid): TransitionMonoid => monoid,
  fragments: (found: FragmentRelations): FragmentRelations => found,
}));

vi.mock('../../lib/theory/bounds/witness', async (original) => {
  const real = await original<typeof Witness>();
  return { ...real, witnessAutomaton: (states: number) => broken.witness(real.witnessAutomaton(states)) };
});
vi.mock('../../lib/theory/automata/monoid', async (original) => {
  const real = await original<typeof Monoid>();
  const transitionMonoid: typeof real.transitionMonoid = (...given) =>
    broken.monoid(real.transitionMonoid(...given));
  return { ...real, transitionMonoid };
});
vi.mock('../../lib/theory/automata/fragments', async (original) => {
  const real = await original<typeof Fragments>();
  const fragmentRelations: typeof real.fragmentRelations = (...given) =>
    broken.fragments(real.fragmentRelations(...given));
  return { ...real, fragmentRelations };
});

beforeAll(async () => {
  await startEngine({ allowSlow: true, reporter: silentReporter });
});
const sound = { ...broken };
afterEach(() => {
  Object.assign(broken, sound);
  vi.restoreAllMocks();
});

/** The claims of the checks that do not hold. */
async function failedChecks(): Promise<string[]> {
  const settings = {
    monoidStates: 3,
    contextStates: 2,
    rankStates: 3,
    cliffStates: [2],
    fragments: 16,
    bitsStates: 2,
    countedStates: 3,
    priceRelations: 500,
    seed: 1,
  };
  const { findings } = drawTheorem31(await measureTheorem31(settings, silentReporter));
  return findings.filter(({ holds, check }) => holds !== true && check === true).map(({ claim }) => claim);
}

it('holds unchanged', async () => {
  expect(await failedChecks()).toEqual([]);
});

it.each(['turn', 'swap', 'join', 'drop', 'prime1'])(
  'fails with a witness in which %s does nothing',
  async (symbol) => {
    broken.witness = ({ transitions, ...automaton }) => ({
      ...automaton,
      transitions: [
        ...transitions.filter(([, name]) => name !== symbol),
        ...automaton.states
          .filter(() => automaton.symbols.includes(symbol))
          .map((state) => [state, symbol, state] as const),
      ],
    });
    const failed = await failedChecks();
    expect(failed).toContainEqual(expect.stringContaining('words have every relation'));
    expect(failed).toContainEqual(expect.stringContaining('as many relations as counting gives'));
  },
);

it.each(['swap', 'prime1'])('fails with a witness without the symbol %s', async (lacking) => {
  broken.witness = (automaton) => ({
    ...automaton,
    symbols: automaton.symbols.filter((symbol) => symbol !== lacking),
    transitions: automaton.transitions.filter(([, symbol]) => symbol !== lacking),
  });
  expect(await failedChecks()).toContainEqual(expect.stringContaining('words have every relation'));
});

it.each<[string, (space: RowSpace, row: ArrayLike<number>) => boolean]>([
  [
    'counts rows and does not eliminate',
    (space, row) => {
      rowsOf(space).set(space.rank, Array.from(row, BigInt));
      return true;
    },
  ],
  [
    'only looks at the place of the first entry',
    (space, row) => {
      const place = Array.from(row).findIndex((entry) => entry !== 0);
      if (place < 0 || rowsOf(space).has(place)) return false;
      rowsOf(space).set(place, Array.from(row, BigInt));
      return true;
    },
  ],
  [
    'eliminates with one pivot and no more',
    (space, row) => {
      const rows = rowsOf(space);
      const text = Array.from(row, BigInt);
      if ([...rows.values()].some((known) => known.join() === text.join())) return false;
      rows.set(rows.size, text);
      return true;
    },
  ],
  ['keeps no row', () => false],
])('fails with an elimination that %s', async (_name, add) => {
  vi.spyOn(RowSpace.prototype, 'add').mockImplementation(function (this: RowSpace, row) {
    return add(this, row);
  });
  const failed = await failedChecks();
  expect(failed.join('\n')).toMatch(/Elimination finds the ranks|have rank/);
});

function rowsOf(space: RowSpace): Map<number, bigint[]> {
  return (space as unknown as { rows: Map<number, bigint[]> }).rows;
}

it('fails with a search that overlooks a relation', async () => {
  broken.monoid = (monoid) => ({ ...monoid, size: monoid.size - 1 });
  expect(await failedChecks()).toContainEqual(expect.stringContaining('words have every relation'));
});

it('fails with a search that stops too early, or counts a relation twice', async () => {
  for (const more of [-1, 1]) {
    broken.fragments = (found) => ({
      ...found,
      size: found.size + more,
      relation: (index) => found.relation(Math.min(index, found.size - 1)),
    });
    expect(await failedChecks()).toContainEqual(expect.stringContaining('as many relations as counting'));
  }
});
