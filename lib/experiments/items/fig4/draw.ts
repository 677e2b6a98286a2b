// Figure 4 as pictures, a table and findings.

import { formatCount } from '../../../base/format';
import { present } from '../../../base/present';
import { type Modality } from '../../../data/sources/source';
import { type Figure, makeFigure } from '../../../report/figure';
import { formatPerplexity, formatShort } from '../../../report/log-axis';
import { verticalLine } from '../../../report/marks';
import { type Measure } from '../../../report/measures';
import { encodingStyle, modalityStyles } from '../../../report/style';
import { type Table } from '../../../report/tables';
import { bilevelPairs, ownPairs } from '../../charts/encoding-pairs';
import {
  groupsOf,
  rangeWord,
  type SeedGroup,
  seedsOf,
  trainingMeasures,
  whiskersWord,
} from '../../charts/seed-groups';
import { trainingLossFigure } from '../../charts/training-loss';
import {
  compare,
  type CurveRow,
  type LengthCurve,
  lengthPanel,
  lengthsOf,
  modalitiesOf,
  modalityTitle,
  perplexityRange,
  perplexityTable,
  positionPanel,
} from '../../language-models/length-curves';
import { type ReleasedRun } from '../../language-models/released-models';
import { type LanguageModelRun } from '../../language-models/runs';
import { explainSources, formatPaperValue, paperValue } from '../../paper/values';
import { type Drawing, type Finding } from '../../run/report';
import { replicationFigure } from './replication';

/** All models that were trained, or what the released ones made of each kind of text. */
export type Fig4Result =
  | { readonly kind: 'trained'; readonly runs: readonly LanguageModelRun[] }
  | { readonly kind: 'released'; readonly runs: readonly ReleasedRun[] };

type Group = SeedGroup<LanguageModelRun>;

/**
 * Everything Figure 4 shows of its result.
 *
 * @param trainLength tokens of a training block
 */
export function drawFig4(result: Fig4Result, trainLength: number): Drawing {
  const groups = result.kind === 'trained' ? groupsOf(result.runs) : [];
  const curves = result.kind === 'trained' ? groups.map(trainedLine) : releasedLines(result.runs);
  return {
    figures: [
      lengthsFigure(curves, trainLength, textRead[result.kind]),
      positionsFigure(curves, trainLength),
      ...(groups.length === 0
        ? []
        : [
            trainingLossFigure(groups, {
              id: 'fig4-training',
              title: 'Training loss of the language models',
              subtitle: 'Training loss, averaged since the previous point',
              caption: 'It does not show how a model does beyond its training length.',
            }),
          ]),
      ...replicationFigure(curves, trainLength),
    ],
    tables: [numbersTable(groups, curves, trainLength)],
    findings: modalitiesOf(curves).flatMap((modality) => findings(curves, modality, trainLength)),
  };
}

function trainedLine({ encoding, style, runs }: Group): LengthCurve {
  return { name: encoding, style, runs };
}

function releasedLines(runs: readonly ReleasedRun[]): LengthCurve[] {
  const encodings = runs.map(({ encoding }) => encoding);
  return runs.map((run) => ({
    name: run.encoding,
    style: encodingStyle(run.encoding, encodings),
    runs: [run],
  }));
}

/**
 * The text that curves are measured on, by kind of result: the released code joins documents before
 * it cuts blocks, and drops the rest.
 */
const textRead: Readonly<Record<Fig4Result['kind'], string>> = {
  trained:
    'Perplexity of held-out documents, read in consecutive blocks of equal length; every length reads the same text.',
  released:
    'Perplexity of validation sets, read in consecutive blocks of equal length, which continue from one document to the next as in the released code.',
};

function lengthsFigure(curves: readonly LengthCurve[], trainLength: number, read: string): Figure {
  const modalities = modalitiesOf(curves);
  const [first] = modalities;
  const lengths = first === undefined ? [] : lengthsOf(present(curves[0], 'curve'), first);
  const [shortest, longest] = [lengths[0] ?? 0, lengths.at(-1) ?? 0];
  return makeFigure({
    id: 'fig4',
    title: 'Perplexity beyond the training length, by positional encoding',
    subtitle: `Trained on blocks of ${formatCount(trainLength)} tokens (dotted line); ${whiskersWord(seedsOf(curves), '95 % interval over documents')}`,
    caption:
      `${read} A longer block gives a token more to look back at, ` +
      'so a model that can use it gets better to the right, one that cannot stays level, and one that is ' +
      'confused by positions it has never seen gets worse. Both axes are logarithmic.',
    alt: modalities
      .flatMap((modality) =>
        curves.map((curve) => {
          const at = (length: number): string =>
            formatPerplexity(perplexityRange(curve, modality, length).centre);
          return `${modalityStyles[modality].name}, ${curve.style.name}: ${at(shortest)} at ${shortest} tokens, ${at(longest)} at ${longest}`;
        }),
      )
      .join('; '),
    panels: modalities.map((modality) =>
      lengthPanel(curves, modality, {
        title: modalityTitle(curves, modality),
        marks: [verticalLine(trainLength)],
      }),
    ),
    panelHeight: 300,
  });
}

