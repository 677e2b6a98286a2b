/**
 * Controls in a notebook: sliders, choices, texts and buttons, and what follows them as they move.
 *
 * @example
 * ```ts
 * import { encodings, figures, widgets } from 'bipe-workbench';
 *
 * const controls = {
 *   numHeads: widgets.slider(1, 16, { value: 8, label: 'heads' }),
 *   as: widgets.choice(['figure', 'numbers']),
 * };
 * await widgets.interact(controls, ({ numHeads, as }) => {
 *   const slopes = encodings.alibiSlopes(numHeads);
 *   if (as === 'numbers') return slopes;
 *   const style = figures.encodingStyle('alibi');
 *   return figures.makeFigure({
 *     id: 'slopes',
 *     title: 'Slopes of ALiBi',
 *     caption: 'One for each head.',
 *     alt: 'A falling curve.',
 *     panels: [
 *       {
 *         y: { title: 'Slope' },
 *         data: [figures.lineTrace({ x: slopes.map((_, head) => head), y: slopes, style })],
 *       },
 *     ],
 *   });
 * });
 * ```
 *
 * @module
 */

export { column, row, tabs } from '../report/widgets/boxes';
export {
  button,
  checkbox,
  choice,
  type ChoiceOptions,
  Control,
  type ControlOptions,
  logSlider,
  slider,
  type SliderOptions,
  text,
  type TextOptions,
} from '../report/widgets/controls';
export {
  type ExploreOptions,
  explorePlot,
  exploreTable,
  type TableControls,
} from '../report/widgets/explore';
export { interact, type InteractOptions, type ValuesOf } from '../report/widgets/interact';
export type { ClickedPoint } from '../report/widgets/outputs-page';
export { several, type SeveralOptions } from '../report/widgets/several';
export { Widget } from '../report/widgets/widget';
