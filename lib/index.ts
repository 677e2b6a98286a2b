// What notebooks and other projects may use. Everything else in lib is internal.

export {
  CaptureError,
  CheckError,
  ConfigError,
  DataError,
  MachineError,
  NetworkError,
  UsageError,
  WorkbenchError,
} from './base/errors';
export { formatBytes, formatCount, formatDuration, type Range } from './base/format';
export { Histogram } from './base/histogram';
export { type ProgressTask, type Reporter, silentReporter, terminalReporter } from './base/progress';
export {
  type ArithmeticBatch,
  type ArithmeticBatchOptions,
  type ArithmeticBatchSource,
  storedArithmeticBatches,
  streamArithmeticBatches,
} from './data/arithmetic/batches';
export {
  type ArithmeticExpression,
  type ArithmeticStep,
  arithmeticTokenTexts,
  encodeArithmetic,
  formatArithmetic,
  judgeSteps,
  readExpression,
} from './data/arithmetic/expression';
export { type ArithmeticQuestion, questionsOf, readArithmeticFile } from './data/arithmetic/file';
export {
  ArithmeticGenerator,
  arithmeticLength,
  type ArithmeticOptions,
  type OperatorMix,
} from './data/arithmetic/generator';
export { type ArithmeticSet, type ArithmeticSetOptions, generateArithmeticSet } from './data/arithmetic/set';
export { type ArithmeticSplit } from './data/arithmetic/split';
export {
  arithmeticIds,
  arithmeticSeparators,
  type ArithmeticVocabulary,
  arithmeticVocabulary,
  arithmeticVocabularyOfSize,
} from './data/arithmetic/vocabulary';
export {
  downloadCheckpoint,
  downloadedCheckpoint,
  type HubCheckpoint,
  type HubOptions,
  releasedCheckpoints,
} from './data/hub';
export type { HubFile } from './data/io/hub-files';
export { listSources } from './data/sources/registry';
export { downloadScrolls, type ScrollsDownload } from './data/scrolls/download';
export {
  groupScrollsRows,
  readScrollsInstances,
  readScrollsRows,
  type ScrollsInstance,
  type ScrollsRow,
} from './data/scrolls/file';
export { openPromptedRows, type PromptedData } from './data/scrolls/prompted-data';
export {
  type Chapter,
  chaptersOf,
  quickChapters,
  type QuickOptions,
  quickRows,
  type QuickRows,
  type QuickTaskName,
  quickTasks,
} from './data/scrolls/quick';
export {
  type PromptedSequence,
  promptedSequence,
  promptIds,
  sequenceOptions,
  type SequenceOptions,
} from './data/scrolls/sequence';
export { type RowSource } from './data/scrolls/row-source';
export { type ScrollsTask, type ScrollsTaskName, scrollsTaskNames, scrollsTasks } from './data/scrolls/tasks';
export { prepareSource, verifySource } from './data/sources/prepare';
export type {
  Modality,
  PreparedSource,
  SourceInfo,
  SourceOptions,
  SourceReport,
  TextDocument,
} from './data/sources/source';
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
export { type BlockRule, blockStarts, releasedEvaluationStarts } from './data/tokens/blocks';
export { type Corpus, openCorpus, verifyCorpus } from './data/tokens/corpus';
export type {
  CorpusDocument,
  CorpusIndex,
  CorpusInfo,
  CorpusSource,
  TokenizerIdentity,
} from './data/tokens/corpus-index';
export { type CorpusOptions, type CorpusConfig, prepareCorpus } from './data/tokens/prepare';
export { documentSequence, type TokenSequence } from './data/tokens/sequence';
export { type DocumentSplit, splitDocuments, type ValidationSplit } from './data/tokens/split';
export type { BackendName } from './engine/backends/backend';
export {
  type BackendExamination,
  type Engine,
  type EngineOptions,
  examineEngine,
  type RejectedBackend,
  startEngine,
} from './engine/engine';
export {
  capture,
  type CapturedStep,
  type CaptureOptions,
  type StepFunction,
  type StepResult,
} from './engine/graph/capture';
export type { ProductType } from './engine/graph/program';
export type { NamedTensors } from './engine/graph/specs';
export { type ValueAndGradients, valueAndGradients } from './engine/gradients';
export {
  assertNoLeak,
  formatMemory,
  memoryReport,
  type MemoryReport,
  type TensorAccount,
  withTensorAccount,
} from './engine/memory';
export { type OperationProfile, type OperationTime, profileOperations, type RunTime } from './engine/profile';
export { Random, type RandomState, type ShuffleableArray } from './engine/random/random';
export {
  integerTensor,
  normalTensor,
  permutationTensor,
  truncatedNormalTensor,
  uniformTensor,
} from './engine/random/tensors';
export {
  type ArithmeticEvaluation,
  type ArithmeticEvaluationOptions,
  type ArithmeticOutcome,
  type ArithmeticScore,
  evaluateArithmetic,
} from './evaluate/arithmetic';
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
} from './evaluate/attention-mass';
export { type Continuation, decoderGenerator, type Generator } from './evaluate/generator';
export { type Greedy, greedyGeneration, type GreedyOptions } from './evaluate/greedy';
export { type Mean, meanWithInterval, proportion, type Proportion } from './evaluate/intervals';
export {
  evaluateStateSets,
  guessStateSets,
  type StateSetAccuracy,
  type StateSetGuesses,
  stateSetSeparators,
  stateSetVocabulary,
  type StateSetWords,
  stateSetWriter,
} from './evaluate/state-sets';
export { type DocumentLoss, type PositionLoss } from './evaluate/loss-tally';
export {
  evaluatePerplexity,
  type PerplexityByLength,
  perplexityInterval,
  type PerplexityOptions,
  perplexityRatio,
} from './evaluate/perplexity';
export { answerF1, answerWords, isExactMatch } from './evaluate/metrics/answers';
export { rouge, type RougeName, type RougeScore, rougeWords } from './evaluate/metrics/rouge';
export {
  roundedScore,
  scoreTexts,
  type TextMetricName,
  type TextPair,
  type TextScore,
} from './evaluate/metrics/text-metrics';
export {
  type AnswerOptions,
  type AnswerScore,
  generateAnswers,
  type PromptedInstance,
  promptedInstances,
  scoreAnswers,
} from './evaluate/prompted';
export { quickMetrics, scoreInstances, scrollsMetrics, scrollsScore } from './evaluate/scrolls';
export {
  arithmeticModel,
  type ArithmeticModel,
  type ArithmeticSolution,
  attentionFigure,
  solutionTable,
  solveArithmetic,
} from './experiments/items/fig3/solve';
export { drawHeadMaps, type HeadMapOptions } from './experiments/charts/attention-map';
export {
  compiledAttentionFigure,
  networkCertificateTable,
  reachedTable,
} from './experiments/items/thm3-2/compiled-word';
export { drawEncodingKernels, drawEncodingMaps, type NamedEncodings } from './experiments/charts/encodings';
export {
  type EffectOptions,
  type EncodingEffects,
  encodingEffects,
  encodingKernel,
} from './experiments/charts/encodings-effects';
export { type ExecuteOptions, type Experiment } from './experiments/run/experiment';
export { type Drawing, type Finding, type Report } from './experiments/run/report';
export { defaultPreset, type PresetName } from './experiments/settings/preset-names';
export { exportReport } from './experiments/run/export';
export { describeFinding, findingsTable, type Verdict, verdictOf } from './experiments/run/findings';
export { drawFig2 } from './experiments/items/fig2/draw';
export {
  attentionSlider,
  matrixProductSlider,
  productSlider,
  rectifierSlider,
  selectionSlider,
} from './experiments/items/lemmas/sliders';
export { type PaperContent, paperContents } from './experiments/start-page/contents';
export { experimentNamed, experiments, items } from './experiments/registry';
export { reproduce, type ReproduceOptions, showReport } from './experiments/reproduce';
export { contentsTable, itemsTable, statementsTable } from './experiments/start-page/tables';
export {
  prepareReleased,
  releasedCurves,
  type ReleasedInput,
  type ReleasedRun,
  releasedSettings,
  type ReleasedSettings,
} from './experiments/language-models/released-models';
export { RunStore } from './experiments/run/store';
export { rowsTable, type TidyRow } from './report/rows';
export {
  type LanguageModel,
  languageModel,
  textAttentionFigure,
} from './experiments/items/fig4/text-attention';
export { recallSlider } from './experiments/items/thm3-1/slider';
export { type Statement, statements, statementStatus } from './experiments/start-page/statements';
export {
  type Distribution,
  measureSegments,
  type SegmentMeasurement,
  type SegmentStatistics,
  type SequenceStatistics,
  shortSegment,
  type TextStatistics,
} from './experiments/items/fig1/segment-statistics';
export type { Architecture } from './model/architecture';
export {
  type DecoderCache,
  decodeStep,
  disposeCache,
  enlargeCache,
  likeliest,
  type NextScores,
  prefill,
  type PrefillOptions,
} from './model/cache';
export { checkSeparators } from './model/check-separators';
export {
  type Checkpoint,
  loadCheckpoint,
  type LoadedTensors,
  loadTensors,
  readModelConfig,
  saveCheckpoint,
  saveTensors,
} from './model/files/checkpoint';
export {
  arithmeticModelSize,
  createDecoder,
  languageModelSize,
  type ModelConfig,
  type ModelSize,
  parseModelConfig,
} from './model/config';
export { type Decoder, decoderWith, type ForwardOptions, hiddenStates, logits } from './model/decoder';
export { type LogitsRequest, writeLogits } from './model/files/logits-file';
export {
  type LossOptions,
  type LossSum,
  nextTokenLoss,
  nextTokenLosses,
  nextTokenLossSum,
} from './model/loss';
export {
  disposeParameters,
  initialParameters,
  type ModelParameters,
  parameterCount,
} from './model/parameters';
export type { StyleName } from './model/style';
export { attentionMaps, watchAttention, type WatchOptions } from './model/watch-attention';
export { alibi, type AlibiConfig, alibiSlopes } from './positional/alibi';
export { bipe, type BipeConfig } from './positional/bipe';
export type {
  AppliedEncoding,
  Encoding,
  EncodingShape,
  ParameterSpec,
  Positions,
  Span,
} from './positional/encoding';
export { fire, type FireConfig } from './positional/fire';
export { kerple, type KerpleConfig } from './positional/kerple';
export type { EncodingKind } from './positional/kind';
export { learned, type LearnedConfig } from './positional/learned';
export { none, type NoneConfig } from './positional/none';
export { randomized, type RandomizedConfig } from './positional/randomized';
export {
  type AbsoluteConfig,
  type BilevelConfig,
  createEncoding,
  type EncodingConfig,
  type EncodingName,
  encodingNamed,
  encodingNames,
  type OwnConfig,
  registerEncoding,
  type RelativeConfig,
} from './positional/registry';
export { rope, type RopeConfig, ropeFrequencies } from './positional/rope';
export type { DynamicScaling, LinearScaling, RopeScaling, YarnScaling } from './positional/rope-scaling';
export { sinusoidal, type SinusoidalConfig } from './positional/sinusoidal';
export { distancesBack } from './positional/spans';
export { t5, t5Bucket, type T5Config } from './positional/t5';
export { xpos, type XposConfig } from './positional/xpos';
export {
  axes,
  bandTrace,
  barTrace,
  type Figure,
  type FigureSpec,
  inPanel,
  lineTrace,
  makeFigure,
} from './report/figure';
export { defaultReporter, isNotebook, showFigure, showTable } from './report/notebook/show';
export { plot, type PlotOptions } from './report/plot';
export {
  formatPaperValue,
  type PaperMeasure,
  type PaperSetting,
  type PaperValue,
  paperMeasures,
  paperRecipes,
  paperSources,
  paperValue,
  paperValues,
} from './experiments/paper/values';
export type { DataSource, Machine, Origin, Provenance, ProvenancePart, Work } from './report/provenance';
export {
  encodingStyle,
  encodingStyles,
  furtherEncodingStyles,
  modalityStyles,
  orderedStyles,
  separatorStyles,
  type SeriesStyle,
} from './report/style';
export { type PointWords, type WhiskerLook, whiskers } from './report/whiskers';
export { type LiveCurves, liveCurves } from './report/notebook/live';
export { type Slider, sliderFigure, type SliderStep } from './report/slider';
export {
  type Cell,
  type Column,
  type Table,
  tableOf,
  toCsv,
  toDataFrame,
  toLatex,
  toMarkdown,
} from './report/tables';
export {
  type BilevelArrays,
  bilevelArrays,
  type BilevelOptions,
  type BilevelState,
  BilevelStream,
} from './segment/arrays';
export { SegmentLengthStream, segmentLengths } from './segment/lengths';
export type { EveryTokens, RandomLengths, SegmentEnds, SegmentRule } from './segment/ends';
export { nestedArrays, nestedPositions, type NestedSeparators } from './segment/levels';
export { parseSeparators, separatorsFor, type SeparatorSetName, separatorSets } from './segment/separators';
export { type BilevelPositions, bilevelPositions } from './segment/tensors';
export { type SegmentedToken, segmentText } from './segment/text';
export { alphabetOf, wordOf } from './theory/automata/alphabet';
export type { Automaton, BiNfa, Nfa, Word } from './theory/automata/automaton';
export { type AutomatonExample, automatonExamples, exampleNamed } from './theory/automata/examples';
export { formatAutomaton, parseAutomaton, readAutomaton, writeAutomaton } from './theory/automata/file';
export { asNfa, flatten } from './theory/automata/flatten';
export { automatonDot, drawAutomaton, type PictureOptions } from './theory/automata/picture';
export { relationOf, transitionMonoid, type TransitionMonoid } from './theory/automata/monoid';
export { informativeBiNfa, type SetStatistics, setStatistics } from './theory/automata/informative';
export { type LevelSimulator, levelSimulator } from './theory/automata/level-sets';
export { liveWords, type LiveWordSize } from './theory/automata/live-words';
export { checkAutomaton, problemsOf } from './theory/automata/problems';
export {
  allWords,
  degenerateAutomata,
  type NamedAutomaton,
  randomBiNfa,
  randomNfa,
  randomSegments,
  randomWord,
} from './theory/automata/random';
export { compileRegex } from './theory/automata/regex';
export { isAccepted, simulate, type Simulator, simulator } from './theory/automata/simulate';
export { withBottleneck } from './theory/bounds/bottleneck';
export {
  countRecalled,
  decode,
  digitsRecall,
  type LinearCode,
  principalCode,
  type Recall,
  thresholdRecall,
} from './theory/bounds/codes';
export { type Context, contextRow, witnessContexts } from './theory/bounds/contexts';
export { RowSpace } from './theory/bounds/rank';
export { witnessAutomaton } from './theory/bounds/witness';
export { certifyAttention } from './theory/lemmas/attention';
export {
  type Certificate,
  float32,
  float64,
  type LemmaName,
  type Precision,
} from './theory/lemmas/certificate';
export { certifyMatrixProduct, matrixProductMlp, multiplyMatrices } from './theory/lemmas/matrix-product';
export {
  bestProductScale,
  certifyProduct,
  productError,
  productMlp,
  productScale,
  smallestProductError,
} from './theory/lemmas/product';
export {
  certifyRectifier,
  geluFromRelu,
  randomReluLayers,
  rectifierSteepness,
} from './theory/lemmas/rectifier';
export {
  certifyLinear,
  certifySelection,
  linearMlp,
  selectionMlp,
  selectionSteepness,
} from './theory/lemmas/selection';
export { gelu, relu } from './theory/network/activation';
export { evaluateMlp } from './theory/network/evaluate-mlp';
export { type Activation, type Connection, type Mlp, MlpBuilder } from './theory/network/mlp';
export { weightNorm, type WeightNorm } from './theory/network/norms';
export {
  certify as certifyNetwork,
  type LayerCertificate,
  type NetworkCertificate,
} from './theory/compile/certificate';
export { type BilevelBounds, compileApe, compileBiPE, type CompileOptions } from './theory/compile/compile';
export { bilevelProgram, flatProgram, printProgram, type RelationProgram } from './theory/compile/program';
export { blockNamed, coordinateName, type Layout } from './theory/network/layout';
export { describeHead, type Network, stateNames } from './theory/network/network';
export { type CertifiedNetwork, loadNetwork, saveNetwork } from './theory/compile/network-file';
export { connectionsFigure, matricesFigure } from './theory/network/picture';
export { type LayerTrace, type Trace, trace } from './theory/network/plain';
export { runWords } from './theory/network/run';
export { readWordFile } from './theory/network/word-file';
export { tokenReader } from './theory/network/words';
export {
  automatonPage,
  type PageOptions,
  showAutomatonPage,
  writeAutomatonPage,
} from '../apps/automaton-page/document';
export { type PageExample, pageExamples } from '../apps/automaton-page/examples';
export { compareWithSimulator, type Comparison } from './theory/compile/verify';
export type { AdamWSettings, ParameterGroup } from './train/step/adamw';
export type { ArithmeticTaskConfig } from './train/tasks/arithmetic';
export type { Batch, BatchArray, BatchSource } from './train/step/batches';
export { parseTrainingConfig, type TrainingConfig } from './train/config';
export type { CorpusTaskConfig } from './train/tasks/corpus';
export type { EarlyStopSettings } from './train/step/early-stop';
export {
  type EvaluationMetrics,
  type MachineFigures,
  type MetricsLine,
  readMetrics,
  type TrainingMetrics,
} from './train/metrics';
export { learningRateAt, type ScheduleSettings } from './train/step/schedule';
export type { LossFunction, Parameters } from './train/step/step';
export type { StateSetsTaskConfig } from './train/tasks/state-sets';
export type { TaskConfig } from './train/tasks/registry';
export type { TextTaskConfig } from './train/tasks/text';
export { train, type TrainingPlan, type TrainingResult, type TrainingRun } from './train/train';
export { trainModel, type TrainModelOptions } from './train/train-model';
