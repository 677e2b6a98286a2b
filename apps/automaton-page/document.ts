// The page as one HTML text that needs no network. It compiles automata with the library's own
// code.

import { UsageError } from '../../lib/base/errors';
import { writeFileAtomic } from '../../lib/base/files';
import { isNotebook, showPage } from '../../lib/report/notebook/show';
import { alphabetOf } from '../../lib/theory/automata/alphabet';
import type { BiNfa, Word } from '../../lib/theory/automata/automaton';
import { checkAutomaton } from '../../lib/theory/automata/problems';
import { pageDocument, withPanels } from '../page/document';
import { bodyHtml, panels } from './body';
import { draftOf, readDraft, type Source } from './draft';
import { type PageExample, pageExamples } from './examples';
import { pageStyle } from './look';
import { openPage, type PageData } from './state';

/** The content that the page opens with: an example by name, or an automaton of your own. */
export type PageOptions =
  | { readonly example: string }
  | {
      readonly automaton: BiNfa;
      readonly word: Word;
      /** Most symbols in a segment, without its separator; default 3. */
      readonly maxSegmentLength?: number;
      /** Most segments in a word; default 8. */
      readonly maxSegments?: number;
    };

const title = 'A bilevel automaton and the Transformer that represents it';

/**
 * Makes the page as an HTML document.
 *
 * @param isFramed true for a frame in a notebook
 * @throws UsageError for an unknown example, or content that does not fit the page; DataError for
 *   an automaton that is not sound
 */
export async function automatonPage(
  options: PageOptions = { example: defaultExample },
  isFramed = false,
): Promise<string> {
  const data = dataOf(options);
  const state = openPage(data, pageExamples);
  return await pageDocument({
    title,
    style: pageStyle,
    body: withPanels(bodyHtml(state), panels(state)),
    data,
    entry: ['apps', 'automaton-page', 'main.ts'],
    isFramed,
  });
}

/**
 * Shows the page below the cell, in a frame of its own. Outside a notebook it does nothing.
 *
 * @param height of the frame in px
 */
export async function showAutomatonPage(options?: PageOptions, height = 900): Promise<void> {
  if (isNotebook()) await showPage(await automatonPage(options, true), title, height);
}

/**
 * Writes the page to a file that a browser opens without a server.
 *
 * @throws MachineError if it cannot be written
 */
export async function writeAutomatonPage(path: string, options?: PageOptions): Promise<void> {
  await writeFileAtomic(path, await automatonPage(options));
}

const defaultExample = pageExamples[0]?.name ?? '';

function dataOf(options: PageOptions): PageData {
  if ('example' in options) {
    const index = pageExamples.findIndex(({ name }) => name === options.example);
    const example = pageExamples[index];
    if (example === undefined)
      throw new UsageError(
        `example: no ${JSON.stringify(options.example)}; there are ${pageExamples.map(({ name }) => JSON.stringify(name)).join(', ')}`,
      );
    return { ...sourceOf(example), example: index };
  }
  const { automaton, word, maxSegmentLength = 3, maxSegments = 8 } = options;
  checkAutomaton(automaton);
  return sourceOf({ automaton, word, bounds: { maxSegmentLength, maxSegments } });
}

/** Checks that the page's fields can hold a source. */
function sourceOf({ automaton, word, bounds }: Source | PageExample): Source {
  const source = { automaton, word, bounds };
  const names = [...automaton.subStates, ...automaton.segmentStates, ...alphabetOf(automaton)];
  const blank = names.find((name) => /\s/.test(name));
  if (blank !== undefined)
    throw new UsageError(
      `automaton: ${JSON.stringify(blank)} has a blank, which separates names on the page; rename it`,
    );
  const read = readDraft(draftOf(source));
  if ('source' in read) return source;
  const [field = '', problem = ''] = Object.entries(read.problems)[0] ?? [];
  throw new UsageError(`${field}: ${problem}`);
}
