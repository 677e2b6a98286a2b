import { describe, expect, it } from 'vitest';
import { makeFigure } from '../../lib/report/figure';
import { type FigureSpec } from '../../lib/report/spec';
import { lineTrace } from '../../lib/report/traces';
import { sliderFigure } from '../../lib/report/slider';
import { ink, orderedStyles } from '../../lib/report/style';

const [style] = orderedStyles(['one']);
if (style === undefined) throw new Error('no style');
const line = lineTrace({ x: [0, 1], y: [0, 1], style });

const other = { ...line, name: 'two', legendgroup: 'two' };

const spec: FigureSpec = {
  id: 'slid',
  title: 'A title',
  caption: 'A caption.',
  alt: 'Lines.',
  // Nothing is drawn in the third.
  panels: [{ title: 'Left', data: [line] }, { title: 'Right', x: { title: 'x' } }, {}],
};

const steps = [
  { label: 'a', panels: [[], [line]], text: 'first' },
  { label: 'b', panels: [[other], [other]], text: 'second' },
  { label: 'c', panels: [], text: 'third' },
];

interface Laid {
  height: number;
  margin: { t: number; b: number };
  title: { y: number };
  annotations: { text: string }[];
  sliders: {
    steps: { args: [{ visible: boolean[] }, Record<string, string>] }[];
    active: number;
    bordercolor: string;
    tickcolor: string;
  }[];
}

describe.each(['layout', 'screen'] as const)('the %s of a figure with a slider', (on) => {
  const figure = sliderFigure(spec, { prefix: 'x = ', steps, active: 1 });
  const layout = figure[on] as unknown as Laid;
  const [slider] = layout.sliders;

  it('shows what is always there and one step at a time', () => {
    const visible = slider?.steps.map(({ args }) => args[0].visible);
    // Always, a, b, b, and the empty trace that keeps the third panel.
    expect(visible).toEqual([
      [true, true, false, false, true],
      [true, false, true, true, true],
      [true, false, false, false, true],
    ]);
    expect(figure.data.map((trace) => trace['visible'] ?? true)).toEqual(visible?.[1]);
    expect(figure.data.at(-1)).toMatchObject({ xaxis: 'x3', yaxis: 'y3' });
  });

  it('names in the legend what each step has for the first time', () => {
    // Always, a: the same name; b: another one, twice; the empty trace.
    expect(figure.data.map(({ showlegend }) => showlegend)).toEqual([undefined, false, true, false, false]);
  });

  it('has an outline that is seen: axes are in colours that stand out from paper in both themes', () => {
    expect([slider?.bordercolor, slider?.tickcolor]).toEqual([ink.axis, ink.axis]);
  });

  it('writes the numbers of a step where those of another were', () => {
    const places = slider?.steps.map(({ args }) => Object.entries(args[1]));
    expect(places?.map((entries) => entries.map(([, text]) => text))).toEqual([
      ['first'],
      ['second'],
      ['third'],
    ]);
    const index = Number(/\d+/.exec(places?.[0]?.[0]?.[0] ?? '')?.[0]);
    expect(layout.annotations[index]?.text).toBe('second');
    expect(index).toBe(layout.annotations.length - 1);
  });

  it('is the same figure with room below', () => {
    const plain = makeFigure(spec)[on] as unknown as Laid;
    const added = layout.height - plain.height;
    expect(added).toBeGreaterThan(80);
    expect(layout.margin).toEqual({ ...plain.margin, b: plain.margin.b + added });
    const fromTop = ({ height, title }: Laid): number => (1 - title.y) * height;
    expect(fromTop(layout)).toBeCloseTo(fromTop(plain), 9);
  });
});

it('a single step has its line of numbers and no slider, nor room for one', () => {
  const [first, second] = [steps.slice(0, 1), steps].map((some) =>
    sliderFigure(spec, { prefix: 'x = ', steps: some }),
  );
  const [alone, of] = [first, second].map((figure) => figure?.layout as unknown as Laid | undefined);
  expect([alone?.sliders, alone?.annotations.at(-1)?.text]).toEqual([[], 'first']);
  const below = (of?.margin.b ?? 0) - (alone?.margin.b ?? 0);
  expect(below).toBeGreaterThan(50);
  expect((of?.height ?? 0) - (alone?.height ?? 0)).toBe(below);
});
