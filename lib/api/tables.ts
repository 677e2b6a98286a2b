/**
 * Tables as data, as text of several kinds, and as data frames; numbers in words.
 *
 * @module
 */

export { formatBytes, formatCount, formatDuration, type Range } from '../base/format';
export { type Cell, type Column, tableOf, toCsv, toDataFrame, toLatex, toMarkdown } from '../report/tables';
