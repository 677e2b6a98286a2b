// Figure 4 as pictures, a table and findings.

import { present } from '../../../base/present';
import { type Modality } from '../../../data/sources/source';
import { axes, type Figure, makeFigure, type PanelSpec } from '../../../report/figure';
import { formatPerplexity, formatShort, logAxis } from '../../../report/log-axis';
import { explainSources, formatPaperValue, paperValue } from '../../paper/values';
import { encodingStyle, modalityStyles } from '../../../report/style';
import { type Table } from '../../../report/tables';
import { bilevelPairs, ownPairs } from '../../charts/encoding-pairs';
import { type Drawing, type Finding } from '../../run/report';
import { type LanguageModelRun } from '../../language-models/runs';
import {
  compare,
  type LengthCurve,
  lengthPanel,
  lengthsOf,
  lengthTraces,
  modalitiesOf,
  modalityTitle,
  perplexityRange,
  perplexityTable,
  positionTraces,
  trainLengthLine,
} from '../../language-models/length-curves';
import { type ReleasedRun } from '../../language-models/released-models';
import {
  groupsOf,
  lossAxis,
  lossTrace,
  rangeWord,
  type SeedGroup,
  seedsOf,
  whiskersWord,
} from '../../charts/seed-groups';
import { mean } from '../../../report/over-seeds';

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
      ...(groups.length === 0 ? [] : [trainingFigure(groups)]),
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
 * What the curves are measured on, by what was read: the released code joins documents before it
 * cuts blocks, and drops the rest.
 */
const textRead: Readonly<Record<Fig4Result['kind'], string>> = {
  trained:
    'Perplexity of held-out documents, read in blocks of a length side by side; every length reads the same text.',
  released:
    'Perplexity of validation sets, read in blocks of a length side by side, which go on from one document to the next as in the released code.',
};

function lengthsFigure(curves: readonly LengthCurve[], trainLength: number, read: string): Figure {
  const modalities = modalitiesOf(curves);
  const [first] = modalities;
  const lengths = first === undefined ? [] : lengthsOf(present(curves[0], 'curve'), first);
  const [shortest, longest] = [lengths[0] ?? 0, lengths.at(-1) ?? 0];
  return makeFigure({
    id: 'fig4',
    title: 'Perplexity beyond the training length, by positional encoding',
    subtitle: `Trained on blocks of ${trainLength.toLocaleString('en')} tokens (dotted line); ${whiskersWord(seedsOf(curves), '95 % interval over documents')}`,
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
    data: modalities.flatMap((modality, panel) => lengthTraces(curves, modality, panel)),
    panels: modalities.map((modality) => lengthPanel(curves, modality, modalityTitle(curves, modality))),
    panelHeight: 300,
    layout: { shapes: modalities.map((_, panel) => trainLengthLine(trainLength, panel)) },
  });
}

function positionsFigure(curves: readonly LengthCurve[], trainLength: number): Figure {
  const modalities = modalitiesOf(curves);
  return makeFigure({
    id: 'fig4-positions',
    title: 'Where in a long block the losses are',
    subtitle: 'Perplexity of the tokens at a place, in the longest blocks; dotted: the training length',
    caption:
      'Left of the dotted line a model sees what it has seen in training; right of it, positions or segment indices that are new to it. ' +
      'A document begins where its first block does, and beginnings are often easier for every model: what counts is where lines part, not where all of them rise.',
    alt: `A curve over the place in the block for ${curves.map(({ style }) => style.name).join(', ')}.`,
    data: modalities.flatMap((modality, panel) => positionTraces(curves, modality, panel)),
    panels: modalities.map((modality): PanelSpec => ({
      title: modalityTitle(curves, modality),
      x: axes.count('Place in the block'),
      y: logAxis('Perplexity, log scale', positionValues(curves, modality)),
    })),
    panelHeight: 260,
    layout: { shapes: modalities.map((_, panel) => trainLengthLine(trainLength, panel)) },
  });
}

function positionValues(curves: readonly LengthCurve[], modality: Modality): number[] {
  return curves.flatMap(({ runs }) =>
    runs.flatMap(({ modalities }) =>
      modalities
        .filter((one) => one.modality === modality)
        .flatMap(({ byLength }) => (byLength.at(-1)?.byPosition ?? []).map(({ loss }) => Math.exp(loss))),
    ),
  );
}

function trainingFigure(groups: readonly Group[]): Figure {
  return makeFigure({
    id: 'fig4-training',
    title: 'Training loss of the language models',
    subtitle: 'Mean cross-entropy of a predicted token over the steps since the point before',
    caption: 'Mean over the seeds. What a model does beyond its training length does not show here.',
    alt: `Falling curves for ${groups.map(({ style }) => style.name).join(', ')}.`,
    panels: [{ x: axes.count('Step'), y: lossAxis }],
    data: groups.map((group) => lossTrace(group)),
  });
}

/**
 * The length of training, and that of the evaluation of which the paper's perplexities are known;
 * on books.
 */
const knownOfPaper = { trainLength: 1024, length: 8192 };

const trainingColumns: Table['columns'] = [
  { key: 'parameters', label: 'Parameters', format: 'integer' },
  { key: 'tokensPerSecond', label: 'Tokens/s', format: 'integer', ofMachine: true },
];

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
      caption: `Perplexity by the tokens of a block, of ${modalitiesOf(curves)
        .map((modality) => modalityTitle(curves, modality).toLowerCase())
        .join(
          '; ',
        )}. Low and high belong to the longest block: ${rangeWord(seedsOf(curves), '95 % interval over documents')}.${known ? ` The paper's values are those of PG-19 at that length: ${explainSources(['N'])}.` : ''}`,
    },
    {
      columns: [
        ...(known ? [{ key: 'paper', label: `Paper, at ${longest.toLocaleString('en')}` }] : []),
        ...(groups.length === 0 ? [] : trainingColumns),
      ],
      of: ({ name }, modality) => {
        const ofPaper = modality === 'books' ? paperValue('pg19-perplexity', name) : undefined;
        const runs = groups.find(({ encoding }) => encoding === name)?.runs;
        return {
          ...(known ? { paper: formatPaperValue(ofPaper) } : {}),
          ...(runs && {
            parameters: runs[0]?.parameters ?? null,
            tokensPerSecond: mean(runs.map((run) => run.tokensPerSecond)),
          }),
        };
      },
    },
  );
}

/**
 * What the paper says of pairs of models beyond the training length, and of each model against its
 * own training length.
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