function positionsFigure(curves: readonly LengthCurve[], trainLength: number): Figure {
  const modalities = modalitiesOf(curves);
  return makeFigure({
    id: 'fig4-positions',
    title: 'Perplexity by position in a long block',
    subtitle: 'Perplexity of the tokens at each position of the longest blocks; dotted: the training length',
    caption:
      'Left of the dotted line positions and segment indices are those of training; right of it they are new to the model. ' +
      'The first block of a document begins where the document does, and beginnings are often easier for every model: look at where lines part, not at where all of them rise.',
    alt: `A curve over the position in the block for ${curves.map(({ style }) => style.name).join(', ')}.`,
    panels: modalities.map((modality) =>
      positionPanel(curves, modality, {
        title: modalityTitle(curves, modality),
        marks: [verticalLine(trainLength)],
      }),
    ),
    panelHeight: 260,
  });
}

/**
 * The length of training, and that of the evaluation of which the paper's perplexities are known;
 * on books.
 */
const knownOfPaper = { trainLength: 1024, length: 8192 };

function numbersTable(groups: readonly Group[], curves: readonly LengthCurve[], trainLength: number): Table {
  const longest = Math.max(
    ...modalitiesOf(curves).flatMap((modality) => curves.flatMap((curve) => lengthsOf(curve, modality))),
  );
  const known = trainLength === knownOfPaper.trainLength && longest === knownOfPaper.length;
  return perplexityTable(
    curves,
    {
      id: 'fig4-perplexity',
      title: 'Figure 4 in numbers',
      caption: `Perplexity by block length, of ${modalitiesOf(curves)
        .map((modality) => modalityTitle(curves, modality).toLowerCase())
        .join(
          '; ',
        )}. Low and high belong to the longest block: ${rangeWord(seedsOf(curves), '95 % interval over documents')}.${known ? ` The paper's values are those of PG-19 at that length: ${explainSources(['N'])}.` : ''}`,
    },
    [
      ...(known ? [paperColumn(longest)] : []),
      ...(groups.length === 0 ? [] : trainingMeasures.map((measure) => ofGroup(measure, groups))),
    ],
  );
}

function paperColumn(length: number): Measure<CurveRow> {
  return {
    key: 'paper',
    label: `Paper, at ${formatCount(length)}`,
    of: ({ curve, modality }) =>
      formatPaperValue(modality === 'books' ? paperValue('pg19-perplexity', curve.name) : undefined),
  };
}

/** The measure of a group's models, for their curve. */
function ofGroup(measure: Measure<Group>, groups: readonly Group[]): Measure<CurveRow> {
  const of = ({ curve }: CurveRow): ReturnType<Measure<Group>['of']> => {
    const group = groups.find(({ encoding }) => encoding === curve.name);
    return group && measure.of(group);
  };
  return { ...measure, of };
}

/**
 * The paper's claims about pairs of models beyond the training length, and about each model against
 * its own training length.
 */
function findings(curves: readonly LengthCurve[], modality: Modality, trainLength: number): Finding[] {
  const curve = (name: string): LengthCurve | undefined => curves.find((one) => one.name === name);
  const longest = Math.max(...curves.flatMap((one) => lengthsOf(one, modality)));
  const times = `${formatShort(longest / trainLength)} times the training length`;
  const text = modalityStyles[modality].name;
  const named = [...bilevelPairs, ['bipe_alibi', 'rope'], ['alibi', 'rope']] as const;
  const pairs = [...named, ...ownPairs(curves.map(({ name }) => name))].flatMap(
    ([better, worse]): Finding[] => {
      const [first, second] = [curve(better), curve(worse)];
      if (first === undefined || second === undefined) return [];
      return [
        compare(
          {
            claim: `${text}, ${times}: ${first.style.name} predicts better than ${second.style.name}`,
            better: [first, longest],
            worse: [second, longest],
          },
          modality,
        ),
      ];
    },
  );
  const itself = ['bipe_rope', 'bipe_alibi', 'alibi', 'rope'].flatMap((name): Finding[] => {
    const one = curve(name);
    if (one === undefined || !lengthsOf(one, modality).includes(trainLength)) return [];
    return [
      compare(
        {
          claim: `${text}: at ${times} ${one.style.name} is at most 5 % worse than at the training length`,
          below: 1.05,
          better: [one, longest],
          worse: [one, trainLength],
        },
        modality,
      ),
    ];
  });
  return [...pairs, ...itself];
}
