/**
 * The seven tasks of SCROLLS and this project's quick ones: rows, prompts, answers and scores.
 *
 * @example
 * ```ts
 * import { scrolls, texts } from 'bipe-workbench';
 *
 * const tokenizer = await texts.getTokenizer('llama2');
 * const options = scrolls.sequenceOptions({ tokenizer, maxTokens: 32, outputTokens: 8 });
 * const { ids, promptLength } = scrolls.promptedSequence('Who sings?', 'The old man', options);
 * console.log(promptLength, tokenizer.decode(ids.subarray(promptLength)));
 * ```
 *
 * @module
 */

export { downloadScrolls, type ScrollsDownload } from '../data/scrolls/download';
export {
  readScrollsInstances,
  readScrollsRows,
  type ScrollsInstance,
  type ScrollsRow,
} from '../data/scrolls/file';
export { openPromptedRows, type PromptedData } from '../data/scrolls/prompted-data';
export {
  type Chapter,
  chaptersOf,
  quickChapters,
  type QuickOptions,
  quickRows,
  type QuickRows,
  type QuickTaskName,
  quickTasks,
} from '../data/scrolls/quick';
export {
  type PromptedSequence,
  promptedSequence,
  sequenceOptions,
  type SequenceOptions,
} from '../data/scrolls/sequence';
export type { RowSource } from '../data/scrolls/row-source';
export {
  type ScrollsTask,
  type ScrollsTaskName,
  scrollsTaskNames,
  scrollsTasks,
} from '../data/scrolls/tasks';
export {
  type AnswerOptions,
  type AnswerScore,
  generateAnswers,
  type PromptedInstance,
  promptedInstances,
  scoreAnswers,
} from '../evaluate/prompted';
export { scoreInstances, scrollsMetrics, scrollsScore } from '../evaluate/scrolls';
