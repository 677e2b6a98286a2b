/**
 * The theorems and lemmas: compiled networks with certificates, the lemmas' weights, lower bounds.
 *
 * @example
 * ```ts
 * import { automata, startEngine, theory } from 'bipe-workbench';
 *
 * await startEngine();
 * const automaton = theory.witnessAutomaton(2);
 * const network = theory.compileApe(automaton, 8);
 * console.log(theory.certifyNetwork(network).holds);
 * const { prefixes, mismatches } = await theory.compareWithSimulator(
 *   network,
 *   automata.allWords(automaton.symbols, 3),
 * );
 * console.log(prefixes, mismatches);
 * ```
 *
 * @module
 */

export {
  compiledAttentionFigure,
  networkCertificateTable,
  reachedTable,
} from '../experiments/items/thm3-2/compiled-word';
export { lemmaFigure, type LemmaParameters } from '../experiments/items/lemmas/explore';
export {
  attentionSlider,
  matrixProductSlider,
  productSlider,
  rectifierSlider,
  selectionSlider,
} from '../experiments/items/lemmas/sliders';
export { flippedEntry, recallFigure } from '../experiments/items/thm3-1/recall';
export { allWays, type WayResult } from '../experiments/items/thm3-2/ways';
export { fragmentFigure } from '../experiments/items/thm3-2/fragment-figure';
export { waysFigure, waysTable } from '../experiments/items/thm3-2/ways-draw';
export { fragmentPriceTable } from '../experiments/items/thm3-1/price-tables';
export { withBottleneck } from '../theory/bounds/bottleneck';
export { decode, type LinearCode, principalCode } from '../theory/bounds/codes';
export { type Context, contextRow, witnessContexts } from '../theory/bounds/contexts';
export { type FragmentPrice, fragmentPrice, type RegisterBits } from '../theory/bounds/fragment-price';
export { RowSpace } from '../theory/bounds/rank';
export { witnessAutomaton } from '../theory/bounds/witness';
export { certifyAttention } from '../theory/lemmas/attention';
export {
  type Certificate,
  float32,
  float64,
  type LemmaName,
  type Precision,
} from '../theory/lemmas/certificate';
export { certifyMatrixProduct, matrixProductMlp } from '../theory/lemmas/matrix-product';
export { bestProductScale, certifyProduct, productMlp, productScale } from '../theory/lemmas/product';
export { certifyRectifier } from '../theory/lemmas/rectifier';
export { certifyLinear, certifySelection, linearMlp, selectionMlp } from '../theory/lemmas/selection';
export { gelu, relu } from '../theory/network/activation';
export { evaluateMlp } from '../theory/network/evaluate-mlp';
export { type Activation, type Connection, type Mlp, MlpBuilder } from '../theory/network/mlp';
export { weightNorm, type WeightNorm } from '../theory/network/norms';
export {
  certifyNetwork,
  type LayerCertificate,
  type NetworkCertificate,
} from '../theory/compile/certificate';
export {
  compileApe,
  compileBiPE,
  compileCarried,
  compileCompact,
  type CompileOptions,
  compileSpread,
} from '../theory/compile/compile';
export { carriedProgram } from '../theory/compile/carried';
export { compactProgram } from '../theory/compile/compact';
export { spreadProgram } from '../theory/compile/spread';
export { bilevelProgram, flatProgram, printProgram, type RelationProgram } from '../theory/compile/program';
export { type BilevelBounds, describeHead, type Network, stateNames } from '../theory/network/network';
export { type CertifiedNetwork, loadNetwork, saveNetwork } from '../theory/compile/network-file';
export { connectionsFigure, matricesFigure } from '../theory/network/picture';
export { type LayerTrace, type Trace, trace } from '../theory/network/plain';
export { runWords } from '../theory/network/run';
export { readWordFile } from '../theory/network/word-file';
export { tokenReader } from '../theory/network/words';
export { judgeNetwork, type NetworkVerdict, type SearchOptions } from '../theory/compile/verdict';
export { compareWithSimulator, type SimulatorComparison } from '../theory/compile/verify';
