/**
 * Segments and bilevel positions: of token ids, on arrays, on tensors, and as a stream.
 *
 * @example
 * ```ts
 * import { segments, texts } from 'bipe-workbench';
 *
 * const tokenizer = await texts.getTokenizer('llama2');
 * const separators = segments.separatorsFor(tokenizer, 'paper'); // full stops and newlines
 * const ids = tokenizer.encode('It rains. It pours.');
 * const { intra, segment } = segments.bilevelArrays(ids, separators);
 * console.log([...intra], [...segment]);
 * ```
 *
 * @module
 */

export { clickedToken, distancesTable, drawFig2 } from '../experiments/items/fig2/draw';
export {
  type Distribution,
  measureSegments,
  type SegmentMeasurement,
  type SegmentStatistics,
  type SequenceStatistics,
  shortSegment,
  type TextStatistics,
} from '../experiments/items/fig1/segment-statistics';
export {
  type BilevelArrays,
  bilevelArrays,
  type BilevelOptions,
  type BilevelState,
  BilevelStream,
} from '../segment/arrays';
export { SegmentLengthStream, segmentLengths } from '../segment/lengths';
export type { EveryTokens, RandomLengths, SegmentEnds, SegmentRule } from '../segment/ends';
export { nestedArrays, nestedPositions, type NestedSeparators } from '../segment/levels';
export { parseSeparators, separatorsFor, type SeparatorSetName, separatorSets } from '../segment/separators';
export { type BilevelPositions, bilevelPositions } from '../segment/tensors';
export { type SegmentedToken, segmentText } from '../segment/text';
