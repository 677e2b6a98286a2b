import { describe, expect, it } from 'vitest';
import { makeFigure, type FigureSpec, inPanel, lineTrace } from '../../lib/report/figure';
import { sliderFigure } from '../../lib/report/slider';
import { ink, orderedStyles } from '../../lib/report/style';

const [style] = orderedStyles(['one']);
if (style === undefined) throw new Error('no style');
const line = (panel: number) => lineTrace({ x: [0, 1], y: [0, 1], style, panel });

const spec: FigureSpec = {
  id: 'slid',
  title: 'A title',
  caption: 'A caption.',
  alt: 'Lines.',
  data: [line(0)],
  // Nothing is drawn in the third.
  panels: [{ title: 'Left' }, { title: 'Right', x: { title: 'x' } }, {}],
};

const steps = [
  { label: 'a', data: [line(1)], text: 'first' },
  { label: 'b', data: [line(1), line(0)], text: 'second' },
  { label: 'c', data: [], text: 'third' },
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
    expect(figure.data.at(-1)).toMatchObject(inPanel(2));
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
