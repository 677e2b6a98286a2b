import { describe, expect, it } from 'vitest';
import { present } from '../../../lib/base/present';
import { drawTheorem31 } from '../../../lib/experiments/items/thm3-1/draw';
import { type Theorem31Result } from '../../../lib/experiments/items/thm3-1/measures';
import { orderedStyles } from '../../../lib/report/style';
import { formatCell } from '../../../lib/report/tables';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure, type ReadPoint } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';

const some = new Differing();
const states = [1, 2];

function recalled() {
  const [right, rightEverywhere, words, fragments] = [some.count(), some.count(), some.count(), some.count()];
  return { right, rightEverywhere, words: 10 * words, fragments: 10 * fragments };
}

const result: Theorem31Result = {
  monoids: states.map((count) => ({
    states: count,
    symbols: some.count(),
    relations: some.count(),
    byLength: count === 1 ? [1, 2, 4] : [3, 5, 8],
  })),
  contexts: states.map((count) => ({
    states: count,
    fragments: some.count(),
    contexts: count === 1 ? 1 : some.count(),
    rows: some.count(),
    rowsAsRelation: some.count(),
  })),
  ranks: states.map((count) => ({
    states: count,
    contexts: count ** 2,
    chosen: some.count(),
    // No ranks at all, but all different.
    random: count === 1 ? [0.2, 0.5, 0.8, 1] : [1.5, 2.5, 3.5, 4],
  })),
  cliffs: states.flatMap((count) =>
    (['every relation', 'random symbols'] as const).map((kind) => ({
      states: count,
      kind,
      length: some.count(),
      relations: 2 ** (count ** 2),
      whole: recalled(),
      points: Array.from({ length: count ** 2 + 1 }, (_, index) => ({ numbers: index + 1, ...recalled() })),
    })),
  ),
  lost: states.map((count) => ({
    states: count,
    lost: count === 1 ? [1.5, 0] : [13, 11, 7, 2, 0],
    atLeast: count === 1 ? [1.2, 0] : [12, 9, 5, 1, 0],
  })),
  bits: [1, 2, 3, 4, 5].flatMap((numbers) =>
    [1, 2, 3, 4].map((precision) => ({
      numbers,
      bits: precision,
      thresholds: numbers + precision > 7 ? 16 : numbers + precision,
      digits: numbers * precision >= 4 ? 16 : 8 + numbers + precision,
      most: some.count(),
    })),
  ),
  counted: ['some', 'others'].map((name) => ({
    name,
    states: some.count(),
    relations: { found: some.count(), wanted: some.count() },
    rank: { found: some.count(), wanted: some.count() },
  })),
  prices: ['log', 'regex'].map((name) => ({
    name,
    states: some.count(),
    relations: some.count(),
    isComplete: name === 'log',
    bits: some.count() + 0.5,
    registers: {
      flat: some.count(),
      compact: name === 'log' ? some.count() + 0.25 : null,
      bilevel: name === 'log' ? some.count() : null,
    },
  })),
};
const { monoids, contexts, ranks, cliffs, lost, bits, counted, prices } = result;
const drawing = drawTheorem31(result);
const [knowledge, cliff, few] = drawing.figures.map(readFigure);
const names = states.map((count) => `n = ${count}`);
const nameOf = (count: number): string => `n = ${count}`;
const looks = Object.fromEntries(orderedStyles(names).map((style) => [style.name, style]));

