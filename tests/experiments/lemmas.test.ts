import { describe, expect, it } from 'vitest';
import { startEngine } from '../../lib/engine/engine';
import { type Figure } from '../../lib/report/figure';
import {
  attentionSlider,
  matrixProductSlider,
  productSlider,
  rectifierSlider,
  selectionSlider,
} from '../../lib/experiments/items/lemmas/sliders';
import { silentReporter } from '../../lib/base/progress';
import { type Report } from '../../lib/experiments/run/report';
import { drawLemma, type LemmaSeries, tightest } from '../../lib/experiments/items/lemmas/drawing';
import { experimentNamed } from '../../lib/experiments/registry';
import { failedCheck } from '../../lib/experiments/reproduce';
import { RunStore } from '../../lib/experiments/run/store';
import { type Certificate, judged } from '../../lib/theory/lemmas/certificate';
import { temporaryFolder } from '../support/command';
import { expectProgress, recordingReporter } from '../support/recording-reporter';

const lemmas = ['lemma1.1', 'lemma1.2', 'lemma1.3', 'lemma1.4', 'lemma1.5'];

function smoke(
  item: string,
  settings: Record<string, unknown> = {},
  reporter = silentReporter,
): Promise<Report> {
  const store = new RunStore(temporaryFolder());
  return experimentNamed(item).execute({ preset: 'smoke', settings, reporter, store });
}

describe.each(lemmas)('the item %s', (item) => {
  it('finds that every check holds, shows every certificate, and says how far it is', async () => {
    const { reporter, tasks } = recordingReporter();
    const report = await smoke(item, {}, reporter);
    expectProgress(tasks);
    expect(failedCheck(report)).toBeUndefined();
    expect(report.findings.every(({ check }) => check === true)).toBe(true);
    const { series } = report.numbers as { series: LemmaSeries[] };
    const certificates = series.flatMap((one) => one.certificates);
    expect(report.tables[0]?.rows.map((row) => row['found'])).toEqual(
      certificates.map(({ measured }) => measured),
    );
    expect(certificates.map(({ lemma }) => `lemma${lemma}`)).toEqual(certificates.map(() => item));
    // What the run store keeps is what was computed.
    expect(JSON.parse(JSON.stringify(report.numbers))).toEqual(report.numbers);
  });
});

it('an error smaller than rounding allows is refused, with the least that is not', async () => {
  await expect(smoke('lemma1.1', { epsilons: [1e-30] })).rejects.toThrow(/float64 certifies no less than/);
  await expect(smoke('lemma1.2', { epsilons: [1e-15] })).rejects.toThrow(/float64 certifies no less than/);
  await expect(smoke('lemma1.5', { epsilons: [1e-9] })).rejects.toThrow(/float32 certifies no less than/);
});

describe('the report of a lemma', () => {
  const certificate = (epsilon: number, measured: number, largest = 1 / epsilon): Certificate =>
    judged({
      lemma: '1.1',
      what: 'product',
      parameters: {},
      epsilon,
      bound: epsilon,
      measured,
      hidden: 4,
      weightNorm: { largest, euclidean: largest },
    });
  const series = (value: number, certificates: readonly Certificate[]): LemmaSeries => ({
    name: `M = ${value}`,
    kind: 'product',
    value,
    certificates,
  });
  const texts = {
    id: 'lemma1.1',
    title: 'Made up',
    subtitle: 'Made up',
    caption: 'Made up.',
    growth: [{ kind: 'product', of: 'M', ofValue: 0, ofError: 1 }],
  };
  const verdicts = (...all: LemmaSeries[]): (boolean | null)[] =>
    drawLemma({ series: all }, texts).findings.map(({ holds }) => holds);

  it('does not hold where one error is above its bound, or no number', () => {
    const right = series(1, [certificate(0.1, 0.1), certificate(0.01, 0)]);
    expect(verdicts(right, series(2, [certificate(0.1, 0.05), certificate(0.01, 0.02)]))).toEqual([
      true,
      false,
      true,
    ]);
    expect(verdicts(right, series(2, [certificate(0.1, Number.NaN), certificate(0.01, 0)]))[1]).toBe(false);
  });

  it('does not hold where weights grow faster than they should', () => {
    const grown = (value: number) => series(value, [certificate(0.1, 0, 100), certificate(0.01, 0, 10_000)]);
    expect(verdicts(grown(1), grown(2))).toEqual([true, true, false]);
    const wide = (value: number) =>
      series(value, [certificate(0.1, 0, 10 * value), certificate(0.01, 0, 100 * value)]);
    expect(verdicts(wide(1), wide(2))).toEqual([true, true, false]);
  });

  it('lets the one with the least room speak for several, and one that fails before that', () => {
    const [far, near, wrong] = [certificate(1, 0.1), certificate(1, 0.9), certificate(1, 2)];
    expect(tightest([far, near])).toBe(near);
    expect(tightest([near, wrong, far])).toBe(wrong);
  });
});

describe('the figure with a slider', () => {
  const epsilons = [1, 1e-2, 1e-4];
  const errorsOf = (figure: Figure): number[][] =>
    figure.data
      .filter((trace) => trace['xaxis'] === 'x2' && trace['name'] === 'given by the weights')
      .map((trace) => (trace['y'] as (number | null)[]).filter((error) => error !== null));

  it.each([
    ['1.1', productSlider(4, epsilons)],
    ['1.2', rectifierSlider(epsilons)],
    ['1.3', selectionSlider(2, 0.5, epsilons)],
  ])('of Lemma %s draws errors below the one asked for', (_lemma, figure) => {
    const errors = errorsOf(figure);
    expect(errors).toHaveLength(epsilons.length);
    errors.forEach((list, index) => {
      expect(list.length).toBeGreaterThan(20);
      expect(Math.max(...list)).toBeLessThanOrEqual((epsilons[index] ?? 0) * (1 + 1e-9));
      expect(Math.min(...list)).toBeGreaterThan(0);
    });
  });

  it('of Lemma 1.4 shows products that are right to the error asked for', () => {
    const maps = matrixProductSlider(3, epsilons).data.filter((trace) => trace['type'] === 'heatmap');
    expect(maps).toHaveLength(4 * epsilons.length);
    const last = maps.slice(-4).map((trace) => (trace['z'] as number[][]).flat());
    expect(Math.max(...(last[1] ?? []), ...(last[3] ?? []))).toBeLessThanOrEqual(-4);
    expect((last[0] ?? []).every((value) => Math.abs(value - Math.round(value)) <= 1e-4)).toBe(true);
  });

  it('of Lemma 1.5 shows weights that sum to 1, most of it where it should be', async () => {
    await startEngine({ allowSlow: true, reporter: silentReporter });
    const { data } = await attentionSlider(16, epsilons);
    const weights = data.filter((trace) => trace['xaxis'] === 'x').map((trace) => trace['y'] as number[]);
    expect(weights).toHaveLength(epsilons.length);
    for (const list of weights) expect(list.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    expect(weights.map((list) => list.indexOf(Math.max(...list)))).toEqual([5, 5, 5]);
    expect(weights[2]?.[5]).toBeGreaterThan(1 - 1e-4);
  });
});
