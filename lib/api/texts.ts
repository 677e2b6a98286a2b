/**
 * Texts, tokenizers and prepared corpora.
 *
 * @example
 * ```ts
 * import { texts } from 'bipe-workbench';
 *
 * const tokenizer = await texts.getTokenizer('llama2-2048');
 * console.log(tokenizer.vocabularySize, tokenizer.decode(tokenizer.encode('Call me Ishmael.')));
 * console.log(texts.listSources().some(({ name }) => name === 'moby-dick'));
 * ```
 *
 * @module
 */

export { type NeedleShape, needleTokens, type NeedleTokens, writeNeedles } from '../data/needle';
export { listSources } from '../data/sources/registry';
export { prepareSource, verifySource } from '../data/sources/prepare';
export type {
  Modality,
  PreparedSource,
  SourceInfo,
  SourceOptions,
  SourceReport,
  TextDocument,
} from '../data/sources/source';
export { ByteTokenizer } from '../data/tokenizers/bytes';
export {
  asciiCharacters,
  CharacterTokenizer,
  loadCharacterTokenizer,
  saveCharacterTokenizer,
} from '../data/tokenizers/characters';
export { Llama2Tokenizer } from '../data/tokenizers/llama2';
export { getTokenizer, tokenizerNames } from '../data/tokenizers/registry';
export type { EncodeOptions, Tokenizer, TokenStream } from '../data/tokenizers/tokenizer';
export { type Corpus, openCorpus, verifyCorpus } from '../data/tokens/corpus';
export type {
  CorpusDocument,
  CorpusIndex,
  CorpusInfo,
  CorpusSource,
  TokenizerIdentity,
} from '../data/tokens/corpus-index';
export { type CorpusOptions, type CorpusConfig, prepareCorpus } from '../data/tokens/prepare';
export { documentSequence, type TokenSequence } from '../data/tokens/sequence';
export { type DocumentSplit, splitDocuments, type ValidationSplit } from '../data/tokens/split';
