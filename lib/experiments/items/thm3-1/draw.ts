// Theorem 3.1 as pictures, tables and checks.

import { formatCount, formatPercent } from '../../../base/format';
import { present } from '../../../base/present';
import { axisOf, pointerOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { horizontalLine, verticalLine } from '../../../report/marks';
import { makeTable, type Measure } from '../../../report/measures';
import { type PanelSpec, type PlotlyObject } from '../../../report/spec';
import { fontSize, heatColor, heatScale, ink, orderedStyles, type SeriesStyle } from '../../../report/style';
import { type Quantity, type Table } from '../../../report/tables';
import { textMapTraces } from '../../../report/text-map';
import { colorKey, lineTrace } from '../../../report/traces';
import { type Drawing } from '../../run/report';
import { theorem31Findings } from './findings';
import { countedTable, priceTable } from './price-tables';
import {
  type BitsResult,
  type CliffResult,
  type ContextsResult,
  entriesOf,
  type LostResult,
  type MonoidResult,
  type RankResult,
  type Theorem31Result,
} from './measures';

/** Figures, tables and checks of Theorem 3.1. */
export function drawTheorem31(result: Theorem31Result): Drawing {
  const { monoids, ranks, cliffs, lost, bits } = result;
  return {
    figures: [knowledgeFigure(monoids, ranks), cliffFigure(cliffs, lost), bitsFigure(bits)],
    tables: [
      knowledgeTable(result),
      countedTable(result.counted),
      priceTable(result.prices),
      cliffTable(result),
    ],
    findings: theorem31Findings(result),
  };
}

/** Curves of the same number of states look the same in every panel. */
function stylesByStates(all: readonly { readonly states: number }[]): (states: number) => SeriesStyle {
  const values = [...new Set(all.map(({ states }) => states))].sort((a, b) => a - b);
  const styles = orderedStyles(values.map((states) => `n = ${states}`));
  return (states) => present(styles[values.indexOf(states)], 'style');
}

function runningSums(values: readonly number[]): number[] {
  let sum = 0;
  return values.map((value) => (sum += value));
}

function knowledgeFigure(monoids: readonly MonoidResult[], ranks: readonly RankResult[]): Figure {
  const styleOf = stylesByStates([...monoids, ...ranks]);
  const fragments: Quantity = { label: 'Fragments', format: 'integer' };
  const mostBits = Math.max(...monoids.map(({ states }) => states ** 2));
  const squares = (most: number): number[] => Array.from({ length: most }, (_, index) => (index + 1) ** 2);
  const bitTicks = squares(Math.sqrt(mostBits));
  const rankTicks = ranks.map(({ contexts }) => contexts);
  return makeFigure({
    id: 'thm3-1',
    title: 'The witness automaton: its fragments have 2^(n²) relations',
    subtitle:
      'Left: how many relations occur; their logarithm is the bits of a summary. Right: a rank, which says nothing of bits',
    caption:
      'Left, how many relations between states the words of at most so many symbols have, up to all 2^(n²) of them (horizontal lines). Right, the rank over the rationals of ' +
      'the table of random fragments by contexts, up to n² (horizontal lines), the number of contexts. Automata with far fewer relations can have the same rank: the count on the left gives the bits.',
    alt:
      `${monoids.map(({ states, relations }) => `n = ${states}: ${formatCount(relations)} relations`).join(', ')}; ` +
      `${ranks.map(({ states, random }) => `n = ${states}: rank ${random.at(-1) ?? 0}`).join(', ')}.`,
    panelHeight: 330,
    panels: [
      {
        title: 'Relations that words have',
        x: { title: 'Symbols of a word, at most' },
        y: {
          title: relations.label,
          type: 'log',
          tickvals: bitTicks.map((bits) => 2 ** bits),
          ticktext: bitTicks.map((bits) => `2<sup>${bits}</sup>`),
          range: [-0.2, mostBits * Math.log10(2) + 0.25],
        },
        data: monoids.map(({ states, byLength }) =>
          lineTrace({
            x: byLength.map((_, length) => length),
            y: runningSums(byLength),
            style: styleOf(states),
            markers: byLength.length < 20,
          }),
        ),
        marks: monoids.map(({ states }) => horizontalLine(2 ** (states * states))),
      },
      {
        title: 'Rank of random fragments by contexts',
        x: { title: fragments.label, type: 'log', dtick: 1 },
        y: { title: rankOf.label, tickvals: rankTicks, range: [-1, Math.max(...rankTicks) * 1.04] },
        data: ranks.map(({ states, random }) => ({
          ...lineTrace({ x: random.map((_, index) => index + 1), y: random, style: styleOf(states) }),
          hovertemplate: pointerOf(fragments, rankOf),
        })),
        marks: ranks.map(({ contexts }) => horizontalLine(contexts)),
      },
    ],
  });
}

/** Quantities that pictures and tables share. */
const relations: Quantity = { label: 'Relations', format: 'integer' };
const rankOf: Quantity = { label: 'Rank', format: 'integer' };
const numbersOf: Quantity = { label: 'Numbers d', format: 'integer' };
const wordsRight: Quantity = { label: 'Words right', format: 'percent' };

function cliffFigure(cliffs: readonly CliffResult[], lost: readonly LostResult[]): Figure {
  const styleOf = stylesByStates(cliffs);
  const kinds = ['every relation', 'random symbols'] as const;
  const most = Math.max(...lost.map(({ states }) => states ** 2));
  const x = { title: numbersOf.label, dtick: most > 12 ? 2 : 1, range: [0.5, most + 1.5] };
  const leastPower = Math.floor(-most * Math.log10(2));
  const marks = [...new Set(lost.map(({ states }) => states ** 2))].map((square) => verticalLine(square));
  const sampled = cliffs
    .filter(({ states, kind, relations }) => kind === 'every relation' && relations < 2 ** (states * states))
    .map(({ states }) => `n = ${states}`)
    .join(', ');
  return makeFigure({
    id: 'thm3-1-cliff',
    title: 'With fewer than n² numbers, a linear code with thresholds loses relations',
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
    panelHeight: 290,
    panels: [
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
        data: lost.flatMap((one) => lostTraces(one, styleOf(one.states))),
        marks,
      },
      ...kinds.map((kind): PanelSpec => ({
        title: `Words: ${kind}`,
        x,
        y: axisOf(wordsRight),
        data: cliffs
          .filter((cliff) => cliff.kind === kind)
          .map(({ states, points }) =>
            lineTrace({
              x: points.map(({ numbers }) => numbers),
              y: points.map(({ right, words }) => right / words),
              style: styleOf(states),
              markers: true,
            }),
          ),
        marks,
      })),
    ],
  });
}

