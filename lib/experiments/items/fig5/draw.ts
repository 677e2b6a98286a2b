// Figure 5 as pictures, a table and findings.

import { type Modality } from '../../../data/sources/source';
import { type Figure, makeFigure } from '../../../report/figure';
import { broken, verticalLine } from '../../../report/marks';
import { formatPerplexity, formatShort } from '../../../report/log-axis';
import { encodingStyle, modalityStyles, scalingStyles } from '../../../report/style';
import { type Table } from '../../../report/tables';
import { type Drawing, type Finding } from '../../run/report';
import { type ScaledModel } from './runs';
import {
  compare,
  type LengthCurve,
  lengthPanel,
  lengthsOf,
  modalitiesOf,
  modalityTitle,
  perplexityRange,
  perplexityTable,
} from '../../language-models/length-curves';

/** Every model, before and after. */
export interface Fig5Result {
  /** By encoding; of each the trained model first. */
  readonly models: readonly ScaledModel[];
}

/** The settings that the drawing needs. */
export interface Fig5Scale {
  readonly trainLength: number;
  readonly finetune: { readonly length: number; readonly steps: number };
}

/** A model of an encoding as a curve. */
interface ScaledCurve extends LengthCurve {
  readonly model: ScaledModel;
}

/** Everything Figure 5 shows of its result. */
export function drawFig5({ models }: Fig5Result, scale: Fig5Scale): Drawing {
  const curves = models.map(curveOf);
  const modalities = modalitiesOf(curves);
  return {
    figures: [finetunedFigure(curves, modalities, scale), scaledFigure(curves, modalities, scale)],
    tables: [numbersTable(curves, scale)],
    findings: modalities.flatMap((modality) => findings(curves, modality, scale)),
  };
}

function curveOf(model: ScaledModel): ScaledCurve {
  const { encoding, stage, scaling, modalities } = model;
  return {
    name: `${encoding} ${stage} ${scaling}`,
    style: stage === 'trained' ? scalingStyles.trained : scalingStyles[scaling],
    runs: [{ modalities }],
    model,
  };
}

const encodingsOf = (curves: readonly ScaledCurve[]): string[] => [
  ...new Set(curves.map(({ model }) => model.encoding)),
];

/** Panels of some curves: a row for each kind of text, a column for each encoding. */
function panelsOf(curves: readonly ScaledCurve[], modalities: readonly Modality[], marks: readonly number[]) {
  const encodings = encodingsOf(curves);
  const places = modalities.flatMap((modality) => encodings.map((encoding) => ({ modality, encoding })));
  const lines = marks.map((length, mark) => verticalLine(length, mark > 0 ? { dash: broken } : {}));
  const of = (encoding: string): ScaledCurve[] => curves.filter(({ model }) => model.encoding === encoding);
  return {
    columns: encodings.length,
    panelHeight: 300,
    sharedY: true,
    panels: places.map(({ modality, encoding }) => {
      const title = `${encodingStyle(encoding, encodings).name}: ${modalityTitle(curves, modality).toLowerCase()}`;
      // Both encodings on one scale.
      return lengthPanel(curves, modality, { title, marks: lines }, of(encoding));
    }),
  };
}

function finetunedFigure(
  curves: readonly ScaledCurve[],
  modalities: readonly Modality[],
  { trainLength, finetune }: Fig5Scale,
): Figure {
  const shown = curves.filter(({ model }) => model.stage !== 'scaled');
  return makeFigure({
    id: 'fig5',
    title: 'Perplexity by length, before and after finetuning',
    subtitle: `Trained at ${trainLength.toLocaleString('en')} tokens (dotted), then ${finetune.steps} steps at ${finetune.length.toLocaleString('en')} (broken); whiskers: 95 % interval over documents`,
    caption:
      'Perplexity of held-out documents, read in consecutive blocks of equal length; every length reads the same text. YaRN interpolates each ' +
      'frequency of RoPE as far as it turns too seldom in training, and sharpens attention. Positions are tokens for RoPE, segments for BiPE-RoPE.',
    alt: altOf(shown, modalities, finetune.length),
    ...panelsOf(shown, modalities, [trainLength, finetune.length]),
  });
}

function scaledFigure(
  curves: readonly ScaledCurve[],
  modalities: readonly Modality[],
  { trainLength, finetune }: Fig5Scale,
): Figure {
  const shown = curves.filter(({ model }) => model.stage !== 'finetuned');
  return makeFigure({
    id: 'fig5-scaled',
    title: 'Scaled, but not finetuned',
    subtitle: `Models trained at ${trainLength.toLocaleString('en')} tokens (dotted), read with RoPE scaled by ${formatShort(finetune.length / trainLength)}`,
    caption: 'The effect of the scaling alone, on a model that has never seen it.',
    alt: altOf(shown, modalities, finetune.length),
    ...panelsOf(shown, modalities, [trainLength]),
  });
}

