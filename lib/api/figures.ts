/**
 * Figures as data: traces, axes, panels, sliders, intervals, and the style that all share.
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
