// Controls: what a browser is told, and the values that its changes stand for.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../../lib/base/errors';
import { column, row, tabs } from '../../../lib/report/widgets/boxes';
import {
  button,
  checkbox,
  choice,
  type Control,
  logSlider,
  slider,
  text,
} from '../../../lib/report/widgets/controls';
import { inFakeNotebook, type OpenedModel } from '../../support/widgets';

/** Every kind of control: how its model is called, a value, and how the browser says another. */
const kinds: readonly {
  readonly name: string;
  readonly make: () => Control<unknown>;
  readonly value: unknown;
  readonly state: Record<string, unknown>;
  readonly moves: readonly (readonly [changed: Record<string, unknown>, value: unknown])[];
}[] = [
  {
    name: 'IntSlider',
    make: () => slider(2, 9, { value: 4, label: 'x' }),
    value: 4,
    state: { min: 2, max: 9, step: 1, value: 4, readout_format: 'd' },
    moves: [[{ value: 7 }, 7]],
  },
  {
    name: 'FloatSlider',
    make: () => slider(0, 0.5, { label: 'x' }),
    value: 0,
    state: { min: 0, max: 0.5, step: 0.005, value: 0, readout_format: '.3~g' },
    moves: [[{ value: 0.25 }, 0.25]],
  },
  {
    name: 'FloatLogSlider',
    make: () => logSlider(1e-3, 10, { value: 1, label: 'x' }),
    value: 1,
    state: { base: 10, min: -3, max: 1, step: 0.1, value: 1 },
    moves: [[{ value: 0.01 }, 0.01]],
  },
  {
    name: 'ToggleButtons',
    make: () => choice(['a', 'b', 'c'], { value: 'b', label: 'x' }),
    value: 'b',
    state: { _options_labels: ['a', 'b', 'c'], index: 1 },
    moves: [
      [{ index: 2 }, 'c'],
      [{ index: 0 }, 'a'],
    ],
  },
  {
    name: 'Dropdown',
    make: () => choice({ One: 1, Two: 2 }, { label: 'x', as: 'list' }),
    value: 1,
    state: { _options_labels: ['One', 'Two'], index: 0 },
    moves: [[{ index: 1 }, 2]],
  },
  {
    name: 'Checkbox',
    make: () => checkbox(true, { label: 'x' }),
    value: true,
    state: { value: true },
    moves: [[{ value: false }, false]],
  },
  {
    name: 'Text',
    make: () => text('Call me', { label: 'x', placeholder: 'p' }),
    value: 'Call me',
    state: { value: 'Call me', placeholder: 'p', continuous_update: true },
    moves: [[{ value: '' }, '']],
  },
  {
    name: 'Textarea',
    make: () => text('a', { label: 'x', rows: 3 }),
    value: 'a',
    state: { value: 'a', rows: 3 },
    moves: [[{ value: 'b\nc' }, 'b\nc']],
  },
];

describe.each(kinds)('$name', ({ name, make, value, state, moves }) => {
  it('opens with its value and its name, and takes what the reader chooses', () =>
    inFakeNotebook(async ({ latest, models, shown }) => {
      const control = make();
      expect(control.value).toEqual(value);
      const heard: unknown[] = [];
      control.onChange((to) => heard.push(to));
      expect(models).toEqual([]);
      control.show();
      const model = latest(name);
      expect(model.state).toMatchObject({ ...state, description: 'x', disabled: false });
      expect(shown.map((bundle) => bundle['application/vnd.jupyter.widget-view+json'])).toEqual([
        { version_major: 2, version_minor: 0, model_id: model.id },
      ]);
      for (const [changed, to] of moves) {
        await model.move(changed);
        expect(control.value).toEqual(to);
      }
      await model.move({ unrelated: 1 });
      expect(heard).toEqual(moves.map(([, to]) => to));
    }));

  it('is set by code, before and after it opens, without telling anybody', () =>
    inFakeNotebook(({ latest }) => {
      const [[changed, other] = [{}, undefined]] = moves;
      const control = make();
      control.onChange(() => expect.unreachable('nobody moved it'));
      control.value = other;
      control.show();
      expect(latest(name).state).toMatchObject(changed);
      control.value = value;
      expect(latest(name).state).toMatchObject(
        Object.fromEntries(Object.keys(changed).map((key) => [key, state[key]])),
      );
    }));

  it('has its value where there is no notebook', () => {
    const control = make();
    control.show();
    expect(control.value).toEqual(value);
  });
});

