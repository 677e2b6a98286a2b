// A figure with a slider below it: what each of its places shows is computed before, so that moving
// it needs no kernel.

import { type Figure, makeFigure, namedOnce } from './figure';
import { type FigureSpec, type PlotlyObject, traceIn } from './spec';
import { fontSize, ink } from './style';

/** One place of the slider. */
export interface SliderStep {
  /** E.g. `0.001`. */
  readonly label: string;
  /** The traces of each panel. */
  readonly panels: readonly (readonly PlotlyObject[])[];
  /** A line below the figure: this step's numbers. */
  readonly text: string;
}

/** The slider: its places, and the one shown first. */
export interface Slider {
  /** Before the label of the step that is shown, e.g. `ε = `. */
  readonly prefix: string;
  readonly steps: readonly SliderStep[];
  /** The step that is shown first; default 0. */
  readonly active?: number;
}

const TEXT_HEIGHT = 26; // px for the line of numbers
const SLIDER_HEIGHT = 92; // px for the slider with its labels

/**
 * A figure whose own traces are always seen, and of a slider's steps one at a time. A single step
 * is shown with its line of numbers, and no slider.
 */
export function sliderFigure(spec: FigureSpec, { prefix, steps, active = 0 }: Slider): Figure {
  const { panels = [], data = [] } = spec;
  const always = [...panels.flatMap((panel) => panel.data ?? []), ...data];
  const moving = steps.flatMap((step, index) =>
    stepTraces(step, always).map((trace) => ({ ...trace, visible: index === active })),
  );
  const places = steps.flatMap((step, index) => step.panels.flat().map(() => index));
  const figure = makeFigure({ ...spec, data: [...data, ...moving] });
  const visibleAt = (shown: number): boolean[] =>
    figure.data.map((_, index) => (places[index - always.length] ?? shown) === shown);
  const withSlider = (layout: PlotlyObject): PlotlyObject =>
    sliderLayout(layout, { prefix, steps, active }, visibleAt);
  return { ...figure, layout: withSlider(figure.layout), screen: withSlider(figure.screen) };
}

/**
 * The traces of a step in their panels; each name that is always seen has its place in the legend.
 */
function stepTraces({ panels }: SliderStep, always: readonly PlotlyObject[]): PlotlyObject[] {
  const own = panels.flatMap((data, panel) => data.map((trace) => traceIn(panel, trace)));
  return namedOnce([...always, ...own])
    .slice(always.length)
    .map((trace) => ({ showlegend: true, ...trace }));
}

/** The layout with room below for the slider and the line of numbers. */
function sliderLayout(
  given: PlotlyObject,
  { prefix, steps, active }: Required<Slider>,
  visibleAt: (shown: number) => boolean[],
): PlotlyObject {
  const layout = given as Record<string, unknown> & {
    height: number;
    margin: Record<string, number>;
    title: { y: number };
    legend: { y: number };
    annotations: PlotlyObject[];
  };
  const below = layout.margin['b'] ?? 0;
  const hasSlider = steps.length > 1;
  const added = TEXT_HEIGHT + (hasSlider ? SLIDER_HEIGHT : 0);
  const height = layout.height + added;
  /** A place given from the foot of the figure, which is now lower. */
  const lifted = (y: number): number => 1 - ((1 - y) * layout.height) / height;
  const numbers = {
    text: steps[active]?.text ?? '',
    xref: 'paper',
    x: 0,
    xanchor: 'left',
    yref: 'paper',
    y: 0,
    yanchor: 'top',
    yshift: -below,
    showarrow: false,
    font: { size: fontSize.label, color: ink.text },
  };
  const slider = {
    active,
    x: 0,
    len: 1,
    y: 0,
    yanchor: 'top',
    pad: { t: below + TEXT_HEIGHT, b: 0, l: 0, r: 0 },
    currentvalue: { prefix, font: { size: fontSize.label, color: ink.text }, offset: 8 },
    font: { size: fontSize.tick, color: ink.muted },
    // plotly's own are too near to paper.
    bgcolor: ink.paper,
    bordercolor: ink.axis,
    borderwidth: 1.5,
    activebgcolor: ink.grid,
    tickcolor: ink.axis,
    steps: steps.map(({ label, text }, step) => ({
      label,
      method: 'update',
      args: [{ visible: visibleAt(step) }, { [`annotations[${layout.annotations.length}].text`]: text }],
    })),
  };
  return {
    ...layout,
    height,
    margin: { ...layout.margin, b: below + added },
    title: { ...layout.title, y: lifted(layout.title.y) },
    legend: { ...layout.legend, y: lifted(layout.legend.y) },
    annotations: [...layout.annotations, numbers],
    sliders: hasSlider ? [slider] : [],
  };
}
