import { describe, expect, it } from 'vitest';
import { type ArithmeticRun } from '../../lib/experiments/items/fig3/runs';
import { fig3Presets } from '../../lib/experiments/items/fig3/item';
import { drawFig3 } from '../../lib/experiments/items/fig3/draw';
import { proportion } from '../../lib/evaluate/intervals';
import { createEncoding, encodingNamed } from '../../lib/positional/registry';

const questions = 100;

/**
 * A run that answered so many of 100 questions of 1, 2 and 3 operators, trained on at most 2; and
 * so many after each thousand instances of training.
 */
function run(
  encoding: string,
  hiddenSize: number,
  seed: number,
  right: readonly number[],
  during: readonly number[] = [],
): ArithmeticRun {
  const byInstances = during.map((count, index) => ({
    instances: 1000 * (index + 1),
    accuracy: proportion(count, questions),
  }));
  const byOperators = right.map((count, index) => ({
    operators: index + 1,
    accuracy: proportion(count, questions),
    soundness: proportion(count, questions),
  }));
  return {
    encoding,
    hiddenSize,
    seed,
    trainedOperators: 2,
    modulus: 5,
    parameters: 1000,
    curve: [10, 20].map((step) => ({ step, loss: seed / 4 })),
    accuracy: proportion(right[1] ?? 0, questions),
    soundness: proportion((right[1] ?? 0) / 2, questions),
    byOperators,
    byInstances,
    tokensPerSecond: 100 * seed,
    seconds: 1,
  };
}

const twoSeeds = [
  run('bipe_rope', 16, 1, [100, 80, 30]),
  run('bipe_rope', 16, 2, [98, 90, 10]),
  run('rope', 16, 1, [90, 40, 20]),
  run('rope', 16, 2, [80, 50, 20]),
];

function trace(runs: readonly ArithmeticRun[], figure: number, name: string, axis: string) {
  const found = drawFig3({ runs }).figures[figure]?.data.find(
    (one) => one['name'] === name && (one['xaxis'] ?? 'x') === axis,
  );
  return found as unknown as {
    x: unknown[];
    y: number[];
    error_y: { array: number[]; arrayminus: number[] };
  };
}

/** Rounded, since shares are sums of fractions. */
const rounded = (values: readonly number[]): number[] => values.map((value) => Number(value.toFixed(6)));

describe('Figure 3', () => {
  it('shows the mean over seeds, with whiskers to the least and the most', () => {
    const { x, y, error_y: whiskers } = trace(twoSeeds, 0, 'BiPE-RoPE', 'x2');
    expect(x).toEqual([1, 2, 3]);
    expect(rounded(y)).toEqual([0.99, 0.85, 0.2]);
    expect(rounded(whiskers.array)).toEqual([0.01, 0.05, 0.1]);
    expect(rounded(whiskers.arrayminus)).toEqual([0.01, 0.05, 0.1]);
  });

  it("shows one seed with the questions' interval", () => {
    const { y, error_y: whiskers } = trace([run('rope', 16, 1, [90, 40, 20])], 0, 'RoPE', 'x2');
    const { low, high } = proportion(40, questions);
    expect(y[1]).toBe(0.4);
    expect(rounded([whiskers.arrayminus[1] ?? 0, whiskers.array[1] ?? 0])).toEqual(
      rounded([0.4 - low, high - 0.4]),
    );
  });

  it('shows accuracy over the sizes where there are several, the operators at the largest alone', () => {
    const runs = [...twoSeeds, run('rope', 32, 1, [100, 60, 20]), run('rope', 32, 2, [100, 70, 20])];
    const { x, y } = trace(runs, 0, 'RoPE', 'x');
    expect(x).toEqual([16, 32]);
    expect(rounded(y)).toEqual([0.45, 0.65]);
    expect(rounded(trace(runs, 0, 'RoPE', 'x2').y)).toEqual([1, 0.65, 0.2]);
    const right = drawFig3({ runs }).figures[0]?.data.filter((one) => one['xaxis'] === 'x2');
    expect(right?.map(({ name }) => name)).toEqual(['RoPE']);
  });

  it('shows what a guess would get, and where training ends', () => {
    const shapes = drawFig3({ runs: twoSeeds }).figures[0]?.layout['shapes'] as Record<string, unknown>[];
    expect(shapes.map(({ x0, y0, y1 }) => [x0, y0, y1])).toEqual([
      [0, 0.2, 0.2],
      [2.5, 0, 1],
      [0, 0.2, 0.2],
    ]);
  });

  it('shows the mean training loss', () => {
    expect(trace(twoSeeds, 1, 'RoPE', 'x')).toMatchObject({ x: [10, 20], y: [0.375, 0.375] });
  });

  it('has its numbers in a table', () => {
    const [table] = drawFig3({ runs: twoSeeds }).tables;
    expect(table?.rows[1]).toMatchObject({
      encoding: 'RoPE',
      hiddenSize: 16,
      accuracy: 0.45,
      low: 0.4,
      high: 0.5,
      soundness: expect.closeTo(0.225) as number,
      operators1: expect.closeTo(0.85) as number,
      operators3: 0.2,
      tokensPerSecond: 150,
    });
  });
});

describe("the paper's accuracies beside ours", () => {
  const rows = (change: Partial<ArithmeticRun>, hiddenSize: number) =>
    drawFig3({
      runs: ['bipe_alibi', 'rope'].map((name) => ({ ...run(name, hiddenSize, 1, [90, 40, 20]), ...change })),
    }).tables[0];

  it('are shown for the task and size of which they are known, with their source', () => {
    const table = rows({ trainedOperators: 6, modulus: 11 }, 48);
    expect(table?.rows.map(({ paper }) => paper)).toEqual(['about 97 % [N]', 'paper value not at hand']);
    expect(table?.caption).toContain('all others are under 70 % [N]');
  });

  it('are not shown beside another task or size', () => {
    for (const table of [rows({}, 48), rows({ trainedOperators: 6, modulus: 11 }, 16)])
      expect(table?.columns.map(({ key }) => key)).not.toContain('paper');
  });
});

describe('the findings of Figure 3', () => {
  const verdict = (first: readonly number[], second: readonly number[]) =>
    drawFig3({
      runs: [
        ...first.map((right, index) => run('bipe_rope', 16, index, [100, right, 0])),
        ...second.map((right, index) => run('rope', 16, index, [100, right, 0])),
      ],
    }).findings.map(({ holds }) => holds);

  it('hold where every seed of one is above every seed of the other', () => {
    expect(verdict([80, 90], [40, 50])).toEqual([true]);
  });

  it('do not hold where it is the other way round', () => {
    expect(verdict([40, 50], [80, 90])).toEqual([false]);
  });

  it('is inconclusive where the seeds overlap, or one seed is within what the questions explain', () => {
    expect(verdict([40, 90], [50, 60])).toEqual([null]);
    expect(verdict([52], [50])).toEqual([null]);
  });

  it('are not made of encodings that were not trained', () => {
    expect(drawFig3({ runs: [run('rope', 16, 1, [90, 40, 20])] }).findings).toEqual([]);
  });
});

describe.each(Object.entries(fig3Presets))('the preset %s', (_name, { settings }) => {
  it('names encodings that exist, at sizes that their heads divide', () => {
    for (const name of settings.encodings) createEncoding(encodingNamed(name));
    for (const size of settings.hiddenSizes) expect(size % 8).toBe(0);
  });
});
