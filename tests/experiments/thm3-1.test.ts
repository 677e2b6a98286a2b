import { beforeAll, describe, expect, it } from 'vitest';
import { automatonExamples } from '../../lib/theory/automata/examples';
import { priceResults } from '../../lib/experiments/items/thm3-1/prices';
import { ConfigError } from '../../lib/base/errors';
import { silentReporter } from '../../lib/base/progress';
import { startEngine } from '../../lib/engine/engine';
import { Random } from '../../lib/engine/random/random';
import { type Report } from '../../lib/experiments/run/report';
import { experimentNamed } from '../../lib/experiments/registry';
import { failedCheck } from '../../lib/experiments/reproduce';
import { RunStore } from '../../lib/experiments/run/store';
import { drawTheorem31 } from '../../lib/experiments/items/thm3-1/draw';
import {
  codesForAll,
  measureTheorem31,
  type Theorem31Result,
  type Theorem31Settings,
} from '../../lib/experiments/items/thm3-1/measures';
import { flippedEntry, recallFigure } from '../../lib/experiments/items/thm3-1/recall';
import { countRecalled, thresholdRecall } from '../../lib/theory/bounds/codes';
import { temporaryFolder } from '../support/command';
import { expectProgress, recordingReporter } from '../support/recording-reporter';

function smoke(settings: Record<string, unknown> = {}): Promise<Report> {
  const store = new RunStore(temporaryFolder());
  return experimentNamed('thm3.1').execute({ preset: 'smoke', settings, reporter: silentReporter, store });
}

const settings: Theorem31Settings = {
  monoidStates: 3,
  contextStates: 2,
  rankStates: 3,
  cliffStates: [2],
  fragments: 32,
  bitsStates: 2,
  countedStates: 3,
  priceRelations: 1000,
  seed: 1,
};
let result: Theorem31Result;
const { reporter, tasks } = recordingReporter();
beforeAll(async () => {
  await startEngine({ allowSlow: true, reporter: silentReporter });
  result = await measureTheorem31(settings, reporter);
});

/** The claims that do not hold of a result, and whether they are checks. */
function failures(changes: Partial<Theorem31Result>): (readonly [claim: string, check: boolean])[] {
  return drawTheorem31({ ...result, ...changes })
    .findings.filter(({ holds }) => holds !== true)
    .map(({ claim, check }) => [claim, check === true]);
}

/** The list with its first element of these states changed. */
function changed<T extends { readonly states: number }>(
  list: readonly T[],
  states: number,
  change: (one: T) => Partial<T>,
): T[] {
  const first = list.find((one) => one.states === states);
  return list.map((one) => (one === first ? { ...one, ...change(one) } : one));
}

describe('the item thm3.1', () => {
  it('finds that every check holds, and that its numbers survive JSON', async () => {
    const report = await smoke();
    expect(failedCheck(report)).toBeUndefined();
    expect(report.findings.filter(({ check }) => check === true).length).toBeGreaterThan(12);
    expect(JSON.parse(JSON.stringify(report.numbers))).toEqual(report.numbers);
    expect(result.monoids.map(({ relations }) => relations)).toEqual([2, 16, 512]);
  });

  it('says how far it is, up to all that there is to do', () => {
    expectProgress(tasks);
  });

  it('finds the same again with the same seed, and other words with another', async () => {
    const again = (await smoke({ ...settings })).numbers as Theorem31Result;
    expect(again).toEqual(result);
    const other = (await smoke({ ...settings, seed: 2 })).numbers as Theorem31Result;
    expect(other.monoids).toEqual(result.monoids);
    expect(other.cliffs).not.toEqual(result.cliffs);
  });

  it('loses the relations that codes of the seed lose, which are those that words were squeezed through', () => {
    const codeOfNumbers = codesForAll(2, Random.fromSeed(settings.seed).fork('cliff'));
    const lost = [1, 2, 3, 4, 5].map(
      (numbers) => 16 - countRecalled(thresholdRecall(codeOfNumbers(numbers), Infinity), 2),
    );
    expect(result.lost).toMatchObject([{ states: 2, lost }]);
    const other = codesForAll(2, Random.fromSeed(settings.seed).fork('another'));
    expect(other(2).encoder).not.toEqual(codeOfNumbers(2).encoder);
  });

  it('refuses what cannot be enumerated', async () => {
    await expect(smoke({ monoidStates: 6 })).rejects.toThrow(ConfigError);
    await expect(smoke({ cliffStates: [5] })).rejects.toThrow(/cliffStates/);
  });
});

it('the last price is that of an automaton whose relations no search finds all of', () => {
  const prices = priceResults(20);
  expect(prices.map(({ name }) => name)).toEqual([
    ...automatonExamples.map(({ name }) => name),
    'generators of 6 states, no primes',
  ]);
});

