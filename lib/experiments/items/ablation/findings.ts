// The claims about the ablations, judged by documents and by seed-to-seed variation.

import { type Modality } from '../../../data/sources/source';
import { formatShort } from '../../../report/log-axis';
import { modalityStyles } from '../../../report/style';
import { compare, type LengthCurve, perplexityRange } from '../../language-models/length-curves';
import { perplexityAt } from '../../language-models/runs';
import { type Finding } from '../../run/report';
import { type AblationGroup, relativeLabels } from './ablations';
import { type AblationResult, type AblationRow, type AblationScale, overAllSeeds } from './rows';
import { seedSpread, smallestTold } from './seed-spread';

/** A sentence about two models of a group: that the first predicts better than the second. */
type Claim = readonly [group: AblationGroup, better: string, worse: string, claim: string];

/** Groups of which something is said at the training length, too, not only beyond. */
const saidAtTraining: readonly AblationGroup[] = ['levels', 'separators', 'ends', 'third'];

const claims: readonly Claim[] = [
  [
    'levels',
    'bipe_rope',
    'place_alone',
    'with RoPE between segments, both levels predict better than the place alone',
  ],
  [
    'levels',
    'bipe_rope',
    'rope_between_alone',
    'with RoPE between segments, both levels predict better than the segment alone',
  ],
  [
    'levels',
    'bipe_alibi',
    'place_alone',
    'with ALiBi between segments, both levels predict better than the place alone',
  ],
  [
    'levels',
    'bipe_alibi',
    'alibi_between_alone',
    'with ALiBi between segments, both levels predict better than the segment alone',
  ],
  [
    'absolute',
    'bipe_rope',
    'sinusoidal_rope',
    'a learned table inside segments predicts better than sines, RoPE between',
  ],
  [
    'absolute',
    'bipe_alibi',
    'sinusoidal_alibi',
    'a learned table inside segments predicts better than sines, ALiBi between',
  ],
  ['separators', 'bipe_rope', 'released', 'full stop and newline predict better than newline alone'],
  ...(['xpos', 't5', 'kerple', 'fire'] as const).map((kind): Claim => [
    'relative',
    'bipe_alibi',
    `bipe_${kind}`,
    `ALiBi between segments predicts better than ${relativeLabels[kind]}`,
  ]),
  [
    'separators',
    'bipe_rope',
    'every',
    'segments that end with sentences predict better than segments of n tokens',
  ],
  [
    'separators',
    'bipe_rope',
    'random',
    'segments that end with sentences predict better than random ones of the same lengths',
  ],
  ['separators', 'bipe_rope', 'no_ends', 'segments predict better than none'],
  ...(
    [
      ['alibi_released', 'newline alone'],
      ['alibi_every', 'segments of n tokens'],
      ['alibi_random', 'random ones of the same lengths'],
      ['alibi_rare', 'ends at rare tokens'],
      ['alibi_no_ends', 'one segment'],
    ] as const
  ).map(([id, label]): Claim => [
    'ends',
    'bipe_alibi',
    id,
    `with ALiBi between segments, segments that end with sentences predict better than ${label}`,
  ]),
  [
    'ends',
    'alibi_between_alone',
    'gated_alibi',
    'without places inside, ALiBi over sentences predicts better than over segments that a gate learns',
  ],
  [
    'ends',
    'gated_alibi',
    'alibi_tokens',
    'segments that a gate learns predict better than ALiBi over tokens, as which it begins',
  ],
  [
    'ends',
    'alibi_between_alone',
    'cope',
    'without places inside, ALiBi over sentences predicts better than CoPE, whose queries count what they select',
  ],
  ['slopes', 'bipe_alibi', 'slopes_1', "slopes of 96 times ALiBi's predict better than ALiBi's own"],
  ['slopes', 'bipe_alibi', 'slopes_32', "slopes of 96 times ALiBi's predict better than 32 times"],
  ['third', 'three_levels', 'bipe_rope', 'a third level predicts better than two'],
];

/** The findings of a kind of text, at each length. */
export function ablationFindings(
  rows: readonly AblationRow[],
  { lengths, trainLength }: AblationScale,
  modality: Modality,
  { runs }: AblationResult,
): Finding[] {
  const text = modalityStyles[modality].name;
  const curveOf = (group: AblationGroup, id: string): LengthCurve | undefined => {
    const row = rows.find((one) => one.group === group && one.id === id);
    return row && overAllSeeds(row);
  };
  return [...lengths]
    .sort((a, b) => a - b)
    .flatMap((length) => {
      const where =
        length === trainLength
          ? 'at the training length'
          : `at ${formatShort(length / trainLength)} times the training length`;
      const spread = seedSpread(
        [...new Set(runs.map(({ encoding }) => encoding))].map((id) =>
          runs
            .filter(({ encoding }) => encoding === id)
            .map((run) => perplexityAt(run, modality, length).loss),
        ),
      );
      return claims.flatMap(([group, better, worse, claim]) => {
        if (length === trainLength && !saidAtTraining.includes(group)) return [];
        const [first, second] = [curveOf(group, better), curveOf(group, worse)];
        if (first === undefined || second === undefined) return [];
        const finding = compare(
          { claim: `${text}, ${where}: ${claim}`, better: [first, length], worse: [second, length] },
          modality,
        );
        const [a = NaN, b = NaN] = [first, second].map(
          (curve) => perplexityRange(curve, modality, length).centre,
        );
        const told = spread && smallestTold(spread, first.runs.length, second.runs.length);
        return [beyondChance(finding, Math.log(a / b), told)];
      });
    });
}

/** The finding, inconclusive where seeds alone make as large a difference: `smallest`, in nats. */
function beyondChance(finding: Finding, difference: number, smallest: number | undefined): Finding {
  if (smallest === undefined)
    return { ...finding, measured: `${finding.measured}; seed-to-seed variation is not known` };
  const isWithin = Math.abs(difference) <= smallest;
  return {
    ...finding,
    holds: isWithin ? null : finding.holds,
    measured: `${finding.measured}; ${isWithin ? 'within' : 'beyond'} seed-to-seed variation (factor ${Math.exp(smallest).toFixed(3)})`,
  };
}
