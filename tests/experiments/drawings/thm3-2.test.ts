import { describe, expect, it } from 'vitest';
import { formatPercent } from '../../../lib/base/format';
import { present } from '../../../lib/base/present';
import { drawTheorem32 } from '../../../lib/experiments/items/thm3-2/draw';
import { type KindResult, type SizeResult } from '../../../lib/experiments/items/thm3-2/sizes';
import { type WayResult } from '../../../lib/experiments/items/thm3-2/ways';
import { constructionStyles } from '../../../lib/report/style';
import { Differing } from '../../support/differing';
import { expectPage } from '../../support/page';
import { expectLooks, expectPoints, readFigure, tidy } from '../../support/read-figure';
import { cells, readTable, recordsOf } from '../../support/read-table';

const some = new Differing();

const compared = () => ({
  words: some.count(),
  prefixes: some.count(),
  seconds: 10 * some.share(),
  mismatches: some.count(),
  first: undefined,
});
const kindResult = (): KindResult => ({
  sets: { prefixes: 1000, empty: some.count() % 500, full: some.count() % 400, changes: some.count() % 700 },
  leftOut: { layers: 11, found: 11 },
  depth: some.count(),
  width: some.count(),
  relationWidth: some.count(),
  hidden: some.count(),
  weights: some.count(),
  feedForwardBlocks: some.count(),
  compileSeconds: some.share(),
  certified: true,
  compared: compared(),
});
const sizes: SizeResult[] = [
  [2, 3],
  [3, 5],
  [4, 7],
].map(([subStates = 0, segmentStates = 0]) => ({
  subStates,
  segmentStates,
  bipe: kindResult(),
  compact: kindResult(),
  ape: kindResult(),
  short: compared(),
  definition: { prefixes: some.count(), mismatches: some.count() },
}));
const kinds = [
  ['bipe', 'Bilevel positions'],
  ['compact', 'Absolute positions, compact'],
  ['ape', 'Absolute positions, flattened'],
] as const;
type Kind = (typeof kinds)[number][0];
const boundOf = ({ subStates, segmentStates }: SizeResult, kind: Kind): number =>
  ({
    bipe: subStates ** 2 + segmentStates ** 2,
    compact: 2 * subStates ** 2 + 3 * segmentStates ** 2 + 3 * subStates + 6,
    ape: (subStates * segmentStates) ** 2,
  })[kind];
const label = ({ subStates, segmentStates }: SizeResult): string =>
  `k = ${subStates}, |S| = ${segmentStates}`;
const wayNames = ['carried', 'spread', 'ape', 'compact', 'bipe'] as const;
const ways: WayResult[] = [16, 64].flatMap((length) =>
  wayNames.map((way) => ({
    way,
    states: 9,
    length,
    depth: some.count(),
    width: some.count(),
    weights: some.count(),
    feedForwardBlocks: some.count(),
    certified: way !== 'spread',
    compared: compared(),
  })),
);
const drawing = drawTheorem32({ sizes, ways });
const [width, traded, cost] = drawing.figures.map(readFigure);
const soundWays = ways.map((one) => ({
  ...one,
  width: 50,
  certified: true,
  compared: { ...one.compared, mismatches: 0 },
}));
const looks = {
  'Bilevel positions': constructionStyles.bipe,
  'Absolute positions, compact': constructionStyles.compact,
  'Absolute positions, flattened': constructionStyles.ape,
};

/** By least squares of the logarithms. */
function fitted(kind: Kind): { readonly exponent: number; readonly factor: number } {
  const [x, y] = [
    sizes.map((size) => Math.log(boundOf(size, kind))),
    sizes.map((size) => Math.log(size[kind].relationWidth)),
  ];
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / 3;
  const [ofX, ofY] = [mean(x), mean(y)];
  const exponent =
    x.reduce((sum, value, index) => sum + (value - ofX) * ((y[index] ?? NaN) - ofY), 0) /
    x.reduce((sum, value) => sum + (value - ofX) ** 2, 0);
  return { exponent, factor: Math.exp(ofY - exponent * ofX) };
}

