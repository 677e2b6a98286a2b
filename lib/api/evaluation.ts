/**
 * Perplexity by length, where attention goes, text metrics, and intervals.
 *
 * @example
 * ```ts
 * import { evaluation } from 'bipe-workbench';
 *
 * const { share, low, high } = evaluation.proportion(77, 100);
 * console.log(share, low.toFixed(3), high.toFixed(3)); // with Wilson's 95 % interval
 * console.log(evaluation.rouge('the cat sat', 'the cat ran').rougeL.f.toFixed(3));
 * ```
 *
 * @module
 */

export { Histogram } from '../base/histogram';
export {
  type AttentionBins,
  type AttentionMass,
  attentionMass,
  attentionMassOfEach,
  type AttentionMassOptions,
  defaultAttentionBins,
  meanDistance,
  meanMass,
  type SequenceAttention,
  totalVariation,
} from '../evaluate/attention-mass';
export { type Mean, meanWithInterval, proportion, type Proportion } from '../evaluate/intervals';
export type { DocumentLoss, PositionLoss } from '../evaluate/loss-tally';
export {
  evaluatePerplexity,
  type PerplexityByLength,
  perplexityInterval,
  type PerplexityOptions,
  perplexityRatio,
} from '../evaluate/perplexity';
export { answerF1, isExactMatch } from '../evaluate/metrics/answers';
export { rouge, type RougeName, type RougeScore } from '../evaluate/metrics/rouge';
export {
  scoreTexts,
  type TextMetricName,
  type TextPair,
  type TextScore,
} from '../evaluate/metrics/text-metrics';
export { drawHeadMaps, type HeadMapOptions } from '../experiments/charts/attention-map';
export {
  type LanguageModel,
  languageModel,
  textAttentionFigure,
} from '../experiments/items/fig4/text-attention';
