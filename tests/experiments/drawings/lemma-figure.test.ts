// The construction of a lemma at the values of its controls: what its figure draws and says, for
// random values, against the certificate.

import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import { silentReporter } from '../../../lib/base/progress';
import { startEngine } from '../../../lib/engine/engine';
import { lemmaFigure, type LemmaParameters } from '../../../lib/experiments/items/lemmas/explore';
import { type Figure } from '../../../lib/report/figure';
import { expectPage } from '../../support/page';
import { readFigure } from '../../support/read-figure';

beforeAll(() => startEngine({ allowSlow: true, reporter: silentReporter }));

const epsilon = fc.integer({ min: -50, max: 0 }).map((power) => 10 ** (power / 10));
const bound = fc.integer({ min: 1, max: 8 });

/** The numbers below a figure. */
function saidBelow(figure: Figure): { proved: number; found: number; asked: number } {
  const annotations = figure.screen['annotations'] as { text: string }[];
  const text = annotations.at(-1)?.text ?? '';
  const said =
    /^ε = (?<asked>\S+)\. .* Proved: at most (?<proved>\S+); largest found: (?<found>\S+), [\d.]+ % of that\.$/.exec(
      text,
    );
  expect(said?.groups, text).toBeDefined();
  const number = (name: string): number => Number(said?.groups?.[name]);
  return { proved: number('proved'), found: number('found'), asked: number('asked') };
}

const cases: {
  readonly [Lemma in keyof LemmaParameters]: {
    readonly parameters: fc.Arbitrary<LemmaParameters[Lemma]>;
    readonly kept: LemmaParameters[Lemma];
  };
} = {
  '1.1': { parameters: fc.record({ bound, epsilon }), kept: { bound: 4, epsilon: 0.01 } },
  '1.2': { parameters: fc.record({ epsilon }), kept: { epsilon: 0.01 } },
  '1.3': {
    parameters: fc.record({ bound, gap: fc.constantFrom(0.05, 0.5, 1), epsilon }),
    kept: { bound: 4, gap: 0.5, epsilon: 0.01 },
  },
  '1.4': {
    parameters: fc.record({ size: fc.integer({ min: 1, max: 3 }), bound, epsilon }),
    kept: { size: 2, bound: 3, epsilon: 0.01 },
  },
  '1.5': {
    parameters: fc.record({ length: fc.constantFrom(2, 16, 33), epsilon }),
    kept: { length: 16, epsilon: 0.01 },
  },
};

it.each(Object.keys(cases) as (keyof LemmaParameters)[])(
  'Lemma %s: at any values no error drawn or found is above the bound, and that not above ε',
  async (lemma) => {
    const { parameters, kept } = cases[lemma];
    const figure = await lemmaFigure(lemma, kept);
    await expectPage(figure.id, { figures: [figure] });
    const property = fc.asyncProperty(parameters, async (values: LemmaParameters[typeof lemma]) => {
      const figure = await lemmaFigure(lemma, values);
      expect(figure.layout['sliders']).toEqual([]);
      const { proved, found, asked } = saidBelow(figure);
      // As they are written, to three digits.
      expect(Math.abs(asked / values.epsilon - 1)).toBeLessThan(0.01);
      expect(proved).toBeLessThanOrEqual(1.01 * values.epsilon);
      expect(found).toBeLessThanOrEqual(1.01 * proved);
      const { points } = readFigure(figure);
      if (lemma === '1.4') {
        const errors = points.filter(({ panel }) => panel % 2 === 1).map(({ z = NaN }) => 10 ** z);
        expect(errors.length).toBeGreaterThan(0);
        expect(Math.max(...errors)).toBeLessThanOrEqual(1.01 * proved);
      } else if (lemma === '1.5') {
        // Lines over the sharpness go from left to right.
        for (const { mode, x } of figure.data)
          if (String(mode).includes('lines') && Array.isArray(x) && x.every(Number.isFinite))
            expect(x).toEqual([...(x as number[])].sort((a, b) => a - b));
        const [circle] = points.filter(({ panel, series }) => panel === 1 && series === undefined);
        expect(Number(circle?.y)).toBeGreaterThan(0.99 * found);
        expect(Number(circle?.y)).toBeLessThan(1.01 * found);
      } else {
        const errors = points.filter(({ panel, series }) => panel === 1 && series === 'given by the weights');
        expect(errors.length).toBeGreaterThan(0);
        expect(Math.max(...errors.map(({ y }) => Number(y)))).toBeLessThanOrEqual(1.01 * proved);
      }
    });
    await fc.assert(property, { numRuns: 15 });
  },
);

it('an error that rounding can exceed is refused, with the least that is not', async () => {
  await expect(lemmaFigure('1.1', { bound: 16, epsilon: 1e-30 })).rejects.toThrow(
    /float64 certifies no less than/,
  );
  await expect(lemmaFigure('1.5', { length: 16, epsilon: 1e-9 })).rejects.toThrow(
    /float32 certifies no less than/,
  );
});
