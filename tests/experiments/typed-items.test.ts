// What is wrong in a cell is found before it runs. The type check of `npm test` reads this file:
// where one of these lines were no error, it would say so.

import { expect, expectTypeOf, it } from 'vitest';
import { type items } from '../../lib/experiments/registry';
import { type ReproduceOptions } from '../../lib/experiments/reproduce';
import { plot } from '../../lib/report/plot';

type SettingsOf<Item> = Item extends { execute(options: infer Options): unknown }
  ? Options extends { readonly settings?: Partial<infer Settings> }
    ? Settings
    : never
  : never;
type RowOf<Item> = Item extends {
  execute(options: never): Promise<{ readonly rows: readonly (infer Row)[] }>;
}
  ? Row
  : never;

const options = <Item>(given: ReproduceOptions<SettingsOf<Item> & object>): unknown => given;

it('names of settings, presets and columns that are none are type errors', () => {
  options<typeof items.fig3>({ preset: 'quick', settings: { seeds: [1], hiddenSizes: [16] } });
  // @ts-expect-error a field that Figure 3 does not have
  options<typeof items.fig3>({ settings: { seed: [1] } });
  // @ts-expect-error a value of another kind
  options<typeof items.fig3>({ settings: { seeds: 1 } });
  // @ts-expect-error a preset that is none
  options<typeof items.fig3>({ preset: 'quik' });
  expectTypeOf<RowOf<typeof items.fig4>>().toHaveProperty('perplexity').toBeNumber();
  expectTypeOf<RowOf<typeof items.fig5>>().toHaveProperty('scaling').toBeString();
  const rows: readonly RowOf<typeof items.fig3>[] = [];
  // @ts-expect-error a column that the rows do not have
  expect(() => plot(rows, { x: 'operators', y: 'acuracy' })).toThrow();
});
