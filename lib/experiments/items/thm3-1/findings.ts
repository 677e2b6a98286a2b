// The checks of Theorem 3.1, and what was observed beside them.

import { formatCount, formatPercent } from '../../../base/format';
import { type Finding } from '../../run/report';
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
import { priceFindings } from './price-tables';

/** All findings of the result. */
export function theorem31Findings({
  monoids,
  contexts,
  ranks,
  cliffs,
  lost,
  bits,
  counted,
  prices,
}: Theorem31Result): Finding[] {
  return [
    ...monoids.map(monoidFinding),
    ...contexts.map(contextsFinding),
    ...ranks.map(rankFinding),
    ...cliffs.map(enoughFinding),
    ...lost.map(lostFinding),
    ...cliffs.map(droppedFinding),
    bitsFinding(bits),
    digitsFinding(bits),
    ...priceFindings(counted, prices),
  ];
}

function monoidFinding({ states, symbols, relations, byLength }: MonoidResult): Finding {
  return {
    claim: `n = ${states}: words have every relation between ${states === 1 ? 'one state and itself' : `${states} states`}, 2^${states ** 2} of them`,
    holds: relations === 2 ** (states * states),
    measured: `${formatCount(relations)} relations of words over ${symbols} symbols; every relation occurs in a word of at most ${byLength.length - 1} symbols`,
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
    claim: `n = ${states}: fragments by contexts have rank n² = ${states ** 2} (linear independence, not bits)`,
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
