import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { type Report } from '../../lib/experiments/run/report';
import { experimentNamed } from '../../lib/experiments/registry';
import { failedCheck } from '../../lib/experiments/reproduce';
import { RunStore } from '../../lib/experiments/run/store';
import {
  differingSets,
  type SizeResult,
  type Theorem32Result,
} from '../../lib/experiments/items/thm3-2/sizes';
import { drawTheorem32 } from '../../lib/experiments/items/thm3-2/draw';
import { Random } from '../../lib/engine/random/random';
import { type Word } from '../../lib/theory/automata/automaton';
import { type Simulator } from '../../lib/theory/automata/simulate';
import { noComparison } from '../../lib/theory/compile/verify';
import { temporaryFolder } from '../support/command';
import { expectProgress, recordingReporter } from '../support/recording-reporter';

function smoke(settings: Record<string, unknown> = {}, reporter = silentReporter): Promise<Report> {
  const store = new RunStore(temporaryFolder());
  return experimentNamed('thm3.2').execute({
    preset: 'smoke',
    settings: { sizes: [1, 2], ...settings },
    reporter,
    store,
  });
}

it('sets of two simulators differ after the prefixes at which they do, and no other', () => {
  const random = Random.fromSeed(5);
  const bytes = (count: number): Uint8Array => Uint8Array.from(random.integerArray(count, 0, 2));
  const words = [[], ['a'], ['a', 'b', 'a'], Array.from({ length: 40 }, () => 'b')];
  for (let states = 1; states <= 4; states += 1) {
    const runs = words.map((word) => [0, 1].map(() => bytes((word.length + 1) * states)));
    const simulators = [0, 1].map((which) => ({
      states: Array.from({ length: states }, (_, state) => String(state)),
      run: (word: Word) => present(runs[words.indexOf(word as string[])]?.[which], 'run'),
    }));
    const [one, other] = simulators.map((each) => present(each, 'simulator')) as unknown as readonly [
      Simulator,
      Simulator,
    ];
    const prefixes = words.reduce((sum, word) => sum + word.length + 1, 0);
    const differing = runs.flatMap(([first = new Uint8Array(), second = new Uint8Array()]) =>
      Array.from({ length: first.length / states }, (_, prefix) =>
        [...first.keys()].some(
          (place) => Math.floor(place / states) === prefix && first[place] !== second[place],
        ),
      ).filter(Boolean),
    );
    expect(differingSets(one, other, words)).toEqual({ prefixes, mismatches: differing.length });
    expect(differingSets(one, one, words)).toEqual({ prefixes, mismatches: 0 });
  }
});

describe('the item thm3.2', () => {
  it('finds that every check holds, and keeps what it computed', async () => {
    const { reporter, tasks } = recordingReporter();
    const report = await smoke({}, reporter);
    expectProgress(tasks);
    expect(failedCheck(report)).toBeUndefined();
    expect(report.findings.filter(({ check }) => check === true).length).toBeGreaterThanOrEqual(8);
    expect(JSON.parse(JSON.stringify(report.numbers))).toEqual(report.numbers);
    const { sizes, ways } = report.numbers as Theorem32Result;
    expect(ways.map(({ way, length }) => [way, length])).toEqual(
      [28, 40].flatMap((length) =>
        ['carried', 'spread', 'ape', 'compact', 'bipe'].map((way) => [way, length]),
      ),
    );
    expect(sizes.map(({ subStates, segmentStates }) => [subStates, segmentStates])).toEqual([
      [1, 1],
      [1, 2],
      [2, 1],
      [2, 2],
    ]);
    for (const { bipe, compact, ape, definition, short } of sizes) {
      expect(compact.compared.prefixes).toBe(bipe.compared.prefixes);
      expect(compact.certified).toBe(true);
      for (const { leftOut, sets } of [bipe, compact, ape]) {
        expect(leftOut?.layers).toBeGreaterThan(3);
        expect(leftOut?.found).toBe(leftOut?.layers);
        expect(sets.prefixes).toBeGreaterThan(0);
      }
      // The one word of the smoke preset is a live one.
      expect(bipe.sets.empty).toBe(0);
      expect(bipe.compared.prefixes).toBe(definition.prefixes);
      expect(ape.compared.prefixes).toBeGreaterThan(0);
      expect(short?.words).toBeGreaterThan(100);
    }
  });

  it('fails where anything was read out wrong, a certificate does not hold, or a width is off', async () => {
    const { sizes, ways } = (await smoke()).numbers as Theorem32Result;
    const failed = (change: (size: SizeResult) => SizeResult): string[] => {
      const [first, ...others] = sizes;
      return drawTheorem32({ sizes: [change(present(first, 'size')), ...others], ways })
        .findings.filter(({ holds, check }) => !holds && check === true)
        .map(({ claim }) => claim);
    };
    const wrong = { mismatches: 1 };
    expect(failed((size) => size)).toEqual([]);
    expect(failed((size) => ({ ...size, definition: { ...size.definition, ...wrong } }))[0]).toMatch(
      /Bi-NFA/,
    );
    for (const kind of ['bipe', 'compact', 'ape'] as const) {
      const changed = (part: object) => (size: SizeResult) => ({
        ...size,
        [kind]: { ...size[kind], ...part },
      });
      const compared = { ...present(sizes[0], 'size')[kind].compared, ...wrong };
      expect(failed(changed({ compared }))).toHaveLength(1);
      expect(failed(changed({ certified: false }))).toHaveLength(1);
      expect(failed(changed({ leftOut: { layers: 5, found: 4 } }))).toHaveLength(1);
      expect(failed(changed({ relationWidth: 100 }))).toHaveLength(1);
    }
    const short = { ...noComparison, words: 1, ...wrong };
    expect(failed((size) => ({ ...size, short }))).toHaveLength(1);
  });
});
