import { beforeAll, describe, expect, it } from 'vitest';
import { silentReporter } from '../../../lib/base/progress';
import { startEngine } from '../../../lib/engine/engine';
import {
  attentionSlider,
  matrixProductSlider,
  productSlider,
  rectifierSlider,
  selectionSlider,
} from '../../../lib/experiments/items/lemmas/sliders';
import { recallFigure } from '../../../lib/experiments/items/thm3-1/recall';
import { expectPage } from '../../support/page';
import { readFigure, readSteps, type ReadPoint, type ReadStep } from '../../support/read-figure';

const epsilons = [0.5, 1e-2, 1e-4];
const labels = ['0.5', '0.01', '1e-4'];

/** The points of a panel, or of one of its series, by x. */
function pointsOf({ figure }: ReadStep, panel: number, series?: string): ReadPoint[] {
  return figure.points.filter((point) => point.panel === panel && (series ?? point.series) === point.series);
}
const numbers = (points: readonly ReadPoint[]): Map<number, number> =>
  new Map(points.map(({ x, y }) => [Number(x), Number(y)]));

describe.each([
  ['1.1', productSlider(4, epsilons), (a: number) => 4 * a, 'a', /^Input weights [\d.e-]+, output weights/],
  ['1.2', rectifierSlider(epsilons), (x: number) => Math.max(0, x), 'x', /^Steepness s = [\d.,e]+\.$/],
  [
    '1.3',
    selectionSlider(2, 0.5, epsilons),
    (t: number) => (Math.abs(t) >= 0.5 - 1e-9 ? (t > 0 ? 2 : -1) : null),
    't',
    /^Largest weight [\d.,e]+\.$/,
  ],
] as const)('the slider of Lemma %s, read back', (_, figure, should, axis, says) => {
  const steps = readSteps(figure);

  it('says what its page has', () => expectPage(figure.id, { figures: [figure] }));

  it('has a place for each error asked for, with its numbers', () => {
    expect(steps.map(({ label }) => label)).toEqual(labels);
    expect(new Set(steps.map(({ text }) => text)).size).toBe(3);
    for (const { text } of steps) expect(text).toMatch(says);
  });

  it('shows left the exact curve and the one of the weights, right how far they are apart', () => {
    steps.forEach((step, index) => {
      expect(step.figure.panels.map(({ title, x, y }) => [title, x.title, y.type])).toEqual([
        ['Output', axis, undefined],
        ['Error', axis, 'log'],
      ]);
      expect(step.figure.legend).toEqual(['exact', 'given by the weights', 'ε']);
      const [wanted, given, errors] = [
        numbers(pointsOf(step, 0, 'exact')),
        numbers(pointsOf(step, 0, 'given by the weights')),
        numbers(pointsOf(step, 1, 'given by the weights')),
      ];
      expect(given.size).toBeGreaterThan(200);
      for (const [x, y] of given) {
        const value = should(x);
        if (value === null) {
          expect([wanted.get(x), errors.get(x)]).toEqual([undefined, undefined]);
          continue;
        }
        expect(wanted.get(x)).toBeCloseTo(value, 7);
        expect(errors.get(x) ?? 0).toBeCloseTo(Math.abs(y - value), 6);
      }
      expect(pointsOf(step, 1, 'ε').map(({ y }) => y)).toEqual([epsilons[index], epsilons[index]]);
    });
  });
});

it('the slider of Lemma 1.4, read back, shows two products and their errors', async () => {
  const slider = matrixProductSlider(3, epsilons);
  await expectPage(slider.id, { figures: [slider] });
  const steps = readSteps(slider);
  expect(steps.map(({ label }) => label)).toEqual(labels);
  // What an exact product would be, by the smallest error.
  const exact = steps.at(-1);
  for (const step of steps) {
    expect(step.figure.panels.map(({ title }) => title)).toEqual([
      'Boolean: the product given',
      'Errors',
      'Real: the product given',
      'Errors',
    ]);
    expect(step.text).toMatch(/^108 hidden units, largest weight [\d.,e]+\.$/);
    for (const panel of [0, 2]) {
      const [given, errors, right] = [
        pointsOf(step, panel),
        pointsOf(step, panel + 1),
        exact === undefined ? [] : pointsOf(exact, panel),
      ];
      expect(given).toHaveLength(9);
      // Random factors: the entries of their product differ.
      expect(new Set(right.map(({ z = NaN }) => Math.round(100 * z))).size).toBeGreaterThan(1);
      given.forEach(({ x, y, z = NaN, text, hover }, place) => {
        expect([text, hover]).toEqual([z.toFixed(3), `row ${y}, column ${x}: ${z.toFixed(3)}`]);
        const error = errors[place];
        const size = 10 ** (error?.z ?? NaN);
        expect(size).toBeCloseTo(Math.abs(z - (right[place]?.z ?? NaN)), 3);
        expect(error?.text).toBe(size < 1e-15 ? '0' : size.toExponential(0));
      });
    }
  }
});