describe('the checks of Theorem 3.1', () => {
  it('fail where a relation is missing', () => {
    const monoids = changed(result.monoids, 3, () => ({ relations: 511 }));
    expect(failures({ monoids })).toEqual([
      [expect.stringContaining('n = 3: words have every relation'), true],
    ]);
  });

  it('fail where two relations look alike in all contexts, or a row is not the relation', () => {
    for (const key of ['rows', 'rowsAsRelation', 'fragments'] as const)
      expect(failures({ contexts: changed(result.contexts, 2, (one) => ({ [key]: one[key] - 1 })) })).toEqual(
        [[expect.stringContaining('n = 2: some context tells any two'), true]],
      );
  });

  it('fail where a rank is not n²', () => {
    const claim = [[expect.stringContaining('n = 3: fragments by contexts have rank'), true]];
    expect(failures({ ranks: changed(result.ranks, 3, () => ({ chosen: 8 })) })).toEqual(claim);
    expect(failures({ ranks: changed(result.ranks, 3, () => ({ random: [1, 2, 8] })) })).toEqual(claim);
  });

  it('fail where a word is wrong though there is room, or none is where there is not', () => {
    const wrongAt = (numbers: number, right: (words: number) => number) =>
      changed(result.cliffs, 2, ({ points }) => ({
        points: points.map((one) => (one.numbers === numbers ? { ...one, right: right(one.words) } : one)),
      }));
    expect(failures({ cliffs: wrongAt(4, (words) => words - 1) })).toEqual([
      [expect.stringContaining('d ≥ 4 numbers'), true],
    ]);
    expect(failures({ cliffs: wrongAt(3, (words) => words) })).toEqual([
      [expect.stringContaining('every relation: with d < 4 numbers'), true],
    ]);
    const whole = changed(result.cliffs, 2, (one) => ({
      whole: { ...one.whole, right: one.whole.right - 1 },
    }));
    expect(failures({ cliffs: whole })).toEqual([[expect.stringContaining('no word is wrong'), true]]);
  });

  it('only observe where a sample of words may be right by chance', () => {
    const cliffs = result.cliffs.map((one) =>
      one.kind === 'every relation'
        ? one
        : { ...one, points: one.points.map((point) => ({ ...point, right: point.words })) },
    );
    expect(failures({ cliffs })).toEqual([[expect.stringContaining('random symbols'), false]]);
  });

  it('fail where a code loses fewer relations than it must, or more than none', () => {
    const claim = [[expect.stringContaining('a linear code with thresholds loses'), true]];
    const lost = (index: number, count: number) =>
      changed(result.lost, 2, (one) => ({ lost: one.lost.map((old, at) => (at === index ? count : old)) }));
    expect(failures({ lost: lost(2, 0) })).toEqual(claim);
    expect(failures({ lost: lost(0, 1) })).toEqual(claim);
    expect(failures({ lost: lost(3, 1) })).toEqual(claim);
  });

  it('fail where fewer bits than n² are enough, and where digits are not', () => {
    const bits = (numbers: number, precision: number, change: { thresholds?: number; digits?: number }) =>
      result.bits.map((one) =>
        one.numbers === numbers && one.bits === precision ? { ...one, ...change } : one,
      );
    const bound = [expect.stringContaining('d numbers of p bits recall no more'), true];
    expect(failures({ bits: bits(3, 1, { thresholds: 9 }) })).toEqual([bound]);
    expect(failures({ bits: bits(1, 3, { digits: 16 }) })).toEqual([bound]);
    expect(failures({ bits: bits(2, 2, { digits: 15 }) })).toEqual([
      [expect.stringContaining('The bound is met'), true],
    ]);
  });
});

describe('a relation in d numbers', () => {
  it('comes back for sure from n² numbers alone', () => {
    const subtitleOf = (numbers: number): string =>
      (recallFigure('110 011 101', numbers).layout['title'] as { text: string }).text;
    expect(subtitleOf(9)).toContain('0 of 9 entries wrong. Of all 512 relations, 512 come back (100.0 %)');
    expect(subtitleOf(8)).not.toContain('512 come back');
    // More numbers than entries are no more than enough.
    expect(subtitleOf(16)).toBe(subtitleOf(9));
  });

  it('is one entry another after a click, and the same after two', () => {
    const point = { x: 'q2', y: 'q0', panel: 1 };
    expect(flippedEntry('110 011 101', point)).toBe('111 011 101');
    expect(flippedEntry(flippedEntry('110 011 101', point), point)).toBe('110 011 101');
  });

  it.each(['', '10', '10 0', '12 01', '11111 00000 00000 00000 00000'])(
    'is refused as "%s", in one line',
    (text) => {
      expect(() => recallFigure(text, 1)).toThrow(/^relation ".*": it is not n rows of n zeros and ones/);
    },
  );
});
