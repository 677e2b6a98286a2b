// Axes, and the words of the text under the pointer: both as the quantity says it, whose table
// column has the same title, unit and format.

import { logAxis } from './log-axis';
import { type AxisSpec, type PlotlyObject } from './spec';
import { formatCell, headerOf, type Quantity } from './tables';

/** Axes that several figures need. */
export const axes = {
  /** Counts: 1k, 10k, 100k; logarithmic on request. */
  count: (title: string, scale: 'linear' | 'log' = 'linear'): AxisSpec => ({
    title,
    type: scale,
    tickformat: '~s',
    ...(scale === 'log' ? { dtick: 1 } : { rangemode: 'tozero' }),
  }),
  /** Shares from 0 to 1, shown in per cent. */
  share: (title: string): AxisSpec => ({ title, tickformat: '.0%', range: [0, 1.02] }),
} as const;

/** The axis of a quantity: shares in per cent from 0 to 1, counts from 0. */
export function axisOf(quantity: Quantity, further: PlotlyObject = {}): AxisSpec {
  const title = headerOf(quantity);
  const { format } = quantity;
  const axis =
    format === 'percent' ? axes.share(title) : format === 'integer' ? axes.count(title) : { title };
  return { ...axis, ...further };
}

/** A logarithmic axis of a quantity for these values. */
export function logAxisOf(quantity: Quantity, values: readonly number[]): AxisSpec {
  return logAxis(headerOf(quantity), values);
}

/** An axis of few values, each a step of a logarithmic axis with its label. */
export function stepsAxisOf(
  quantity: Quantity,
  values: readonly number[],
  further: PlotlyObject = {},
): AxisSpec {
  return {
    title: headerOf(quantity),
    type: 'log',
    tickvals: [...values],
    ticktext: values.map((value) => formatCell(value, quantity.format)),
    ...further,
  };
}

/** A quantity in a sentence: `Hidden size` as `hidden size`, `F1` as it is. */
export function inWords({ label }: Quantity): string {
  return /^\p{Lu}\p{Ll}/u.test(label) ? label.charAt(0).toLowerCase() + label.slice(1) : label;
}

/** A value with its unit: `45.2 %`. */
export function valueInWords(value: number, { format, unit }: Quantity): string {
  const text = formatCell(value, format);
  return unit === undefined ? text : `${text} ${unit}`;
}

/**
 * The text under the pointer of a curve without words of its own: both quantities by their names.
 */
export function pointerOf(x: Quantity, y: Quantity): string {
  return `${inWords(x)} %{x:${digitsOf(x)}}: ${heightOf(y)}`;
}

/** The part of such a text that says how high a point is. */
export function heightOf(y: Quantity): string {
  return `${inWords(y)} %{y:${digitsOf(y)}}`;
}

/** d3's format of a quantity, as plotly takes it. */
function digitsOf({ format = 'scientific' }: Quantity): string {
  const formats: Readonly<Record<string, string>> = { integer: ',d', percent: '.1%', scientific: '.3g' };
  return formats[format] ?? `,.${format.at(-1) ?? ''}f`;
}
