// Accuracy of a model in arithmetic: it reads an expression and `=`, continues greedily, and is
// correct if the last number before `<eos>` is the answer (Feng et al. 2023). Counted for each
// number of operators, also beyond training.

import { type Reporter, silentReporter } from '../base/progress';
import { judgeSteps } from '../data/arithmetic/expression';
import { type ArithmeticQuestion } from '../data/arithmetic/file';
import { arithmeticLength } from '../data/arithmetic/generator';
import { arithmeticIds, type ArithmeticVocabulary } from '../data/arithmetic/vocabulary';
import { type ProductType } from '../engine/graph/program';
import { type Generator } from './generator';
import { greedyGeneration } from './greedy';
import { proportion, type Proportion } from './intervals';

/** A model's output for a question. */
export interface ArithmeticOutcome {
  readonly question: ArithmeticQuestion;
  /** Tokens after the prompt: through `<eos>`, or as many as the longest correct solution has. */
  readonly generated: Int32Array;
  /** The number before `<eos>`; undefined without a number, or without `<eos>`. */
  readonly answer: number | undefined;
  readonly correct: boolean;
  /** True if the answer and each step towards it are correct. */
  readonly sound: boolean;
}

/** Shares of a set of questions. */
export interface ArithmeticScore {
  /** Correct answers. */
  readonly accuracy: Proportion;
  /** Correct answers by correct steps alone. */
  readonly soundness: Proportion;
  /** Generations without an end. */
  readonly unfinished: number;
}

/**
 * The scores of all questions and of those with each number of operators, and the output for each
 * question.
 */
export interface ArithmeticEvaluation extends ArithmeticScore {
  /** Ascending by operators. */
  readonly byOperators: readonly (ArithmeticScore & { readonly operators: number })[];
  /** In the order of the questions. */
  readonly outcomes: readonly ArithmeticOutcome[];
}

/** Options of an evaluation. */
export interface ArithmeticEvaluationOptions {
  readonly vocabulary: ArithmeticVocabulary;
  /** Questions of a batch; default 256. */
  readonly batch?: number;
  /** Runs operation by operation even where a graph is possible. */
  readonly eager?: boolean;
  /** Precision of matrix products in captured steps; default `float32`. */
  readonly products?: ProductType;
  readonly reporter?: Reporter;
}

/**
 * Evaluates a model on questions. Those with the same number of operators are answered together, so
 * that shapes are few and short expressions do not wait for long ones.
 *
 * @param questions at least one
 */
export async function evaluateArithmetic(
  generator: Generator,
  questions: readonly ArithmeticQuestion[],
  options: ArithmeticEvaluationOptions,
): Promise<ArithmeticEvaluation> {
  const { vocabulary, batch = 256, eager = false, products = 'float32', reporter = silentReporter } = options;
  const task = reporter.task('questions', questions.length);
  const outcomes: ArithmeticOutcome[] = [];
  const byOperators = [];
  let done = 0;
  for (const [operators, rows] of groupByOperators(questions)) {
    const group = rows.map(({ question }) => question);
    const promptLength = Math.max(...group.map(({ prompt }) => prompt.length), longestPrompt(operators));
    const greedy = greedyGeneration(generator, {
      batch: Math.min(batch, group.length),
      promptLength,
      newTokens: longestSolution(operators, promptLength),
      eos: arithmeticIds.eos,
      eager,
      products,
    });
    try {
      const before = done;
      const generated = await greedy.generate(
        group.map(({ prompt }) => prompt),
        (ended) => {
          task.update(before + ended);
        },
      );
      const judged = group.map((question, place) =>
        judge(question, generated[place] ?? new Int32Array(0), vocabulary),
      );
      judged.forEach((outcome, place) => {
        outcomes[rows[place]?.index ?? 0] = outcome;
      });
      byOperators.push({ operators, ...score(judged) });
      done += group.length;
    } finally {
      greedy.dispose();
    }
  }
  const total = score(outcomes);
  task.finish(`${total.accuracy.successes} of ${total.accuracy.trials} right`);
  return { ...total, byOperators, outcomes };
}

/**
 * Judges a model's output for a question.
 *
 * @param generated the tokens after the prompt
 */
export function judge(
  question: ArithmeticQuestion,
  generated: Int32Array,
  vocabulary: ArithmeticVocabulary,
): ArithmeticOutcome {
  const end = generated.indexOf(arithmeticIds.eos);
  const last = end > 0 ? (generated[end - 1] ?? 0) : 0;
  const answer = last >= arithmeticIds.number ? last - arithmeticIds.number : undefined;
  const correct = answer === question.answer;
  const steps = correct ? judgeSteps([...question.prompt, ...generated], vocabulary) : [];
  return {
    question,
    generated,
    answer,
    correct,
    sound: correct && steps.every((step) => step.correct) && steps.at(-1)?.ids.length === 1,
  };
}

function score(outcomes: readonly ArithmeticOutcome[]): ArithmeticScore {
  const count = (holds: (outcome: ArithmeticOutcome) => boolean): number => outcomes.filter(holds).length;
  return {
    accuracy: proportion(
      count(({ correct }) => correct),
      outcomes.length,
    ),
    soundness: proportion(
      count(({ sound }) => sound),
      outcomes.length,
    ),
    unfinished: count(({ generated }) => generated.at(-1) !== arithmeticIds.eos),
  };
}

interface PlacedQuestion {
  readonly question: ArithmeticQuestion;
  readonly index: number;
}

function groupByOperators(questions: readonly ArithmeticQuestion[]): [number, PlacedQuestion[]][] {
  const groups = new Map<number, PlacedQuestion[]>();
  questions.forEach((question, index) => {
    const group = groups.get(question.operators) ?? [];
    group.push({ question, index });
    groups.set(question.operators, group);
  });
  return [...groups].sort(([a], [b]) => a - b);
}

/** Tokens of the longest generated expression with that many operators, with its `=`. */
function longestPrompt(operators: number): number {
  return Math.max(2, 4 * operators);
}

/**
 * Tokens of the longest solution. A hand-written expression may have needless parentheses in each
 * step.
 */
function longestSolution(operators: number, promptLength: number): number {
  if (operators > 0 && promptLength <= longestPrompt(operators)) return arithmeticLength(operators - 1);
  return operators * promptLength + 2;
}
