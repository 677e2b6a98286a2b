// A choice of several: boxes to tick, and the values that ticks stand for.

import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ConfigError } from '../../../lib/base/errors';
import { several } from '../../../lib/report/widgets/several';
import { inFakeNotebook } from '../../support/widgets';
import { boxesOf } from '../../support/ticks';

it('is a caption and a box for each option, beside each other in as many lines as they need', () =>
  inFakeNotebook(({ latest, models, shown }) => {
    const control = several({ One: 1, Two: 2, Three: 3 }, { value: [3, 1], label: 'x' });
    expect(models).toEqual([]);
    control.show();
    const box = latest('HBox');
    expect(shown[0]?.['application/vnd.jupyter.widget-view+json']).toMatchObject({ model_id: box.id });
    const children = [latest('Label'), ...boxesOf({ models }, 'x')];
    expect(box.state['children']).toEqual(children.map(({ id }) => `IPY_MODEL_${id}`));
    expect(children.map(({ state }) => [state['description'], state['value']])).toEqual([
      ['', 'x'],
      ['One', true],
      ['Two', false],
      ['Three', true],
    ]);
    const layout = models.find(({ id }) => `IPY_MODEL_${id}` === box.state['layout']);
    expect(layout?.state).toMatchObject({ flex_flow: 'row wrap' });
  }));

it('has after any ticks the values that are ticked, in the order of the options', () => {
  const cases = fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 12 }).chain((options) =>
    fc.record({
      options: fc.constant(options),
      first: fc.subarray(options),
      moves: fc.array(fc.record({ place: fc.nat(options.length - 1), value: fc.boolean() })),
    }),
  );
  const property = fc.asyncProperty(cases, ({ options, first, moves }) =>
    inFakeNotebook(async ({ models }) => {
      const control = several(options, { value: first.toReversed() }).name('x');
      expect(control.value).toEqual(first);
      const heard: unknown[] = [];
      control.onChange((value) => heard.push(value));
      control.show();
      const ticked = new Set(first);
      const expected = moves.map(({ place, value }) => {
        const option = options[place] ?? '';
        if (value) ticked.add(option);
        else ticked.delete(option);
        return options.filter((name) => ticked.has(name));
      });
      for (const { place, value } of moves) await boxesOf({ models }, 'x')[place]?.move({ value });
      expect(heard).toEqual(expected);
      expect(control.value).toEqual(expected.at(-1) ?? first);
    }),
  );
  return fc.assert(property, { numRuns: 50 });
});

it('is set by code, before and after it opens, without telling anybody', () =>
  inFakeNotebook(({ models }) => {
    const control = several(['a', 'b', 'c'], { label: 'x' });
    control.onChange(() => expect.unreachable('nobody moved it'));
    control.value = ['b'];
    control.show();
    const ticks = (): unknown[] => boxesOf({ models }, 'x').map(({ state }) => state['value']);
    expect(ticks()).toEqual([false, true, false]);
    control.value = ['c', 'a'];
    expect(ticks()).toEqual([true, false, true]);
    expect(control.value).toEqual(['a', 'c']);
    expect(() => {
      control.value = ['d' as 'a'];
    }).toThrow('d is not among the options: a, b, c');
  }));

it('has its value where there is no notebook: by default all', () => {
  const control = several([1, 2, 3]);
  control.show();
  expect(control.value).toEqual([1, 2, 3]);
});

it.each([
  ['nothing to choose', () => several([]), 'a choice without options'],
  ['no such options', () => several([1, 2], { value: [1, 5] }), '5 is not among the options: 1, 2'],
])('%s is refused by name', (_, make: () => unknown, message) => {
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(message);
});
