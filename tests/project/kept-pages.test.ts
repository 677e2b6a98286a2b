// Every figure and table that lib draws has a kept page, so that no word of it changes unseen.

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { projectPath } from '../../lib/base/paths';

function textsBelow(folder: string, ending: string): string[] {
  return readdirSync(projectPath(folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => readFileSync(projectPath(folder, name), 'utf8'));
}

/** Tests of their own hold each entry of these; the recipes are groups of one table. */
const held = new Set([
  ...['comparison', 'rows'],
  ...['model', 'training', 'evaluation', 'finetuning', 'scrolls', 'arithmetic'],
]);

it('each figure and table is on a kept page', () => {
  const pages = textsBelow('tests', '.txt').join('\n');
  const kept = new Set([...pages.matchAll(/^(?:Figure|Table) ([\w.-]+)[,:]/gm)].map(([, id]) => id));
  const drawn = [join('lib', 'experiments'), join('lib', 'report')]
    .flatMap((folder) => textsBelow(folder, '.ts'))
    // An item has an id and a title, too, and a question.
    .flatMap((text) => [...text.matchAll(/\bid: '([\w.-]+)',\s+title: .+\n(?!\s+question:)/g)])
    .map(([, id = '']) => id);
  expect(drawn.length).toBeGreaterThan(60);
  expect(drawn.filter((id) => !kept.has(id) && !held.has(id))).toEqual([]);
});
