// Perplexity at the training length as a table, a picture and findings.

import { formatCount } from '../../../base/format';
import { type Modality } from '../../../data/sources/source';
import { type Figure, makeFigure } from '../../../report/figure';
import { formatPerplexity } from '../../../report/log-axis';
import { makeTable, type Measure, measuredWithEnds } from '../../../report/measures';
import { encodingStyle, modalityStyles } from '../../../report/style';
import { type Table } from '../../../report/tables';
import { pointsTrace } from '../../../report/traces';
import { whiskers } from '../../../report/whiskers';
import { bilevelPairs, ownPairs } from '../../charts/encoding-pairs';
import {
  groupsOf,
  rangeWord,
  type SeedGroup,
  seedsOf,
  trainingMeasures,
  whiskersWord,
} from '../../charts/seed-groups';
import {
  compare,
  type LengthCurve,
  modalitiesOf,
  modalityTitle,
  perplexity,
  perplexityAxis,
  perplexityRange,
} from '../../language-models/length-curves';
import { type LanguageModelRun } from '../../language-models/runs';
import { formatPaperValue } from '../../paper/values';
import { type Drawing, type Finding } from '../../run/report';

/** All models that were trained. */
export interface NormalResult {
  readonly runs: readonly LanguageModelRun[];
}

/** The settings that the drawing needs. */
export interface NormalScale {
  readonly trainLength: number;
}

type Group = SeedGroup<LanguageModelRun>;

const curveOf = ({ encoding, style, runs }: Group): LengthCurve => ({ name: encoding, style, runs });

/** Everything the item shows of its result. */
export function drawNormal({ runs }: NormalResult, { trainLength }: NormalScale): Drawing {
  const groups = groupsOf(runs);
  const curves = groups.map(curveOf);
  const modalities = modalitiesOf(curves);
  return {
    figures: [perplexityFigure(groups, modalities, trainLength)],
    tables: [perplexityTable(groups, modalities, trainLength)],
    findings: modalities.flatMap((modality) => findings(curves, modality, trainLength)),
  };
}

/** A panel for each kind of text, a mark for each encoding. */
function perplexityFigure(
  groups: readonly Group[],
  modalities: readonly Modality[],
  trainLength: number,
): Figure {
  const at = (group: Group, modality: Modality) => perplexityRange(curveOf(group), modality, trainLength);
  return makeFigure({
    id: 'table-normal-perplexity',
    title: 'Perplexity at the training length, by positional encoding',
    subtitle: `Blocks of ${formatCount(trainLength)} tokens, as in training; ${whiskersWord(seedsOf(groups), '95 % interval over documents')}`,
    caption:
      'Held-out documents; the same models for all kinds of text, each of which has its own scale. Nothing is extrapolated here: a difference is one of how well and how fast a ' +
      'model with that encoding learns. Whiskers show how different documents are; models are compared on the same ones (findings).',
    alt: modalities
      .flatMap((modality) =>
        groups.map(
          (group) =>
            `${modalityStyles[modality].name}, ${group.style.name}: ${formatPerplexity(at(group, modality).centre)}`,
        ),
      )
      .join('; '),
    panels: modalities.map((modality) => ({
      title: modalityTitle(groups.map(curveOf), modality),
      x: { type: 'category', tickangle: -40 },
      y: perplexityAxis(
        groups.flatMap((group) => {
          const { centre, low, high } = at(group, modality);
          return [centre, low, high];
        }),
      ),
      data: groups.map((group) => {
        const range = at(group, modality);
        const { name, color } = group.style;
        return {
          ...pointsTrace({ x: [name], y: [range.centre], style: group.style, legend: false }),
          ...whiskers([range], [name], perplexity, { color }),
        };
      }),
    })),
    panelHeight: 260,
  });
}

function perplexityTable(
  groups: readonly Group[],
  modalities: readonly Modality[],
  trainLength: number,
): Table {
  const [parameters] = trainingMeasures;
  const columns: readonly Measure<Group>[] = [
    { key: 'encoding', label: 'Encoding', of: ({ style }) => style.name },
    ...modalities.flatMap((modality) =>
      measuredWithEnds<Group>(
        { key: modality, label: modalityStyles[modality].name, format: perplexity.format },
        ['low', 'high'],
        (group) => perplexityRange(curveOf(group), modality, trainLength),
      ),
    ),
    parameters,
  ];
  return makeTable(
    {
      id: 'table-normal',
      title: 'Perplexity at the training length',
      caption: `Blocks of ${formatCount(trainLength)} tokens of held-out documents (${modalities.map((modality) => modalityTitle(groups.map(curveOf), modality).toLowerCase()).join('; ')}); low and high: ${rangeWord(seedsOf(groups), '95 % interval over documents')}. The paper's values for this table are not known: ${formatPaperValue(undefined)}.`,
    },
    columns,
    groups,
  );
}

/**
 * Each bilevel encoding beside its one-level form, and those of the reader's own beside the main
 * four.
 */
function findings(curves: readonly LengthCurve[], modality: Modality, trainLength: number): Finding[] {
  const pairs = [...bilevelPairs, ...ownPairs(curves.map(({ name }) => name))];
  return pairs.flatMap(([bilevel, standard]): Finding[] => {
    const [first, second] = [bilevel, standard].map((name) => curves.find((curve) => curve.name === name));
    if (first === undefined || second === undefined) return [];
    const [a, b] = [encodingStyle(bilevel).name, encodingStyle(standard).name];
    const claim = `${modalityStyles[modality].name}, at the training length: ${a} is at most 5 % worse than ${b}`;
    return [
      compare({ claim, below: 1.05, better: [first, trainLength], worse: [second, trainLength] }, modality),
    ];
  });
}
