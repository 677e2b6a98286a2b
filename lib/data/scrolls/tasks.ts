// SCROLLS' seven tasks (Shaham et al. 2022): their names in files and on the hub, in the order of
// the official evaluator, and what an input consists of. How each is scored:
// lib/evaluate/scrolls.ts.

import { unknownName } from '../../base/suggest';

/** What there is to know of a task's data. */
export interface ScrollsTask {
  /** As a table writes it. */
  readonly title: string;
  /** What the documents are. */
  readonly documents: string;
  /**
   * What stands before the document in an input, with an empty line in between; null: an input is
   * the document alone.
   */
  readonly query: string | null;
  /** What is asked for. */
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
 * The document in an input: what stands after the query, where the task has one. QuALITY's choices
 * are a part of the query.
 *
 * @returns all of the input if it is not written as the task's are
 */
export function documentOf(task: ScrollsTaskName, input: string): string {
  if (scrollsTasks[task].query === null) return input;
  const choices = task === 'quality' ? Math.max(0, input.indexOf('(D)')) : 0;
  const end = input.indexOf('\n\n', choices);
  return end < 0 ? input : input.slice(end).trimStart();
}

/**
 * A name that somebody wrote, if it is one.
 *
 * @throws UsageError listing the names, with the one that was probably meant
 */
export function parseScrollsTask(name: string): ScrollsTaskName {
  const found = scrollsTaskNames.find((known) => known === name);
  if (found === undefined) throw unknownName('SCROLLS task', name, scrollsTaskNames);
  return found;
}
