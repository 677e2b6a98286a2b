// Theorem 3.1 as pictures, tables and checks.

import { formatCount, formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import {
  axes,
  colorKey,
  type Figure,
  inPanel,
  lineTrace,
  makeFigure,
  type PanelSpec,
  type PlotlyObject,
  textMapTraces,
} from '../../../report/figure';
import { fontSize, heatColor, heatScale, ink, orderedStyles, type SeriesStyle } from '../../../report/style';
import { type Cell, type Table } from '../../../report/tables';
import { type Drawing, type Finding } from '../../run/report';
import {
  type BitsResult,
  type CliffResult,
  type ContextsResult,
  type LostResult,
  type MonoidResult,
  type RankResult,
  type Theorem31Result,
} from './measures';

/** Figures, tables and checks of Theorem 3.1. */
export function drawTheorem31(result: Theorem31Result): Drawing {
  const { monoids, contexts, ranks, cliffs, lost, bits } = result;
  return {
    figures: [knowledgeFigure(monoids, ranks), cliffFigure(cliffs, lost), bitsFigure(bits)],
    tables: [knowledgeTable(result), cliffTable(result)],
    findings: [
      ...monoids.map(monoidFinding),
      ...contexts.map(contextsFinding),
      ...ranks.map(rankFinding),
      ...cliffs.map(enoughFinding),
      ...lost.map(lostFinding),
      ...cliffs.map(droppedFinding),
      bitsFinding(bits),
      digitsFinding(bits),
    ],
  };
}

/** Curves of the same number of states look the same in every panel. */
function stylesByStates(all: readonly { readonly states: number }[]): (states: number) => SeriesStyle {
  const values = [...new Set(all.map(({ states }) => states))].sort((a, b) => a - b);
  const styles = orderedStyles(values.map((states) => `n = ${states}`));
  return (states) => present(styles[values.indexOf(states)], 'style');
}

/** A dotted line across a panel. */
function level(y: number, panel: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  const line = { color: ink.muted, width: 1, dash: 'dot' };
  return { type: 'line', xref: `${xaxis} domain`, yref: yaxis, x0: 0, x1: 1, y0: y, y1: y, line };
}

/** A dotted line up a panel. */
function limit(x: number, panel: number): PlotlyObject {
  const { xaxis, yaxis } = inPanel(panel);
  const line = { color: ink.muted, width: 1, dash: 'dot' };
  return { type: 'line', xref: xaxis, yref: `${yaxis} domain`, x0: x, x1: x, y0: 0, y1: 1, line };
}

function runningSums(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}

function knowledgeFigure(monoids: readonly MonoidResult[], ranks: readonly RankResult[]): Figure {
  const styleOf = stylesByStates([...monoids, ...ranks]);
  const named = new Set(monoids.map(({ states }) => states));
  const mostBits = Math.max(...monoids.map(({ states }) => states ** 2));
  const squares = (most: number): number[] => Array.from({ length: most }, (_, index) => (index + 1) ** 2);
  const bitTicks = squares(Math.sqrt(mostBits));
  const rankTicks = ranks.map(({ contexts }) => contexts);
  return makeFigure({
    id: 'thm3-1',
    title: 'What there is to know of a fragment grows as n²',
    subtitle:
      'Left: bits, as every relation between n states occurs. Right: numbers, as contexts are independent',
    caption:
      'Left, how many relations between states the words of at most so many symbols have, up to all 2^(n²) of them (horizontal lines). Right, the rank over the rationals of ' +
      'the table of random fragments by contexts, up to n² (horizontal lines), the number of contexts.',
    alt:
      `${monoids.map(({ states, relations }) => `n = ${states}: ${formatCount(relations)} relations`).join(', ')}; ` +
      `${ranks.map(({ states, random }) => `n = ${states}: rank ${random.at(-1) ?? 0}`).join(', ')}.`,
    panelHeight: 330,
    panels: [
      {
        title: 'Relations that words have',
        x: { title: 'Symbols of a word, at most' },
        y: {
          title: 'Relations',
          type: 'log',
          tickvals: bitTicks.map((bits) => 2 ** bits),
          ticktext: bitTicks.map((bits) => `2<sup>${bits}</sup>`),
          range: [-0.2, mostBits * Math.log10(2) + 0.25],
        },
      },
      {
        title: 'Rank of random fragments by contexts',
        x: { title: 'Fragments', type: 'log', dtick: 1 },
        y: { title: 'Rank', tickvals: rankTicks, range: [-1, Math.max(...rankTicks) * 1.04] },
      },
    ],
    data: [
      ...monoids.map(({ states, byLength }) =>
        lineTrace({
          x: byLength.map((_, length) => length),
          y: runningSums(byLength),
          style: styleOf(states),
          markers: byLength.length < 20,
        }),
      ),
      ...ranks.map(({ states, random }) => ({
        ...lineTrace({
          x: random.map((_, index) => index + 1),
          y: random,
          style: styleOf(states),
          panel: 1,
          legend: !named.has(states),
        }),
        hovertemplate: '%{x} fragments: rank %{y}',
      })),
    ],
    layout: {
      shapes: [
        ...monoids.map(({ states }) => level(2 ** (states * states), 0)),
        ...ranks.map(({ contexts }) => level(contexts, 1)),
      ],
    },
  });
}

function cliffFigure(cliffs: readonly CliffResult[], lost: readonly LostResult[]): Figure {
  const styleOf = stylesByStates(cliffs);
  const kinds = ['every relation', 'random symbols'] as const;
  const most = Math.max(...lost.map(({ states }) => states ** 2));
  const x = { title: 'Numbers for a fragment, d', dtick: most > 12 ? 2 : 1, range: [0.5, most + 1.5] };
  const leastPower = Math.floor(-most * Math.log10(2));
  const panels: PanelSpec[] = [
    {
      title: 'Relations lost',
      x,
      y: {
        title: 'Share of relations lost',
        type: 'log',
        exponentformat: 'power',
        dtick: 1,
        range: [leastPower, 0.2],
      },
    },
    ...kinds.map((kind): PanelSpec => ({
      title: kind === 'every relation' ? 'Words: every relation' : 'Words: random symbols',
      x,
      y: axes.share('Words with the right states'),
    })),
  ];
  const squares = [...new Set(lost.map(({ states }) => states ** 2))];
  const sampled = cliffs
    .filter(({ states, kind, relations }) => kind === 'every relation' && relations < 2 ** (states * states))
    .map(({ states }) => `n = ${states}`)
    .join(', ');
  return makeFigure({
    id: 'thm3-1-cliff',
    title: 'With fewer than n² numbers, something is always forgotten',
    subtitle: 'A compiled network whose last layer holds a fragment’s relation in d numbers',
    caption:
      'Left, relations that the linear code with thresholds gets wrong, of all 2^(n²), counted one by one; thin, the fewest that any such code must. Curves end where none is lost: ' +
      'at d = n² (vertical lines). Middle and right, words through the compiled network' +
      `${sampled === '' ? '' : `, for ${sampled} with a sample of relations`}. The numbers are real here: with so much precision, few relations are lost just below n², though never none.`,
    alt: cliffs
      .map(({ states, kind, points }) => {
        const shares = points.map(
          ({ numbers, right, words }) => `${numbers}: ${formatPercent(right / words)}`,
        );
        return `n = ${states}, ${kind}, words right by numbers ${shares.join(', ')}`;
      })
      .join('; '),
    columns: 3,
    panelHeight: 290,
    panels,
    data: [
      ...lost.flatMap(({ states, lost: counts, atLeast }) => {
        const all = 2 ** (states * states);
        const shown = (values: readonly number[]): number[] =>
          values.map((value) => (value > 0 ? value / all : Number.NaN));
        const numbers = counts.map((_, index) => index + 1);
        const style = styleOf(states);
        const bound = lineTrace({ x: numbers, y: shown(atLeast), style, legend: false });
        return [
          { ...bound, line: { color: style.color, width: 1 }, hovertemplate: 'd = %{x}: at least %{y:.3g}' },
          lineTrace({ x: numbers, y: shown(counts), style, markers: true }),
        ];
      }),
      ...cliffs.map(({ states, kind, points }) =>
        lineTrace({
          x: points.map(({ numbers }) => numbers),
          y: points.map(({ right, words }) => right / words),
          style: styleOf(states),
          panel: 1 + kinds.indexOf(kind),
          legend: false,
          markers: true,
        }),
      ),
    ],
    layout: { shapes: [0, 1, 2].flatMap((panel) => squares.map((square) => limit(square, panel))) },
  });
}

/** n^2 of the relations that the bits are about: one number more than that is tried. */
function entriesOf(bits: readonly BitsResult[]): number {
  return Math.max(...bits.map(({ numbers }) => numbers)) - 1;
}

/** Where d·p reaches n^2, as a line between cells. */
function staircase(entries: number): { readonly x: number[]; readonly y: number[] } {
  const numbers = Array.from({ length: entries + 1 }, (_, index) => index + 1);
  return {
    x: numbers.flatMap((d) => [d - 0.5, d + 0.5]),
    y: numbers.flatMap((d) => [Math.ceil(entries / d) - 0.5, Math.ceil(entries / d) - 0.5]),
  };
}

function bitsFigure(bits: readonly BitsResult[]): Figure {
  const entries = entriesOf(bits);
  const all = 2 ** entries;
  const hasTexts = entries <= 9;
  const kinds = ['thresholds', 'digits'] as const;
  const numbers = [...new Set(bits.map((one) => one.numbers))];
  const precisions = [...new Set(bits.map((one) => one.bits))];
  const cells = <T>(cellOf: (one: BitsResult) => T): T[][] =>
    precisions.map((precision) => bits.filter((one) => one.bits === precision).map(cellOf));
  const textOf = (right: number): string =>
    right === all ? `<b>${entries}</b>` : String(Math.floor(10 * Math.log2(right) + 1e-9) / 10);
  const axis = { showgrid: false, ticks: '', dtick: hasTexts ? 1 : 2 };
  const { x, y } = staircase(entries);
  return makeFigure({
    id: 'thm3-1-bits',
    title: 'Few numbers are enough if they are long: what counts is d·p',
    subtitle: `Relations of ${Math.sqrt(entries)} states in d numbers of p bits: bits that survive, of ${entries}`,
    caption:
      `${hasTexts ? 'Each cell' : 'Colour'}: the binary logarithm of how many of all ${formatCount(all)} relations are recalled without a mistake; the last colour of the legend where all are. Left, the linear code decoded by thresholds; right, one whose ` +
      `numbers’ binary digits are the entries. Below the line d·p is less than ${entries}, and no code recalls all.`,
    alt: bits.map((one) => `${one.numbers} x ${one.bits}: ${one.thresholds} and ${one.digits}`).join('; '),
    columns: 2,
    panelHeight: 340,
    panels: kinds.map((kind): PanelSpec => ({
      title: kind === 'thresholds' ? 'Decoded by thresholds' : 'Decoded as binary digits',
      x: { ...axis, title: 'Numbers, d', range: [0.5, entries + 1.5] },
      y: { ...axis, title: 'Bits of each, p', range: [0.5, entries + 0.5] },
    })),
    data: kinds.flatMap((kind, panel) => [
      ...textMapTraces({
        x: numbers,
        y: precisions,
        z: cells((one) => colourPlace(one[kind], all)),
        zmin: 0,
        zmax: 1,
        colorscale: heatScale,
        text: cells((one) => textOf(one[kind])),
        size: fontSize.tick,
        panel,
        further: {
          xgap: 1,
          ygap: 1,
          hovertemplate: '%{x} numbers of %{y} bits: %{text} bits survive<extra></extra>',
        },
      }).slice(0, hasTexts ? 2 : 1),
      {
        type: 'scatter',
        mode: 'lines',
        name: `d·p ≥ ${entries} above the line`,
        legendgroup: 'bound',
        showlegend: panel === 0,
        x,
        y,
        line: { color: ink.text, width: 3 },
        hoverinfo: 'skip',
        ...inPanel(panel),
      },
      ...(panel > 0
        ? []
        : [
            colorKey('0 bits', heatColor(colourPlace(1, all))),
            colorKey(`${entries / 2} bits`, heatColor(colourPlace(2 ** (entries / 2), all))),
            colorKey(`all ${entries} bits`, heatColor(colourPlace(all, all))),
          ]),
    ]),
  });
}

/**
 * How far up the colour scale is a code that recalls `right` of `all` relations: apart from the
 * others if it recalls them all.
 */
function colourPlace(right: number, all: number): number {
  return right === all ? 1 : (0.75 * Math.log2(right)) / Math.log2(all);
}

function knowledgeTable({ monoids, contexts, ranks }: Theorem31Result): Table {
  const states = [...new Set([...monoids, ...contexts, ...ranks].map((one) => one.states))];
  const of = <T extends { readonly states: number }>(list: readonly T[], value: number): T | undefined =>
    list.find((one) => one.states === value);
  return {
    id: 'thm3-1-knowledge',
    title: 'What there is to know of a fragment',
    caption:
      'Relations that the witness automaton’s words have; different rows of the table of fragments by contexts, one fragment for each relation; the rank of that table over the rationals, and how many random fragments have it.',
    columns: [
      { key: 'states', label: 'States n', format: 'integer' },
      { key: 'symbols', label: 'Symbols', format: 'integer' },
      { key: 'relations', label: 'Relations', format: 'integer' },
      { key: 'bits', label: 'Their logarithm', unit: 'bits' },
      { key: 'longest', label: 'Longest word needed', unit: 'symbols', format: 'integer' },
      { key: 'rows', label: 'Rows told apart', format: 'integer' },
      { key: 'contexts', label: 'Contexts n²', format: 'integer' },
      { key: 'rank', label: 'Rank', format: 'integer' },
      { key: 'fragments', label: 'Random fragments', format: 'integer' },
    ],
    rows: states.map((value): Record<string, Cell> => {
      const [monoid, context, rank] = [of(monoids, value), of(contexts, value), of(ranks, value)];
      return {
        states: value,
        symbols: monoid?.symbols ?? null,
        relations: monoid?.relations ?? null,
        bits: monoid === undefined ? null : Math.log2(monoid.relations),
        longest: monoid === undefined ? null : monoid.byLength.length - 1,
        rows: context?.rows ?? null,
        contexts: value ** 2,
        rank: rank === undefined ? null : rank.chosen,
        fragments: rank === undefined ? null : rank.random.length,
      };
    }),
  };
}

function cliffTable({ cliffs, lost }: Theorem31Result): Table {
  return {
    id: 'thm3-1-forgotten',
    title: 'What is forgotten with d numbers',
    caption:
      'Through the compiled network: words with the right states at their end, and fragments right in every context. Lost: relations that the code gets wrong, of all; any linear code with thresholds loses at least as many as the last column says.',
    columns: [
      { key: 'states', label: 'States n', format: 'integer' },
      { key: 'kind', label: 'Fragments' },
      { key: 'numbers', label: 'Numbers d', format: 'integer' },
      { key: 'words', label: 'Words', format: 'integer' },
      { key: 'right', label: 'Words right', format: 'percent' },
      { key: 'everywhere', label: 'Fragments right', format: 'percent' },
      { key: 'lost', label: 'Relations lost', format: 'integer' },
      { key: 'atLeast', label: 'At least', format: 'integer' },
    ],
    rows: cliffs.flatMap(({ states, kind, points }) =>
      points.map(({ numbers, words, right, fragments, rightEverywhere }): Record<string, Cell> => {
        const counted = kind === 'every relation' ? lost.find((one) => one.states === states) : undefined;
        return {
          states,
          kind,
          numbers,
          words,
          right: right / words,
          everywhere: rightEverywhere / fragments,
          lost: counted?.lost[numbers - 1] ?? null,
          atLeast: counted?.atLeast[numbers - 1] ?? null,
        };
      }),
    ),
  };
}

function monoidFinding({ states, symbols, relations, byLength }: MonoidResult): Finding {
  return {
    claim: `n = ${states}: words have every relation between ${states === 1 ? 'one state and itself' : `${states} states`}, 2^${states ** 2} of them`,
    holds: relations === 2 ** (states * states),
    measured: `${formatCount(relations)} relations of words over ${symbols} symbols; the longest of the shortest words has ${byLength.length - 1}`,
    check: true,
  };
}

function contextsFinding({ states, fragments, contexts, rows, rowsAsRelation }: ContextsResult): Finding {
  return {
    claim: `n = ${states}: some context tells any two relations apart`,
    holds: fragments === 2 ** (states * states) && rows === fragments && rowsAsRelation === fragments,
    measured: `${formatCount(fragments)} fragments in ${contexts === 1 ? '1 context' : `${contexts} contexts`} by the set simulator: ${formatCount(rows)} different rows, ${formatCount(rowsAsRelation)} of them the relation itself`,
    check: true,
  };
}

function rankFinding({ states, contexts, chosen, random }: RankResult): Finding {
  return {
    claim: `n = ${states}: fragments by contexts have rank n² = ${states ** 2}`,
    holds: chosen === states ** 2 && random.at(-1) === states ** 2,
    measured: `${chosen} for ${contexts === 1 ? '1 chosen fragment' : `${contexts} chosen fragments`}; ${random.at(-1) ?? 0} for ${random.length} random ones`,
    check: true,
  };
}

function enoughFinding({ states, kind, length, relations, whole, points }: CliffResult): Finding {
  const enough = points.filter(({ numbers }) => numbers >= states ** 2);
  const wrong = [whole, ...enough].reduce((sum, { words, right }) => sum + words - right, 0);
  return {
    claim: `n = ${states}, ${kind}: with d ≥ ${states ** 2} numbers, and without a bottleneck, no word is wrong`,
    holds: enough.length > 0 && wrong === 0,
    measured: `${formatCount(wrong)} of ${formatCount(whole.words)} words wrong at d = ${enough.map(({ numbers }) => numbers).join(', ')} or without; fragments of ${length} symbols with ${formatCount(relations)} different relations`,
    check: true,
  };
}

function lostFinding({ states, lost, atLeast }: LostResult): Finding {
  const entries = states ** 2;
  const below = lost.slice(0, entries - 1);
  return {
    claim: `n = ${states}: a linear code with thresholds loses relations if d < ${entries}, as many as it must at least, and none from there`,
    holds:
      below.every((count, index) => count >= Math.max(1, atLeast[index] ?? 1)) &&
      lost.slice(entries - 1).every((count) => count === 0),
    measured: `of ${formatCount(2 ** entries)}, lost with d = ${entries - 1}: ${formatCount(below.at(-1) ?? 0)} (any such code: at least ${formatCount(atLeast[entries - 2] ?? 0)}); with d = ${Math.ceil(entries / 2)}: ${formatCount(lost[Math.ceil(entries / 2) - 1] ?? 0)} (at least ${formatCount(atLeast[Math.ceil(entries / 2) - 1] ?? 0)})`,
    check: true,
  };
}

/**
 * Of a sample all words may be right by chance: an observation, but where all relations are read.
 */
function droppedFinding({ states, kind, relations, points }: CliffResult): Finding {
  const below = points.filter(({ numbers }) => numbers < states ** 2);
  const complete = kind === 'every relation' && relations === 2 ** (states * states);
  const share = (point: (typeof below)[number] | undefined): string =>
    point === undefined ? '' : `${formatPercent(point.right / point.words)} at d = ${point.numbers}`;
  const perfect = below.filter(({ right, words }) => right === words).map(({ numbers }) => numbers);
  return {
    claim: `n = ${states}, ${kind}: with d < ${states ** 2} numbers, some words are wrong`,
    holds: perfect.length === 0,
    measured: `right: ${[below[0], below[Math.floor(below.length / 2)], below.at(-1)].map(share).join(', ')}${perfect.length === 0 ? '' : `; none of this sample is wrong at d = ${perfect.join(', ')}`}`,
    ...(complete ? { check: true } : {}),
  };
}

function bitsFinding(bits: readonly BitsResult[]): Finding {
  const entries = entriesOf(bits);
  const all = 2 ** entries;
  const isComplete = ({ thresholds, digits }: BitsResult): boolean => thresholds === all || digits === all;
  const above = bits.filter(({ thresholds, digits, most }) => Math.max(thresholds, digits) > most);
  const fewest = Math.min(...bits.filter(isComplete).map((one) => one.numbers * one.bits));
  return {
    claim: `d numbers of p bits recall no more than 2^(d·p) relations: all of them only if d·p ≥ ${entries}`,
    holds: above.length === 0 && fewest >= entries,
    measured: `none of ${bits.length} pairs of d and p is above that; the fewest bits that recall all ${formatCount(all)} are ${fewest}`,
    check: true,
  };
}

function digitsFinding(bits: readonly BitsResult[]): Finding {
  const entries = entriesOf(bits);
  const enough = bits.filter((one) => one.bits >= Math.ceil(entries / one.numbers));
  const complete = enough.filter(({ digits }) => digits === 2 ** entries);
  const single = bits.find((one) => one.numbers === 1 && one.bits === entries);
  return {
    claim:
      'The bound is met: with binary digits, every d is enough if its numbers have n²/d bits, rounded up',
    holds: enough.length > 0 && complete.length === enough.length,
    measured: `${complete.length} of ${enough.length} such pairs recall all relations; a single number of ${entries} bits recalls ${formatCount(single?.digits ?? 0)}`,
    check: true,
  };
}
