// What the independent replication says of two encodings, in words.

import { formatCount } from '../../base/format';
import { replicatedTexts, replicationLengths } from '../paper/replication';

/**
 * The replication's perplexities of two encodings at one of its lengths and their ratio, text by
 * text: `at 6,144 tokens PG-19 66.64 vs 144.13 (ratio 0.46), ...`.
 *
 * @param place of the length among the replication's; default the longest
 */
export function replicatedRatio(
  first: string,
  second: string,
  place = replicationLengths.length - 1,
): string {
  const said = replicatedTexts.map(({ name, perplexities }) => {
    const [one = Number.NaN, other = Number.NaN] = [first, second].map(
      (encoding) => perplexities[encoding]?.[place],
    );
    return `${name} ${one.toFixed(2)} vs ${other.toFixed(2)} (ratio ${(one / other).toFixed(2)})`;
  });
  return `at ${formatCount(replicationLengths[place] ?? Number.NaN)} tokens ${said.join(', ')}`;
}
