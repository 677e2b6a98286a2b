/**
 * The decoder: its configuration, parameters, loss, cache, and checkpoints on disk.
 *
 * @example
 * ```ts
 * import { models, Random, startEngine } from 'bipe-workbench';
 *
 * await startEngine();
 * const decoder = models.createDecoder({
 *   ...models.arithmeticModelSize(16),
 *   encoding: { kind: 'alibi' },
 *   separators: [],
 *   vocabSize: 24,
 * });
 * console.log(models.parameterCount(decoder.parameters));
 * const parameters = models.initialParameters(decoder.parameters, 0.02, Random.fromSeed(1));
 * console.log(parameters.size);
 * models.disposeParameters(parameters);
 * ```
 *
 * @module
 */

export {
  downloadCheckpoint,
  downloadedCheckpoint,
  type HubCheckpoint,
  type HubOptions,
  releasedCheckpoints,
} from '../data/hub';
export { type Continuation, decoderGenerator, type Generator } from '../evaluate/generator';
export { type Greedy, greedyGeneration, type GreedyOptions } from '../evaluate/greedy';
export type { Architecture } from '../model/architecture';
export {
  type DecoderCache,
  decodeStep,
  disposeCache,
  enlargeCache,
  type NextScores,
  prefill,
  type PrefillOptions,
} from '../model/cache';
export { checkSeparators } from '../model/check-separators';
export {
  type Checkpoint,
  type LoadedTensors,
  loadTensors,
  readModelConfig,
  saveCheckpoint,
  saveTensors,
} from '../model/files/checkpoint';
export {
  arithmeticModelSize,
  createDecoder,
  languageModelSize,
  type ModelConfig,
  type ModelSize,
  parseModelConfig,
} from '../model/config';
export { type Decoder, type ForwardOptions, logits } from '../model/decoder';
export {
  type LossOptions,
  type LossSum,
  nextTokenLoss,
  nextTokenLosses,
  nextTokenLossSum,
} from '../model/loss';
export {
  disposeParameters,
  initialParameters,
  type ModelParameters,
  parameterCount,
} from '../model/parameters';
export type { StyleName } from '../model/style';
export { attentionMaps, watchAttention, type WatchOptions } from '../model/watch-attention';
