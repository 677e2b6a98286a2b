// A trained language model of Figure 4 and a text that somebody typed: what its tokens look at.

import { UsageError } from '../../../base/errors';
import { ownEntry } from '../../../base/own';
import { type Reporter } from '../../../base/progress';
import { unknownName } from '../../../base/suggest';
import { getTokenizer } from '../../../data/tokenizers/registry';
import { type Tokenizer } from '../../../data/tokenizers/tokenizer';
import { startEngine } from '../../../engine/engine';
import { Random } from '../../../engine/random/random';
import { loadCheckpoint } from '../../../model/files/checkpoint';
import { type Decoder } from '../../../model/decoder';
import { type ModelParameters } from '../../../model/parameters';
import { type Figure, makeFigure } from '../../../report/figure';
import { defaultReporter } from '../../../report/widgets/progress-pane';
import { encodingStyle } from '../../../report/style';
import { escapeMarkup } from '../../../report/text';
import { separatorsFor } from '../../../segment/separators';
import { attentionPanels } from '../../charts/attention-panels';
import { fig4Presets, type Fig4Settings } from './item';
import { prepareLanguageModels } from '../../language-models/comparison';
import { trainedLanguageModel } from '../../language-models/runs';
import { commonSeparators } from '../../language-models/settings';
import { layerAttention } from '../../language-models/layer-attention';
import { defaultPreset } from '../../settings/preset-names';
import { RunStore } from '../../run/store';

/** A language model that was trained. */
export interface LanguageModel {
  /** The encoding's name. */
  readonly encoding: string;
  readonly decoder: Decoder;
  readonly parameters: ModelParameters;
  readonly tokenizer: Tokenizer;
  /** Ids that end a segment, for encodings of one level too. */
  readonly separators: readonly number[];
}

/** The model to load or train. */
export interface LanguageModelOptions {
  /** A preset of Figure 4. Default `defaultPreset()`. */
  readonly preset?: string;
  readonly reporter?: Reporter;
  readonly store?: RunStore;
}

/**
 * A model of Figure 4 with the preset's first seed: found, or trained now.
 *
 * @throws UsageError if there is no such encoding or preset
 */
export async function languageModel(
  encoding: string,
  options: LanguageModelOptions = {},
): Promise<LanguageModel> {
  const { preset = defaultPreset(), reporter = defaultReporter(), store = new RunStore() } = options;
  const presets: Readonly<Record<string, { readonly settings: Fig4Settings }>> = fig4Presets;
  const settings = ownEntry(presets, preset)?.settings;
  if (settings === undefined) throw unknownName('preset of fig4', preset, Object.keys(presets));
  const point = { encoding, hiddenSize: settings.hiddenSize, seed: settings.seeds[0] ?? 1 };
  await startEngine({ reporter });
  // Read and trained as by Figure 4, which does without the sources that this machine cannot have.
  const prepared = await prepareLanguageModels(settings, [encoding], reporter);
  const { settings: read, corpus } = prepared.input;
  for (const line of prepared.missing) reporter.note(`not here: ${line}`);
  const folder = await trainedLanguageModel(point, read, corpus, { store, reporter }).finally(corpus.close);
  const { decoder, parameters } = await loadCheckpoint(folder);
  const tokenizer = await getTokenizer(settings.tokenizer);
  return {
    encoding,
    decoder,
    parameters,
    tokenizer,
    separators: separatorsFor(tokenizer, commonSeparators(settings)),
  };
}

/** More tokens could not be told apart. */
const mostTokens = 96;

/**
 * The attention of each token of a text, a panel for each head of a layer, with the borders of
 * segments.
 *
 * @param layer from 0
 * @throws UsageError if the model has no such layer, or the text is empty or too long to look at
 */
export function textAttentionFigure(model: LanguageModel, text: string, layer: number): Figure {
  const { encoding, decoder, parameters, tokenizer, separators } = model;
  const ids = tokenizer.encode(text);
  if (ids.length === 0) throw new UsageError('the text is empty; give a sentence or two');
  if (ids.length > mostTokens)
    throw new UsageError(
      `the text has ${ids.length} tokens; give at most ${mostTokens}, more cannot be told apart`,
    );
  const random = Random.fromSeed(0);
  const positions = decoder.encoding.drawPositions?.(ids.length, () => random.uniform());
  const maps = layerAttention(decoder, parameters, { ids, ...(positions && { positions }) }, layer);
  const { name } = encodingStyle(encoding);
  // The first token's own row and column have large weights in most models, beside which the others
  // would not be seen.
  const others = maps.flatMap((map) => map.slice(1).flatMap((row) => row.slice(1)));
  return makeFigure({
    id: 'text-attention',
    title: `What ${name} looks at in your text, layer ${layer}`,
    subtitle:
      'Query (row) to key (column), a panel for each head; lines are the borders of segments; · is a space',
    caption:
      'Each row sums to 1. The last colour of the legend is the largest weight that does not lie on the first token, in any head. ' +
      (decoder.encoding.levels > 1
        ? 'The model itself knows the segments.'
        : 'The model knows nothing of the segments: lines are for comparison.'),
    alt: `${maps.length} triangular heat maps of attention over ${ids.length} tokens.`,
    ...attentionPanels({
      titles: maps.map((_, head) => `Head ${head}`),
      maps,
      // The tokenizer's own sign of a space hangs below its line, into the label there.
      labels: Array.from(ids, (id) => escapeMarkup(tokenizer.tokenText(id).replaceAll('▁', '·'))),
      ids,
      separators,
      height: 360,
      largest: Math.max(...others, 0.01),
      labelAngle: -90,
    }),
  });
}