function altOf(curves: readonly ScaledCurve[], modalities: readonly Modality[], length: number): string {
  return modalities
    .flatMap((modality) =>
      curves.map((curve) => {
        const { name } = encodingStyle(curve.model.encoding);
        const perplexity = formatPerplexity(perplexityRange(curve, modality, length).centre);
        return `${name}, ${curve.style.name}: ${perplexity} at ${length} tokens`;
      }),
    )
    .join('; ');
}

function numbersTable(curves: readonly ScaledCurve[], { trainLength, finetune }: Fig5Scale): Table {
  const modelOf = ({ name }: LengthCurve): ScaledModel | undefined =>
    curves.find((curve) => curve.name === name)?.model;
  return perplexityTable(
    curves.map((curve) => ({ ...curve, style: encodingStyle(curve.model.encoding, encodingsOf(curves)) })),
    {
      id: 'fig5-perplexity',
      title: 'Figure 5 in numbers',
      caption: `Perplexity by block length: models as they were trained at ${trainLength.toLocaleString('en')} tokens; those with RoPE scaled and nothing else; and those finetuned at ${finetune.length.toLocaleString('en')}. Low and high: 95 % interval over documents at the longest, one seed.`,
    },
    [
      { key: 'stage', label: 'Stage', of: ({ curve }) => modelOf(curve)?.stage },
      {
        key: 'scaling',
        label: 'Scaling',
        of: ({ curve }) => {
          const scaling = modelOf(curve)?.scaling ?? 'none';
          return scaling === 'none' ? scaling : scalingStyles[scaling].name;
        },
      },
    ],
  );
}

/**
 * The effect of finetuning with YaRN on each, and its cost at the training length; and which of the
 * two ends lower at the length of finetuning and beyond it, with YaRN and each with the scaling
 * that is best for it there.
 */
function findings(curves: readonly ScaledCurve[], modality: Modality, scale: Fig5Scale): Finding[] {
  const { trainLength, finetune } = scale;
  const find = (encoding: string, stage: ScaledModel['stage'], scaling: string): LengthCurve | undefined =>
    curves.find(
      ({ model }) => model.encoding === encoding && model.stage === stage && model.scaling === scaling,
    );
  const text = modalityStyles[modality].name;
  const longest = Math.max(...curves.flatMap((curve) => lengthsOf(curve, modality)));
  const tokens = (length: number): string => `${length.toLocaleString('en')} tokens`;
  const comparing = (
    claim: string,
    better: LengthCurve | undefined,
    worse: LengthCurve | undefined,
    length: number,
    below = 1,
  ): Finding[] => {
    if (better === undefined || worse === undefined) return [];
    return [
      compare(
        { claim: `${text}: ${claim}`, below, better: [better, length], worse: [worse, length] },
        modality,
      ),
    ];
  };
  const each = encodingsOf(curves).flatMap((encoding) => {
    const { name } = encodingStyle(encoding);
    const tuned = find(encoding, 'finetuned', 'yarn');
    return [
      ...comparing(
        `finetuned with YaRN, ${name} predicts better at ${tokens(finetune.length)} than as it was trained`,
        tuned,
        find(encoding, 'trained', 'none'),
        finetune.length,
      ),
      ...comparing(
        `at ${tokens(trainLength)}, where it was trained, finetuning with YaRN makes ${name} at most 2 % worse`,
        tuned,
        find(encoding, 'trained', 'none'),
        trainLength,
        1.02,
      ),
      ...comparing(
        `finetuned, ${name} predicts better at ${tokens(finetune.length)} with YaRN than without scaling`,
        tuned,
        find(encoding, 'finetuned', 'none'),
        finetune.length,
      ),
    ];
  });
  const best = (encoding: string, length: number): ScaledCurve | undefined =>
    curves
      .filter(({ model }) => model.encoding === encoding && model.stage === 'finetuned')
      .sort(
        (a, b) => perplexityRange(a, modality, length).centre - perplexityRange(b, modality, length).centre,
      )[0];
  const both = [...new Set([finetune.length, longest])].flatMap((length) => {
    const where =
      length === finetune.length
        ? `at ${tokens(length)}, the length of finetuning`
        : `at ${tokens(length)}, ${formatShort(length / finetune.length)} times the length of finetuning`;
    const [bilevel, standard] = [best('bipe_rope', length), best('rope', length)];
    const scalings = [bilevel, standard].map((curve) => curve?.style.name ?? '').join(', ');
    return [
      ...comparing(
        `${where}, both finetuned with YaRN, BiPE-RoPE predicts better than RoPE`,
        find('bipe_rope', 'finetuned', 'yarn'),
        find('rope', 'finetuned', 'yarn'),
        length,
      ),
      ...comparing(
        `${where}, each finetuned with the scaling that is best for it there (${scalings}), BiPE-RoPE predicts better than RoPE`,
        bilevel,
        standard,
        length,
      ),
    ];
  });
  return [...each, ...both];
}