describe('Theorem 3.2, read back', () => {
  it('says what its page has', () => expectPage('thm3-2', drawing));

  it('trades width for depth, a curve for each way over the lengths of words', () => {
    const figure = present(traded, 'figure');
    expect(figure.panels.map(({ title, x, y }) => [title, x.title, x.type, y.title, y.type])).toEqual([
      ['Width against depth', 'Layers', 'log', 'Width', 'log'],
      ['Depth against length', 'Symbols of a word, at most', 'log', 'Layers', 'log'],
    ]);
    const nameOf = {
      carried: 'Absolute positions, set carried',
      spread: 'Absolute positions, columns spread',
      ape: 'Absolute positions, flattened',
      compact: 'Absolute positions, compact',
      bipe: 'Bilevel positions',
    };
    expect(figure.legend).toEqual(wayNames.map((way) => nameOf[way]));
    expectPoints(
      figure.points.map(({ panel, series = '', x, y }) => ({ panel, series, x, y })),
      ways.flatMap((one) => [
        { panel: 0, series: nameOf[one.way], x: one.depth, y: one.width },
        { panel: 1, series: nameOf[one.way], x: one.length, y: one.depth },
      ]),
    );
  });

  it('has every way in a table', () => {
    const wordFor = {
      carried: 'carried',
      spread: 'spread',
      ape: 'flattened',
      compact: 'compact',
      bipe: 'bilevel',
    };
    expect(recordsOf(readTable(present(drawing.tables[1], 'table')))).toEqual(
      ways.map((one) => ({
        Construction: wordFor[one.way],
        'States n': '9',
        'Symbols, at most': String(one.length),
        Layers: cells.integer(one.depth),
        Width: cells.integer(one.width),
        Blocks: cells.integer(one.feedForwardBlocks),
        Weights: cells.integer(one.weights),
        Prefixes: cells.integer(one.compared.prefixes),
        Wrong: cells.integer(one.compared.mismatches),
        Certified: one.certified ? 'yes' : 'no',
      })),
    );
  });
  it('shows widths against their bounds with fitted powers, and against the states', () => {
    const figure = present(width, 'figure');
    expect(figure.panels.map(({ title, x, y }) => [title, x.title, x.type, y.title, y.type])).toEqual([
      ['Against its formula', 'Formula of the construction', 'log', 'Coordinates for relations', 'log'],
      ['Against the states, k |S|', 'States of the flattened automaton', 'log', 'Width', 'log'],
    ]);
    expect(figure.legend).toEqual(kinds.map(([, name]) => name));
    const isFit = ({ series }: { series?: string }): boolean =>
      kinds.some(([, name]) => series === `${name}, fitted`);
    expectLooks(
      { ...figure, looks: new Map([...figure.looks].filter(([series]) => !isFit({ series }))) },
      looks,
    );
    expectPoints(
      figure.points.filter((point) => !isFit(point)),
      kinds.flatMap(([kind, series]) =>
        sizes.flatMap((size) => {
          const { relationWidth, width: whole } = size[kind];
          const x = size.subStates * size.segmentStates;
          return [
            {
              panel: 0,
              series,
              x: boundOf(size, kind),
              y: relationWidth,
              hover: `${label(size)}: coordinates for relations ${cells.integer(relationWidth)} | ${series}`,
            },
            {
              panel: 1,
              series,
              x,
              y: whole,
              hover: `${label(size)}: width ${cells.integer(whole)} | ${series}`,
            },
          ];
        }),
      ),
    );
    expect(figure.points.filter(isFit).map(({ panel, x, y }) => ({ panel, x, y }))).toEqual(
      tidy(
        kinds.flatMap(([kind]) => {
          const { exponent, factor } = fitted(kind);
          const bounds = sizes.map((size) => boundOf(size, kind));
          return [Math.min(...bounds), Math.max(...bounds)].map((x) => ({
            panel: 0,
            x,
            y: factor * x ** exponent,
          }));
        }),
      ),
    );
    const [bilevel, compact, flattened] = kinds.map(([kind]) => fitted(kind).exponent.toFixed(2));
    expect(drawing.figures[0]?.alt).toContain(
      `slope ${bilevel ?? ''} (bilevel), ${compact ?? ''} (compact) and ${flattened ?? ''} (flattened) against their formulas; at 28 states`,
    );
    expect(figure.labels.map(({ text }) => text)).toEqual([
      `bilevel: (k² + |S|²)<sup>${fitted('bipe').exponent.toFixed(2)}</sup>`,
      `compact: (2k² + 3|S|² + 3k + 6)<sup>${fitted('compact').exponent.toFixed(2)}</sup>`,
      `flattened: ((k |S|)²)<sup>${fitted('ape').exponent.toFixed(2)}</sup>`,
    ]);
  });

  it('shows weights, and milliseconds a token', () => {
    const figure = present(cost, 'figure');
    const states = 'States of the flattened automaton';
    expect(figure.panels.map(({ title, x, y }) => [title, x.title, x.type, y.title, y.type])).toEqual([
      ['Weights', states, 'log', 'Weights that are not 0', 'log'],
      ['Time', states, 'log', 'Milliseconds a token', 'log'],
    ]);
    expect(figure.legend).toEqual(kinds.map(([, name]) => name));
    expectLooks(figure, looks);
    expectPoints(
      figure.points,
      kinds.flatMap(([kind, series]) =>
        sizes.flatMap((size) => {
          const { weights, compared: ran } = size[kind];
          const x = size.subStates * size.segmentStates;
          const milliseconds = (1000 * ran.seconds) / ran.prefixes;
          const says = (value: string): string => `${label(size)}: ${value} | ${series}`;
          return [
            {
              panel: 0,
              series,
              x,
              y: weights,
              hover: says(`weights that are not 0 ${cells.integer(weights)}`),
            },
            {
              panel: 1,
              series,
              x,
              y: milliseconds,
              hover: says(`milliseconds a token ${milliseconds.toPrecision(3)}`),
            },
          ];
        }),
      ),
    );
  });

  it('has an axis of time where no time was measured', () => {
    const untimed = (kind: KindResult): KindResult => ({
      ...kind,
      compared: { ...kind.compared, seconds: 0 },
    });
    const none = sizes.map((size) => ({
      ...size,
      bipe: untimed(size.bipe),
      compact: untimed(size.compact),
      ape: untimed(size.ape),
    }));
    const [, , time] = drawTheorem32({ sizes: none, ways }).figures.map(readFigure);
    expect(time?.panels[1]?.y.ticks?.map(([value]) => value)).toEqual(expect.arrayContaining([0.01, 0.1, 1]));
  });

  it('has every size in its tables', () => {
    const byWay = (title: string, of: (result: KindResult) => number, size: SizeResult) => ({
      [`${title}, bilevel`]: cells.integer(of(size.bipe)),
      [`${title}, compact`]: cells.integer(of(size.compact)),
      [`${title}, flattened`]: cells.integer(of(size.ape)),
    });
    expect(recordsOf(readTable(present(drawing.tables[0], 'table')))).toEqual(
      sizes.map((size) => ({
        k: String(size.subStates),
        '|S|': String(size.segmentStates),
        ...byWay('Width', ({ width: of }) => of, size),
        ...byWay('Hidden', ({ hidden }) => hidden, size),
        ...byWay('Layers', ({ depth }) => depth, size),
        ...byWay('Blocks', ({ feedForwardBlocks }) => feedForwardBlocks, size),
      })),
    );
    expect(recordsOf(readTable(present(drawing.tables[2], 'table')))).toEqual(
      sizes.map((size) => ({
        k: String(size.subStates),
        '|S|': String(size.segmentStates),
        ...byWay('Prefixes', (result) => result.compared.prefixes, size),
        ...byWay('Wrong', (result) => result.compared.mismatches, size),
      })),
    );
  });
});

