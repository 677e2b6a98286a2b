// What Theorem 3.2's item draws: widths against their bounds, what they and time come to by the
// size of the automaton, every size in a table, and the checks.

import { formatCount } from '../../../base/format';
import { type Figure, inPanel, lineTrace, makeFigure, type PlotlyObject } from '../../../report/figure';
import { logAxis } from '../../../report/log-axis';
import { fitPower } from '../../../base/statistics';
import { encodingStyles, type SeriesStyle } from '../../../report/style';
import { type Table } from '../../../report/tables';
import { type SimulatorComparison, addComparisons, noComparison } from '../../../theory/compile/verify';
import { type Drawing, type Finding } from '../../run/report';
import { type KindResult, type SizeResult, type Theorem32Result } from './sizes';

type KindName = 'bipe' | 'ape';

const kinds: Readonly<
  Record<KindName, { readonly name: string; readonly style: SeriesStyle; readonly bound: string }>
> = {
  bipe: { name: 'Bilevel positions', style: encodingStyles.bipe_rope, bound: 'k² + |S|²' },
  ape: { name: 'Absolute positions, flattened', style: encodingStyles.learned, bound: '(k |S|)²' },
};

/** Figures, the table and the findings. */
export function drawTheorem32({ sizes }: Theorem32Result): Drawing {
  return {
    figures: [widthFigure(sizes), costFigure(sizes)],
    tables: [sizesTable(sizes)],
    findings: [
      definitionFinding(sizes),
      ...(['bipe', 'ape'] as const).flatMap((kind) => comparisonFinding(sizes, kind)),
      ...shortFinding(sizes),
      ...(['bipe', 'ape'] as const).flatMap((kind) => certificateFinding(sizes, kind)),
      ...(['bipe', 'ape'] as const).map((kind) => growthFinding(sizes, kind)),
      savingFinding(sizes),
    ],
  };
}

/** What the theorems bound the width by. */
function boundOf({ subStates, segmentStates }: SizeResult, kind: KindName): number {
  return kind === 'bipe' ? subStates ** 2 + segmentStates ** 2 : (subStates * segmentStates) ** 2;
}

const label = ({ subStates, segmentStates }: SizeResult): string =>
  `k = ${subStates}, |S| = ${segmentStates}`;

