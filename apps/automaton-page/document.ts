// Writes the page as one HTML text that needs no network: style, a first picture, the automaton,
// and the script, bundled by esbuild from `main.ts`. It compiles automata with the library's own
// code.

import { createHash } from 'node:crypto';
import { ConfigError, MachineError, messageOf, UsageError } from '../../lib/base/errors';
import { writeFileAtomic } from '../../lib/base/files';
import { displayPath, projectPath } from '../../lib/base/paths';
import { isNotebook, showPage } from '../../lib/report/notebook/show';
import { alphabetOf } from '../../lib/theory/automata/alphabet';
import type { BiNfa, Word } from '../../lib/theory/automata/automaton';
import { checkAutomaton } from '../../lib/theory/automata/problems';
import { bodyHtml, panels } from './body';
import { draftOf, readDraft, type Source } from './draft';
import { type PageExample, pageExamples } from './examples';
import { pageStyle } from './look';
import { openPage, type PageData, type PageState } from './state';

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
 * @throws UsageError for an unknown example, or content that does not fit the page; DataError for
 *   an automaton that is not sound
 */
export async function automatonPage(options: PageOptions = { example: defaultExample }): Promise<string> {
  const data = dataOf(options);
  const state = openPage(data, pageExamples);
  const script = (await pageScript()).replaceAll('</script', '<\\/script');
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy(script)}"><meta name="viewport" content="width=device-width"><title>${title}</title><style>${pageStyle}</style></head>
<body>${filled(bodyHtml(state), state)}
<script type="application/json" id="source">${json}</script>
<script>${script}</script></body>
</html>
`;
}

/**
 * Shows the page below the cell, in a frame of its own. Outside a notebook it does nothing.
 *
 * @param height of the frame in px
 */
export async function showAutomatonPage(options?: PageOptions, height = 900): Promise<void> {
  if (isNotebook()) await showPage(await automatonPage(options), title, height);
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

/** Draws the panels into their places, for readers without scripts. */
function filled(body: string, state: PageState): string {
  return Object.entries(panels(state)).reduce(
    (html, [id, panel]) =>
      html.replace(new RegExp(`(<(\\w+) id="${id}"[^>]*>)(</\\2>)`), (_, open: string, __, close: string) =>
        [open, panel, close].join(''),
      ),
    body,
  );
}

/**
 * A security policy: the page loads nothing and runs its own script alone, whatever its names hold.
 */
function policy(script: string): string {
  const hash = createHash('sha256').update(script).digest('base64');
  return `default-src 'none'; script-src 'sha256-${hash}'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'`;
}

/** Bundles the page's script. */
async function pageScript(): Promise<string> {
  const entry = projectPath('apps', 'automaton-page', 'main.ts');
  const { build } = await import('esbuild').catch((error: unknown) => {
    throw new MachineError(`esbuild does not start (${messageOf(error)}); npm run setup`, { cause: error });
  });
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    minify: true,
    charset: 'utf8',
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    logLevel: 'silent',
  }).catch((error: unknown) => {
    throw new ConfigError(`${displayPath(entry)}: ${messageOf(error).split('\n').join(' ')}; mend it`, {
      cause: error,
    });
  });
  const [script] = outputFiles;
  if (script === undefined) throw new Error('esbuild gave no script');
  return script.text;
}
