// Controls above what follows them: what is drawn for which values, in place, and what is kept for
// readers without a kernel.

import fc from 'fast-check';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import { checkbox, choice, slider } from '../../../lib/report/widgets/controls';
import { interact } from '../../../lib/report/widgets/interact';
import { figures } from '../../../lib/index';
import { inFakeNotebook, type OpenedModel } from '../../support/widgets';

vi.mock('../../../lib/report/export/stills', () => ({
  stillFigure: ({ id }: { id: string }) => Promise.resolve(`<svg>${id}</svg>`),
}));

const outputsOf = (model: OpenedModel): unknown => model.state['outputs'];
const textOf = (text: string): unknown[] => [{ kind: 'text', text }];

const figure = figures.makeFigure({
  id: 'one',
  title: 'One <b>figure</b>',
  caption: 'A point.',
  alt: 'It is alone.',
  panels: [{ data: [{ x: [1], y: [2] }] }],
});

describe('what follows controls', () => {
  it('is drawn for the first values, with their names and types', () =>
    inFakeNotebook(async ({ latest, models }) => {
      const controls = { numHeads: slider(1, 8, { value: 3 }), as: choice(['a', 'b']), on: checkbox(true) };
      await interact(controls, (values) => {
        expectTypeOf(values).toEqualTypeOf<{
          readonly numHeads: number;
          readonly as: 'a' | 'b';
          readonly on: boolean;
        }>();
        return Object.entries(values);
      });
      expect(outputsOf(latest('Any'))).toEqual(
        textOf("[ [ 'numHeads', 3 ], [ 'as', 'a' ], [ 'on', true ] ]"),
      );
      expect(latest('IntSlider').state['description']).toBe('num heads');
      const children = latest('VBox').state['children'] as string[];
      expect(children.at(-1)).toBe(`IPY_MODEL_${latest('Any').id}`);
      expect(models.filter(({ state }) => state['_model_name'] === 'AnyModel')).toHaveLength(1);
    }));

  it('shows after any moves, however fast, what the work says of the last values', async () => {
    const moves = fc.array(fc.record({ value: fc.nat(9), waits: fc.boolean() }), { minLength: 1 });
    const property = fc.asyncProperty(fc.scheduler(), moves, (scheduler, moves) =>
      inFakeNotebook(async ({ latest }) => {
        let isFirst = true;
        const control = slider(0, 9);
        await interact({ value: control }, async ({ value }) => {
          if (!isFirst) await scheduler.schedule(Promise.resolve());
          isFirst = false;
          return value;
        });
        const moving: Promise<void>[] = [];
        for (const { value, waits } of moves) {
          moving.push(latest('IntSlider').move({ value }));
          if (waits) await scheduler.waitIdle();
        }
        await scheduler.waitIdle();
        await Promise.all(moving);
        expect(outputsOf(latest('Any'))).toEqual(textOf(`${control.value}`));
      }),
    );
    await fc.assert(property, { numRuns: 50 });
  });

  it('is a figure that stays one, its caption, a table, prints and a value, in order', () =>
    inFakeNotebook(async ({ latest, print }) => {
      const table = {
        id: 't',
        title: 'T',
        caption: '',
        columns: [{ key: 'a', label: 'A' }],
        rows: [{ a: 7 }],
      };
      await interact({ what: choice(['figure', 'table', 'nothing']) }, ({ what }) => {
        print('first ');
        print('words\n');
        return { figure, table, nothing: undefined }[what];
      });
      const view = latest('Any');
      expect(outputsOf(view)).toMatchObject([
        { kind: 'text', text: 'first words\n' },
        { kind: 'figure', label: 'One figure. It is alone.', figure: { data: [{ x: [1], y: [2] }] } },
        { kind: 'html', html: expect.stringContaining('A point.') as string },
      ]);
      await latest('ToggleButtons').move({ index: 1 });
      expect(outputsOf(view)).toMatchObject([{ kind: 'text' }, { kind: 'html' }]);
      expect(JSON.stringify(outputsOf(view))).toContain('7');
      await latest('ToggleButtons').move({ index: 2 });
      expect(outputsOf(view)).toEqual(textOf('first words\n'));
    }));

  it('says what was thrown, after what was printed, and recovers', () =>
    inFakeNotebook(async ({ latest, print }) => {
      await interact({ value: slider(0, 3) }, ({ value }) => {
        print(`value ${value}\n`);
        if (value === 2) throw new Error('two');
      });
      await latest('IntSlider').move({ value: 2 });
      expect(outputsOf(latest('Any'))).toEqual([
        { kind: 'text', text: 'value 2\n' },
        { kind: 'text', text: 'told: Error: two', isError: true },
      ]);
      await latest('IntSlider').move({ value: 3 });
      expect(outputsOf(latest('Any'))).toEqual(textOf('value 3\n'));
    }));

  it('fails the cell where the first values fail, and shows no controls', () =>
    inFakeNotebook(async ({ models, shown }) => {
      const failing = interact({ value: slider(0, 3) }, () => {
        throw new Error('at once');
      });
      await expect(failing).rejects.toThrow('at once');
      expect([models, shown]).toEqual([[], []]);
    }));

  it('leaves a still picture of its first values for readers without a kernel', () =>
    inFakeNotebook(async ({ latest, later, shown, print }) => {
      await interact({ value: slider(0, 3) }, ({ value }) => {
        print(`<${value}>`);
        return figure;
      });
      await latest('IntSlider').move({ value: 2 });
      expect(shown).toHaveLength(2);
      const [twin] = await Promise.all(later.map((make) => make()));
      expect(twin?.['text/plain']).toBe('<0>\nOne figure. It is alone.');
      const html = String(twin?.['text/html']);
      expect(html).toContain('<pre>&lt;0&gt;</pre>');
      expect(html).toContain(`src="data:image/svg+xml;base64,${btoa('<svg>one</svg>')}"`);
      expect(html).toContain('alt="One figure. It is alone."');
      expect(html).toContain('A point.');
    }));

  it('has plotly from the kernel when its page asks', () =>
    inFakeNotebook(async ({ latest }) => {
      await interact({ value: slider(0, 3) }, () => figure);
      const view = latest('Any');
      await view.say({ kind: 'other' });
      expect(view.sent).toEqual([]);
      await view.say({ kind: 'plotly' });
      expect(view.sent).toEqual([{ content: { kind: 'plotly' }, bytes: expect.any(Number) as number }]);
      expect(view.sent[0]?.bytes).toBeGreaterThan(1_000_000);
    }));

  it('follows a click on a point of a figure, and so do the controls that it stands for', () =>
    inFakeNotebook(async ({ latest }) => {
      const controls = { row: slider(0, 9), other: slider(0, 1, { step: 0.5 }) };
      const seen: unknown[] = [];
      await interact(
        controls,
        (values) => {
          seen.push(values);
          return figure;
        },
        { clicked: ({ x, y, panel }) => ({ row: Number(panel === 2 ? y : x) }) },
      );
      await latest('Any').say({ kind: 'click', point: { x: 3, y: 7, panel: 1 } });
      await latest('Any').say({ kind: 'click', point: { x: 3, y: 7, panel: 2 } });
      expect(seen).toEqual([
        { row: 0, other: 0 },
        { row: 3, other: 0 },
        { row: 7, other: 0 },
      ]);
      expect(latest('IntSlider').state['value']).toBe(7);
    }));

  it('happens once where there is no notebook', async () => {
    const seen: number[] = [];
    await interact({ value: slider(0, 3, { value: 2 }) }, ({ value }) => seen.push(value));
    expect(seen).toEqual([2]);
  });
});
