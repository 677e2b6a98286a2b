/**
 * Figures as data: traces, axes, panels, sliders, intervals, and the style that all share.
 *
 * @example
 * ```ts
 * import { figures } from 'bipe-workbench';
 *
 * const figure = figures.makeFigure({
 *   id: 'growth',
 *   title: 'Perplexity by length',
 *   caption: 'Two models.',
 *   alt: 'One line rises, one falls.',
 *   panels: [{ x: figures.axes.count('Length (tokens)', 'log'), y: { title: 'Perplexity' } }],
 *   data: ['rope', 'bipe_rope'].map((name, index) =>
 *     figures.lineTrace({
 *       x: [256, 1024],
 *       y: [20, [90, 18][index] ?? 0],
 *       style: figures.encodingStyle(name),
 *     }),
 *   ),
 * });
 * console.log(figure.id, figure.data.map(({ name }) => name)); // showFigure(figure) in a notebook
 * ```
 *
 * @module
 */

export { axes, bandTrace, barTrace, type FigureSpec, inPanel, lineTrace, makeFigure } from '../report/figure';
export { defaultReporter } from '../report/notebook/show';
export {
  encodingStyle,
  encodingStyles,
  furtherEncodingStyles,
  modalityStyles,
  orderedStyles,
  separatorStyles,
  type SeriesStyle,
} from '../report/style';
export { type PointWords, type WhiskerLook, whiskers } from '../report/whiskers';
export { type LiveCurves, liveCurves } from '../report/notebook/live';
export { type Slider, sliderFigure, type SliderStep } from '../report/slider';
