// danfo's data frames, loaded when they are needed, with two of their faults mended for every frame
// of the process: a column may have the name of one of their members, and sorting puts what is
// missing last.

import { createRequire } from 'node:module';
import type * as danfo from 'danfojs-node';

type Danfo = typeof danfo;

/** The members of a frame or a series used here; danfo declares some of them private. */
interface Sortable {
  readonly values: readonly unknown[];
  copy(): this;
  $setValues(values: unknown): void;
  $setIndex(index: unknown): void;
}
interface Series extends Sortable {
  iloc(rows: readonly number[]): this;
}
interface Frame extends Sortable {
  readonly columns: readonly string[];
  column(name: string): Series;
  iloc(places: { readonly rows: readonly number[] }): this;
}

interface SortOptions {
  readonly ascending?: boolean;
  readonly inplace?: boolean;
}

let mended: Danfo | undefined;

/**
 * danfo. Required: what a stopped cell has half loaded is required anew, but Node.js imports it no
 * second time.
 */
export function loadDanfo(): Promise<Danfo> {
  mended ??= mend(createRequire(__filename)('danfojs-node') as Danfo);
  return Promise.resolve(mended);
}

function mend(loaded: Danfo): Danfo {
  const frames = ownerOf('$setInternalColumnDataProperty', loaded.DataFrame.prototype);
  const defineColumn = frames['$setInternalColumnDataProperty'] as (this: Frame, column: string) => void;
  Object.assign(frames, {
    // A column that would hide a member of the frame (`columns`, `mean`) is reached by
    // `frame.column(name)` alone.
    $setInternalColumnDataProperty(this: Frame, column?: string) {
      const added = column === undefined ? this.columns : [column];
      for (const name of added) if (!(name in this)) defineColumn.call(this, name);
    },
    sortValues(this: Frame, column: string, options: SortOptions = {}) {
      if (!this.columns.includes(column))
        throw new Error(`ParamError: specified column "${column}" not found in columns`);
      const order = sortedPlaces(this.column(column).values, options);
      return settle(this, order.length === 0 ? this.copy() : this.iloc({ rows: order }), options);
    },
  });
  Object.assign(ownerOf('sortValues', loaded.Series.prototype), {
    sortValues(this: Series, options: SortOptions = {}) {
      const order = sortedPlaces(this.values, options);
      return settle(this, order.length === 0 ? this.copy() : this.iloc(order), options);
    },
  });
  return loaded;
}

/**
 * The prototype that has the member itself: danfo's own frames are made of a class above the one
 * that it exports.
 */
function ownerOf(member: string, prototype: object): Record<string, unknown> {
  const above = Object.getPrototypeOf(prototype) as object | null;
  if (Object.hasOwn(prototype, member)) return prototype as Record<string, unknown>;
  if (above === null) throw new Error(`danfo has no ${member}`);
  return ownerOf(member, above);
}

/** Gives what was sorted, or puts it in the place of what it was made of. */
function settle<Own extends Sortable & { readonly index?: unknown }>(
  own: Own,
  sorted: Own,
  { inplace = false }: SortOptions,
): Own | undefined {
  if (!inplace) return sorted;
  own.$setValues(sorted.values);
  own.$setIndex(sorted.index);
  return undefined;
}

/** True for a cell that says nothing: null, undefined or NaN. */
export const isMissing = (value: unknown): boolean =>
  value === null || value === undefined || (typeof value === 'number' && Number.isNaN(value));

/**
 * The places of values in their order, equal ones in the order in which they stand; what is missing
 * is last both ways.
 */
function sortedPlaces(values: readonly unknown[], { ascending = true }: SortOptions): number[] {
  const places = values.map((_, place) => place);
  const known = places.filter((place) => !isMissing(values[place]));
  const sign = ascending ? 1 : -1;
  known.sort((a, b) => sign * compare(values[a], values[b]));
  return [...known, ...places.filter((place) => isMissing(values[place]))];
}

/** Texts without regard to case, as danfo compares them; all else as numbers. */
function compare(a: unknown, b: unknown): number {
  if (typeof a !== 'string' || typeof b !== 'string') return Number(a) - Number(b);
  const [first, second] = [a.toUpperCase(), b.toUpperCase()];
  return first < second ? -1 : first > second ? 1 : 0;
}
