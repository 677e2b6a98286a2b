// The result of the item, and the names and styles that everything drawn of it uses.

import { present } from '../../../base/present';
import { type AttentionBins } from '../../../evaluate/attention-mass';
import { encodingStyle, ink, type SeriesStyle } from '../../../report/style';
import { type ContextAttention, type ModelAttention } from './contexts';
import { type MeasureDifference, type Measures } from './statistics';

/** All models that were measured. */
export interface AttentionBySegmentResult {
  /** Tokens of a training block. */
  readonly trainLength: number;
  /** Documents, and queries of each. */
  readonly documents: number;
  readonly queries: number;
  readonly bins: AttentionBins;
  readonly models: readonly ModelAttention[];
  /** Evenly spread attention on the same documents. */
  readonly evenly: Measures;
  readonly differences: readonly MeasureDifference[];
}

/** Attention that weighs all keys alike. */
export const evenlyStyle: SeriesStyle = {
  name: 'Evenly spread',
  color: ink.axis,
  dash: '2px,3px',
  symbol: 'diamond-open',
  pattern: '',
};

/** How a model is drawn and called. */
export function styleOf({ models }: AttentionBySegmentResult, encoding: string): SeriesStyle {
  return encodingStyle(
    encoding,
    models.map((model) => model.encoding),
  );
}

/**
 * The contexts of a model: those of all models are as long, and evenly spread attention is the same
 * in them.
 */
export function contextsOf({ models }: AttentionBySegmentResult): readonly ContextAttention[] {
  return present(models[0], 'a model').contexts;
}

/** A length as texts have it. */
export function tokensWord(tokens: number): string {
  return `${tokens.toLocaleString('en')} tokens`;
}