describe('the slider of Lemma 1.5, read back', () => {
  beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

  it('shows the weights of all positions, and the errors proved and found at each sharpness', async () => {
    const slider = await attentionSlider(16, epsilons);
    await expectPage(slider.id, { figures: [slider] });
    const steps = readSteps(slider);
    expect(steps.map(({ label }) => label)).toEqual(labels);
    steps.forEach((step, index) => {
      expect(step.figure.panels.map(({ title, x, y }) => [title, x.title, y.type])).toEqual([
        ['Attention weights', 'Position', 'log'],
        ['Largest error', 'Sharpness', 'log'],
      ]);
      expect(step.figure.legend).toEqual(['proved', 'found']);
      const weights = pointsOf(step, 0);
      // With small errors some are too small for the axis.
      const positions = weights.map(({ x }) => x);
      if (index === 0) expect(positions).toEqual(Array.from({ length: 16 }, (_, position) => position));
      expect(positions).toContain(5);
      expect(weights.reduce((sum, { y }) => sum + Number(y), 0)).toBeCloseTo(1, 6);
      const [proved, found] = [pointsOf(step, 1, 'proved'), pointsOf(step, 1, 'found')];
      const [circle] = step.figure.points.filter(({ panel, series }) => panel === 1 && series === undefined);
      expect(circle).toEqual({ panel: 1, x: found[index]?.x, y: found[index]?.y });
      const short = (value: unknown): string => String(Number(Number(value).toPrecision(3)));
      expect(step.text).toContain(`Sharpness ${short(circle?.x)}: the worst sequence errs by `);
      proved.forEach((point, place) => {
        expect(Number(found[place]?.y)).toBeLessThanOrEqual(Number(point.y));
        expect(Number(point.y)).toBeLessThanOrEqual(epsilons[place] ?? NaN);
      });
    });
  });
});

it('a relation in d numbers, read back, shows what they leave of it, and which entries are wrong', async () => {
  for (const numbers of [1, 2, 3, 4]) {
    const figure = recallFigure('10 11', numbers);
    if (numbers === 2) await expectPage(figure.id, { figures: [figure] });
    const read = readFigure(figure);
    expect(read.panels.map(({ title, x, y }) => [title, x.title, y.title])).toEqual([
      ['Relation', 'to', 'from'],
      [`From ${numbers} of 4 numbers`, 'to', ''],
      ['Above one half', 'to', ''],
    ]);
    const [relation, left, recalled] = [0, 1, 2].map((panel) =>
      read.points.filter((point) => point.panel === panel),
    );
    expect(relation?.map(({ z }) => z)).toEqual([1, 0, 1, 1]);
    let wrong = 0;
    relation?.forEach(({ x, y, z = NaN, text, hover }, place) => {
      expect([text, hover]).toEqual([String(z), `from ${y} to ${x}: ${z}`]);
      const [value, above] = [left?.[place]?.z ?? NaN, recalled?.[place]?.z ?? NaN];
      expect(left?.[place]?.text).toBe(value.toFixed(1).replace('-0.0', '0.0').replace('-', '−'));
      expect(above).toBe(value > 0.5 ? 1 : 0);
      expect(recalled?.[place]?.text).toBe(above === z ? String(above) : `${above} ✗`);
      wrong += above === z ? 0 : 1;
    });
    const title = (figure.layout['title'] as { text: string }).text.replaceAll('<br>', ' ');
    expect(title).toContain(`${wrong} of 4 entries wrong. Of all 16 relations, `);
  }
});
