// The prices of fragments as tables and checks.

import { formatCount } from '../../../base/format';
import { makeTable, type Measure } from '../../../report/measures';
import { type Table } from '../../../report/tables';
import { type NamedAutomaton } from '../../../theory/automata/automaton';
import { type Finding } from '../../run/report';
import { type CountedResult, type PriceResult, pricesOf } from './prices';

const countedMeasures: readonly Measure<CountedResult>[] = [
  { key: 'name', label: 'Relations of its fragments', of: ({ name }) => name },
  { key: 'states', label: 'States n', format: 'integer', of: ({ states }) => states },
  { key: 'relations', label: 'Relations', format: 'integer', of: ({ relations }) => relations.found },
  { key: 'counted', label: 'By counting', format: 'integer', of: ({ relations }) => relations.wanted },
  { key: 'bits', label: 'Price', unit: 'bits', of: ({ relations }) => Math.log2(relations.found) },
  { key: 'rank', label: 'Rank', format: 'integer', of: ({ rank }) => rank.found },
  { key: 'rankCounted', label: 'Rank, by counting', format: 'integer', of: ({ rank }) => rank.wanted },
];

/** Automata that can be counted: what the search and the elimination find, beside it. */
export function countedTable(counted: readonly CountedResult[]): Table {
  return makeTable(
    {
      id: 'thm3-1-counted',
      title: 'A rank says nothing of bits',
      caption:
        'Automata whose relations can be counted with pencil and paper. Relations and their rank over the rationals, as a search and an elimination find them, beside what counting gives. The price of a fragment is the logarithm of the number of relations; automata of one rank have very different prices.',
    },
    countedMeasures,
    counted,
  );
}

const priceMeasures: readonly Measure<PriceResult>[] = [
  { key: 'name', label: 'Automaton', of: ({ name }) => name },
  { key: 'states', label: 'States n', format: 'integer', of: ({ states }) => states },
  { key: 'relations', label: 'Relations', format: 'integer', of: ({ relations }) => relations },
  { key: 'isComplete', label: 'All of them', of: ({ isComplete }) => isComplete },
  { key: 'bits', label: 'Price', unit: 'bits', format: 'fixed1', of: ({ bits }) => bits },
  { key: 'flat', label: 'Flat registers', unit: 'bits', of: ({ registers }) => registers.flat },
  {
    key: 'compact',
    label: 'Compact',
    unit: 'bits',
    format: 'fixed1',
    of: ({ registers }) => registers.compact,
  },
  { key: 'bilevel', label: 'Bilevel', unit: 'bits', of: ({ registers }) => registers.bilevel },
];

/** The price of a fragment of each automaton, and what registers hold. */
export function priceTable(prices: readonly PriceResult[], id = 'thm3-1-prices'): Table {
  return makeTable(
    {
      id,
      title: 'What a fragment of an automaton costs, and what registers hold',
      caption:
        'Price: the logarithm of the number of relations between the states (of the flattened automaton); at least that much where the search has not found all. Then the bits in the registers of each construction: a relation between all states; the summary of the compact construction; both registers of the bilevel one, which hold fragments of a segment and fragments of whole segments, but none in between.',
    },
    priceMeasures,
    prices,
  );
}

/**
 * The table of prices for a reader's own automata.
 *
 * @param most relations to look for, 20,000 by default; with more of them, a price is a lower bound
 */
export function fragmentPriceTable(automata: readonly NamedAutomaton[], most?: number): Table {
  return priceTable(pricesOf(automata, most), 'fragment-prices');
}

/** The checks of both tables. */
export function priceFindings(counted: readonly CountedResult[], prices: readonly PriceResult[]): Finding[] {
  return [
    countFinding(counted, 'relations'),
    countFinding(counted, 'rank'),
    bitsOfRankFinding(counted),
    heldFinding(prices),
  ];
}

function countFinding(counted: readonly CountedResult[], key: 'relations' | 'rank'): Finding {
  const wrong = counted.filter((one) => one[key].found !== one[key].wanted);
  const of = ({ found, wanted }: CountedResult['rank']): string =>
    found === wanted ? formatCount(found) : `${formatCount(found)} instead of ${formatCount(wanted)}`;
  return {
    claim:
      key === 'relations'
        ? 'The search finds as many relations as counting gives'
        : 'Elimination finds the ranks that counting gives, also where they are below n²',
    holds: counted.length > 0 && wrong.length === 0,
    measured: counted.map((one) => `${one.name}: ${of(one[key])}`).join('; '),
    check: true,
  };
}

function bitsOfRankFinding(counted: readonly CountedResult[]): Finding {
  const [first, ...others] = counted;
  const alike = others.filter(
    ({ states, rank }) => states === first?.states && rank.found === first.rank.found,
  );
  const fewest = [...alike].sort((a, b) => a.relations.found - b.relations.found)[0];
  const bits = (one: CountedResult | undefined): string =>
    one === undefined ? 'none' : `${Math.log2(one.relations.found).toFixed(1)} bits (${one.name})`;
  return {
    claim: 'A rank says nothing of bits: automata of the same rank have fragments of different prices',
    holds: first !== undefined && fewest !== undefined && fewest.relations.found < first.relations.found,
    measured: `rank ${first?.rank.found ?? 0}: from ${bits(fewest)} to ${bits(first)}`,
    check: true,
  };
}

function heldFinding(prices: readonly PriceResult[]): Finding {
  const above = prices.filter(
    ({ bits, registers }) => bits > Math.min(registers.flat, registers.compact ?? Infinity),
  );
  const complete = prices.filter(({ isComplete }) => isComplete);
  const dearest = [...complete].sort((a, b) => b.bits - a.bits)[0];
  return {
    claim: 'Registers that hold a fragment have at least the bits that it costs',
    holds: prices.length > 0 && above.length === 0,
    measured: `${prices.length - above.length} of ${prices.length} automata${dearest === undefined ? '' : `; the dearest example, ${dearest.name}, costs ${dearest.bits.toFixed(1)} bits, its flat registers hold ${formatCount(dearest.registers.flat)}${dearest.registers.compact === null ? '' : `, its compact ones ${dearest.registers.compact.toFixed(1)}`}`}`,
    check: true,
  };
}
