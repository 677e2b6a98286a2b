// The page as one HTML text that needs no network. It computes with the library's own positions.

import { writeFileAtomic } from '../../lib/base/files';
import { isNotebook, showPage } from '../../lib/report/notebook/show';
import { pageDocument, withPanels } from '../page/document';
import { bodyHtml, panels, title } from './body';
import { pageStyle } from './look';
import { type IdeaData, openIdea } from './state';

/** The text that the page opens with. */
const defaultData: IdeaData = { text: 'A stone flew up. Two birds fell down. The thrower smiled.' };

/**
 * Makes the page as an HTML document.
 *
 * @param isFramed true for a frame in a notebook
 */
export function ideaPage(data: IdeaData = defaultData, isFramed = false): Promise<string> {
  const state = openIdea(data);
  return pageDocument({
    title,
    style: pageStyle,
    body: withPanels(bodyHtml(state), panels(state)),
    data,
    entry: ['apps', 'idea-page', 'main.ts'],
    isFramed,
  });
}

/**
 * Shows the page below the cell, in a frame of its own. Outside a notebook it does nothing.
 *
 * @param data with the text that it opens with
 * @param height of the frame in px
 */
export async function showIdeaPage(data?: IdeaData, height = 900): Promise<void> {
  if (isNotebook()) await showPage(await ideaPage(data, true), title, height);
}

/**
 * Writes the page to a file that a browser opens without a server.
 *
 * @throws MachineError if it cannot be written
 */
export async function writeIdeaPage(path: string, data?: IdeaData): Promise<void> {
  await writeFileAtomic(path, await ideaPage(data));
}
