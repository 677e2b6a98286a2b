// A dark theme turns figures and pages over: what is dark on paper is light there. So no text for
// readers names a shade; it names what both have, such as an entry of the legend, a dash or a
// place.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';
import { projectNotebooks } from '../support/notebook';

/** CSS's white-space is none. */
const shade = /\b(?:dark|light|pale|bright)(?:er|r|e?st)?\b|\b(?:black|white)\b(?!-)/i;

/** The only place in `lib` where shades are meant: a style sheet. */
const styleSheet = join('theory', 'page', 'look.ts');

/** The texts of a source: strings, and the parts of templates between what is filled in. */
function textsOf(name: string): string[] {
  const source = ts.createSourceFile(
    name,
    readFileSync(projectPath('lib', name), 'utf8'),
    ts.ScriptTarget.Latest,
  );
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
    const sources = readdirSync(projectPath('lib'), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && name !== styleSheet)
      .sort();
    expect(sources.length).toBeGreaterThan(100);
    expect(sources.flatMap((name) => found(textsOf(name)).map((text) => `${name}: ${text}`))).toEqual([]);
  });

  it.each(projectNotebooks())('names no shade in %s', (notebook) => {
    expect(found(proseOf(notebook))).toEqual([]);
  });
});
