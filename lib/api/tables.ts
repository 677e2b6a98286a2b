/**
 * Tables as data, as text of several kinds, and as data frames; numbers in words.
 *
 * @example
 * ```ts
 * import { tables } from 'bipe-workbench';
 *
 * const table = {
 *   id: 'scores',
 *   title: 'Scores',
 *   caption: '',
 *   columns: [{ key: 'encoding', label: 'Encoding' }, { key: 'score', label: 'Score' }],
 *   rows: [{ encoding: 'rope', score: 0.5 }],
 * };
 * console.log(tables.toCsv(table).split('\r\n'));
 * ```
 *
 * @module
 */

export { formatBytes, formatCount, formatDuration, type Range } from '../base/format';
export {
  type Cell,
  type Column,
  type Quantity,
  tableOf,
  toCsv,
  toDataFrame,
  toLatex,
  toMarkdown,
} from '../report/tables';
export { makeTable } from '../report/measures';
