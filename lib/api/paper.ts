/**
 * The paper's numbers with their sources, its statements, and which item stands for what.
 *
 * @example
 * ```ts
 * import { paper } from 'bipe-workbench';
 *
 * console.log(paper.paperContents.length, paper.statements.length);
 * console.log(paper.formatPaperValue(paper.paperValue('arithmetic-accuracy', 'bipe_alibi')));
 * ```
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
