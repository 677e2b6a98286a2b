import { expect, it } from 'vitest';
import { fragmentFigure } from '../../lib/experiments/items/thm3-2/fragment-figure';
import { Random } from '../../lib/engine/random/random';
import { flatten } from '../../lib/theory/automata/flatten';
import { randomBiNfa } from '../../lib/theory/automata/random';
import type { Relation } from '../../lib/theory/automata/relation';
import { fragmentSummary, relationOfFragment } from '../../lib/theory/automata/summary';
import { expectPage } from '../support/page';
import { readFigure } from '../support/read-figure';

const automaton = randomBiNfa(Random.fromSeed(2), {
  subStates: 3,
  segmentStates: 2,
  symbols: 2,
  separators: 2,
  density: 0.5,
});
const [[a = '', b = ''], [cut = '']] = [automaton.symbols, automaton.separators];

/** The heat map of a panel, row by row. */
function mapsOf(fragment: readonly string[]): unknown[] {
  return fragmentFigure(automaton, fragment)
    .data.filter((trace) => trace['type'] === 'heatmap')
    .map((trace) => (trace['z'] as number[][]).flat());
}

const entries = ({ entries: all }: Relation): number[] => [...all];

it('a fragment across separators is drawn flattened, and as the parts of its summary', async () => {
  const fragment = [a, cut, b, cut, a];
  const { before, after } = fragmentSummary(automaton, fragment);
  if (after === null) throw new Error('no separator');
  expect(mapsOf(fragment)).toEqual([
    entries(relationOfFragment(flatten(automaton), fragment)),
    entries(before),
    entries(after.closed),
    entries(after.since),
  ]);
  const figure = fragmentFigure(automaton, fragment);
  expect(readFigure(figure).panels.map(({ title }) => title)).toEqual(['Flattened', 'h', 'M', 'x']);
  expect(readFigure(figure).title.join(' ')).toContain('One fragment: 36 entries, or 9 + 4 + 3');
  await expectPage('thm3-2-fragment', { figures: [figure] });
  expect(figure.caption).toContain(`the first separator, ${JSON.stringify(cut)}`);
});

it('a fragment without a separator is its relation of sub-states', () => {
  const { before } = fragmentSummary(automaton, [a, b]);
  expect(mapsOf([a, b])).toEqual([entries(relationOfFragment(flatten(automaton), [a, b])), entries(before)]);
});
