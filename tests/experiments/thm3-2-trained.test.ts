import { describe, expect, it } from 'vitest';
import { present } from '../../lib/base/present';
import { silentReporter } from '../../lib/base/progress';
import { type Mean } from '../../lib/evaluate/intervals';
import { experimentNamed } from '../../lib/experiments/registry';
import { failedCheck } from '../../lib/experiments/reproduce';
import { RunStore } from '../../lib/experiments/run/store';
import { thm32TrainedPresets } from '../../lib/experiments/items/thm3-2-trained/item';
import { drawThm32Trained, type Thm32TrainedResult } from '../../lib/experiments/items/thm3-2-trained/draw';
import { chooseAutomaton, type StateSetRun } from '../../lib/experiments/items/thm3-2-trained/runs';
import { createEncoding, encodingNamed } from '../../lib/positional/registry';
import { lineTrace } from '../../lib/report/traces';
import { type PlotlyObject } from '../../lib/report/spec';
import { encodingStyles } from '../../lib/report/style';
import { leastMemory } from '../../lib/theory/automata/informative';
import { temporaryFolder } from '../support/command';

const around = (mean: number): Mean => ({ mean, low: mean - 0.01, high: mean + 0.01 });

/** A run that is right on such shares of prefixes of words of 15 and of 31 symbols. */
function run(
  encoding: string,
  hiddenSize: number,
  seed: number,
  shares: readonly [number, number],
): StateSetRun {
  return {
    encoding,
    hiddenSize,
    seed,
    byLength: shares.map((share, place) => ({
      length: 16 * (place + 1) - 1,
      words: 100,
      exact: around(share),
      segmentLevel: around(share + 0.1),
      subLevel: around(share + 0.2),
      // Right at first, wrong at the end.
      byPrefix: Array.from({ length: 16 * (place + 1) }, (_, prefix) => (prefix < 16 ? 1 : seed / 4)),
    })),
    parameters: 1000 * hiddenSize,
    curve: [10, 20].map((step) => ({ step, loss: seed / 4 })),
    tokensPerSecond: 100 * seed,
    seconds: 1,
  };
}

function resultOf(runs: readonly StateSetRun[]): Thm32TrainedResult {
  const { automaton, statistics } = chooseAutomaton({
    ...thm32TrainedPresets.smoke.settings,
    length: 15,
    automaton: { ...thm32TrainedPresets.smoke.settings.automaton, candidates: 30 },
  });
  const guesses = [0.3, 0.2].map((commonest) => ({ commonest, ownSegment: commonest + 0.25 }));
  return { automaton, statistics, guesses, runs };
}

const result = resultOf([
  run('bipe_rope', 8, 1, [0.8, 0.6]),
  run('bipe_rope', 8, 2, [0.6, 0.4]),
  run('bipe_rope', 16, 1, [0.9, 0.8]),
  run('bipe_rope', 16, 2, [0.9, 0.7]),
  run('learned', 8, 1, [0.5, 0.3]),
  run('learned', 8, 2, [0.3, 0.1]),
  run('learned', 16, 1, [0.95, 0.2]),
  run('learned', 16, 2, [0.7, 0.2]),
]);

function trace(figure: number, name: string, axis: string) {
  const found = drawThm32Trained(result).figures[figure]?.data.find(
    (one) => one['name'] === name && (one['xaxis'] ?? 'x') === axis,
  );
  return present(found, name) as unknown as {
    x: number[];
    y: number[];
    error_y: { array: number[]; arrayminus: number[] };
  };
}

const rounded = (values: readonly number[]): number[] => values.map((value) => Number(value.toFixed(6)));

describe('the figures of the trained counterpart of Theorem 3.2', () => {
  it('show accuracy over width for each length of words, mean over seeds, with whiskers', () => {
    const { x, y, error_y: whiskers } = trace(0, 'BiPE-RoPE', 'x');
    expect(x).toEqual([8, 16]);
    expect(rounded(y)).toEqual([0.7, 0.9]);
    expect(rounded(whiskers.array)).toEqual([0.1, 0]);
    expect(rounded(whiskers.arrayminus)).toEqual([0.1, 0]);
    expect(rounded(trace(0, 'Learned APE', 'x2').y)).toEqual([0.2, 0.2]);
  });

  it('show what guessing comes to in every panel', () => {
    const shapes = drawThm32Trained(result).figures[0]?.layout['shapes'] as PlotlyObject[];
    expect(shapes.map(({ y0, yref }) => [y0, yref])).toEqual([
      [0.3, 'y'],
      [0.55, 'y'],
      [0.2, 'y2'],
      [0.45, 'y2'],
    ]);
  });

  it('show accuracy along the longest words, eight prefixes a point', () => {
    const { x, y } = trace(1, 'BiPE-RoPE', 'x');
    expect(x).toEqual([3.5, 11.5, 19.5, 27.5]);
    expect(rounded(y)).toEqual([1, 1, 0.375, 0.375]);
  });

  it('draw encodings in the house style', () => {
    const style = encodingStyles.bipe_rope;
    const { line } = lineTrace({ x: [], y: [], style });
    expect(trace(0, style.name, 'x')).toMatchObject({ line });
  });
});

