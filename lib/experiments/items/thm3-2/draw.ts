// Theorem 3.2 drawn: widths against their bounds, weights and time by the size of the automaton,
// every size in a table, and the checks.

import { formatCount, formatPercent } from '../../../base/format';
import { fitPower } from '../../../base/statistics';
import { heightOf, logAxisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { textAt } from '../../../report/marks';
import { makeTable, type Measure } from '../../../report/measures';
import { type PanelSpec, type PlotlyObject } from '../../../report/spec';
import { type Quantity, type Table } from '../../../report/tables';
import { lineTrace, pointsTrace } from '../../../report/traces';
import { type SimulatorComparison, addComparisons, noComparison } from '../../../theory/compile/verify';
import { type Drawing, type Finding } from '../../run/report';
import { constructions } from './constructions';
import { addSets, noSets } from './words';
import { type KindResult, mostLeftOut, shorterWords, type SizeResult, type Theorem32Result } from './sizes';
import { waysFigure, waysFindings, waysTable } from './ways-draw';

type KindName = 'bipe' | 'compact' | 'ape';

const kindNames = ['bipe', 'compact', 'ape'] as const;

/** Figures, the table and the findings. */
export function drawTheorem32({ sizes, ways }: Theorem32Result): Drawing {
  return {
    figures: [widthFigure(sizes), waysFigure(ways), costFigure(sizes)],
    tables: [sizesTable(sizes), waysTable(ways), comparedTable(sizes)],
    findings: [
      definitionFinding(sizes),
      ...kindNames.flatMap((kind) => comparisonFinding(sizes, kind)),
      ...shortFinding(sizes),
      ...kindNames.flatMap((kind) => layersFinding(sizes, kind)),
      ...kindNames.flatMap((kind) => certificateFinding(sizes, kind)),
      ...kindNames.map((kind) => growthFinding(sizes, kind)),
      savingFinding(sizes),
      boughtFinding(sizes),
      ...waysFindings(ways),
    ],
  };
}

/** The formula that the width of a construction is compared with. */
function boundOf({ subStates, segmentStates }: SizeResult, kind: KindName): number {
  const [k, s] = [subStates, segmentStates];
  if (kind === 'bipe') return k ** 2 + s ** 2;
  // The last 6 are marks of first separators: the start and two separators, own and copied.
  return kind === 'compact' ? 2 * k ** 2 + 3 * s ** 2 + 3 * k + 6 : (k * s) ** 2;
}

const label = ({ subStates, segmentStates }: SizeResult): string =>
  `k = ${subStates}, |S| = ${segmentStates}`;

/** A point for each size of automaton, of both kinds, on logarithmic axes. */
function sizesPanel(
  sizes: readonly SizeResult[],
  title: string,
  x: Quantity & { readonly of: (size: SizeResult, kind: KindName) => number },
  y: Quantity & { readonly of: (result: KindResult) => number },
): PanelSpec {
  const xOf = (kind: KindName): number[] => sizes.map((size) => x.of(size, kind));
  const yOf = (kind: KindName): number[] => sizes.map((size) => y.of(size[kind]));
  const known = kindNames.flatMap(yOf).filter((value) => value > 0);
  return {
    title,
    x: logAxisOf(x, kindNames.flatMap(xOf)),
    y: logAxisOf(y, known.length === 0 ? [0.01, 1] : known),
    data: kindNames.map((kind) => ({
      ...pointsTrace({
        x: xOf(kind),
        y: yOf(kind),
        style: constructions[kind].style,
      }),
      text: sizes.map(label),
      hovertemplate: `%{text}: ${heightOf(y)}`,
    })),
  };
}

const states = {
  label: 'States of the flattened automaton',
  of: ({ subStates, segmentStates }: SizeResult): number => subStates * segmentStates,
};

function widthFigure(sizes: readonly SizeResult[]): Figure {
  const fits = kindNames.map((kind) => ({ kind, fit: fitWidth(sizes, kind) }));
  const lines = fits.map(({ kind, fit }): PlotlyObject => {
    const bounds = sizes.map((size) => boundOf(size, kind));
    const x = [Math.min(...bounds), Math.max(...bounds)];
    const y = x.map((bound) => fit.factor * bound ** fit.exponent);
    const { style } = constructions[kind];
    return {
      ...lineTrace({ x, y, style: { ...style, name: `${style.name}, fitted` }, legend: false }),
      legendgroup: style.name,
      hoverinfo: 'skip',
    };
  });
  const againstBound = sizesPanel(
    sizes,
    'Against its formula',
    { label: 'Formula of the construction', of: boundOf },
    { label: 'Coordinates for relations', format: 'integer', of: ({ relationWidth }) => relationWidth },
  );
  const [bipe, compact, ape] = fits;
  return makeFigure({
    id: 'thm3-2-width',
    title: 'With absolute positions, too, a sum of squares is enough',
    subtitle: 'Width of compiled Transformers by construction; each marker is one size of automaton',
    caption:
      'Left: the coordinates that hold relations and sets of states, against the formula of each construction, with fitted powers. ' +
      'Right: the whole residual stream against the states of the flattened automaton, including the few coordinates for the kind and place of a token.',
    alt: `All widths lie on straight lines of slope ${bipe?.fit.exponent.toFixed(2) ?? ''} (bilevel), ${compact?.fit.exponent.toFixed(2) ?? ''} (compact) and ${ape?.fit.exponent.toFixed(2) ?? ''} (flattened) against their formulas; at ${Math.max(...sizes.map((size) => size.subStates * size.segmentStates))} states the bilevel network is ${widestSaving(sizes).times.toFixed(0)} times narrower than the flattened one.`,
    panels: [
      {
        ...againstBound,
        data: [...(againstBound.data ?? []), ...lines],
        marks: fits.map(({ kind, fit }) =>
          textAt(
            `${constructions[kind].way}: (${constructions[kind].bound})<sup>${fit.exponent.toFixed(2)}</sup>`,
            {
              xref: 'x domain',
              yref: 'y domain',
              x: kind === 'ape' ? 0.96 : 0.04,
              y: { bipe: 0.86, compact: 0.97, ape: 0.06 }[kind],
              xanchor: kind === 'ape' ? 'right' : 'left',
              font: { color: constructions[kind].style.color },
            },
          ),
        ),
      },
      sizesPanel(sizes, 'Against the states, k |S|', states, {
        label: 'Width',
        format: 'integer',
        of: ({ width }) => width,
      }),
    ],
    panelHeight: 300,
  });
}

function costFigure(sizes: readonly SizeResult[]): Figure {
  const weights = {
    label: 'Weights that are not 0',
    format: 'integer' as const,
    of: (result: KindResult) => result.weights,
  };
  const time = {
    label: 'Milliseconds a token',
    of: ({ compared }: KindResult) =>
      compared.prefixes === 0 ? Number.NaN : (1000 * compared.seconds) / compared.prefixes,
  };
  const ranges = kindNames.map((kind) => sizes.map((size) => size[kind].weights));
  const [least, most] = [Math.min(...ranges.flat()), ranges.map((all) => Math.max(...all))];
  return makeFigure({
    id: 'thm3-2-cost',
    title: 'The cost of the width: weights and time',
    subtitle: `Compiled Transformers on this machine${sizes.every(({ ape }) => ape.compared.words > 0) ? '' : '; flattened automata that were not run have no time'}`,
    caption:
      'Left: weights that are not 0. Right: milliseconds a token, over random words. The feed-forward blocks multiply relations with 4 n³ hidden units, so weights grow as the third power of the states that are held together.',
    alt: `Weights go from ${formatCount(least)} to ${kindNames.map((kind, index) => `${formatCount(most[index] ?? 0)} (${constructions[kind].way})`).join(', ')}.`,
    panels: [sizesPanel(sizes, 'Weights', states, weights), sizesPanel(sizes, 'Time', states, time)],
    panelHeight: 260,
  });
}

const levelMeasures: readonly Measure<SizeResult>[] = [
  { key: 'k', label: 'k', format: 'integer', of: ({ subStates }) => subStates },
  { key: 's', label: '|S|', format: 'integer', of: ({ segmentStates }) => segmentStates },
];

const sizeMeasures: readonly Measure<SizeResult>[] = [
  ...levelMeasures,
  ...byKind('Width', 'Width', ({ width }) => width),
  ...byKind('Hidden', 'Hidden', ({ hidden }) => hidden),
  ...byKind('Depth', 'Layers', ({ depth }) => depth),
  ...byKind('Blocks', 'Blocks', ({ feedForwardBlocks }) => feedForwardBlocks),
];

const comparedMeasures: readonly Measure<SizeResult>[] = [
  ...levelMeasures,
  ...kindNames.flatMap((kind) => [
    ofKind(kind, 'Prefixes', 'Prefixes', ({ compared }) => compared.prefixes),
    ofKind(kind, 'Wrong', 'Wrong', ({ compared }) => compared.mismatches),
  ]),
];

type OfKind = (result: KindResult) => number;

function byKind(key: string, title: string, of: OfKind): Measure<SizeResult>[] {
  return kindNames.map((kind) => ofKind(kind, key, title, of));
}

function ofKind(kind: KindName, key: string, title: string, of: OfKind): Measure<SizeResult> {
  return {
    key: `${kind}${key}`,
    label: `${title}, ${constructions[kind].way}`,
    format: 'integer',
    of: (size) => of(size[kind]),
  };
}

function sizesTable(sizes: readonly SizeResult[]): Table {
  return makeTable(
    {
      id: 'thm3-2-sizes',
      title: 'Compiled in three ways',
      caption:
        'Width of the residual stream, units of the widest feed-forward block, layers of attention, and feed-forward blocks of all layers. Widths of all automata of a size are equal.',
    },
    sizeMeasures,
    sizes,
  );
}

function comparedTable(sizes: readonly SizeResult[]): Table {
  return makeTable(
    {
      id: 'thm3-2-compared',
      title: 'Compared with the set simulator',
      caption:
        'Prefixes of random words after which the read-out was compared, and those after which it was wrong.',
    },
    comparedMeasures,
    sizes,
  );
}

function definitionFinding(sizes: readonly SizeResult[]): Finding {
  const total = sizes.reduce(
    ({ prefixes, mismatches }, { definition }) => ({
      prefixes: prefixes + definition.prefixes,
      mismatches: mismatches + definition.mismatches,
    }),
    { prefixes: 0, mismatches: 0 },
  );
  return {
    claim: 'Definition: a Bi-NFA and the NFA it flattens to reach the same states',
    holds: total.mismatches === 0,
    measured: `${formatCount(total.mismatches)} of ${formatCount(total.prefixes)} prefixes differ`,
    check: true,
  };
}

function comparisonFinding(sizes: readonly SizeResult[], kind: KindName): Finding[] {
  const total = sizes.map((size) => size[kind].compared).reduce(addComparisons, noComparison);
  if (total.words === 0) return [];
  return [
    {
      claim: `${constructions[kind].style.name}: the read-out is the set of reachable states after every prefix of long words`,
      holds: total.mismatches === 0,
      measured: `${describeComparison(total)}; ${describeSets(sizes, kind)}`,
      check: true,
    },
  ];
}

function shortFinding(sizes: readonly SizeResult[]): Finding[] {
  const total = sizes.flatMap(({ short }) => short ?? []).reduce(addComparisons, noComparison);
  if (total.words === 0) return [];
  return [
    {
      claim: 'All three: so it is for all short words of small automata',
      holds: total.mismatches === 0,
      measured: describeComparison(total),
      check: true,
    },
  ];
}

/** The share of sets that a network gets right without much memory. */
function describeSets(sizes: readonly SizeResult[], kind: KindName): string {
  const { prefixes, empty, full, changes } = sizes.map((size) => size[kind].sets).reduce(addSets, noSets);
  const share = (count: number): string => formatPercent(count / prefixes);
  return `after ${share(empty)} of them no state is reachable (words that end at their first symbol), after ${share(full)} all are; ${share(changes)} differ from the set before`;
}

/**
 * Without any one layer, some word must be read out wrong: words that test nothing find nothing.
 */
function layersFinding(sizes: readonly SizeResult[], kind: KindName): Finding[] {
  const tried = sizes.flatMap((size) => {
    const { leftOut } = size[kind];
    return leftOut === null ? [] : [{ size, ...leftOut }];
  });
  if (tried.length === 0) return [];
  const missed = tried.filter(({ layers, found }) => found < layers);
  const sum = (of: (one: (typeof tried)[number]) => number): string =>
    formatCount(tried.reduce((total, one) => total + of(one), 0));
  const isShorter =
    kind === 'ape' && tried.some(({ size }) => size.subStates * size.segmentStates > mostLeftOut);
  const shorter = isShorter
    ? ` (of more than ${mostLeftOut} states those for ${shorterWords} symbols, of ReLU)`
    : '';
  return [
    {
      claim: `${constructions[kind].style.name}: every layer matters, and words alone find it if one is left out`,
      holds: missed.length === 0,
      measured: `${sum(({ found }) => found)} of ${sum(({ layers }) => layers)} networks without a layer are found, at ${tried.length} sizes${shorter}${missed.length === 0 ? '' : `; not all at ${missed.map(({ size }) => label(size)).join('; ')}`}`,
      check: true,
    },
  ];
}

function describeComparison({ words, prefixes, mismatches, first }: SimulatorComparison): string {
  const where =
    first === undefined ? '' : `; the first after ${first.prefix} symbols of ${first.word.join(' ')}`;
  return `${formatCount(mismatches)} of ${formatCount(prefixes)} prefixes of ${formatCount(words)} words are wrong${where}`;
}

function certificateFinding(sizes: readonly SizeResult[], kind: KindName): Finding[] {
  const certified = sizes.flatMap((size) => size[kind].certified ?? []);
  if (certified.length === 0) return [];
  return [
    {
      claim: `${constructions[kind].style.name}: certified for every word within the bounds`,
      holds: certified.every((holds) => holds),
      measured: `certificates of ${certified.filter((holds) => holds).length} of ${certified.length} sizes hold`,
      check: true,
    },
  ];
}

function fitWidth(sizes: readonly SizeResult[], kind: KindName): { exponent: number; factor: number } {
  return fitPower(sizes.map((size) => [boundOf(size, kind), size[kind].relationWidth] as const));
}

function growthFinding(sizes: readonly SizeResult[], kind: KindName): Finding {
  const { exponent } = fitWidth(sizes, kind);
  const factors = sizes.map((size) => size[kind].relationWidth / boundOf(size, kind));
  return {
    claim: `${constructions[kind].style.name}: the width grows in proportion to ${constructions[kind].bound}`,
    holds: Math.abs(exponent - 1) < 0.1 && Math.max(...factors) <= 2,
    measured: `fitted power ${exponent.toFixed(2)}; between ${Math.min(...factors).toFixed(2)} and ${Math.max(...factors).toFixed(2)} times ${constructions[kind].bound}`,
    check: true,
  };
}

function widestSaving(sizes: readonly SizeResult[]): { readonly size: SizeResult; readonly times: number } {
  const [first, ...others] = sizes.map((size) => ({ size, times: size.ape.width / size.bipe.width }));
  if (first === undefined) throw new Error('no sizes');
  return others.reduce((best, one) => (one.times > best.times ? one : best), first);
}

/** Whether of two sizes, one larger on both levels, the larger always saves more. */
function savesMoreWhereLarger(sizes: readonly SizeResult[]): boolean {
  const times = ({ ape, bipe }: SizeResult): number => ape.width / bipe.width;
  return sizes.every((small) =>
    sizes
      .filter((large) => large.subStates > small.subStates && large.segmentStates > small.segmentStates)
      .every((large) => times(large) > times(small)),
  );
}

function savingFinding(sizes: readonly SizeResult[]): Finding {
  const { size, times } = widestSaving(sizes);
  return {
    claim:
      'The bilevel construction is narrower than the flattened one, the more so where both levels are larger',
    holds: times > 1 && savesMoreWhereLarger(sizes),
    measured: `at ${label(size)} the width is ${formatCount(size.bipe.width)} instead of ${formatCount(size.ape.width)}, ${times.toFixed(1)} times less`,
  };
}

/** Most times that the compact construction is wider than the bilevel one. */
const mostTimes = 4;

function boughtFinding(sizes: readonly SizeResult[]): Finding {
  const times = sizes.map(({ bipe, compact }) => compact.width / bipe.width);
  const { size } = widestSaving(sizes);
  const numbers = (of: OfKind): string =>
    `${formatCount(of(size.bipe))} instead of ${formatCount(of(size.compact))}`;
  return {
    claim: `Over the compact construction with absolute positions, bilevel ones save a factor below ${mostTimes} of the width, and feed-forward blocks`,
    holds:
      times.every((one) => one > 1 && one < mostTimes) &&
      sizes.every(({ bipe, compact }) => bipe.feedForwardBlocks < compact.feedForwardBlocks),
    measured: `widths ${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)} times less; at ${label(size)} the width is ${numbers(({ width }) => width)}, blocks are ${numbers(({ feedForwardBlocks }) => feedForwardBlocks)}, layers ${numbers(({ depth }) => depth)}`,
    check: true,
  };
}
