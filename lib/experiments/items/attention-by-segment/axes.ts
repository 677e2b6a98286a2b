// Axes that the figures of attention share: shares, which are logarithmic, and distances in tokens.

import { type AttentionBins } from '../../../evaluate/attention-mass';
import { type AxisSpec } from '../../../report/spec';
import { type ContextAttention } from './contexts';
import { tokensWord } from './result';

/** The least share that the pictures show. */
export const leastShare = 1e-5;
/** The same in words. */
export const leastWord = '0.001 %';

/** A logarithmic axis of shares from `leastShare` to 1. */
export const shareAxis: AxisSpec = {
  title: 'Share of attention',
  type: 'log',
  range: [Math.log10(leastShare), 0.1],
  tickvals: [1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1],
  ticktext: [leastWord, '0.01 %', '0.1 %', '1 %', '10 %', '100 %'],
};

/** A share as a logarithmic axis can show it: null below its end. */
export const seen = (share: number): number | null => (share >= leastShare ? share : null);

/** The heading of a context's panel. */
export function contextTitle({ times, length }: ContextAttention): string {
  return times === 1
    ? `${tokensWord(length)}, as in training`
    : `${tokensWord(length)}, ${times} times as many`;
}

/** Groups of token distances that a context has. */
export function groupsIn({ distances }: AttentionBins, contexts: readonly ContextAttention[]): number {
  const longest = Math.max(...contexts.map(({ length }) => length));
  return 1 + distances.filter((least) => least < longest).length;
}

/** Room for the labels of groups, in a figure's width. */
const groupLabels = 25;

/** An axis of distances in tokens, by groups. */
export function distanceAxis(
  bins: AttentionBins,
  contexts: readonly ContextAttention[],
  columns: number,
): AxisSpec {
  const groups = groupsIn(bins, contexts);
  const starts = [0, ...bins.distances];
  const every = Math.ceil((groups * columns) / groupLabels);
  const told = Array.from({ length: groups }, (_, group) => group).filter(
    (group) => (groups - 1 - group) % every === 0,
  );
  return {
    title: 'Tokens back (0: the token itself)',
    range: [-0.6, groups - 0.4],
    tickvals: told,
    ticktext: told.map((group) => groupLabel(starts[group] ?? 0, starts[group + 1])),
    tickfont: { size: 10 },
    tickangle: 0,
  };
}

/** The distances from `start` on and below `end`, e.g. `2–3`; long ones in two lines. */
function groupLabel(start: number, end: number | undefined): string {
  const from = start.toLocaleString('en');
  if (end === undefined) return `≥ ${from}`;
  if (end === start + 1) return from;
  return `${from}–${end > 100 ? '<br>' : ''}${(end - 1).toLocaleString('en')}`;
}
