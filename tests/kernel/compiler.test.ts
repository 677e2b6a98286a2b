// What a cell becomes: how its variables are emitted, and what is left of `export`.

import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { projectPath, projectRoot } from '../../lib/base/paths';
import { Compiler, nothingDeclared } from '../../kernel/compiler.mjs';
import { withoutExports } from '../../kernel/export-syntax.mjs';

describe('the code of a cell', () => {
  let compiler: Compiler;

  beforeAll(() => {
    const noLibrary = { isBroken: false, covers: () => false, declarationPath: () => undefined };
    compiler = new Compiler(projectRoot, projectPath('notebooks'), noLibrary);
  });

  /** The code of the last of some cells, without what it gives to later ones. */
  function bodyOf(...cells: string[]): string {
    let declarations = nothingDeclared;
    let body = '';
    for (const cell of cells) {
      const { diagnostics, compiled } = compiler.compile(cell, declarations);
      expect(diagnostics).toEqual([]);
      declarations = compiled?.declarations ?? nothingDeclared;
      body = compiled?.code.replace(/\n {4}return \{\n[^]*$/, '') ?? '';
    }
    return body;
  }

  it('has plain variables for what the cell declares, in loops, functions and classes', () => {
    const body = bodyOf(`let s = 0;
const xs: number[] = [];
for (let i = 0; i < 3; i++) s += i;
while (s < 9) s++;
({ s } = { s: 4 });
async function add() { s += xs.length; }
class Adder { total = s; add = () => { s -= 1; }; }
xs.push(s);`);
    expect(body.split('\n').map((line) => line.trim())).toEqual([
      expect.stringMatching(/^return async function \(\w+, \w+\) \{$/),
      "'use strict';",
      'let s = 0;',
      'const xs = [];',
      'for (let i = 0; i < 3; i++)',
      's += i;',
      'while (s < 9)',
      's++;',
      '({ s } = { s: 4 });',
      'async function add() { s += xs.length; }',
      'class Adder {',
      'total = s;',
      'add = () => { s -= 1; };',
      '}',
    ]);
  });

  it('has one property for each use of a variable of an earlier cell', () => {
    const body = bodyOf('let s = 0;', 'for (let i = 0; i < 3; i++) s += i;\nconst read = () => s;');
    expect(body.match(/\b\w+\.s\b/g)).toHaveLength(2);
  });
});

describe('a text without its exports', () => {
  const pieces = [
    'export const a = 1;',
    'export default function f() {}',
    'export default 4;',
    'export { a, b as c };',
    "export * from 'm';",
    "export { d } from 'm' ;",
    'export type T = 1;',
    'export interface I { x: number }',
    'export class C {\n  export = 1;\n}',
    'const text = `export ${1}`;',
    "// export const x = '\u{1faa8}';",
    "'export';",
    'namespace N { export const z = 1; }',
    'export',
    'export {',
    'export default',
    '}',
    '(',
  ];

  it('has everything else at its place', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 8 }), (drawn) => {
        const code = drawn.join('\n');
        const text = withoutExports(code);
        expect(text).toHaveLength(code.length);
        expect(text.split('\n').map((line) => line.length)).toEqual(
          code.split('\n').map((line) => line.length),
        );
        expect(withoutExports(text)).toBe(text);
      }),
      { examples: [[['export', 'export default', "export * from 'm';"]]] },
    );
  });

  it('keeps the word where it is no statement', () => {
    const code = 'namespace N { export const z = `export const x`; }\nconst export_ = { export: 1 };';
    expect(withoutExports(code)).toBe(code);
  });
});
