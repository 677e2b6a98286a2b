// A trained model of Figure 3 to play with: it solves an expression somebody typed, and shows what
// it looks at.

import { type Reporter } from '../../../base/progress';
import {
  type ArithmeticStep,
  arithmeticTokenTexts,
  judgeSteps,
  readExpression,
} from '../../../data/arithmetic/expression';
import {
  arithmeticIds,
  arithmeticSeparators,
  type ArithmeticVocabulary,
  arithmeticVocabulary,
} from '../../../data/arithmetic/vocabulary';
import { startEngine } from '../../../engine/engine';
import { Random } from '../../../engine/random/random';
import { loadCheckpoint } from '../../../model/files/checkpoint';
import { type Decoder } from '../../../model/decoder';
import { type ModelParameters } from '../../../model/parameters';
import { encodingNamed } from '../../../positional/registry';
import { formatCount } from '../../../base/format';
import { type Figure, makeFigure } from '../../../report/figure';
import { defaultReporter } from '../../../report/widgets/progress-pane';
import { encodingStyle } from '../../../report/style';
import { makeTable } from '../../../report/measures';
import { type Table } from '../../../report/tables';
import { attentionPanels } from '../../charts/attention-panels';
import { type ArithmeticRun, arithmeticRun, trainedArithmeticModel } from './runs';
import { fig3Presets, fig3Schema, type Fig3Settings } from './item';
import { layerAttention } from '../../language-models/layer-attention';
import { choose } from '../../run/execute';
import { defaultPreset, presetOrder } from '../../settings/preset-names';
import { RunStore } from '../../run/store';
import { solutionTokens, writeSolution } from './writer';

/** A model that has learnt the task, more or less. */
export interface ArithmeticModel {
  readonly decoder: Decoder;
  readonly parameters: ModelParameters;
  readonly vocabulary: ArithmeticVocabulary;
  /** Its training and its accuracy. */
  readonly run: ArithmeticRun;
}

/** A model's solution of an expression. */
export interface ArithmeticSolution {
  /** The question and all that was written. */
  readonly ids: Int32Array;
  readonly tokens: readonly string[];
  /**
   * Positions of the tokens, and of those that might have followed, if the encoding draws
   * positions.
   */
  readonly positions?: Int32Array;
  /** Each rewriting of the expression, the question first. */
  readonly steps: readonly ArithmeticStep[];
  /** The value of the expression. */
  readonly expected: number;
  /** True if the last rewriting is that value. */
  readonly correct: boolean;
  /** True if each step follows from the one before, too. */
  readonly sound: boolean;
}

/** The model to load or train. */
export interface ArithmeticModelOptions {
  /** Default: the preset's largest. */
  readonly hiddenSize?: number;
  /** A preset of Figure 3, for the task and the training. Default `defaultPreset()`. */
  readonly preset?: string;
  /** Fields of the preset's settings to replace, as in `reproduce`. */
  readonly settings?: Partial<Fig3Settings>;
  readonly reporter?: Reporter;
  readonly store?: RunStore;
}

/**
 * A model with that encoding, trained as those of Figure 3 with the first seed of the settings:
 * found, or trained now.
 *
 * @throws UsageError if there is no such encoding or preset; ConfigError if a setting is wrong
 */
export async function arithmeticModel(
  encoding: string,
  options: ArithmeticModelOptions = {},
): Promise<ArithmeticModel> {
  const { reporter = defaultReporter(), store = new RunStore() } = options;
  const spec = { id: 'fig3', presets: fig3Presets, schema: fig3Schema };
  const names = presetOrder.filter((name) => name in fig3Presets);
  const { settings } = choose(spec, names, {
    preset: defaultPreset(),
    ...options,
  });
  encodingNamed(encoding);
  const { hiddenSize = Math.max(...settings.hiddenSizes) } = options;
  const point = { encoding, hiddenSize, seed: settings.seeds[0] ?? 1 };
  await startEngine({ reporter });
  const run = await arithmeticRun(point, settings, { store, reporter });
  const folder = await trainedArithmeticModel(point, settings, { store, reporter });
  const { decoder, parameters } = await loadCheckpoint(folder);
  return { decoder, parameters, vocabulary: arithmeticVocabulary(settings.modulus), run };
}

/**
 * Lets a model solve an expression, e.g. `(7+5)/(6-2)`.
 *
 * @throws UsageError pointing at what is wrong with the expression
 */
export async function solveArithmetic(model: ArithmeticModel, text: string): Promise<ArithmeticSolution> {
  const { decoder, parameters, vocabulary } = model;
  const { prompt, answer } = readExpression(text, vocabulary);
  const random = Random.fromSeed(0);
  const capacity = prompt.length + solutionTokens(prompt.length);
  const positions = decoder.encoding.drawPositions?.(capacity, () => random.uniform());
  const written = await writeSolution(decoder, parameters, prompt, positions);
  const ids = Int32Array.of(...prompt, ...written);
  const steps = judgeSteps(ids, vocabulary);
  const correct = written.includes(arithmeticIds.eos) && steps.at(-1)?.text === String(answer);
  return {
    ids,
    tokens: arithmeticTokenTexts(ids, vocabulary),
    ...(positions && { positions }),
    steps,
    expected: answer,
    correct,
    sound: correct && steps.every((step) => step.correct),
  };
}

/** A solution, a row for each step. */
export function solutionTable(model: ArithmeticModel, solution: ArithmeticSolution): Table {
  const { name } = encodingStyle(model.run.encoding);
  const verdict = solution.sound ? 'is right' : solution.correct ? 'is right by chance' : 'is wrong';
  return makeTable<{ readonly text: string; readonly correct: boolean; readonly step: number }>(
    {
      id: 'solution',
      title: `${name} ${verdict}: the value is ${solution.expected}`,
      caption: `${formatCount(model.run.parameters)} parameters; ${(100 * model.run.accuracy.share).toFixed(0)} % of ${model.run.accuracy.trials} test questions right.`,
    },
    [
      { key: 'step', label: 'Step', format: 'integer', of: ({ step }) => step },
      { key: 'text', label: 'Written', of: ({ text }) => text },
      { key: 'verdict', label: 'Follows', of: ({ step, correct }) => (step === 0 ? 'asked' : correct) },
    ],
    solution.steps.map(({ text, correct }, step) => ({ text, correct, step })),
  );
}

/**
 * The attention of each token of a solution, a panel for each head of a layer, with the borders of
 * segments.
 *
 * @param layer from 0
 * @throws UsageError if the model has no such layer
 */
export function attentionFigure(model: ArithmeticModel, solution: ArithmeticSolution, layer: number): Figure {
  const { decoder, parameters, run } = model;
  const maps = layerAttention(decoder, parameters, solution, layer);
  const { name } = encodingStyle(run.encoding);
  return makeFigure({
    id: 'arithmetic-attention',
    title: `What ${name} looks at, layer ${layer}`,
    subtitle: 'Query (row) to key (column), a panel for each head; lines are the borders of segments',
    caption:
      'Each row sums to 1. A step of the solution is a segment; the token = belongs to the step that it ends.',
    alt: `${maps.length} triangular heat maps of attention over ${solution.ids.length} tokens.`,
    ...attentionPanels({
      titles: maps.map((_, head) => `Head ${head}`),
      maps,
      labels: solution.tokens.map((token) => token.replace(/^<(.*)>$/, '$1')),
      ids: solution.ids,
      separators: arithmeticSeparators(),
      height: 330,
    }),
  });
}