/** The share of relations lost with d numbers, and the thin line that no such code is below. */
function lostTraces({ states, lost, atLeast }: LostResult, style: SeriesStyle): PlotlyObject[] {
  const all = 2 ** (states * states);
  const x = lost.map((_, index) => index + 1);
  const shown = (values: readonly number[]): number[] =>
    values.map((value) => (value > 0 ? value / all : Number.NaN));
  return [
    {
      ...lineTrace({ x, y: shown(atLeast), style, legend: false }),
      line: { color: style.color, width: 1 },
      hovertemplate: pointerOf(numbersOf, { label: 'At least' }),
    },
    lineTrace({ x, y: shown(lost), style, markers: true }),
  ];
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
    panelHeight: 340,
    panels: kinds.map((kind): PanelSpec => ({
      title: kind === 'thresholds' ? 'Decoded by thresholds' : 'Decoded as binary digits',
      x: { ...axis, title: numbersOf.label, range: [0.5, entries + 1.5] },
      y: { ...axis, title: 'Bits of each, p', range: [0.5, entries + 0.5] },
      data: [
        ...textMapTraces({
          x: numbers,
          y: precisions,
          z: cells((one) => colourPlace(one[kind], all)),
          zmin: 0,
          zmax: 1,
          colorscale: heatScale,
          text: cells((one) => textOf(one[kind])),
          size: fontSize.tick,
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
          x,
          y,
          line: { color: ink.text, width: 3 },
          hoverinfo: 'skip',
        },
      ],
    })),
    data: [
      colorKey('0 bits', heatColor(colourPlace(1, all))),
      colorKey(`${entries / 2} bits`, heatColor(colourPlace(2 ** (entries / 2), all))),
      colorKey(`all ${entries} bits`, heatColor(colourPlace(all, all))),
    ],
  });
}

