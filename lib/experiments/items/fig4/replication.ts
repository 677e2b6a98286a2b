// Figure 4 beside an independent replication: perplexities relative to those at the training
// length, since models, texts and lengths are others there.

import { type Range } from '../../../base/format';
import { logAxisOf, stepsAxisOf } from '../../../report/axes';
import { type Figure, makeFigure } from '../../../report/figure';
import { formatShort } from '../../../report/log-axis';
import { linesPanel, type Measure, measured, type Series } from '../../../report/measures';
import { encodingStyle } from '../../../report/style';
import { mainFour } from '../../charts/encoding-pairs';
import { whiskersWord, seedsOf } from '../../charts/seed-groups';
import {
  type LengthCurve,
  lengthsOf,
  modalitiesOf,
  modalityTitle,
  relativePerplexity,
} from '../../language-models/length-curves';
import { explainSources, formatPaperValue, paperValue } from '../../paper/values';
import { replicatedTexts, replicationLengths, replicationSource } from '../../paper/replication';

interface AtTimes {
  /** Block length as a multiple of the training length. */
  readonly times: number;
  readonly ratio: Range;
}

const times: Measure<AtTimes> = {
  key: 'times',
  label: 'Block length / training length',
  place: (value) => `${formatShort(value)} times the training length`,
  of: (row) => row.times,
};

const ratio = measured<AtTimes>(
  { key: 'ratio', label: 'Relative perplexity', format: 'fixed2' },
  (row) => row.ratio,
);

/**
 * The figure of relative perplexities of the main four, ours and the replication's; none where the
 * training length was not read.
 */
export function replicationFigure(all: readonly LengthCurve[], trainLength: number): Figure[] {
  const curves = all.filter(({ name }) => mainFour.includes(name));
  const modalities = modalitiesOf(curves).filter((modality) =>
    curves.every((curve) => lengthsOf(curve, modality).includes(trainLength)),
  );
  if (modalities.length === 0) return [];
  const ours = modalities.map((modality) => ({
    title: `Here: ${modalityTitle(curves, modality)}`,
    series: curves.map((curve) => ({
      style: curve.style,
      rows: lengthsOf(curve, modality).map((length) => ({
        times: length / trainLength,
        ratio: relativePerplexity(curve, modality, length, trainLength),
      })),
    })),
  }));
  const theirs = replicatedTexts.map(({ name, perplexities }) => ({
    title: `Replication: ${name}`,
    series: curves.flatMap((curve) => {
      const found = perplexities[curve.name] ?? [];
      return [{ style: encodingStyle(curve.name), rows: relativeTo(found) }];
    }),
  }));
  const panels = [...ours, ...theirs];
  const values = panels.flatMap(({ series }) => series.flatMap(ratiosOf));
  const yAxis = logAxisOf({ ...ratio, label: `${ratio.label}, log scale` }, values);
  return [
    makeFigure({
      id: 'fig4-replication',
      title: 'Perplexity relative to the training length, here and in a replication',
      subtitle: `Perplexity divided by the same model's at its training length; here ${whiskersWord(seedsOf(curves), 'none')}`,
      caption:
        `The panels "Replication" show numbers of ${replicationSource}; they are not the paper's. Its models have 155 M parameters and are ` +
        'trained on 1,024 tokens of the Pile. On PG-19 its ALiBi and BiPE-ALiBi rise as its RoPE does, which contradicts the paper as far as that is known ' +
        `(BiPE-ALiBi at 8,192 tokens: perplexity ${formatPaperValue(paperValue('pg19-perplexity', 'bipe_alibi'))}; ${explainSources(['N'])}).`,
      alt: panels.map(({ title, series }) => `${title}: ${series.map(endWords).join(', ')}`).join('; '),
      panels: panels.map(({ title, series }) =>
        linesPanel({ x: times, y: ratio }, series, {
          title,
          xAxis: stepsAxisOf(times, [1, 2, 4, 8, 16]),
          yAxis,
        }),
      ),
      sharedY: true,
      panelHeight: 240,
    }),
  ];
}

/** A list of perplexities, relative to the first. */
function relativeTo(perplexities: readonly number[]): AtTimes[] {
  const [first = NaN] = perplexities;
  return perplexities.map((perplexity, index) => {
    const value = perplexity / first;
    const length = replicationLengths[index] ?? NaN;
    return { times: length / replicationLengths[0], ratio: { centre: value, low: value, high: value } };
  });
}

function ratiosOf({ rows }: Series<AtTimes>): number[] {
  return rows.flatMap((row) => [row.ratio.low, row.ratio.centre, row.ratio.high]);
}

function endWords({ style, rows }: Series<AtTimes>): string {
  const last = rows.at(-1);
  return last === undefined
    ? `${style.name} not known`
    : `${style.name} × ${formatShort(last.ratio.centre)} at ${formatShort(last.times)} times`;
}
