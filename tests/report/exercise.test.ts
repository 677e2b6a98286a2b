import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  agreesWith,
  type AnswerTest,
  blank,
  check,
  difference,
  equals,
  type Reason,
} from '../../lib/report/notebook/exercise';
import { inFakeNotebook } from '../support/widgets';

/** The bundle that a check shows in a notebook. */
async function shownBy<T>(
  answer: T,
  test: AnswerTest<T, Reason | undefined>,
): Promise<Readonly<Record<string, unknown>>> {
  const bundles: Readonly<Record<string, unknown>>[] = [];
  await inFakeNotebook(({ shown }) => {
    check('Exercise 1', answer, test);
    bundles.push(...shown);
  });
  expect(bundles).toHaveLength(1);
  return bundles[0] ?? {};
}

const lineOf = async <T>(answer: T, test: AnswerTest<T, Reason | undefined>): Promise<unknown> =>
  (await shownBy(answer, test))['text/plain'];

describe('an exercise', () => {
  it('shows a sign, its name and a verdict, in words that need no colour', async () => {
    expect(await shownBy(3, equals(3))).toMatchObject({
      'text/plain': '✓ Exercise 1: right',
      'text/html': expect.stringMatching(/success.*<b>Exercise 1<\/b>: right/) as string,
    });
    const wrong = await shownBy('<i>', equals('a'));
    expect(wrong['text/plain']).toBe('✗ Exercise 1: "<i>" is not right');
    expect(wrong['text/html']).toMatch(/error.*&lt;i&gt;/);
  });

  it('says why an answer is right, where the test does', async () => {
    const isEven = (answer: number) => (answer % 2 === 0 ? { right: `half is ${answer / 2}` } : 'it is odd');
    expect(await lineOf(4, isEven)).toBe('✓ Exercise 1: right: half is 2');
    expect(await lineOf(3, isEven)).toBe('✗ Exercise 1: it is odd');
  });

  it('shows nothing outside a notebook', () => {
    expect(() => {
      check('Exercise 1', 1, equals(2));
    }).not.toThrow();
  });

  const blanks: readonly (readonly [string, unknown, AnswerTest<never>])[] = [
    ['a value', blank, equals(3)],
    ['a value in a list', [0, blank], equals([0, 1])],
    ['what a function returns', () => blank, agreesWith((x: number) => x, [[1]])],
    ['what a function returns to a test of its own', () => blank, (f: () => number) => `${f() + 1}`],
    ['a row that a function returns', () => [[blank]], agreesWith((x: number) => [[x]], [[1]])],
  ];

  it.each(blanks)('is not answered yet while %s is blank', async (_what, answer, test) => {
    expect(await lineOf(answer, test as AnswerTest<unknown>)).toBe('○ Exercise 1: not answered yet');
  });

  it('says too small or too large of a number, and not which one is right', async () => {
    expect(await lineOf(2, equals(3.5))).toBe('✗ Exercise 1: 2 is too small');
    expect(await lineOf(4, equals(3.5))).toBe('✗ Exercise 1: 4 is too large');
    expect(await lineOf(NaN, equals(3.5))).toBe('✗ Exercise 1: NaN is not right');
    expect(await lineOf(true, equals<boolean>(false))).toBe('✗ Exercise 1: true is not right');
  });

  it('says why a foreseen answer is wrong', async () => {
    const hints = { 8: 'that counts tokens', constructor: 'never' };
    expect(await lineOf(8, equals(2, { hints }))).toBe('✗ Exercise 1: that counts tokens');
    expect(await lineOf(7, equals(2, { hints }))).toBe('✗ Exercise 1: 7 is too large');
    const distance = agreesWith((m: number, n: number) => m - n, [[5, 2]], {
      hints: { '-3': 'the order is turned round' },
    });
    expect(await lineOf((m: number, n: number) => n - m, distance)).toBe(
      '✗ Exercise 1: for (5, 2) it returns -3 instead of 3: the order is turned round',
    );
  });

  it('names the first case in which a function differs, and the place in a list', async () => {
    const doubled = agreesWith((xs: readonly number[]) => xs.map((x) => 2 * x), [[[0, 0]], [[0, 3, 4]]]);
    expect(await lineOf((xs: readonly number[]) => xs.map((x) => x * x), doubled)).toBe(
      '✗ Exercise 1: for ([0, 3, 4]) it returns 9 instead of 6 at [1]',
    );
    expect(await lineOf((xs: readonly number[]) => xs.slice(1), doubled)).toContain('1 values instead of 2');
    expect(await lineOf((xs: readonly number[]) => xs.map((x) => x + x), doubled)).toContain('right');
  });

  it('shows what an answer throws', async () => {
    const throws = (): number => {
      throw new RangeError('no such row');
    };
    expect(
      await lineOf(
        throws,
        agreesWith(() => 1, [[]]),
      ),
    ).toBe('✗ Exercise 1: it throws an error: no such row');
  });
});

describe('a difference', () => {
  const value = fc.array(fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { maxLength: 4 }));

  it('is none between equal values, also of arrays and typed arrays', () => {
    fc.assert(
      fc.property(value, (rows) => {
        expect(
          difference(
            rows.map((row) => Float64Array.from(row)),
            rows,
          ),
        ).toBeUndefined();
      }),
    );
  });

  it('is found where one number of many is another, and only there', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.nat(), (rows, pickRow, pickPlace) => {
        const row = pickRow % Math.max(1, rows.length);
        const length = rows[row]?.length ?? 0;
        fc.pre(length > 0);
        const place = pickPlace % length;
        const changed = rows.map((one) => [...one]);
        const old = changed[row]?.[place] ?? 0;
        changed[row]?.splice(place, 1, old + 1e-3 * Math.max(1, Math.abs(old)));
        expect(difference(changed, rows)).toMatch(new RegExp(`at \\[${row}\\]\\[${place}\\]$`));
        expect(difference(changed, rows, 1e-2)).toBeUndefined();
      }),
    );
  });

  it('is one of kind, too: text and number, list and number', () => {
    expect(difference('1', 1)).toBe('"1" instead of 1');
    expect(difference([1], 1)).toBe('[1] instead of 1');
    expect(
      difference(
        Array.from({ length: 20 }, () => 0),
        'x',
      ),
    ).toContain('0, …] instead of "x"');
  });
});