/**
 * How far up the colour scale is a code that recalls `right` of `all` relations: apart from the
 * others if it recalls them all.
 */
function colourPlace(right: number, all: number): number {
  return right === all ? 1 : (0.75 * Math.log2(right)) / Math.log2(all);
}

/** The results of one number of states. */
interface KnowledgeRow {
  readonly states: number;
  readonly monoid: MonoidResult | undefined;
  readonly context: ContextsResult | undefined;
  readonly rank: RankResult | undefined;
}

const knowledgeMeasures: readonly Measure<KnowledgeRow>[] = [
  { key: 'states', label: 'States n', format: 'integer', of: ({ states }) => states },
  { key: 'symbols', label: 'Symbols', format: 'integer', of: ({ monoid }) => monoid?.symbols },
  { key: 'relations', ...relations, of: ({ monoid }) => monoid?.relations },
  {
    key: 'bits',
    label: 'Their logarithm',
    unit: 'bits',
    of: ({ monoid }) => monoid && Math.log2(monoid.relations),
  },
  {
    key: 'longest',
    label: 'Longest of the shortest words',
    unit: 'symbols',
    format: 'integer',
    of: ({ monoid }) => (monoid === undefined ? undefined : monoid.byLength.length - 1),
  },
  { key: 'rows', label: 'Different rows', format: 'integer', of: ({ context }) => context?.rows },
  { key: 'contexts', label: 'Contexts n²', format: 'integer', of: ({ states }) => states ** 2 },
  { key: 'rank', ...rankOf, of: ({ rank }) => rank?.chosen },
  { key: 'fragments', label: 'Random fragments', format: 'integer', of: ({ rank }) => rank?.random.length },
];

function knowledgeTable({ monoids, contexts, ranks }: Theorem31Result): Table {
  const all = [...new Set([...monoids, ...contexts, ...ranks].map((one) => one.states))];
  return makeTable(
    {
      id: 'thm3-1-knowledge',
      title: 'What there is to know of a fragment',
      caption:
        'Relations that the words of the automaton have; different rows of the table of fragments by contexts, one fragment for each relation; the rank of that table over the rationals, and how many random fragments have it.',
    },
    knowledgeMeasures,
    all.map((states) => ({
      states,
      monoid: monoids.find((one) => one.states === states),
      context: contexts.find((one) => one.states === states),
      rank: ranks.find((one) => one.states === states),
    })),
  );
}

/** A row of the table of d: the words, and where all relations were read, how many are lost. */
interface CliffRow extends Pick<CliffResult, 'states' | 'kind'> {
  readonly point: CliffResult['points'][number];
  readonly lost: LostResult | undefined;
}

const cliffMeasures: readonly Measure<CliffRow>[] = [
  { key: 'states', label: 'States n', format: 'integer', of: ({ states }) => states },
  { key: 'kind', label: 'Fragments', of: ({ kind }) => kind },
  { key: 'numbers', ...numbersOf, of: ({ point }) => point.numbers },
  { key: 'words', label: 'Words', format: 'integer', of: ({ point }) => point.words },
  { key: 'right', ...wordsRight, of: ({ point }) => point.right / point.words },
  {
    key: 'everywhere',
    label: 'Fragments right',
    format: 'percent',
    of: ({ point }) => point.rightEverywhere / point.fragments,
  },
  {
    key: 'lost',
    label: 'Relations lost',
    format: 'integer',
    of: ({ lost, point }) => lost?.lost[point.numbers - 1],
  },
  {
    key: 'atLeast',
    label: 'At least',
    format: 'integer',
    of: ({ lost, point }) => lost?.atLeast[point.numbers - 1],
  },
];

function cliffTable({ cliffs, lost }: Theorem31Result): Table {
  return makeTable(
    {
      id: 'thm3-1-forgotten',
      title: 'What is forgotten with d numbers',
      caption:
        'Through the compiled network: words with the right states at their end, and fragments right in every context. Lost: relations that the code gets wrong, of all; any linear code with thresholds loses at least as many as the last column says.',
    },
    cliffMeasures,
    cliffs.flatMap(({ states, kind, points }) =>
      points.map((point) => ({
        states,
        kind,
        point,
        lost: kind === 'every relation' ? lost.find((one) => one.states === states) : undefined,
      })),
    ),
  );
}
