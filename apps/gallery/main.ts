// The script of the gallery's pages: it draws the figures of a page where their still pictures are.
// plotly.js is loaded before it.

import { element } from '../page/dom';

declare const Plotly: {
  newPlot(place: HTMLElement, data: unknown, layout: unknown, config: object): Promise<unknown>;
};

interface ShownFigure {
  readonly id: string;
  readonly data: unknown;
  readonly layout: object;
}

/** Narrower pages scroll a figure sideways; a finger that drags it must not zoom it. */
const narrowWidth = 640;

async function draw({ id, data, layout }: ShownFigure): Promise<void> {
  const place = element(`plot-${id}`, HTMLElement);
  const drawing = document.createElement('div');
  drawing.className = 'drawing';
  place.append(drawing);
  const scrolls = innerWidth < narrowWidth ? { dragmode: false } : {};
  await Plotly.newPlot(
    drawing,
    data,
    { ...layout, ...scrolls },
    {
      displaylogo: false,
      responsive: true,
      typesetMath: false,
      toImageButtonOptions: { format: 'svg', filename: id },
    },
  );
  place.classList.add('drawn');
}

const figures = JSON.parse(element('source', HTMLScriptElement).text) as readonly ShownFigure[];
for (const figure of figures) void draw(figure);
