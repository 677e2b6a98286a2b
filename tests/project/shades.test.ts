// A dark theme turns figures and pages over: what is dark on paper is light there. So no text for
// readers names a shade; it names what both have, such as an entry of the legend, a dash or a
// place.

import { readFileSync } from 'node:fs';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { projectNotebooks } from '../support/notebook';
import { type Source, sources } from '../support/sources';

/** CSS's white-space is none. */
const shade = /\b(?:dark|light|pale|bright)(?:er|r|e?st)?\b|\b(?:black|white)\b(?!-)/i;

/** The only places where shades are meant: style sheets. */
const styleSheet = /^apps\/[^/]+\/look\.ts$/;

/** The texts of a source: strings, and the parts of templates between what is filled in. */
function textsOf({ path, text }: Source): string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest);
  const texts: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node))
      texts.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(source);
  return texts;
}

interface Notebook {
  readonly cells: readonly { readonly cell_type: string; readonly source: readonly string[] }[];
}

function proseOf(notebook: string): string[] {
  const { cells } = JSON.parse(readFileSync(projectPath('notebooks', notebook), 'utf8')) as Notebook;
  return cells.filter((cell) => cell.cell_type === 'markdown').flatMap(({ source }) => source);
}

const found = (texts: readonly string[]): string[] => texts.filter((text) => shade.test(text));

describe('what readers are told', () => {
  it.each(['White: no key', 'the darkest colour', 'a black line', 'Lighter is less', 'dark is alike'])(
    'would be found: %s',
    (text) => {
      expect(found(['A line.', text])).toEqual([text]);
    },
  );

  it('names no shade in any text of the library', () => {
    const written = sources().filter(({ path }) => !styleSheet.test(path));
    expect(written.length).toBeGreaterThan(100);
    expect(
      written.flatMap((source) => found(textsOf(source)).map((text) => `${source.path}: ${text}`)),
    ).toEqual([]);
  });

  it.each(projectNotebooks())('names no shade in %s', (notebook) => {
    expect(found(proseOf(notebook))).toEqual([]);
  });
});