describe('the findings of Theorem 3.2', () => {
  const right = { words: 5, prefixes: 50, seconds: 1, mismatches: 0, first: undefined };
  /** A size at which all is as the theorem says. */
  const sound = (subStates: number, segmentStates: number): SizeResult => {
    const kind = (name: Kind): KindResult => ({
      ...kindResult(),
      compared: right,
      relationWidth: 0,
      width: { bipe: 100, compact: 180, ape: 200 + subStates * segmentStates }[name],
      feedForwardBlocks: name === 'bipe' ? 23 : 77,
    });
    const size = {
      subStates,
      segmentStates,
      bipe: kind('bipe'),
      compact: kind('compact'),
      ape: kind('ape'),
      short: right,
      definition: { prefixes: 9, mismatches: 0 },
    };
    const wide = (name: Kind): KindResult => ({
      ...size[name],
      relationWidth: boundOf(size, name),
    });
    return { ...size, bipe: wide('bipe'), compact: wide('compact'), ape: wide('ape') };
  };
  const all = [sound(2, 3), sound(3, 5), sound(4, 7)];
  const failures = (change: (size: SizeResult, index: number) => SizeResult): string[] =>
    drawTheorem32({ sizes: all.map(change), ways: soundWays })
      .findings.filter(({ holds }) => holds !== true)
      .map(({ claim }) => claim);
  const atLast = (change: (size: SizeResult) => SizeResult) =>
    failures((size, index) => (index === 2 ? change(size) : size));

  it('say of a network that was run on no words nothing of its read-outs', () => {
    const none = { ...right, words: 0, prefixes: 0 };
    for (const [kind, name] of kinds) {
      const sizes = all.map((size) => ({ ...size, [kind]: { ...size[kind], compared: none } }));
      const claims = drawTheorem32({ sizes, ways: soundWays }).findings.map(({ claim }) => claim);
      expect(claims.filter((claim) => claim.includes(': the read-out is the set'))).toEqual(
        kinds.flatMap(([other, title]) =>
          other === kind
            ? []
            : `${title}: the read-out is the set of reachable states after every prefix of long words`,
        ),
      );
      expect(claims).toContain(`${name}: certified for every word within the bounds`);
    }
  });

  it('fail where a carried set, or spread columns, take n² coordinates, as the widest does', () => {
    const claim = 'A carried set and spread columns take fewer than n² coordinates';
    const verdictOf = (wide: string, width: number) =>
      drawTheorem32({
        sizes: all,
        ways: soundWays.map((one) => (one.way === wide ? { ...one, width } : one)),
      }).findings.find((one) => one.claim.startsWith(claim));
    const square = (soundWays[0]?.states ?? 0) ** 2;
    for (const way of ['carried', 'spread']) {
      expect(verdictOf(way, square - 1)?.holds).toBe(true);
      expect(verdictOf(way, square)).toMatchObject({
        holds: false,
        measured: `widths up to ${square}, where n² = ${square}`,
      });
    }
    expect(verdictOf('bipe', square)?.holds).toBe(true);
  });

  it('hold where all is as it says, and fail one by one where one thing is not', () => {
    expect(failures((size) => size)).toEqual([]);
    const wrong = { ...right, mismatches: 1 };
    for (const [kind, name] of kinds) {
      expect(atLast((size) => ({ ...size, [kind]: { ...size[kind], compared: wrong } }))).toEqual([
        `${name}: the read-out is the set of reachable states after every prefix of long words`,
      ]);
      expect(atLast((size) => ({ ...size, [kind]: { ...size[kind], certified: false } }))).toEqual([
        `${name}: certified for every word within the bounds`,
      ]);
      const leftOut = { layers: 11, found: 10 };
      expect(atLast((size) => ({ ...size, [kind]: { ...size[kind], leftOut } }))).toEqual([
        `${name}: every layer matters, and words alone find it if one is left out`,
      ]);
      const grows = new RegExp(`^${name}: the width grows in proportion`);
      const scaled = (power: number, factor: number) =>
        failures((size) => ({
          ...size,
          [kind]: { ...size[kind], relationWidth: factor * boundOf(size, kind) ** power },
        }));
      expect(scaled(1.09, 1)).toEqual([]);
      expect(scaled(0.91, 1)).toEqual([]);
      expect(scaled(1, 2)).toEqual([]);
      // None of them may be above twice its bound.
      const factors = [2.05, 1.9, 2.05];
      expect(
        failures((size, index) => ({
          ...size,
          [kind]: { ...size[kind], relationWidth: (factors[index] ?? 0) * boundOf(size, kind) },
        })),
      ).toEqual([expect.stringMatching(grows)]);
      expect(scaled(1, 2.01)).toEqual([expect.stringMatching(grows)]);
      expect(scaled(1.11, 0.5)).toEqual([expect.stringMatching(grows)]);
      expect(scaled(0.89, 1)).toEqual([expect.stringMatching(grows)]);
    }
    expect(atLast((size) => ({ ...size, short: wrong }))).toEqual([
      'All three: so it is for all short words of small automata',
    ]);
    expect(atLast((size) => ({ ...size, definition: { prefixes: 9, mismatches: 1 } }))).toEqual([
      'Definition: a Bi-NFA and the NFA it flattens to reach the same states',
    ]);
    const narrow = (times: number, more: number) =>
      failures((size, index) => ({
        ...size,
        ape: { ...size.ape, width: (times + more * index) * size.bipe.width },
      }));
    const narrower = [expect.stringMatching(/^The bilevel construction is narrower/)];
    expect(narrow(1.01, 0.01)).toEqual([]);
    expect(narrow(1, 0)).toEqual(narrower);
    expect(narrow(1.5, 0)).toEqual(narrower);
    expect(narrow(1.5, -0.01)).toEqual(narrower);
    const compact = (part: Partial<KindResult>) =>
      atLast((size) => ({ ...size, compact: { ...size.compact, ...part } }));
    const bought = [expect.stringMatching(/^Over the compact construction/)];
    expect(compact({ width: 101 })).toEqual([]);
    expect(compact({ width: 100 })).toEqual(bought);
    expect(compact({ width: 399 })).toEqual([]);
    expect(compact({ width: 400 })).toEqual(bought);
    expect(compact({ feedForwardBlocks: 23 })).toEqual(bought);
  });

  it('name the sizes at which a layer that was left out is not found', () => {
    const { findings } = drawTheorem32({
      ways: soundWays,
      sizes: all.map((size, index) =>
        index === 0
          ? size
          : { ...size, compact: { ...size.compact, leftOut: { layers: 11, found: 12 - index } } },
      ),
    });
    const claim =
      'Absolute positions, compact: every layer matters, and words alone find it if one is left out';
    expect(findings.find((finding) => finding.claim === claim)).toMatchObject({
      holds: false,
      measured: '32 of 33 networks without a layer are found, at 3 sizes; not all at k = 4, |S| = 7',
    });
  });

  it('fail where one automaton in every way is wrong, uncertified, or too wide', () => {
    const failed = (change: Partial<WayResult>): string[] => {
      const changed = soundWays.map((one, index) => (index === 1 ? { ...one, ...change } : one));
      return drawTheorem32({ sizes: all, ways: changed })
        .findings.filter(({ holds, check }) => holds !== true && check === true)
        .map(({ claim }) => claim);
    };
    expect(failed({})).toEqual([]);
    const wrong = { ...right, mismatches: 1 };
    expect(failed({ compared: wrong })).toEqual([
      'One automaton in 5 ways: every read-out is the set of reachable states after every prefix',
    ]);
    expect(failed({ certified: false })).toEqual([
      'One automaton in 5 ways: certified for every word within the bounds',
    ]);
    expect(failed({ width: 81 })).toEqual([expect.stringMatching(/^A carried set and spread columns/)]);
  });

  it('name the first prefix that is wrong', () => {
    const wrong = { ...right, mismatches: 2, first: { word: ['a', 'b', ';'], prefix: 2 } };
    const { findings } = drawTheorem32({
      ways: soundWays,
      sizes: all.map((size) => ({ ...size, bipe: { ...size.bipe, compared: wrong } })),
    });
    expect(
      findings.find(({ claim }) => claim.startsWith('Bilevel positions: the read-out'))?.measured,
    ).toMatch(/^6 of 150 prefixes of 15 words are wrong; the first after 2 symbols of a b ;; after /);
  });

  it('give the counts that they are about', () => {
    const sum = (of: (size: SizeResult) => number): string =>
      cells.integer(sizes.reduce((total, size) => total + of(size), 0));
    const share = (kind: Kind, of: (sets: KindResult['sets']) => number): string =>
      formatPercent(sizes.reduce((total, size) => total + of(size[kind].sets), 0) / 3000);
    const said = new Map(drawing.findings.map(({ claim, measured }) => [claim.split(':')[0], measured]));
    expect(said.get('Definition')).toBe(
      `${sum(({ definition }) => definition.mismatches)} of ${sum(({ definition }) => definition.prefixes)} prefixes differ`,
    );
    for (const [kind, name] of kinds) {
      const own = drawing.findings.filter(({ claim }) => claim.startsWith(`${name}:`));
      expect(own.map(({ measured }) => measured)).toEqual([
        `${sum((size) => size[kind].compared.mismatches)} of ${sum((size) => size[kind].compared.prefixes)} prefixes of ${sum((size) => size[kind].compared.words)} words are wrong; after ${share(kind, ({ empty }) => empty)} of them no state is reachable (words that end at their first symbol), after ${share(kind, ({ full }) => full)} all are; ${share(kind, ({ changes }) => changes)} differ from the set before`,
        `33 of 33 networks without a layer are found, at 3 sizes${kind === 'ape' ? ' (of more than 9 states those for 64 symbols, of ReLU)' : ''}`,
        'certificates of 3 of 3 sizes hold',
        expect.stringMatching(
          new RegExp(`^fitted power ${fitted(kind).exponent.toFixed(2).replace('.', '\\.')};`),
        ),
      ]);
    }
    const [best] = [...sizes].sort((a, b) => b.ape.width / b.bipe.width - a.ape.width / a.bipe.width);
    if (best === undefined) throw new Error('no size');
    expect(
      said.get(
        'The bilevel construction is narrower than the flattened one, the more so where both levels are larger',
      ),
    ).toBe(
      `at ${label(best)} the width is ${cells.integer(best.bipe.width)} instead of ${cells.integer(best.ape.width)}, ${(best.ape.width / best.bipe.width).toFixed(1)} times less`,
    );
    const times = sizes.map(({ bipe, compact }) => compact.width / bipe.width);
    const bought = drawing.findings.find(({ claim }) => claim.startsWith('Over the compact construction'));
    expect(bought?.measured).toBe(
      `widths ${Math.min(...times).toFixed(1)} to ${Math.max(...times).toFixed(1)} times less; at ${label(best)} the width is ${cells.integer(best.bipe.width)} instead of ${cells.integer(best.compact.width)}, blocks are ${cells.integer(best.bipe.feedForwardBlocks)} instead of ${cells.integer(best.compact.feedForwardBlocks)}, layers ${cells.integer(best.bipe.depth)} instead of ${cells.integer(best.compact.depth)}`,
    );
  });
});
