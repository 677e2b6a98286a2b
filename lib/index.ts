// What notebooks and other projects may use. Everything else in lib is internal.

export {
  ConfigError,
  DataError,
  MachineError,
  NetworkError,
  UsageError,
  WorkbenchError,
} from './base/errors';
export { ByteTokenizer } from './data/tokenizers/bytes';
export {
  asciiCharacters,
  CharacterTokenizer,
  loadCharacterTokenizer,
  saveCharacterTokenizer,
} from './data/tokenizers/characters';
export { Llama2Tokenizer } from './data/tokenizers/llama2';
export { getTokenizer, tokenizerNames } from './data/tokenizers/registry';
export type { EncodeOptions, Tokenizer, TokenStream } from './data/tokenizers/tokenizer';
export {
  type BilevelArrays,
  bilevelArrays,
  type BilevelOptions,
  type BilevelState,
  BilevelStream,
} from './segment/arrays';
export { SegmentLengthStream, segmentLengths } from './segment/lengths';
export { parseSeparators, separatorsFor, type SeparatorSetName, separatorSets } from './segment/separators';
export { type BilevelPositions, bilevelPositions } from './segment/tensors';
export { type SegmentedToken, segmentText } from './segment/text';
