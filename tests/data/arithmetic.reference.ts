// The arithmetic task once more, from its definition and on text, to hold the generator against:
// exact values in any prime field, what makes a chain of rewritings right, and the probability of
// every instance of small tasks.

/** An operation of the task, by its sign. */
type Sign = '+' | '-' | '*' | '/';

const signs: readonly Sign[] = ['+', '-', '*', '/'];
const precedence: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2 };

/**
 * A prime so large that different expressions of random numbers hardly ever have the same value.
 */
const largePrime = 2n ** 61n - 1n;

function mod(value: bigint, prime: bigint): bigint {
  return ((value % prime) + prime) % prime;
}

function power(base: bigint, exponent: bigint, prime: bigint): bigint {
  if (exponent === 0n) return 1n;
  const half = power(base, exponent / 2n, prime);
  const square = mod(half * half, prime);
  return exponent % 2n === 0n ? square : mod(square * base, prime);
}

function apply(left: bigint, sign: string, right: bigint, prime: bigint): bigint {
  if (sign === '+') return mod(left + right, prime);
  if (sign === '-') return mod(left - right, prime);
  if (sign === '*') return mod(left * right, prime);
  if (right === 0n) throw new RangeError('division by zero');
  // Fermat: the inverse of b is b^(p - 2).
  return mod(left * power(right, prime - 2n, prime), prime);
}

/** The value of an expression in a prime field, by two stacks (Dijkstra's shunting yard). */
export function valueOf(
  tokens: readonly string[],
  prime: bigint,
  numberAt: (token: string, place: number) => bigint = (token) => BigInt(token),
): bigint {
  const values: bigint[] = [];
  const pending: string[] = [];
  const reduce = (): void => {
    const [right, left, sign] = [values.pop(), values.pop(), pending.pop()];
    if (right === undefined || left === undefined || sign === undefined || sign === '(')
      throw new SyntaxError(tokens.join(' '));
    values.push(apply(left, sign, right, prime));
  };
  tokens.forEach((token, place) => {
    if (token === '(') pending.push(token);
    else if (token === ')') {
      while (pending.at(-1) !== '(') reduce();
      pending.pop();
    } else if (token in precedence) {
      const rank = precedence[token] ?? 0;
      while ((precedence[pending.at(-1) ?? ''] ?? 0) >= rank) reduce();
      pending.push(token);
    } else values.push(mod(numberAt(token, place), prime));
  });
  while (pending.length > 0) reduce();
  const [value] = values;
  if (values.length !== 1 || value === undefined) throw new SyntaxError(tokens.join(' '));
  return value;
}

/** Some number of the large field for each place of a token, always the same. */
function generic(_token: string, place: number): bigint {
  return mod(0x9e3779b97f4a7c15n * BigInt(place + 1) ** 5n + 0x7f4a7c15n, largePrime);
}

/** A way of rewriting an expression by one operation. */
export interface Rewriting {
  readonly tokens: readonly string[];
  /** Whether it keeps the value whatever the numbers are, and so is a step of the evaluation. */
  readonly allowed: boolean;
}

/**
 * Every `a op b` (with the parentheses around it, if it has them) replaced by its result, right or
 * wrong.
 */
export function rewritings(tokens: readonly string[], modulus: number): Rewriting[] {
  const prime = BigInt(modulus);
  const found: Rewriting[] = [];
  tokens.forEach((sign, place) => {
    const [left, right] = [tokens[place - 1] ?? '', tokens[place + 1] ?? ''];
    if (!(sign in precedence) || !/^\d+$/.test(left) || !/^\d+$/.test(right)) return;
    const enclosed = tokens[place - 2] === '(' && tokens[place + 2] === ')';
    const [start, end] = enclosed ? [place - 2, place + 3] : [place - 1, place + 2];
    if (sign === '/' && mod(BigInt(right), prime) === 0n) return;
    const result = apply(BigInt(left), sign, BigInt(right), prime);
    const rewritten = [...tokens.slice(0, start), String(result), ...tokens.slice(end)];
    // The same with unknowns for numbers: only then does equality mean that the step is right.
    const whole = valueOf(tokens, largePrime, generic);
    const part = apply(generic(left, place - 1), sign, generic(right, place + 1), largePrime);
    const after = valueOf(rewritten, largePrime, (token, at) => {
      if (at === start) return part;
      return generic(token, at < start ? at : at + (end - start - 1));
    });
    found.push({ tokens: rewritten, allowed: whole === after });
  });
  return found;
}

