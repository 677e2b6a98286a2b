/**
 * The paper's numbers with their sources, its statements, and which item stands for what.
 *
 * @module
 */

export { type PaperContent, paperContents } from '../experiments/start-page/contents';
export { contentsTable, itemsTable, statementsTable } from '../experiments/start-page/tables';
export { type Statement, statements } from '../experiments/start-page/statements';
export {
  formatPaperValue,
  type PaperMeasure,
  type PaperSetting,
  type PaperValue,
  paperMeasures,
  paperRecipes,
  paperSources,
  paperValue,
  paperValues,
} from '../experiments/paper/values';
