// SCROLLS' seven tasks (Shaham et al. 2022): their names in files and on the hub, in the order of
// the official evaluator, and the parts of an input. lib/evaluate/scrolls.ts has their metrics.

import { unknownName } from '../../base/suggest';

/** Description of a task's data. */
export interface ScrollsTask {
  /** Title in tables. */
  readonly title: string;
  /** Kind of documents. */
  readonly documents: string;
  /**
   * Kind of query before the document in an input, with an empty line in between; null if an input
   * is the document alone.
   */
  readonly query: string | null;
  /** Kind of output. */
  readonly output: string;
}

/** The seven tasks. */
export const scrollsTasks = {
  gov_report: {
    title: 'GovReport',
    documents: 'reports of US government agencies',
    query: null,
    output: 'a summary',
  },
  summ_screen_fd: {
    title: 'SummScreenFD',
    documents: 'transcripts of television episodes',
    query: null,
    output: 'a summary',
  },
  qmsum: {
    title: 'QMSum',
    documents: 'transcripts of meetings',
    query: 'a question, or what to summarize',
    output: 'a summary that answers it',
  },
  narrative_qa: {
    title: 'NarrativeQA',
    documents: 'books and film scripts',
    query: 'a question',
    output: 'an answer of a few words; two references each',
  },
  qasper: {
    title: 'Qasper',
    documents: 'papers on language processing',
    query: 'a question',
    output: 'an answer, "Yes", "No" or "Unanswerable"; several references',
  },
  quality: {
    title: 'QuALITY',
    documents: 'stories and articles',
    query: 'a question and four choices, (A) to (D)',
    output: "the right choice's text",
  },
  contract_nli: {
    title: 'ContractNLI',
    documents: 'non-disclosure agreements',
    query: 'a hypothesis',
    output: '"Entailment", "Contradiction" or "Not mentioned"',
  },
} as const satisfies Readonly<Record<string, ScrollsTask>>;

/** A task's name, as files have it. */
export type ScrollsTaskName = keyof typeof scrollsTasks;

/** The names, in the official order. */
export const scrollsTaskNames = Object.keys(scrollsTasks) as readonly ScrollsTaskName[];

/**
 * Finds the document in an input: the text after the query, if the task has one. QuALITY's choices
 * are a part of the query.
 *
 * @returns the whole input if it does not have the task's format
 */
export function documentOf(task: ScrollsTaskName, input: string): string {
  if (scrollsTasks[task].query === null) return input;
  const choices = task === 'quality' ? Math.max(0, input.indexOf('(D)')) : 0;
  const end = input.indexOf('\n\n', choices);
  return end < 0 ? input : input.slice(end).trimStart();
}

/**
 * Checks the name of a task.
 *
 * @throws UsageError listing the names, with the one that was probably meant
 */
export function parseScrollsTask(name: string): ScrollsTaskName {
  const found = scrollsTaskNames.find((known) => known === name);
  if (found === undefined) throw unknownName('SCROLLS task', name, scrollsTaskNames);
  return found;
}