/** What is wrong with an instance, in words; nothing if it is right. */
export function faultsOf(text: string, modulus: number): string[] {
  const steps = text.split(' = ').map((step) => step.split(' '));
  const faults: string[] = [];
  const last = steps.at(-1) ?? [];
  if (last.length !== 1 || !/^\d+$/.test(last[0] ?? '')) faults.push('does not end in one number');
  for (const [index, step] of steps.entries()) {
    const shown = step.join(' ');
    if (step.some((token) => /^\d/.test(token) && !(Number(token) < modulus)))
      faults.push(`too large: ${shown}`);
    try {
      if (valueOf(step, BigInt(modulus)) !== BigInt(last[0] ?? '')) faults.push(`another value: ${shown}`);
    } catch (error) {
      faults.push(`${String(error)}: ${shown}`);
    }
    if (superfluousParentheses(step)) faults.push(`superfluous parentheses: ${shown}`);
    const previous = steps[index - 1];
    if (previous === undefined) continue;
    const follows = rewritings(previous, modulus).some(
      (rewriting) => rewriting.allowed && rewriting.tokens.join(' ') === shown,
    );
    if (!follows) faults.push(`does not follow: ${previous.join(' ')} = ${shown}`);
  }
  return faults;
}

/** Whether a pair of parentheses could go without changing the value for all numbers. */
function superfluousParentheses(tokens: readonly string[]): boolean {
  const whole = valueOf(tokens, largePrime, generic);
  const opened: number[] = [];
  return tokens.some((token, place) => {
    if (token === '(') opened.push(place);
    if (token !== ')') return false;
    const from = opened.pop() ?? 0;
    const without = tokens.filter((_, at) => at !== from && at !== place);
    const shift = (at: number): number => (at < from ? at : at < place - 1 ? at + 1 : at + 2);
    return valueOf(without, largePrime, (number, at) => generic(number, shift(at))) === whole;
  });
}

/**
 * The probability of each instance with that many operators: the generator's description, carried
 * out exhaustively.
 */
export function instanceProbabilities(operators: number, modulus: number): Map<string, number> {
  let chains = new Map<string, number>();
  for (let number = 0; number < modulus; number += 1) chains.set(String(number), 1 / modulus);
  for (let count = 0; count < operators; count += 1) {
    const longer = new Map<string, number>();
    for (const [chain, probability] of chains) {
      const expression = (chain.split(' = ')[0] ?? '').split(' ');
      const numbers = expression.flatMap((token, place) => (/^\d+$/.test(token) ? [place] : []));
      for (const place of numbers) {
        for (const [operation, share] of operations(Number(expression[place]), modulus)) {
          const sign = operation[1] ?? '';
          const [before, after] = [expression[place - 1] ?? '', expression[place + 1] ?? ''];
          const additive = sign === '+' || sign === '-';
          const enclosed =
            before === '/' || (additive && (['*', '-'].includes(before) || ['*', '/'].includes(after)));
          const grown = [
            ...expression.slice(0, place),
            ...(enclosed ? ['(', ...operation, ')'] : operation),
            ...expression.slice(place + 1),
          ].join(' ');
          const key = `${grown} = ${chain}`;
          longer.set(key, (longer.get(key) ?? 0) + (probability / numbers.length) * share);
        }
      }
    }
    chains = longer;
  }
  return chains;
}

/**
 * The operations that yield a number, with their probabilities: by left operand and sign, those
 * that fit alike.
 */
function operations(value: number, modulus: number): (readonly [readonly string[], number])[] {
  const numbers = Array.from({ length: modulus }, (_, number) => number);
  const prime = BigInt(modulus);
  const weighted = numbers.flatMap((left) =>
    signs.flatMap((sign) => {
      const fitting = numbers.filter(
        (right) =>
          (sign !== '/' || right !== 0) && apply(BigInt(left), sign, BigInt(right), prime) === BigInt(value),
      );
      // 0 / b = 0 for each b but 0: `right` is drawn from all numbers, and 0 drawn again.
      const weight = sign === '/' && left === 0 ? fitting.length / modulus : 1;
      return fitting.map((right) => [[String(left), sign, String(right)], weight / fitting.length] as const);
    }),
  );
  const total = weighted.reduce((sum, [, weight]) => sum + weight, 0);
  return weighted.map(([operation, weight]) => [operation, weight / total] as const);
}

/**
 * How far counts are from what is expected, in standard deviations (chi-square by Wilson and
 * Hilferty, 1931): beyond 4 once in 30,000 samples.
 */
export function surprise(counts: readonly number[], expected: readonly number[]): number {
  const statistic = counts.reduce((sum, count, cell) => {
    const mean = expected[cell] ?? 0;
    return sum + (count - mean) ** 2 / mean;
  }, 0);
  const spread = 2 / (9 * (counts.length - 1));
  return ((statistic / (counts.length - 1)) ** (1 / 3) - (1 - spread)) / Math.sqrt(spread);
}
