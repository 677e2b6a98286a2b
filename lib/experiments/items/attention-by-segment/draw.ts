// Attention by segment as pictures, tables and findings.

import { present } from '../../../base/present';
import { type AttentionMass } from '../../../evaluate/attention-mass';
import { type Figure } from '../../../report/figure';
import { formatShort } from '../../../report/log-axis';
import { distancesFigure } from './distances';
import { headsFigures } from './heads';
import { placesFigure } from './places';
import { type AttentionBySegmentResult, contextsOf, styleOf, tokensWord } from './result';
import { findings, measuresTable, numbersTable } from './tables';
import { attentionMapFigure } from '../../charts/attention-map';
import { type Drawing } from '../../run/report';

/** Everything that is shown of the result. */
export function drawAttentionBySegment(result: AttentionBySegmentResult): Drawing {
  return {
    figures: [distancesFigure(result), mapFigure(result), placesFigure(result), ...headsFigures(result)],
    tables: [numbersTable(result), measuresTable(result)],
    findings: findings(result),
  };
}

/**
 * Mass by segment distance and offset inside the segment: a row for each model, a column for each
 * context. All contexts have one unit, what a key would get in training if attention were evenly
 * spread: in the unit of its own context a model whose attention stays where it was would seem to
 * gain, and one that loses it would seem unchanged.
 */
function mapFigure(result: AttentionBySegmentResult): Figure {
  const { models, trainLength } = result;
  const contexts = contextsOf(result);
  const trainWeight = keyWeight(present(contexts[0], 'context').uniform);
  const evenly = contexts.map(({ uniform }) => keyWeight(uniform) / trainWeight);
  const trainWord = tokensWord(trainLength);
  return attentionMapFigure({
    id: 'attention-by-segment-map',
    title: 'Where attention lands, by segment and by place',
    subtitle: `Attention to a key, as a multiple of evenly spread attention with ${trainWord}; mean of all heads`,
    unit:
      `the mean weight of a key, as a multiple of what it would be if attention were evenly spread over ${trainWord}, as many as in training, in all panels. ` +
      'In a longer context more keys share it, so evenly spread attention is less there, everywhere the same: the legend has its colours. ' +
      'A model whose attention stays where it was has the same colours in all contexts.',
    evenly: new Map(
      contexts.map(({ length }, context) => [
        present(evenly[context], 'context'),
        `evenly spread, ${tokensWord(length)}`,
      ]),
    ),
    alt: models
      .map(({ encoding, contexts: own }) => {
        const rows = own.map(({ length, mean, uniform }, context) => {
          const times = [0, 1].map((segment) => {
            const [share, even] = [mean, uniform].map(({ bySegment }) => bySegment[segment] ?? 0) as [
              number,
              number,
            ];
            return formatShort(((evenly[context] ?? 1) * share) / even);
          });
          return `${times.join(' and ')} times at ${tokensWord(length)}`;
        });
        return `${styleOf(result, encoding).name}, own segment and the one before: ${rows.join(', ')}`;
      })
      .join('; '),
    columns: contexts.length,
    panels: models.flatMap(({ encoding, contexts: own }) =>
      own.map(({ length, mean, uniform }, context) => ({
        title: `${styleOf(result, encoding).name}, ${tokensWord(length)}`,
        mean,
        uniform,
        evenly: present(evenly[context], 'context'),
      })),
    ),
  });
}

/**
 * The weight of one key in evenly spread attention, in the mean over queries: that of the token
 * itself, which each query sees.
 */
function keyWeight({ byDistance }: AttentionMass): number {
  return present(byDistance[0], 'the token itself');
}
