import { describe, expect, it, vi } from 'vitest';
import { present } from '../../../lib/base/present';
import { type Drawing, type Finding } from '../../../lib/experiments/run/report';
import { type LemmaResult, type LemmaSeries } from '../../../lib/experiments/items/lemmas/drawing';
import { lemma11 } from '../../../lib/experiments/items/lemmas/lemma1-1';
import { lemma12 } from '../../../lib/experiments/items/lemmas/lemma1-2';
import { lemma13 } from '../../../lib/experiments/items/lemmas/lemma1-3';
import { lemma14 } from '../../../lib/experiments/items/lemmas/lemma1-4';
import { lemma15 } from '../../../lib/experiments/items/lemmas/lemma1-5';
import { orderedStyles } from '../../../lib/report/style';
import { type Certificate } from '../../../lib/theory/lemmas/certificate';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure, type ReadPoint } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';

// An item's drawing of a result that is given, not computed.
vi.mock('../../../lib/experiments/run/experiment', async (original) => ({
  ...(await original<object>()),
  defineExperiment: (spec: object) => spec,
}));
const drawn = (item: unknown, result: LemmaResult & object): Drawing =>
  (item as { draw: (result: LemmaResult) => Drawing }).draw(result);

const some = new Differing();
const epsilons = [1e-1, 1e-3];

function certificate(epsilon: number, changes: Partial<Certificate> = {}): Certificate {
  return {
    lemma: '1.1',
    what: 'product',
    parameters: { bound: some.count(), steepness: some.share() },
    epsilon,
    bound: epsilon * (0.9 + 0.1 * some.share()),
    measured: epsilon * (0.3 + 0.3 * some.share()),
    hidden: some.count(),
    weightNorm: { largest: some.count(), euclidean: some.count() },
    holds: true,
    ...changes,
  };
}

const series = (kind: string, name: string, value: number): LemmaSeries => ({
  kind,
  name,
  value,
  certificates: epsilons.map((epsilon) => certificate(epsilon)),
});

const precisions = (['float64', 'float32'] as const).map((name) => ({
  name,
  smallest: some.share(),
  proved: some.share(),
  errors: [1e-3, 1e-2, 1e-1].map((scale) => ({
    scale,
    truncation: 1 + some.share(),
    rounding: 1 + some.share(),
    measured: some.share(),
  })),
}));

const one = (kind: string) => [series(kind, 'M = 2', 2), series(kind, 'M = 4', 4)];
const items = {
  'lemma1.1': { item: lemma11, kinds: ['product'], series: one('product') },
  'lemma1.2': { item: lemma12, kinds: ['ReLU network'], series: one('ReLU network') },
  'lemma1.3': { item: lemma13, kinds: ['selection'], series: one('selection') },
  'lemma1.4': {
    item: lemma14,
    kinds: ['real matrices', 'Boolean matrices'],
    series: [...one('real matrices'), ...one('Boolean matrices')],
  },
  'lemma1.5': { item: lemma15, kinds: ['copy', 'mean'], series: [...one('copy'), ...one('mean')] },
} as const;

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
const short = (value: number): string =>
  String(Number(value.toPrecision(3))).replace(/^(\d)(\d{3})$/, '$1,$2');

