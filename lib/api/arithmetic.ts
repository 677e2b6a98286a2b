/**
 * The arithmetic task of Figure 3: instances, questions, and a trained model that solves them.
 *
 * @example
 * ```ts
 * import { arithmetic } from 'bipe-workbench';
 *
 * const { answer, operators } = arithmetic.readExpression('(7+5)/(6+4*3-2*7)');
 * console.log(answer, operators); // 3 6, modulo 11
 * const written = arithmetic.encodeArithmetic('(3+1)*2 = 4*2 = 9 <eos>');
 * console.log(arithmetic.judgeSteps(written).map(({ correct }) => correct)); // the last is wrong
 * ```
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
