/**
 * The arithmetic task of Figure 3: instances, questions, and a trained model that solves them.
 *
 * @module
 */

export {
  type ArithmeticExpression,
  type ArithmeticStep,
  encodeArithmetic,
  formatArithmetic,
  judgeSteps,
  readExpression,
} from '../data/arithmetic/expression';
export { type ArithmeticQuestion, readArithmeticFile } from '../data/arithmetic/file';
export {
  ArithmeticGenerator,
  arithmeticLength,
  type ArithmeticOptions,
  type OperatorMix,
} from '../data/arithmetic/generator';
export { type ArithmeticSet, type ArithmeticSetOptions, generateArithmeticSet } from '../data/arithmetic/set';
export type { ArithmeticSplit } from '../data/arithmetic/split';
export {
  arithmeticSeparators,
  type ArithmeticVocabulary,
  arithmeticVocabulary,
} from '../data/arithmetic/vocabulary';
export {
  type ArithmeticEvaluation,
  type ArithmeticEvaluationOptions,
  type ArithmeticOutcome,
  type ArithmeticScore,
  evaluateArithmetic,
} from '../evaluate/arithmetic';
export {
  arithmeticModel,
  type ArithmeticModel,
  type ArithmeticSolution,
  attentionFigure,
  solutionTable,
  solveArithmetic,
} from '../experiments/items/fig3/solve';