describe.each(Object.entries(items))('%s, read back', (id, { item, kinds, series: all }) => {
  const drawing = drawn(item, { series: all, precisions } as LemmaResult);

  it('says what its page has', () => expectPage(id, drawing));

  it('shows the error that is proved and the one found against the largest weight, and its share of ε', () => {
    const figure = readFigure(present(drawing.figures[0], 'figure'));
    const titled = (row: 'norm' | 'share', kind: string): string => {
      if (kinds.length === 1)
        return row === 'norm' ? 'Error against the largest weight' : 'Error found, as a share of ε';
      return `${capital(kind)}: ${row === 'norm' ? 'error' : 'share of ε'}`;
    };
    expect(
      figure.panels.map(({ title, x, y }) => [title, x.title, x.type, y.title, y.type, y.format]),
    ).toEqual([
      ...kinds.map((kind) => [
        titled('norm', kind),
        'Largest weight',
        'log',
        'Largest error',
        'log',
        undefined,
      ]),
      ...kinds.map((kind) => [
        titled('share', kind),
        'Error asked for, ε',
        'log',
        'Largest error / ε',
        undefined,
        '.0%',
      ]),
    ]);
    const names = ['M = 2', 'M = 4'];
    expect(figure.legend).toEqual(names);
    expectLooks(figure, Object.fromEntries(orderedStyles(names).map((style) => [style.name, style])));
    expectPoints(
      figure.points,
      all.flatMap(({ kind, name, certificates }) =>
        certificates.flatMap(({ epsilon, bound, measured, weightNorm }): ReadPoint[] => {
          const panel = (kinds as readonly string[]).indexOf(kind);
          const [x, shown] = [weightNorm.largest, weightNorm.largest.toPrecision(3)];
          const says = (word: string, error: number): string =>
            `largest weight ${shown}: ${word} ${error.toPrecision(3)} | ${name}`;
          return [
            { panel, series: name, x, y: bound, hover: says('proved', bound) },
            { panel, series: name, x, y: measured, hover: says('found', measured) },
            { panel: kinds.length + panel, series: name, x: epsilon, y: measured / epsilon },
          ];
        }),
      ),
    );
    expect(figure.lines).toEqual(kinds.map((_, kind) => ({ panel: kinds.length + kind, y: 1, dash: 'dot' })));
  });

  it('has every certificate in its table', () => {
    expect(recordsOf(readTable(present(drawing.tables[0], 'table')))).toEqual(
      all.flatMap(({ kind, name, certificates }) =>
        certificates.map(({ parameters, epsilon, bound, measured, hidden, weightNorm }) => ({
          Construction: `${kind}, ${name}`,
          Bound: cells.integer(Number(parameters['bound'])),
          Steepness: String(Number(Number(parameters['steepness']).toPrecision(4))),
          'Error asked for, ε': cells.scientific(epsilon),
          Proved: cells.scientific(bound),
          Found: cells.scientific(measured),
          'Hidden units': cells.integer(hidden),
          'Largest weight': cells.scientific(weightNorm.largest),
          'Norm of weights': cells.scientific(weightNorm.euclidean),
          Holds: 'yes',
        })),
      ),
    );
    expect(drawing.tables[0]?.title).toBe(`Certificates of Lemma ${id.slice(5)}`);
  });

  it('says of each construction what was found at the smallest error, or of the one that failed', () => {
    const said = drawing.findings.slice(0, all.length);
    expect(said.map(({ claim, holds, measured }) => [claim, holds, measured])).toEqual(
      all.map(({ kind, name, certificates }) => {
        const { epsilon, measured, bound, hidden, weightNorm } = present(certificates[1], 'certificate');
        return [
          `${capital(kind)}, ${name}, ε = 0.1 to 0.001: the proved bound is at most ε, and no error found is above the bound`,
          true,
          `at ε = ${short(epsilon)} found ${measured.toExponential(2).replace(/\.?0+e/, 'e')}, ${cells.percent(measured / bound)} of the proved bound; ${cells.integer(hidden)} hidden units, largest weight ${shortOf(weightNorm.largest)}`,
        ];
      }),
    );
    const [first, ...others] = all;
    const failing = { ...first, certificates: [certificate(0.1, { holds: false }), certificate(0.001)] };
    const failed = drawn(item, { series: [failing, ...others], precisions } as LemmaResult);
    expect(failed.findings[0]).toMatchObject({ holds: false, check: true });
    expect(failed.findings[0]?.measured).toMatch(/^at ε = 0\.1 found/);
    expect(failed.figures[0]?.alt).toMatch(/; 1 do not hold\.$/);
  });
});

/** Below 10,000 a number is plain, above in powers of ten. */
function shortOf(value: number): string {
  return value < 1e4 ? short(value) : value.toExponential(2).replace(/\.?0+e/, 'e');
}

describe("lemma1.1's scales, read back", () => {
  const drawing = drawn(lemma11, { series: one('product'), precisions } as LemmaResult);

  it('are drawn against the errors found and proved', () => {
    const figure = readFigure(present(drawing.figures[1], 'figure'));
    expect(figure.panels).toEqual([
      { title: '', x: { title: 'Scale', type: 'log' }, y: { title: 'Largest error', type: 'log' } },
    ]);
    expect(figure.legend).toEqual(['proved bound', 'float32, found', 'float64, found']);
    expectPoints(
      figure.points,
      precisions.flatMap(({ name, errors }) =>
        errors.flatMap(({ scale, measured, truncation, rounding }) => [
          { panel: 0, series: `${name}, found`, x: scale, y: measured },
          { panel: 0, series: 'proved bound', x: scale, y: truncation + rounding },
        ]),
      ),
    );
  });

  it('hold where no error is above approximation and rounding together', () => {
    const findings = drawing.findings.slice(-2);
    for (const [index, { name, smallest, proved, errors }] of precisions.entries()) {
      const [best] = [...errors].sort((a, b) => a.measured - b.measured);
      expect(findings[index]).toMatchObject({
        holds: true,
        measured: `for factors up to 1, the smallest found is ${short(best?.measured ?? NaN)} at the scale ${short(best?.scale ?? NaN)}; proved best is ${short(proved)}, and ${short(smallest)} the least ε that is certified`,
      });
      expect(findings[index]?.claim.startsWith(`${name}: at every scale`)).toBe(true);
    }
    const judged = (measured: number): boolean | null | undefined => {
      const changed = precisions.map((each) => ({
        ...each,
        errors: [...each.errors, { scale: 1, truncation: 2, rounding: 3, measured }],
      }));
      return drawn(lemma11, { series: one('product'), precisions: changed } as LemmaResult).findings.at(-1)
        ?.holds;
    };
    expect([4.9, 5, 5.1].map(judged)).toEqual([true, true, false]);
  });
});