describe('Theorem 3.1, read back', () => {
  it('says what its page has', () => expectPage('thm3-1', drawing));

  it('shows how many relations words have, and the rank of fragments by contexts', () => {
    const figure = present(knowledge, 'figure');
    expect(
      figure.panels.map(({ title, x, y }) => [title, x.title, x.type, y.title, y.type, y.ticks]),
    ).toEqual([
      [
        'Relations that words have',
        'Symbols of a word, at most',
        undefined,
        'Relations',
        'log',
        [
          [2, '2<sup>1</sup>'],
          [16, '2<sup>4</sup>'],
        ],
      ],
      [
        'Rank of random fragments by contexts',
        'Fragments',
        'log',
        'Rank',
        undefined,
        [
          [1, '1'],
          [4, '4'],
        ],
      ],
    ]);
    expect(figure.legend).toEqual(names);
    expectLooks(figure, looks);
    expectPoints(figure.points, [
      ...monoids.flatMap(({ states: count, byLength }) =>
        byLength.map((_, x) => ({
          panel: 0,
          series: nameOf(count),
          x,
          y: byLength.slice(0, x + 1).reduce((sum, value) => sum + value, 0),
        })),
      ),
      ...ranks.flatMap(({ states: count, random }) =>
        random.map((y, index) => ({
          panel: 1,
          series: nameOf(count),
          x: index + 1,
          y,
          hover: `fragments ${index + 1}: rank ${y} | ${nameOf(count)}`,
        })),
      ),
    ]);
    expect(figure.lines).toEqual([
      { panel: 0, y: 2, dash: 'dot' },
      { panel: 0, y: 16, dash: 'dot' },
      { panel: 1, y: 1, dash: 'dot' },
      { panel: 1, y: 4, dash: 'dot' },
    ]);
  });

  it('marks the points of a curve that has fewer than twenty', () => {
    const modeOf = (points: number): unknown => {
      const byLength = Array.from({ length: points }, () => 1);
      const long = monoids.map((monoid) => ({ ...monoid, byLength }));
      return drawTheorem31({ ...result, monoids: long }).figures[0]?.data[0]?.['mode'];
    };
    expect([19, 20].map(modeOf)).toEqual(['lines+markers', 'lines']);
  });

  it('shows what is lost with d numbers, and which words come out right', () => {
    const figure = present(cliff, 'figure');
    expect(figure.panels.map(({ title, x, y }) => [title, x.title, y.title, y.type, y.format])).toEqual([
      ['Relations lost', 'Numbers d', 'Share of relations lost', 'log', undefined],
      ['Words: every relation', 'Numbers d', 'Words right', undefined, '.0%'],
      ['Words: random symbols', 'Numbers d', 'Words right', undefined, '.0%'],
    ]);
    expect(figure.legend).toEqual(names);
    expectLooks(figure, looks);
    expectPoints(figure.points, [
      ...lost.flatMap(({ states: count, lost: counts, atLeast }) =>
        counts.slice(0, -1).flatMap((value, index): ReadPoint[] => {
          const all = 2 ** (count ** 2);
          const [x, least] = [index + 1, (atLeast[index] ?? NaN) / all];
          const series = nameOf(count);
          return [
            { panel: 0, series, x, y: value / all },
            {
              panel: 0,
              series,
              x,
              y: least,
              hover: `numbers d ${x}: at least ${least.toPrecision(3)} | ${series}`,
            },
          ];
        }),
      ),
      ...cliffs.flatMap(({ states: count, kind, points }) =>
        points.map(({ numbers, right, words }) => ({
          panel: kind === 'every relation' ? 1 : 2,
          series: nameOf(count),
          x: numbers,
          y: right / words,
        })),
      ),
    ]);
    expect(figure.lines).toEqual(
      [0, 1, 2].flatMap((panel) => [1, 4].map((x) => ({ panel, x, dash: 'dot' }))),
    );
    const sampled = cliffs.map((each) => ({ ...each, relations: each.relations - 1 }));
    expect(drawing.figures[1]?.caption).not.toContain('with a sample');
    expect(drawTheorem31({ ...result, cliffs: sampled }).figures[1]?.caption).toContain(
      'words through the compiled network, for n = 1, n = 2 with a sample of relations',
    );
    for (const { states: count, kind, points } of cliffs)
      expect(drawing.figures[1]?.alt).toContain(
        `n = ${count}, ${kind}, words right by numbers ${points
          .map(({ numbers, right, words }) => `${numbers}: ${cells.percent(right / words)}`)
          .join(', ')}`,
      );
  });

  it('shows how many relations come back from d numbers of p bits', () => {
    const figure = present(few, 'figure');
    expect(figure.panels.map(({ title, x, y }) => [title, x.title, y.title])).toEqual([
      ['Decoded by thresholds', 'Numbers d', 'Bits of each, p'],
      ['Decoded as binary digits', 'Numbers d', 'Bits of each, p'],
    ]);
    expect(figure.title.join(' ')).toContain(
      'Relations of 2 states in d numbers of p bits: bits that survive, of 4',
    );
    expect(drawing.figures[2]?.caption).toMatch(/how many of all 16 relations.*d·p is less than 4/);
    expect(figure.legend).toEqual(['d·p ≥ 4 above the line', '0 bits', '2 bits', 'all 4 bits']);
    expectPoints(
      figure.points.filter(({ z }) => z !== undefined),
      (['thresholds', 'digits'] as const).flatMap((kind, panel) =>
        bits.map((each) => {
          const right = each[kind];
          const [x, y] = [each.numbers, each.bits];
          const text = right === 16 ? '4' : String(Math.floor(10 * Math.log2(right) + 1e-9) / 10);
          return {
            panel,
            x,
            y,
            z: right === 16 ? 1 : (0.75 * Math.log2(right)) / 4,
            text,
            hover: `${x} numbers of ${y} bits: ${text} bits survive`,
          };
        }),
      ),
    );
    // Below the line d·p is less than 4.
    const line = figure.points.filter(({ z, panel }) => z === undefined && panel === 0);
    expect(line.map(({ x, y }) => [x, y])).toEqual(
      [1, 2, 3, 4, 5].flatMap((d) => [d - 0.5, d + 0.5].map((x) => [x, Math.ceil(4 / d) - 0.5])),
    );
  });

  it('writes the bits that survive on cells as long as there is room', () => {
    const figureOf = (entries: number) => {
      const each = Array.from({ length: entries + 1 }, (_, index) => ({
        ...present(bits[0], 'bits'),
        numbers: index + 1,
        bits: 1,
      }));
      return present(drawTheorem31({ ...result, bits: each }).figures[2], 'figure');
    };
    const [three, four] = [figureOf(9), figureOf(16)];
    const written = [three, four].map((figure) =>
      readFigure(figure).points.some(({ text }) => text !== undefined),
    );
    expect(written).toEqual([true, false]);
    expect([three, four].map(({ caption }) => caption.split(':')[0])).toEqual(['Each cell', 'Colour']);
    const steps = [three, four].map(({ layout }) => (layout['xaxis'] as { dtick: number }).dtick);
    expect(steps).toEqual([1, 2]);
  });

  it('has what there is to know in a table', () => {
    expect(recordsOf(readTable(present(drawing.tables[0], 'table')))).toEqual(
      states.map((count, index) => {
        const [monoid, context, rank] = [monoids[index], contexts[index], ranks[index]];
        if (monoid === undefined || context === undefined || rank === undefined) throw new Error('nothing');
        return {
          'States n': String(count),
          Symbols: cells.integer(monoid.symbols),
          Relations: cells.integer(monoid.relations),
          'Their logarithm (bits)': String(Number(Math.log2(monoid.relations).toPrecision(4))),
          'Longest of the shortest words (symbols)': '2',
          'Different rows': cells.integer(context.rows),
          'Contexts n²': String(count ** 2),
          Rank: cells.integer(rank.chosen),
          'Random fragments': '4',
        };
      }),
    );
  });

  it('has the relations and ranks beside what counting gives', () => {
    expect(recordsOf(readTable(present(drawing.tables[1], 'table')))).toEqual(
      counted.map(({ name, states: count, relations, rank }) => ({
        'Relations of its fragments': name,
        'States n': cells.integer(count),
        Relations: cells.integer(relations.found),
        'By counting': cells.integer(relations.wanted),
        'Price (bits)': String(Number(Math.log2(relations.found).toPrecision(4))),
        Rank: cells.integer(rank.found),
        'Rank, by counting': cells.integer(rank.wanted),
      })),
    );
  });

  it('has the price of a fragment beside what registers hold', () => {
    const fixed1 = (value: number): string => formatCell(value, 'fixed1');
    expect(recordsOf(readTable(present(drawing.tables[2], 'table')))).toEqual(
      prices.map(({ name, states: count, relations, isComplete, bits: price, registers }) => ({
        Automaton: name,
        'States n': cells.integer(count),
        Relations: cells.integer(relations),
        'All of them': isComplete ? 'yes' : 'no',
        'Price (bits)': fixed1(price),
        'Flat registers (bits)': cells.integer(registers.flat),
        'Compact (bits)': registers.compact === null ? '–' : fixed1(registers.compact),
        'Bilevel (bits)': registers.bilevel === null ? '–' : cells.integer(registers.bilevel),
      })),
    );
  });

  it('checks counts, ranks and what registers hold', () => {
    const checked = (changes: Partial<Theorem31Result>): (boolean | null)[] =>
      drawTheorem31({ ...result, ...changes })
        .findings.slice(-4)
        .map(({ holds }) => holds);
    const good = counted.map((one, index) => ({
      ...one,
      states: 4,
      relations: { found: 100 - index, wanted: 100 - index },
      rank: { found: 16, wanted: 16 },
    }));
    const cheap = prices.map((one) => ({ ...one, bits: 1 }));
    const withLast = (change: Partial<(typeof good)[number]>) =>
      good.map((one, index) => (index === 1 ? { ...one, ...change } : one));
    expect(checked({ counted: good, prices: cheap })).toEqual([true, true, true, true]);
    expect(checked({ counted: withLast({ relations: { found: 98, wanted: 99 } }), prices: cheap })).toEqual([
      false,
      true,
      true,
      true,
    ]);
    expect(checked({ counted: withLast({ rank: { found: 15, wanted: 16 } }), prices: cheap })).toEqual([
      true,
      false,
      false,
      true,
    ]);
    expect(checked({ counted: withLast({ relations: { found: 100, wanted: 100 } }), prices: cheap })).toEqual(
      [true, true, false, true],
    );
    const dear = prices.map((one) => ({ ...one, bits: one.registers.flat + 1 }));
    expect(checked({ counted: good, prices: dear })).toEqual([true, true, true, false]);
  });

  it('has what is forgotten in a table', () => {
    expect(recordsOf(readTable(present(drawing.tables[3], 'table')))).toEqual(
      cliffs.flatMap(({ states: count, kind, points }) =>
        points.map(({ numbers, words, right, fragments, rightEverywhere }) => {
          const counted = present(
            lost.find((each) => each.states === count),
            'lost',
          );
          const of = (list: readonly number[]): string =>
            kind === 'every relation' ? cells.integer(list[numbers - 1] ?? NaN) : '–';
          return {
            'States n': String(count),
            Fragments: kind,
            'Numbers d': String(numbers),
            Words: cells.integer(words),
            'Words right': cells.percent(right / words),
            'Fragments right': cells.percent(rightEverywhere / fragments),
            'Relations lost': of(counted.lost),
            'At least': of(counted.atLeast),
          };
        }),
      ),
    );
  });

  it('gives with each check the counts that it is about', () => {
    const measured = new Map(drawing.findings.map(({ claim, measured: said }) => [claim, said]));
    expect(measured.size).toBe(drawing.findings.length);
    const said = (start: string): string =>
      present([...measured].find(([claim]) => claim.startsWith(start))?.[1], start);
    const [, monoid] = monoids;
    const [, context] = contexts;
    const [, rank] = ranks;
    const [, losses] = lost;
    const [, , every] = cliffs;
    if (!monoid || !context || !rank || !losses || !every) throw new Error('nothing');
    const { integer } = cells;
    expect(said('n = 2: words have every relation')).toBe(
      `${integer(monoid.relations)} relations of words over ${monoid.symbols} symbols; every relation occurs in a word of at most 2 symbols`,
    );
    expect(said('n = 2: some context')).toBe(
      `${integer(context.fragments)} fragments in ${context.contexts} contexts by the set simulator: ${integer(context.rows)} different rows, ${integer(context.rowsAsRelation)} of them the relation itself`,
    );
    expect(said('n = 2: fragments by contexts')).toBe(
      `${rank.chosen} for 4 chosen fragments; 4 for 4 random ones`,
    );
    const all = [every.whole, ...every.points.filter(({ numbers }) => numbers >= 4)];
    const wrong = all.reduce((sum, one) => sum + one.words - one.right, 0);
    expect(said('n = 2, every relation: with d ≥ 4')).toBe(
      `${integer(wrong)} of ${integer(every.whole.words)} words wrong at d = 4, 5 or without; fragments of ${every.length} symbols with 16 different relations`,
    );
    expect(said('n = 2: a linear code')).toBe(
      `of 16, lost with d = 3: ${integer(losses.lost[2] ?? 0)} (any such code: at least ${integer(losses.atLeast[2] ?? 0)}); with d = 2: ${integer(losses.lost[1] ?? 0)} (at least ${integer(losses.atLeast[1] ?? 0)})`,
    );
    const share = (index: number): string => {
      const { right, words, numbers } = present(every.points[index], 'point');
      return `${cells.percent(right / words)} at d = ${numbers}`;
    };
    expect(said('n = 2, every relation: with d < 4')).toBe(`right: ${[0, 1, 2].map(share).join(', ')}`);
    expect(said('d numbers of p bits')).toMatch(/the fewest bits that recall all 16 are 4$/);
    const recalled = (most: number) =>
      drawTheorem31({ ...result, bits: bits.map((each) => ({ ...each, most })) }).findings.find(({ claim }) =>
        claim.startsWith('d numbers of p bits'),
      )?.holds;
    expect([15, 16].map(recalled)).toEqual([false, true]);
    const enough = bits.filter((each) => each.numbers * each.bits >= 4).length;
    expect(said('The bound is met')).toBe(
      `${enough} of ${enough} such pairs recall all relations; a single number of 4 bits recalls 16`,
    );
  });
});