function widthFigure(sizes: readonly SizeResult[]): Figure {
  const fits = (['bipe', 'ape'] as const).map((kind) => ({ kind, fit: fitWidth(sizes, kind) }));
  const points = fits.map(({ kind }) => {
    const { style, name } = kinds[kind];
    return {
      ...lineTrace({
        x: sizes.map((size) => boundOf(size, kind)),
        y: sizes.map((size) => size[kind].relationWidth),
        style: { ...style, name },
        panel: 0,
        markers: true,
      }),
      mode: 'markers',
      text: sizes.map(label),
      hovertemplate: '%{text}: %{y} coordinates',
    };
  });
  const lines = fits.map(({ kind, fit }) => {
    const bounds = sizes.map((size) => boundOf(size, kind));
    const ends = [Math.min(...bounds), Math.max(...bounds)];
    return {
      ...lineTrace({
        x: ends,
        y: ends.map((bound) => fit.factor * bound ** fit.exponent),
        style: kinds[kind].style,
        panel: 0,
        legend: false,
      }),
      mode: 'lines',
      hoverinfo: 'skip',
    };
  });
  const byStates = (['bipe', 'ape'] as const).map((kind) => ({
    ...lineTrace({
      x: sizes.map((size) => size.subStates * size.segmentStates),
      y: sizes.map((size) => size[kind].width),
      style: { ...kinds[kind].style, name: kinds[kind].name },
      panel: 1,
      legend: false,
      markers: true,
    }),
    mode: 'markers',
    text: sizes.map(label),
    hovertemplate: '%{text}: width %{y}',
  }));
  const bounds = sizes.flatMap((size) => [boundOf(size, 'bipe'), boundOf(size, 'ape')]);
  const widths = sizes.flatMap(({ bipe, ape }) => [bipe.relationWidth, ape.relationWidth]);
  const [bipe, ape] = fits;
  return makeFigure({
    id: 'thm3-2-width',
    title: 'Bilevel positions need a sum of squares, absolute ones a product',
    subtitle: 'Width of compiled Transformers; each marker is one size of automaton',
    caption:
      'Left: the coordinates that hold relations between states, against k² + |S|² (bilevel) and (k |S|)² (flattened), with fitted powers. ' +
      'Right: the whole residual stream against the states of the flattened automaton, the few coordinates that tell tokens and places apart included.',
    alt: `Both widths lie on straight lines of slope ${bipe?.fit.exponent.toFixed(2) ?? ''} (bilevel) and ${ape?.fit.exponent.toFixed(2) ?? ''} (flattened) against their bounds; at ${Math.max(...sizes.map((size) => size.subStates * size.segmentStates))} states the bilevel Transformer is ${widestSaving(sizes).times.toFixed(0)} times narrower.`,
    data: [...points, ...lines, ...byStates],
    panels: [
      {
        title: 'Against the bound of each',
        x: logAxis('k² + |S|², or (k |S|)²', bounds),
        y: logAxis('Coordinates for relations', widths),
      },
      {
        title: 'Against the states, k |S|',
        x: logAxis(
          'States of the flattened automaton',
          sizes.map((size) => size.subStates * size.segmentStates),
        ),
        y: logAxis(
          'Width',
          sizes.flatMap((size) => [size.bipe.width, size.ape.width]),
        ),
      },
    ],
    columns: 2,
    panelHeight: 300,
    layout: {
      annotations: fits.map(({ kind, fit }, index) => ({
        ...inPanelDomain(0),
        x: kind === 'bipe' ? 0.04 : 0.96,
        y: kind === 'bipe' ? 0.96 : 0.06,
        xanchor: index === 0 ? 'left' : 'right',
        text: `${kinds[kind].name.split(',')[0] ?? ''}: (${kinds[kind].bound})<sup>${fit.exponent.toFixed(2)}</sup>`,
        font: { color: kinds[kind].style.color },
      })),
    },
  });
}

function inPanelDomain(panel: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  return { xref: `${xaxis} domain`, yref: `${yaxis} domain` };
}

function costFigure(sizes: readonly SizeResult[]): Figure {
  const states = (size: SizeResult): number => size.subStates * size.segmentStates;
  const millisecondsPerToken = ({ compared }: KindResult): number =>
    compared.prefixes === 0 ? Number.NaN : (1000 * compared.seconds) / compared.prefixes;
  const trace = (kind: KindName, panel: number, of: (result: KindResult) => number, unit: string) => ({
    ...lineTrace({
      x: sizes.map(states),
      y: sizes.map((size) => of(size[kind])),
      style: { ...kinds[kind].style, name: kinds[kind].name },
      panel,
      legend: panel === 0,
      markers: true,
    }),
    mode: 'markers',
    text: sizes.map(label),
    hovertemplate: `%{text}: %{y:.3g} ${unit}`,
  });
  const measured = sizes
    .flatMap(({ bipe, ape }) => [millisecondsPerToken(bipe), millisecondsPerToken(ape)])
    .filter((value) => value > 0);
  const x = logAxis('States of the flattened automaton', sizes.map(states));
  return makeFigure({
    id: 'thm3-2-cost',
    title: 'What the width costs: weights and time',
    subtitle: `Compiled Transformers on this machine${sizes.every(({ ape }) => ape.compared.words > 0) ? '' : '; flattened automata that were not run have no time'}`,
    caption:
      'Left: weights that are not 0. Right: milliseconds a token, over random words. The feed-forward blocks multiply relations with 4 n³ hidden units, so both grow as the third power of the states that are held together.',
    alt: `Weights go from ${formatCount(Math.min(...sizes.map(({ bipe }) => bipe.weights)))} to ${formatCount(Math.max(...sizes.map(({ bipe }) => bipe.weights)))} with bilevel positions and to ${formatCount(Math.max(...sizes.map(({ ape }) => ape.weights)))} flattened.`,
    data: (['bipe', 'ape'] as const).flatMap((kind) => [
      trace(kind, 0, ({ weights }) => weights, 'weights'),
      trace(kind, 1, millisecondsPerToken, 'ms a token'),
    ]),
    panels: [
      {
        title: 'Weights',
        x,
        y: logAxis(
          'Weights that are not 0',
          sizes.flatMap(({ bipe, ape }) => [bipe.weights, ape.weights]),
        ),
      },
      { title: 'Time', x, y: logAxis('Milliseconds a token', measured.length === 0 ? [0.01, 1] : measured) },
    ],
    columns: 2,
    panelHeight: 260,
  });
}

