// A drawing as text: titles, captions, axes, legends, labels and findings. Points, cells and rows
// are left out; they are compared with the results that they come from. The text of each drawing is
// kept beside its test, so that no word, unit, tick or line changes unseen. After an intended
// change `npx vitest run tests/experiments -u` writes the texts again; their diff is what readers
// will see.

import { expect } from 'vitest';
import { type Drawing } from '../../lib/experiments/run/report';
import { type Figure } from '../../lib/report/figure';
import { type Table } from '../../lib/report/tables';
import { tidy } from './read-figure';

type Attributes = Readonly<Record<string, unknown>>;

interface Trace {
  readonly type: string;
  readonly mode?: string;
  readonly name?: string;
  readonly showlegend?: boolean;
  readonly xaxis?: string;
  readonly hovertemplate?: string;
}

interface Shape {
  readonly type: string;
  readonly line?: { readonly dash?: string };
  readonly xref: string;
  readonly yref: string;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

interface Label {
  readonly text: string;
  readonly xref: string;
  readonly yref: string;
  readonly x: number | string;
  readonly y: number | string;
  readonly xanchor?: string;
  readonly yanchor?: string;
}

interface Slider {
  readonly currentvalue: { readonly prefix: string };
  readonly active: number;
  readonly steps: readonly {
    readonly label: string;
    readonly args: readonly [unknown, Readonly<Record<string, string>>];
  }[];
}

/**
 * Expects what a drawing says to be the text that is kept as `pages/<name>.txt` beside the test.
 */
export async function expectPage(name: string, drawing: Partial<Drawing>): Promise<void> {
  await expectText(name, pageOf(drawing));
}

/** Expects the text that is kept as `pages/<name>.txt` beside the test. */
export async function expectText(name: string, text: string): Promise<void> {
  await expect(text).toMatchFileSnapshot(`pages/${name}.txt`);
}

/** Everything that a drawing says. */
export function pageOf({ figures = [], tables = [], findings = [] }: Partial<Drawing>): string {
  const parts = [
    ...figures.map(figureText),
    ...tables.map(tableText),
    findings.map(({ claim, measured, check = false }) =>
      [`${check ? 'Check' : 'Claim'}: ${claim}`, `  Measured: ${withoutNumbers(measured)}`].join('\n'),
    ),
  ];
  return `${parts.flatMap((lines) => (lines.length === 0 ? [] : lines.join('\n'))).join('\n\n')}\n`;
}

function figureText({ id, title, caption, alt, layout, data }: Figure): string[] {
  const { title: head, height, width, showlegend, shapes, annotations, sliders, ...others } = layout;
  const axes = Object.entries(others).filter(([key]) => /^[xy]axis\d*$/.test(key));
  const further = Object.entries(others).filter(
    ([key]) => !/^[xy]axis\d*$/.test(key) && !['template', 'legend', 'margin'].includes(key),
  );
  return [
    `Figure ${id}, ${String(width)} x ${String(height)} px: ${title}`,
    `  Head: ${(head as { text: string }).text.replaceAll('<br>', ' | ').replace(/<\/?(?:b|span)[^>]*>/g, '')}`,
    `  Caption: ${caption}`,
    `  Alt: ${alt}`,
    ...axes.map(([key, axis]) => `  ${key}: ${axisText(axis as Attributes)}`),
    ...(showlegend === false ? ['  No legend'] : []),
    ...data
      .filter(({ visible }) => visible !== false)
      .map((trace) => `  ${traceText(trace as unknown as Trace)}`),
    ...(shapes as readonly Shape[]).map((shape) => `  ${shapeText(shape)}`),
    // What has its place on the whole figure is the line below a slider.
    ...(annotations as readonly Label[])
      .filter(({ xref }) => xref !== 'paper')
      .map((label) => `  ${labelText(label)}`),
    ...((sliders as readonly Slider[] | undefined) ?? []).flatMap(sliderText),
    ...further.map(([key, value]) => `  ${key}: ${json(value)}`),
  ];
}

function axisText({ title, tickvals, ticktext, ...others }: Attributes): string {
  const further = Object.entries(others).filter(([key]) => key !== 'domain' && key !== 'anchor');
  const labels = ticktext as readonly string[] | undefined;
  const ticks = (tickvals as readonly number[] | undefined)?.map((value, index) => {
    const label = labels?.[index] ?? String(value);
    return label === String(value) ? label : `${value} as "${label}"`;
  });
  const { text } = title as { text: string };
  return [
    ...(text === '' ? [] : [`"${text}"`]),
    ...listed(Object.fromEntries(further)),
    ...(ticks === undefined ? [] : [`ticks ${ticks.join(', ')}`]),
  ].join('; ');
}

/**
 * A curve, bars or cells: how they are drawn, whether the legend has them, and what the pointer
 * shows.
 */
function traceText({ type, mode, name, showlegend, xaxis = 'x', hovertemplate, ...look }: Trace): string {
  return [
    `${type} in ${xaxis}`,
    ...(mode === undefined ? [] : [mode]),
    ...(name === undefined ? [] : [`${name}${showlegend === false ? '' : ' (in the legend)'}`]),
    ...(hovertemplate === undefined ? [] : [`pointer: ${hovertemplate}`]),
    ...listed(lookOf(look, traceData)),
  ].join('; ');
}

/** What a trace has of the result, or of the panel that it is in. */
const traceData = [
  'x',
  'y',
  'z',
  'text',
  'hovertext',
  'customdata',
  'yaxis',
  'visible',
  'uid',
  'legendgroup',
];

/** How something is drawn: its attributes, without values of single points. */
function lookOf(attributes: Attributes, left: readonly string[]): Attributes {
  return Object.fromEntries(
    Object.entries(attributes)
      .filter(([key, value]) => !left.includes(key) && !Array.isArray(value))
      .map(([key, value]) => {
        const isGroup = typeof value === 'object' && value !== null;
        return [key, isGroup ? lookOf(value as Attributes, []) : value];
      }),
  );
}

function shapeText({ type, line, xref, yref, x0, x1, y0, y1, ...look }: Shape): string {
  const ends = (from: number, to: number): string =>
    from === to ? json(from) : `${json(from)} to ${json(to)}`;
  const { dash = 'solid', ...stroke } = line ?? {};
  return [
    `${dash} ${type} at ${xref} ${ends(x0, x1)}, ${yref} ${ends(y0, y1)}`,
    ...listed(lookOf({ ...stroke, ...look }, [])),
  ].join('; ');
}

function labelText({ text, xref, yref, x, y, xanchor, yanchor, ...look }: Label): string {
  const anchor = [xanchor ?? [], yanchor ?? []].flat().join(' ');
  return [
    `"${text}" at ${xref} ${json(x)}, ${yref} ${json(y)}${anchor === '' ? '' : ` (its ${anchor})`}`,
    ...listed(lookOf(look, [])),
  ].join('; ');
}

function sliderText({ currentvalue: { prefix }, active, steps }: Slider): string[] {
  const words = steps.map(({ args: [, texts] }) => withoutNumbers(Object.values(texts).join(' ')));
  return [
    `  Slider at ${active} of ${steps.map(({ label }) => `${prefix}${label}`).join(', ')}`,
    ...[...new Set(words)].map((line) => `    ${line}`),
  ];
}

function tableText({ id, title, caption, columns }: Table): string[] {
  return [
    `Table ${id}: ${title}`,
    `  Caption: ${caption}`,
    ...columns.map(({ key, ...others }) => `  Column ${key}: ${listed(others).join('; ')}`),
  ];
}

/** What is said of a result; its numbers are computed, and have tests of their own. */
const withoutNumbers = (text: string): string => text.replace(/−?\d(?:[\d,.e+-]*\d)?|Infinity|NaN/g, '#');
const json = (value: unknown): string => JSON.stringify(tidy(value, 6));
const listed = (attributes: Attributes): string[] =>
  Object.entries(attributes).map(([key, value]) => `${key} ${json(value)}`);
