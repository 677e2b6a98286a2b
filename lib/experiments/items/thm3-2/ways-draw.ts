// One automaton in every way, drawn: width against depth, and both in a table with the checks.

import { formatCount } from '../../../base/format';
import { heightOf, logAxisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { makeTable, type Measure } from '../../../report/measures';
import { type PanelSpec } from '../../../report/spec';
import { type Quantity, type Table } from '../../../report/tables';
import { lineTrace } from '../../../report/traces';
import { addComparisons, noComparison } from '../../../theory/compile/verify';
import { type Finding } from '../../run/report';
import { type Construction, constructions } from './constructions';
import type { WayResult } from './ways';

const order: readonly Construction[] = ['carried', 'spread', 'ape', 'compact', 'bipe'];

const layers = { label: 'Layers', format: 'integer', of: ({ depth }: WayResult) => depth } as const;
const width = { label: 'Width', format: 'integer', of: ({ width: all }: WayResult) => all } as const;
const length = {
  label: 'Symbols of a word, at most',
  format: 'integer',
  of: ({ length: most }: WayResult) => most,
} as const;

type WayQuantity = Quantity & { readonly of: (result: WayResult) => number };

/** Each way as a curve over the lengths of words. */
function waysPanel(results: readonly WayResult[], title: string, x: WayQuantity, y: WayQuantity): PanelSpec {
  return {
    title,
    x: logAxisOf(x, results.map(x.of)),
    y: logAxisOf(y, results.map(y.of)),
    data: order.flatMap((way) => {
      const own = results.filter((result) => result.way === way);
      if (own.length === 0) return [];
      const { style } = constructions[way];
      return [
        {
          ...lineTrace({ x: own.map(x.of), y: own.map(y.of), style, markers: true }),
          text: own.map((one) => `${formatCount(one.length)} symbols, ${formatCount(one.depth)} layers`),
          hovertemplate: `%{text}: ${heightOf(y)}`,
        },
      ];
    }),
  };
}

/** Width and depth of an automaton compiled in every way; each marker is a length of words. */
export function waysFigure(results: readonly WayResult[]): Figure {
  const states = results[0]?.states ?? 0;
  const longest = Math.max(...results.map((one) => one.length));
  const last = results.filter((one) => one.length === longest);
  return makeFigure({
    id: 'thm3-2-ways',
    title: 'Width can be traded for depth',
    subtitle: `One automaton of ${states} states, compiled in every way; each marker is one length of words`,
    caption:
      'A network with a layer for each symbol carries the set of states, in a width of the order of n. One that spreads the columns of relations over tokens is as narrow up to a factor, with 3n + ⌈log₂(L/n)⌉ + 1 layers at most, for words of L symbols. ' +
      'Doubling relations takes log₂ L layers and a width of the order of n²; with two levels, the compact and the bilevel construction take k² + |S|². No lower bound is drawn: these are the sizes of constructions.',
    alt: last
      .map((one) => `${constructions[one.way].way}: ${one.depth} layers of width ${one.width}`)
      .join('; '),
    panels: [
      waysPanel(results, 'Width against depth', layers, width),
      waysPanel(results, 'Depth against length', length, layers),
    ],
    panelHeight: 300,
  });
}

const measures: readonly Measure<WayResult>[] = [
  { key: 'way', label: 'Construction', of: ({ way }) => constructions[way].way },
  { key: 'states', label: 'States n', format: 'integer', of: ({ states }) => states },
  { key: 'length', label: 'Symbols, at most', format: 'integer', of: length.of },
  { key: 'depth', ...layers },
  { key: 'width', ...width },
  { key: 'blocks', label: 'Blocks', format: 'integer', of: ({ feedForwardBlocks }) => feedForwardBlocks },
  { key: 'weights', label: 'Weights', format: 'integer', of: ({ weights }) => weights },
  { key: 'prefixes', label: 'Prefixes', format: 'integer', of: ({ compared }) => compared.prefixes },
  { key: 'wrong', label: 'Wrong', format: 'integer', of: ({ compared }) => compared.mismatches },
  { key: 'certified', label: 'Certified', of: ({ certified }) => certified },
];

/** Each network: its size, and what came of its comparison with the set simulator. */
export function waysTable(results: readonly WayResult[]): Table {
  return makeTable(
    {
      id: 'thm3-2-in-every-way',
      title: 'One automaton in every way',
      caption:
        'Layers of attention, width of the residual stream, feed-forward blocks of all layers, weights that are not 0; prefixes of words after which the read-out was compared with the set simulator, and those after which it was wrong.',
    },
    measures,
    results,
  );
}

/** The checks. */
export function waysFindings(results: readonly WayResult[]): Finding[] {
  const total = results.map(({ compared }) => compared).reduce(addComparisons, noComparison);
  const ways = new Set(results.map(({ way }) => way)).size;
  const certified = results.filter((one) => one.certified).length;
  const narrow = results.filter(({ way }) => way === 'carried' || way === 'spread');
  const widest = [...narrow].sort((a, b) => b.width - a.width)[0];
  const square = (widest?.states ?? 0) ** 2;
  return [
    {
      claim: `One automaton in ${ways} ways: every read-out is the set of reachable states after every prefix`,
      holds: total.prefixes > 0 && total.mismatches === 0,
      measured: `${formatCount(total.mismatches)} of ${formatCount(total.prefixes)} prefixes are wrong`,
      check: true,
    },
    {
      claim: `One automaton in ${ways} ways: certified for every word within the bounds`,
      holds: results.length > 0 && certified === results.length,
      measured: `${certified} of ${results.length} certificates hold`,
      check: true,
    },
    {
      claim:
        'A carried set and spread columns take fewer than n² coordinates: sets of states, no relation at one token',
      holds: widest !== undefined && widest.width < square,
      measured: `widths up to ${widest?.width ?? 0}, where n² = ${square}`,
      check: true,
    },
  ];
}
