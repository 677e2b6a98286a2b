// Configurations and training recipes as rows of a table: what the paper's are, as far as they are
// known, and what the presets of this workbench have in their place. Everything is read from what a
// run would be made of; nothing is written down a second time.

import { type ProductType } from '../../../engine/graph/program';
import { createDecoder, type ModelConfig } from '../../../model/config';
import { parameterCount } from '../../../model/parameters';
import { type EncodingConfig } from '../../../positional/registry';
import { formatSetting, notAtHand, type PaperSetting, type PaperSource } from '../../paper/values';
import { type TrainingConfig } from '../../../train/config';

/** A setting of one of our presets. */
export interface OwnSetting {
  /** The key of the paper's setting that it is compared with, if there is one. */
  readonly key: string;
  readonly label: string;
  readonly value: string;
}

/** One of our presets. */
export interface OwnRecipe {
  readonly preset: string;
  readonly settings: readonly OwnSetting[];
}

/** A recipe of the paper's, and ours beside it. */
export interface Recipe {
  /** File name of its table. */
  readonly id: string;
  readonly title: string;
  readonly paper: readonly PaperSetting[];
  readonly ours: readonly OwnRecipe[];
}

/** A setting in all columns. */
export interface RecipeRow {
  readonly label: string;
  readonly paper: string;
  readonly sources: readonly PaperSource[];
  /** By preset; null where a preset has no such setting. */
  readonly ours: Readonly<Record<string, string | null>>;
  /**
   * Presets whose value is another one than the paper's; null where that is in words, or not known.
   */
  readonly differs: readonly string[] | null;
}

/**
 * The rows of a recipe: the paper's settings first, then those of ours of which nothing is known of
 * the paper.
 */
export function recipeRows({ paper, ours }: Recipe): RecipeRow[] {
  const known = new Set(paper.map(({ key }) => key));
  const further = new Map(
    ours
      .flatMap(({ settings }) => settings)
      .filter(({ key }) => !known.has(key))
      .map(({ key, label }) => [key, label]),
  );
  const valueOf = ({ settings }: OwnRecipe, key: string): string | null =>
    settings.find((one) => one.key === key)?.value ?? null;
  const row = (key: string, label: string, setting?: PaperSetting): RecipeRow => ({
    label,
    paper: setting?.value ?? notAtHand,
    sources: setting?.sources ?? [],
    ours: Object.fromEntries(ours.map((one) => [one.preset, valueOf(one, key)])),
    differs:
      setting?.exact === true
        ? ours.filter((one) => ![setting.value, null].includes(valueOf(one, key))).map(({ preset }) => preset)
        : null,
  });
  return [
    ...paper.map((setting) => row(setting.key, setting.label, setting)),
    ...[...further].map(([key, label]) => row(key, label)),
  ];
}

/** A setting of ours. */
export const own = (key: string, label: string, value: string | number): OwnSetting => ({
  key,
  label,
  value: typeof value === 'string' ? value : formatSetting(value),
});

/** The sizes and habits of a language model, without its positions. */
export function modelSettings(model: ModelConfig, vocabulary: string): OwnSetting[] {
  const { numLayers, hiddenSize, numHeads, intermediateSize, normEps } = model;
  const llama = model.style === 'llama';
  return [
    own('numLayers', 'Layers', numLayers),
    own('hiddenSize', 'Hidden size', hiddenSize),
    own('numHeads', 'Heads', numHeads),
    own('headSize', 'Size of a head', hiddenSize / numHeads),
    own('feedForward', 'Feed-forward', `${llama ? 'SwiGLU' : 'GELU'}, ${formatSetting(intermediateSize)}`),
    own('vocabulary', 'Vocabulary', vocabulary),
    own('norm', 'Normalization', `${llama ? 'RMSNorm' : 'LayerNorm'}, eps ${formatSetting(normEps)}`),
    own('biases', 'Biases', llama ? 'none' : 'all'),
    own('head', 'Head', model.tieEmbeddings ? 'tied' : 'untied'),
    own('initializer', 'Initial deviation', model.initializerRange),
    own('parameters', 'Parameters without positions', parametersWithoutPositions(model)),
  ];
}

/** Settings of the paper's two bilevel encodings. */
export function bilevelSettings(encodings: readonly EncodingConfig[]): OwnSetting[] {
  const bilevel = encodings.filter((encoding) => encoding.kind === 'bipe');
  const tables = bilevel.flatMap(({ intra }) => ('rows' in intra ? [Number(intra.rows)] : []));
  return [
    own('intraRows', 'Rows of the intra-segment table', [...new Set(tables)].map(formatSetting).join(', ')),
    ...bilevel.flatMap(({ inter }): OwnSetting[] => {
      if (inter.kind === 'rope') return [own('ropeBase', 'RoPE base', inter.base ?? 10_000)];
      if (inter.kind !== 'alibi') return [];
      return [own('slopeFactor', 'BiPE-ALiBi slopes, times those of ALiBi', inter.slopeFactor ?? 1)];
    }),
  ];
}

function parametersWithoutPositions(model: ModelConfig): string {
  const bare: ModelConfig = {
    ...model,
    encoding: { kind: 'none' },
    separators: [],
  };
  const count = parameterCount(createDecoder(bare).parameters);
  return count < 1e6
    ? formatSetting(count)
    : `${formatSetting(Number((count / 1e6).toPrecision(4)))} million`;
}

/** The precision of training, for readers. */
export function precisionName(products: ProductType): string {
  return products === 'float32' ? 'float32' : `float32, products in ${products}`;
}

/** Settings of a training. */
export function trainingSettings(training: TrainingConfig): OwnSetting[] {
  const {
    model,
    schedule,
    optimizer,
    batchSize,
    accumulation = 1,
    clipNorm,
    products = 'float32',
  } = training;
  const { kind, finalFraction } = schedule;
  return [
    own('length', 'Length', model.trainLength),
    own('optimizer', 'Optimizer', 'AdamW'),
    own('learningRate', 'Learning rate', schedule.learningRate),
    own('weightDecay', 'Weight decay', optimizer.weightDecay),
    own('dropout', 'Dropout', model.dropout ?? 0),
    own(
      'schedule',
      'Schedule',
      `${kind}${kind === 'constant' ? '' : ' decay'}${finalFraction === 0 ? '' : ` to ${formatSetting(finalFraction)}`}`,
    ),
    own('warmupSteps', 'Warm-up steps', schedule.warmupSteps),
    own('steps', 'Steps', training.steps),
    own('batchSize', 'Sequences of a step', batchSize * accumulation),
    own('precision', 'Precision', precisionName(products)),
    own(
      'betas',
      'AdamW β₁, β₂, ε',
      [optimizer.beta1, optimizer.beta2, optimizer.epsilon].map(formatSetting).join(', '),
    ),
    own('clipNorm', 'Largest norm of a gradient', clipNorm ?? 'any'),
  ];
}