describe("what a lemma's weights grow as", () => {
  /** Certificates whose largest weight is `value` to one power times 1 / ε to the other. */
  function grown(kind: string, ofValue: number, ofError: number): LemmaSeries[] {
    return [2, 4].map((value) => ({
      kind,
      name: `n = ${value}`,
      value,
      certificates: epsilons.map((epsilon) =>
        certificate(epsilon, {
          weightNorm: { largest: value ** ofValue / epsilon ** ofError, euclidean: some.count() },
          hidden: 4 * value ** 3,
        }),
      ),
    }));
  }
  const judged = (item: unknown, all: LemmaSeries[]): (boolean | null)[] =>
    drawn(item, { series: all, precisions } as LemmaResult)
      .findings.filter(({ claim }) => claim.includes('grows as') && claim.includes('to the power'))
      .map(({ holds }) => holds);

  it.each([
    ['lemma1.1', lemma11, 'product', 4, 1],
    ['lemma1.4', lemma14, 'real matrices', 1, 1],
    ['lemma1.4', lemma14, 'Boolean matrices', 1, 1],
  ] as const)('is judged to within 0.1 of its powers: %s', (_, item, kind, ofValue, ofError) => {
    for (const [value, error, holds] of [
      [0, 0, true],
      [0.09, -0.09, true],
      [0.11, 0, false],
      [-0.11, 0, false],
      [0, 0.11, false],
      [0, -0.11, false],
    ] as const)
      expect(judged(item, grown(kind, ofValue + value, ofError + error))).toEqual([holds]);
  });

  it('is of the error alone for networks of several layers', () => {
    for (const [value, error, holds] of [
      [3, 1, true],
      [0, 0.89, false],
      [0, 1.11, false],
    ] as const)
      expect(judged(lemma12, grown('ReLU network', value, error))).toEqual([holds]);
  });

  it('says what was fitted', () => {
    const { findings } = drawn(lemma11, { series: grown('product', 4.03, 1.05), precisions } as LemmaResult);
    const said = findings.find(({ claim }) => claim.includes('grows as'));
    expect(said?.claim).toBe('Product: the largest weight grows as M to the power 4 and 1/ε to the power 1');
    expect(said?.measured).toMatch(/^fitted: M to the power 4\.03 and 1\/ε to the power 1\.05; the norm/);
  });
});

describe('what else a lemma states', () => {
  const last = (item: unknown, certificates: readonly Certificate[], kind: string): Finding =>
    present(
      drawn(item, { series: [{ kind, name: 'one', value: 2, certificates }] }).findings.at(-1),
      'finding',
    );

  it('that steepness is at most √(2 log(3M/ε)) / M, but for rounding', () => {
    const [bound, epsilon] = [3, 0.01];
    const most = Math.sqrt(2 * Math.log((3 * bound) / epsilon)) / bound;
    // Beside it one that is well below.
    const judged = (times: number) => {
      const all = [0.5, times].map((each) =>
        certificate(epsilon, { parameters: { bound, steepness: each * most } }),
      );
      return last(lemma13, all, 'selection');
    };
    expect([0.5, 1, 1.009, 1.011].map((times) => judged(times).holds)).toEqual([true, true, true, false]);
    expect(judged(0.75).measured).toBe('it is 0.50 to 0.75 of that');
  });

  it('that steepness is at most 0.7518 / M where the formula is below it, from where its bound is derived', () => {
    // 3 M exp(-0.7518^2 / 2) is 2.26 M; 4 M is more than 3 M, whose logarithm is negative.
    for (const epsilon of [2.3, 4]) {
      const judged = (steepness: number) =>
        last(lemma13, [certificate(epsilon, { parameters: { bound: 1, steepness } })], 'selection');
      expect([0.75, 0.77].map((steepness) => judged(steepness).holds)).toEqual([true, false]);
    }
  });

  it('that matrices take 4n³ hidden units', () => {
    const judged = (hidden: number) =>
      present(
        drawn(lemma14, {
          series: [108, hidden].map((each) => ({
            kind: 'real matrices',
            name: 'one',
            value: 3,
            certificates: [certificate(0.1, { hidden: each })],
          })),
        }).findings.at(-1),
        'finding',
      );
    expect([107, 108, 109].map((hidden) => judged(hidden).holds)).toEqual([false, true, false]);
    expect(judged(108).measured).toBe('n = 3: 108');
  });

  it('that sharpness is log(4 V (n − 1)/ε) over the gap, and a tenth more at most', () => {
    const parameters = { length: 9, bound: 2, gap: 0.5 };
    const wanted = Math.log((4 * 2 * 8) / 0.01) / 0.5;
    // Beside it one that is in the middle.
    const judged = (times: number) => {
      const all = [1.05, times].map((each) =>
        certificate(0.01, { parameters: { ...parameters, sharpness: each * wanted } }),
      );
      return last(lemma15, all, 'copy');
    };
    expect([0.999, 1.001, 1.099, 1.101].map((times) => judged(times).holds)).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(judged(1.02).measured).toBe('sharpness times gap is 1.020 to 1.050 times that logarithm');
  });
});
