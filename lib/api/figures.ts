/**
 * Figures as data: traces, axes, panels, sliders, intervals, and the style that all share.
 *
 * @example
 * ```ts
 * import { figures } from 'bipe-workbench';
 *
 * const x = [256, 1024];
 * const figure = figures.makeFigure({
 *   id: 'growth',
 *   title: 'Perplexity by length',
 *   caption: 'Two models.',
 *   alt: 'One line rises, one falls.',
 *   panels: [
 *     {
 *       x: figures.axes.count('Length (tokens)', 'log'),
 *       y: { title: 'Perplexity' },
 *       data: [
 *         figures.lineTrace({ x, y: [20, 90], style: figures.encodingStyle('rope') }),
 *         figures.lineTrace({ x, y: [21, 18], style: figures.encodingStyle('bipe_rope') }),
 *       ],
 *     },
 *   ],
 * });
 * console.log(figure.id, figure.data.map(({ name }) => name)); // showFigure(figure) in a notebook
 * ```
 *
 * @module
 */

export { axes, axisOf } from '../report/axes';
export { makeFigure } from '../report/figure';
export { horizontalLine, textAt, verticalLine } from '../report/marks';
export { linesPanel, type Measure, measured } from '../report/measures';
export type { FigureSpec, PanelSpec } from '../report/spec';
export { bandTrace, barTrace, lineTrace } from '../report/traces';
export { defaultReporter } from '../report/widgets/progress-pane';
export {
  encodingStyle,
  encodingStyles,
  furtherEncodingStyles,
  modalityStyles,
  orderedStyles,
  separatorStyles,
  type SeriesStyle,
} from '../report/style';
export { type WhiskerLook, whiskers } from '../report/whiskers';
export { type LiveCurves, liveCurves } from '../report/notebook/live';
export { type Slider, sliderFigure, type SliderStep } from '../report/slider';