describe('the table of the trained counterpart of Theorem 3.2', () => {
  it('has every group, both levels, and the guesses', () => {
    const [table] = drawThm32Trained(result).tables;
    expect(table?.rows).toHaveLength(6);
    expect(table?.rows[0]).toMatchObject({
      encoding: 'BiPE-RoPE',
      hiddenSize: 8,
      low: 0.6,
      high: 0.8,
      length15: expect.closeTo(0.7) as number,
      length31: expect.closeTo(0.5) as number,
      segmentLevel: expect.closeTo(0.8) as number,
      subLevel: expect.closeTo(0.9) as number,
    });
    expect(table?.rows.at(-1)).toMatchObject({ hiddenSize: null, length15: 0.55, length31: 0.45 });
  });
});

describe('the findings of the trained counterpart of Theorem 3.2', () => {
  it('compare at every width and with the next one as trained, and at the largest on the longest words', () => {
    const told = drawThm32Trained(result).findings.map(({ claim, holds }) => {
      const [, length, first, second] = /Words of (\d+) .* width (\d+) .* width (\d+)/.exec(claim) ?? [];
      return [length, first, second, holds];
    });
    expect(told).toEqual([
      ['15', '8', '8', true],
      ['15', '16', '16', null],
      ['15', '8', '16', null],
      ['31', '16', '16', true],
    ]);
  });

  it('say so where it is the other way round, with both ranges', () => {
    const [finding] = drawThm32Trained(
      resultOf([run('bipe_rope', 8, 1, [0.2, 0.2]), run('rope', 8, 1, [0.6, 0.6])]),
    ).findings;
    expect(finding).toEqual({
      claim: 'Words of 15 symbols: BiPE-RoPE of width 8 has more state sets right than RoPE of width 8',
      holds: false,
      measured: 'BiPE-RoPE 20.0 % (19.0 % to 21.0 %), RoPE 60.0 % (59.0 % to 61.0 %)',
    });
  });
});

describe('the item thm3.2-trained', () => {
  it('trains, is no check, and finds everything again the second time', async () => {
    const store = new RunStore(temporaryFolder());
    const settings = { steps: 8, words: 20, longer: [95], seeds: [1, 2] };
    const execute = () =>
      experimentNamed('thm3.2-trained').execute({
        preset: 'smoke',
        settings,
        reporter: silentReporter,
        store,
      });
    const report = await execute();
    expect(report.reused).toBe(false);
    expect(failedCheck(report)).toBeUndefined();
    expect(report.findings.every(({ check }) => check === undefined)).toBe(true);
    const { runs, statistics } = report.numbers as Thm32TrainedResult;
    expect(runs.map(({ encoding, seed }) => `${encoding} ${seed}`)).toEqual([
      'bipe_rope 1',
      'learned 1',
      'bipe_rope 2',
      'learned 2',
    ]);
    expect(runs.map(({ byLength }) => byLength.map(({ length }) => length))).toEqual(
      runs.map(() => [63, 95]),
    );
    expect(statistics.memory).toBeGreaterThanOrEqual(leastMemory);
    expect(await store.count('state-sets')).toBe(4);
    const again = await execute();
    expect([again.reused, again.numbers]).toEqual([true, report.numbers]);
    // Other words are asked of the same models: nothing is trained again.
    const asked = await experimentNamed('thm3.2-trained').execute({
      preset: 'smoke',
      settings: { ...settings, longer: [], seeds: [1] },
      reporter: silentReporter,
      store,
    });
    const curves = (asked.numbers as Thm32TrainedResult).runs.map(({ seconds }) => seconds);
    expect(curves).toEqual(runs.slice(0, 2).map(({ seconds }) => seconds));
  });

  it.each([
    [{ hiddenSizes: [12] }, /hiddenSizes\[0\]: 12 must be a multiple of 8: 4 heads of an even width/],
    [{ longer: [127, 100] }, /longer\[1\]: 100 must be longer than what stands before it/],
    [{ encodings: ['ropes'] }, /did you mean rope\?/],
  ])('refuses %j before anything is trained', async (settings, message) => {
    const store = new RunStore(temporaryFolder());
    const attempt = experimentNamed('thm3.2-trained').execute({
      preset: 'smoke',
      settings,
      reporter: silentReporter,
      store,
    });
    await expect(attempt).rejects.toThrow(message);
    expect(await store.count('state-sets')).toBe(0);
  });
});

describe.each(Object.entries(thm32TrainedPresets))('the preset %s', (_name, { settings }) => {
  it('names encodings that exist, with tables as long as segments are', () => {
    const variants: Readonly<Record<string, unknown>> = settings.variants;
    for (const name of settings.encodings) createEncoding(settings.variants[name] ?? encodingNamed(name));
    expect(variants['bipe_rope']).toMatchObject({ intra: { rows: settings.maxSegmentLength + 1 } });
  });
});
