/**
 * Positional encodings: the registry, each kind, and pictures of what they do to attention.
 *
 * @example
 * ```ts
 * import { encodings } from 'bipe-workbench';
 *
 * console.log(encodings.encodingNames.length, encodings.alibiSlopes(4));
 * const bilevel = encodings.createEncoding({
 *   kind: 'bipe',
 *   intra: { kind: 'learned', rows: 1024 },
 *   inter: { kind: 'rope' },
 * });
 * console.log(bilevel.name, bilevel.levels);
 * ```
 *
 * @module
 */

export { ideaPage, showIdeaPage, writeIdeaPage } from '../../apps/idea-page/document';
export { drawEncodingKernels, drawEncodingMaps, type NamedEncodings } from '../experiments/charts/encodings';
export {
  type EffectOptions,
  type EncodingEffects,
  encodingEffects,
  encodingKernel,
} from '../experiments/charts/encodings-effects';
export { alibi, type AlibiConfig } from '../positional/alibi';
export { alibiSlopes } from '../positional/by-distance';
export { bipe, type BipeConfig } from '../positional/bipe';
export { cope, type CopeConfig } from '../positional/cope';
export { gatedAlibi, type GatedAlibiConfig } from '../positional/gated-alibi';
export type {
  AppliedEncoding,
  Encoding,
  EncodingShape,
  ParameterSpec,
  Positions,
  Span,
} from '../positional/encoding';
export { fire, type FireConfig } from '../positional/fire';
export { hope, type HopeConfig } from '../positional/hope';
export { kerple, type KerpleConfig } from '../positional/kerple';
export type { EncodingKind } from '../positional/kind';
export { learned, type LearnedConfig } from '../positional/learned';
export { none, type NoneConfig } from '../positional/none';
export { nopeWindow, type NopeWindowConfig } from '../positional/nope-window';
export { partialRope, type PartialRopeConfig } from '../positional/partial-rope';
export { randomized, type RandomizedConfig } from '../positional/randomized';
export {
  type AbsoluteConfig,
  type BilevelConfig,
  createEncoding,
  type EncodingConfig,
  type EncodingName,
  encodingNamed,
  encodingNames,
  type OwnConfig,
  type RelativeConfig,
} from '../positional/registry';
export { rope, type RopeConfig, ropeFrequencies } from '../positional/rope';
export type { DynamicScaling, LinearScaling, RopeScaling, YarnScaling } from '../positional/rope-scaling';
export { sinusoidal, type SinusoidalConfig } from '../positional/sinusoidal';
export { distancesBack } from '../positional/spans';
export { t5, type T5Config } from '../positional/t5';
export { xpos, type XposConfig } from '../positional/xpos';
