import { describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { proportion } from '../../lib/evaluate/intervals';
import { drawNeedle, type NeedleResult } from '../../lib/experiments/items/needle/draw';
import { needlePresets } from '../../lib/experiments/items/needle/item';
import { needleRows, type NeedleRun, type NeedlesByLength } from '../../lib/experiments/items/needle/runs';
import { experimentNamed } from '../../lib/experiments/registry';
import { failedCheck } from '../../lib/experiments/reproduce';
import { RunStore } from '../../lib/experiments/run/store';
import { createEncoding, encodingNamed } from '../../lib/positional/registry';
import { temporaryFolder } from '../support/command';

const texts = { trainLength: 16, facts: 1 };

/** Facts found of 100 at depths 0, 0.5 and 1, in texts of 16 and of 64 tokens. */
function foundOf(short: readonly number[], long: readonly number[]): NeedlesByLength[] {
  return [
    { length: 16, found: short },
    { length: 64, found: long },
  ].map(({ length, found }) => ({
    length,
    byDepth: found.map((successes, place) => ({
      depth: place / 2,
      distance: Math.round((1 - place / 2) * length),
      found: proportion(successes, 100),
    })),
  }));
}

function run(
  encoding: string,
  byLength: NeedlesByLength[],
  withYarn: NeedlesByLength[] | null = null,
): NeedleRun {
  return {
    encoding,
    hiddenSize: 8,
    seed: 1,
    byLength,
    withYarn,
    parameters: 1000,
    curve: [10, 20].map((step) => ({ step, loss: step / 10 })),
    tokensPerSecond: 100,
    seconds: 1,
  };
}

const good = [98, 99, 100];
const result: NeedleResult = {
  runs: [
    run('bipe_rope', foundOf(good, [80, 90, 100])),
    run('rope', foundOf(good, [10, 20, 90]), foundOf(good, [50, 52, 95])),
    run('bipe_alibi', foundOf(good, [5, 12, 100])),
    run('alibi', foundOf([10, 12, 20], [9, 11, 12])),
  ],
};

const verdicts = new Map(drawNeedle(result, texts).findings.map(({ claim, holds }) => [claim, holds]));

describe('findings of facts found', () => {
  it('say which models have learnt the task', () => {
    const learns = (name: string): boolean | null | undefined =>
      verdicts.get(
        `${name} learns the task: it finds more than 50 % of the facts in texts of the training length`,
      );
    expect(['BiPE-RoPE', 'RoPE', 'BiPE-ALiBi', 'ALiBi'].map(learns)).toEqual([true, true, true, false]);
    expect(learns('RoPE with YaRN')).toBeUndefined();
  });

  it('judge facts farther back than in training, and nothing of a model that has not learnt the task', () => {
    const finds = (name: string): boolean | null | undefined =>
      verdicts.get(`${name} finds more than 50 % of the facts that stand farther back than any in training`);
    // At depths 0 and 0.5 of the longest text: 85, 15, 51, 8.5 and 10 %.
    expect(['BiPE-RoPE', 'RoPE', 'RoPE with YaRN', 'BiPE-ALiBi', 'ALiBi'].map(finds)).toEqual([
      true,
      false,
      null,
      false,
      null,
    ]);
  });

  it('compare those that have learnt it', () => {
    const more = (first: string, second: string): boolean | null | undefined =>
      verdicts.get(
        `${first} finds more of the facts that stand farther back than any in training than ${second}`,
      );
    expect(more('BiPE-RoPE', 'RoPE')).toBe(true);
    expect(more('RoPE with YaRN', 'RoPE')).toBe(true);
    expect(more('BiPE-ALiBi', 'ALiBi')).toBe(null);
  });

  it('say why nothing is said', () => {
    const { findings } = drawNeedle(result, texts);
    const silent = findings.filter(({ measured }) =>
      measured.includes('ALiBi has not learnt the task: 14.0 %'),
    );
    expect(silent).toHaveLength(2);
    expect(silent.every(({ holds }) => holds === null)).toBe(true);
  });
});

describe('the rows', () => {
  it('are one for each model, reading, length and depth', () => {
    const rows = needleRows(result.runs);
    expect(rows).toHaveLength(5 * 2 * 3);
    expect(
      rows.find((row) => row.reading === 'YaRN' && row.length === 64 && row.depth === 0.5),
    ).toMatchObject({
      encoding: 'rope',
      found: 0.52,
      distance: 32,
    });
  });
});

describe('the item', () => {
  it('trains models and asks them, and finds both in the store', { timeout: 240_000 }, async () => {
    const store = new RunStore(temporaryFolder());
    const execute = (settings: object) =>
      experimentNamed('needle').execute({
        preset: 'smoke',
        settings: { steps: 4, warmupSteps: 2, questions: 4, depths: 2, ...settings },
        reporter: silentReporter,
        store,
      });
    const report = await execute({});
    expect(failedCheck(report)).toBeUndefined();
    const { runs } = report.numbers as NeedleResult;
    expect(runs.map(({ encoding, withYarn }) => [encoding, withYarn !== null])).toEqual([
      ['bipe_rope', false],
      ['rope', true],
    ]);
    const [, rope] = runs;
    expect(rope?.byLength.map(({ length, byDepth }) => [length, byDepth.map(({ depth }) => depth)])).toEqual([
      [48, [0, 1]],
      [96, [0, 1]],
    ]);
    // A factor of 1 scales nothing.
    expect(rope?.withYarn?.[0]).toEqual(rope?.byLength[0]);
    expect((await execute({})).reused).toBe(true);
    // Other questions are asked of the same models: nothing is trained again.
    const asked = await execute({ questions: 6 });
    const seconds = (all: NeedleResult): number[] => all.runs.map((one) => one.seconds);
    expect(seconds(asked.numbers as NeedleResult)).toEqual(seconds(report.numbers as NeedleResult));
  });

  it.each([
    [{ lengths: [24, 48] }, /lengths: the longest is 48; it must be over 48, the training length/],
    [{ lengths: [96] }, /^lengths: 96 are without 48, the training length/],
    [{ encodings: ['ropes'], yarn: [] }, /did you mean rope\?/],
    [{ facts: 5 }, /^trainLength: 48 tokens hold no text beside 5 facts and 5 questions/],
    [{ encodings: ['alibi'], yarn: ['alibi'] }, /^encoding alibi: there is no RoPE in it to scale/],
  ])('refuses %j before anything is trained', async (settings, message) => {
    const store = new RunStore(temporaryFolder());
    const attempt = experimentNamed('needle').execute({
      preset: 'smoke',
      settings,
      reporter: silentReporter,
      store,
    });
    await expect(attempt).rejects.toThrow(message);
    expect(await store.count('needle')).toBe(0);
    expect(await store.count('needle-training')).toBe(0);
  });
});

describe.each(Object.entries(needlePresets))('the preset %s', (_name, { settings }) => {
  it('names encodings that exist, and reads at the training length', () => {
    for (const name of [...settings.encodings, ...settings.yarn]) createEncoding(encodingNamed(name));
    expect(settings.lengths[0]).toBe(settings.trainLength);
  });
});