function sizesTable(sizes: readonly SizeResult[]): Table {
  return {
    id: 'thm3-2-sizes',
    title: 'Compiled both ways',
    caption:
      'Width of the residual stream, units of the widest feed-forward block, layers of attention, and prefixes compared with the set simulator. Widths of all automata of a size are equal.',
    columns: [
      { key: 'k', label: 'k', format: 'integer' },
      { key: 's', label: '|S|', format: 'integer' },
      { key: 'bipeWidth', label: 'Width, bilevel', format: 'integer' },
      { key: 'apeWidth', label: 'Width, flattened', format: 'integer' },
      { key: 'bipeHidden', label: 'Hidden, bilevel', format: 'integer' },
      { key: 'apeHidden', label: 'Hidden, flattened', format: 'integer' },
      { key: 'bipeDepth', label: 'Layers, bilevel', format: 'integer' },
      { key: 'apeDepth', label: 'Layers, flattened', format: 'integer' },
      { key: 'bipePrefixes', label: 'Prefixes, bilevel', format: 'integer' },
      { key: 'bipeWrong', label: 'Wrong', format: 'integer' },
      { key: 'apePrefixes', label: 'Prefixes, flattened', format: 'integer' },
      { key: 'apeWrong', label: 'Wrong, flattened', format: 'integer' },
    ],
    rows: sizes.map(({ subStates, segmentStates, bipe, ape }) => ({
      k: subStates,
      s: segmentStates,
      bipeWidth: bipe.width,
      apeWidth: ape.width,
      bipeHidden: bipe.hidden,
      apeHidden: ape.hidden,
      bipeDepth: bipe.depth,
      apeDepth: ape.depth,
      bipePrefixes: bipe.compared.prefixes,
      bipeWrong: bipe.compared.mismatches,
      apePrefixes: ape.compared.prefixes,
      apeWrong: ape.compared.mismatches,
    })),
  };
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
      claim: `${kinds[kind].name}: the read-out is the set of reachable states after every prefix of long words`,
      holds: total.mismatches === 0,
      measured: describeComparison(total),
      check: true,
    },
  ];
}

function shortFinding(sizes: readonly SizeResult[]): Finding[] {
  const total = sizes.flatMap(({ short }) => short ?? []).reduce(addComparisons, noComparison);
  if (total.words === 0) return [];
  return [
    {
      claim: 'Both: so it is for all short words of small automata',
      holds: total.mismatches === 0,
      measured: describeComparison(total),
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
      claim: `${kinds[kind].name}: certified for every word within the bounds`,
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
    claim: `${kinds[kind].name}: the width grows in proportion to ${kinds[kind].bound}`,
    holds: Math.abs(exponent - 1) < 0.1 && Math.max(...factors) <= 2,
    measured: `fitted power ${exponent.toFixed(2)}; between ${Math.min(...factors).toFixed(2)} and ${Math.max(...factors).toFixed(2)} times ${kinds[kind].bound}`,
    check: true,
  };
}

function widestSaving(sizes: readonly SizeResult[]): { readonly size: SizeResult; readonly times: number } {
  const [first, ...others] = sizes.map((size) => ({ size, times: size.ape.width / size.bipe.width }));
  if (first === undefined) throw new Error('no sizes');
  return others.reduce((best, one) => (one.times > best.times ? one : best), first);
}

function savingFinding(sizes: readonly SizeResult[]): Finding {
  const { size, times } = widestSaving(sizes);
  return {
    claim: 'A bilevel Transformer is narrower than a flattened one, the more so the larger both levels are',
    holds: times > 1,
    measured: `at ${label(size)} the width is ${size.bipe.width.toLocaleString('en')} instead of ${size.ape.width.toLocaleString('en')}, ${times.toFixed(1)} times less`,
  };
}