it('a choice of random options returns each by its place', async () => {
  const property = fc.asyncProperty(fc.uniqueArray(fc.string(), { minLength: 1 }), (options) =>
    inFakeNotebook(async ({ latest }) => {
      const control = choice(options);
      control.show();
      const model = latest(options.length > 4 ? 'Dropdown' : 'ToggleButtons');
      for (const [index, option] of options.entries()) {
        await model.move({ index });
        expect(control.value).toBe(option);
      }
    }),
  );
  await fc.assert(property, { numRuns: 30 });
});

it.each([
  ['an empty range', () => slider(3, 3), 'a slider from 3 to 3: the first must be smaller'],
  ['a value outside', () => slider(0, 3, { value: 4 }), 'a slider from 0 to 3 cannot stand at 4'],
  ['no step', () => slider(0, 1, { step: 0 }), "a slider's step is 0; it must be above 0"],
  ['parts that play', () => slider(0, 0.5, { playEvery: 1 }), 'only a slider over whole numbers can play'],
  ['a logarithm of 0', () => logSlider(0, 1), 'a logarithmic slider begins at 0; it must be above 0'],
  ['nothing to choose', () => choice([]), 'a choice without options'],
  ['no such option', () => choice({ a: 1 }, { value: 2 }), '2 is not among the options: a'],
])('%s is refused by name', (_, make: () => unknown, message) => {
  expect(make).toThrow(ConfigError);
  expect(make).toThrow(message);
});

it('a slider that plays has a player whose value is its own', () =>
  inFakeNotebook(({ latest }) => {
    const control = slider(1, 5, { value: 2, playEvery: 250 });
    column(control, control.player() ?? control).show();
    const [own, player, link] = ['IntSlider', 'Play', 'Link'].map(latest);
    expect(player?.state).toMatchObject({ min: 1, max: 5, step: 1, value: 2, interval: 250 });
    expect([link?.state['source'], link?.state['target']]).toEqual([
      [referenceTo(player), 'value'],
      [referenceTo(own), 'value'],
    ]);
    expect(slider(1, 5).player()).toBeUndefined();
  }));

const referenceTo = (model: OpenedModel | undefined): string => `IPY_MODEL_${model?.id ?? ''}`;

it('a button acts once a click, and cannot be pressed meanwhile', () =>
  inFakeNotebook(async ({ latest }) => {
    const seen: unknown[] = [];
    button('Go', async () => {
      await Promise.resolve();
      seen.push(latest('Button').state['disabled']);
    }).show();
    const model = latest('Button');
    expect(model.state).toMatchObject({ description: 'Go', disabled: false });
    await model.say({ event: 'click' });
    await model.say({ event: 'other' });
    expect(seen).toEqual([true]);
    expect(model.state['disabled']).toBe(false);
  }));

it('a button whose action fails can be pressed again', () =>
  inFakeNotebook(async ({ latest }) => {
    button('Go', () => {
      throw new Error('no');
    }).show();
    await expect(latest('Button').say({ event: 'click' })).rejects.toThrow('no');
    expect(latest('Button').state['disabled']).toBe(false);
  }));

it('boxes hold what was given, in order', () =>
  inFakeNotebook(({ latest }) => {
    const parts = [checkbox(true), text('a')] as const;
    tabs({ One: row(...parts), Two: column(slider(0, 1)) }).show();
    const children = ['Checkbox', 'Text'].map((name) => referenceTo(latest(name)));
    expect(latest('HBox').state['children']).toEqual(children);
    expect(latest('VBox').state['children']).toEqual([referenceTo(latest('IntSlider'))]);
    expect(latest('Tab').state).toMatchObject({
      children: [referenceTo(latest('HBox')), referenceTo(latest('VBox'))],
      titles: ['One', 'Two'],
    });
  }));
