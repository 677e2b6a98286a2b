// Controls over results: what is left of rows and tables, against the same choices made by hand.

import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { plot } from '../../../lib/report/plot';
import { toHtml, type Table } from '../../../lib/report/tables';
import { explorePlot, exploreTable } from '../../../lib/report/widgets/explore';
import { boxesOf } from '../../support/ticks';
import { type FakeNotebook, inFakeNotebook } from '../../support/widgets';

vi.mock('../../../lib/report/export/stills', () => ({ stillFigure: () => Promise.resolve('<svg/>') }));

type Outputs = readonly {
  readonly figure?: { readonly data: unknown };
  readonly text?: string;
  readonly html?: string;
}[];
const outputsOf = ({ latest }: FakeNotebook): Outputs => latest('Any').state['outputs'] as Outputs;

/** The control of a name. */
function controlOf({ models }: FakeNotebook, name: string): FakeNotebook['models'][number] {
  const found = models.findLast(({ state }) => state['description'] === name);
  if (found === undefined) throw new Error(`no control ${name}`);
  return found;
}

describe('rows to explore', () => {
  const rows = ['rope', 'alibi', 'none'].flatMap((encoding, place) =>
    [1, 2].flatMap((seed) =>
      [256, 512, 1024].map((length) => ({ encoding, seed, length, perplexity: 10 * place + seed + length })),
    ),
  );
  const options = { x: 'length', y: 'perplexity', color: 'encoding', log: 'xy' } as const;

  it('are drawn as `plot` draws those that are chosen', () => {
    const choices = fc.record({
      encodings: fc.subarray(['rope', 'alibi', 'none'], { minLength: 1 }),
      seeds: fc.subarray([1, 2], { minLength: 1 }),
      upTo: fc.constantFrom(512, 1024),
      isLog: fc.boolean(),
    });
    const property = fc.asyncProperty(choices, ({ encodings, seeds, upTo, isLog }) =>
      inFakeNotebook(async (notebook) => {
        await explorePlot(rows, { ...options, filters: ['encoding', 'seed'] });
        const figureOf = (drawn: typeof rows, log: 'x' | 'xy'): unknown => {
          const { data } = plot(drawn, { ...options, log });
          return JSON.parse(JSON.stringify(data));
        };
        expect(outputsOf(notebook)[0]?.figure?.data).toMatchObject(figureOf(rows, 'xy') as object);
        const all = { encoding: ['rope', 'alibi', 'none'], seed: [1, 2] };
        const chosenOf: Record<string, readonly unknown[]> = { encoding: encodings, seed: seeds };
        for (const [name, values] of Object.entries(all))
          for (const [place, box] of boxesOf(notebook, name).entries())
            await box.move({ value: chosenOf[name]?.includes(values[place]) });
        await controlOf(notebook, 'length up to').move({ index: [512, 1024].indexOf(upTo) });
        await controlOf(notebook, 'perplexity on a logarithmic axis').move({ value: isLog });
        const chosen = rows.filter(
          ({ encoding, seed, length }) =>
            encodings.includes(encoding) && seeds.includes(seed) && length <= upTo,
        );
        expect(outputsOf(notebook)[0]?.figure?.data).toMatchObject(
          figureOf(chosen, isLog ? 'xy' : 'x') as object,
        );
      }),
    );
    return fc.assert(property, { numRuns: 20 });
  });

  it('say that none is left, and come back', () =>
    inFakeNotebook(async (notebook) => {
      await explorePlot(rows, options);
      const boxes = boxesOf(notebook, 'encoding');
      for (const box of boxes) await box.move({ value: false });
      expect(outputsOf(notebook)[0]?.text).toContain('tick at least one value of each column');
      await boxes[1]?.move({ value: true });
      expect(outputsOf(notebook)[0]?.figure?.data).toHaveLength(1);
    }));

  it('have no control for a column of one value', () =>
    inFakeNotebook(async ({ models }) => {
      await explorePlot(
        rows.filter(({ encoding }) => encoding === 'rope'),
        { ...options, filters: ['encoding', 'seed'] },
      );
      expect(models.filter(({ state }) => state['_model_name'] === 'HBoxModel')).toHaveLength(2);
      expect(boxesOf({ models }, 'seed').map(({ state }) => state['description'])).toEqual(['1', '2']);
    }));
});

describe('a table to explore', () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.integer({ min: -5, max: 5 }),
    fc.constantFrom('a', 'b', 'White whale'),
  );
  const tableOf = (rows: Table['rows']): Table => ({
    id: 't',
    title: 'T',
    caption: '',
    columns: [
      { key: 'one', label: 'First' },
      { key: 'two', label: 'Second', format: 'fixed1' },
    ],
    rows,
  });
  const tables = fc.array(fc.record({ one: cell, two: cell }), { maxLength: 8 }).map(tableOf);
  const shown = (notebook: FakeNotebook): string => outputsOf(notebook)[0]?.html ?? '';

  it('is as given until a control moves', () =>
    fc.assert(
      fc.asyncProperty(tables, (table) =>
        inFakeNotebook(async (notebook) => {
          await exploreTable(table);
          expect(shown(notebook)).toContain(toHtml(table));
        }),
      ),
      { numRuns: 20 },
    ));

  it('is sorted with what is missing last, or reversed', () => {
    const rows = [3, null, 'b', -1, 'a', 3].map((one, two) => ({ one, two }));
    return inFakeNotebook(async (notebook) => {
      await exploreTable(tableOf(rows));
      await controlOf(notebook, 'sort by').move({ index: 1 });
      const sorted = [-1, 3, 3, 'a', 'b', null];
      const placeOf = [3, 0, 5, 4, 2, 1];
      const expected = sorted.map((one, place) => ({ one, two: placeOf[place] ?? NaN }));
      expect(shown(notebook)).toContain(toHtml(tableOf(expected)));
      await controlOf(notebook, 'largest first').move({ value: true });
      expect(shown(notebook)).toContain(toHtml(tableOf(expected.toReversed())));
    });
  });

  it('has only the rows with all the words, as they are written', () =>
    inFakeNotebook(async (notebook) => {
      const rows = [
        { one: 'White whale', two: 3 },
        { one: 'whale', two: 3.21 },
        { one: 'white', two: null },
      ];
      await exploreTable(tableOf(rows));
      for (const [words, left] of [
        ['WHALE white', [0]],
        ['whale 3.2', [1]],
        ['', [0, 1, 2]],
        ['3.0', [0]],
        ['none', []],
      ] as const) {
        await controlOf(notebook, 'containing').move({ value: words });
        expect(shown(notebook)).toContain(toHtml(tableOf(left.map((place) => rows[place] ?? {}))));
      }
    }));

  it('has only the rows that differ, where columns to compare were given', () =>
    inFakeNotebook(async (notebook) => {
      const rows = [
        { one: 1, two: 1 },
        { one: 1, two: 2 },
        { one: null, two: 2 },
      ];
      await exploreTable(tableOf(rows), { compare: ['one', 'two'] });
      await controlOf(notebook, 'only where they differ').move({ value: true });
      expect(shown(notebook)).toContain(toHtml(tableOf(rows.slice(1))));
      await exploreTable(tableOf(rows));
      expect(() =>
        controlOf({ ...notebook, models: notebook.models.slice(-8) }, 'only where they differ'),
      ).toThrow();
    }));

  it('refuses to compare what it has not', async () => {
    await expect(exploreTable(tableOf([]), { compare: ['three'] })).rejects.toThrow(
      'compare: the table has no column three; give some of one, two',
    );
  });
});
