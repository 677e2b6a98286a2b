// The language of cells: what TypeScript compiles elsewhere compiles in a cell, and variables mean
// the same in the cell that declares them, in its functions and in later cells.

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KernelClient, startKernel } from '../../kernel/client.mjs';
import { type MiniatureProject, miniatureProject } from '../support/project';

let project: MiniatureProject;
let kernel: KernelClient;

beforeAll(async () => {
  project = miniatureProject({ 'index.ts': 'export const one = 1;\n' });
  kernel = await startKernel({ root: project.root });
});

afterAll(async () => {
  await kernel.stop();
  project.dispose();
});

/** Runs cells; gives the last one's result as text. */
async function resultOf(...cells: string[]): Promise<unknown> {
  let result: unknown;
  for (const code of cells) {
    const run = await kernel.execute(code);
    expect(run.error, code).toBeUndefined();
    result = run.result?.['text/plain'];
  }
  return result;
}

async function errorOf(code: string): Promise<string | undefined> {
  return (await kernel.execute(code)).error?.evalue;
}

describe('a variable', () => {
  it('that a function of its cell changes is seen by later cells', async () => {
    expect(
      await resultOf('let n = 0;\nconst increment = () => ++n;', 'increment();\nincrement();', 'n'),
    ).toBe('2');
  });

  it('that a later cell changes is seen by the functions of its own', async () => {
    expect(
      await resultOf(
        'let m = 0;\nclass Reader { static read() { return m; } }\nconst add = async () => { m += 1; };',
        'm = 10;\nm++;\n({ m } = { m: m + 5 });\n[m] = [m * 2];\nfor (let i = 0; i < 3; i++) m += i;',
        'await add();\n[m, Reader.read()]',
      ),
    ).toBe('[ 36, 36 ]');
  });

  it('that no function uses is changed by later cells, too', async () => {
    expect(
      await resultOf('let alone = 1;', 'alone += 1;\nalone', 'const use = () => alone;\nalone = 7;', 'use()'),
    ).toBe('7');
  });

  it('declared again is another one, while functions of the first cell keep theirs', async () => {
    expect(
      await resultOf(
        'let rate = 1;\nconst own = () => rate;',
        'const later = () => rate;',
        "const rate = 'text';",
        '[rate, own(), later()]',
      ),
    ).toBe("[ 'text', 1, 'text' ]");
  });

  it('of a cell that throws is not declared', async () => {
    await resultOf('let kept = 1;');
    expect(await errorOf("const kept = 'text';\nlet fresh = 2;\nthrow new Error('no');")).toBe('no');
    expect(await resultOf('kept.toFixed(1)')).toBe("'1.0'");
    expect(await errorOf('fresh')).toContain("Cannot find name 'fresh'");
  });

  it('declared with var in a block stays', async () => {
    expect(await resultOf('if (true) { var inner = 5; }\nfor (var k = 0; k < 3; k++);', '[inner, k]')).toBe(
      '[ 5, 3 ]',
    );
  });

  it('may have the name of anything that Node.js or the kernel uses', async () => {
    const names = [
      'require',
      'module',
      'exports',
      'earlier',
      'modules',
      'value',
      'result',
      'declared',
      '__proto',
    ];
    const cell = names.map((name, index) => `let ${name} = ${index};`).join('\n');
    expect(
      await resultOf(
        `${cell}\nconst bump = () => ++${names.join(' + ++')};`,
        `bump();\n[${names.join()}].join()`,
      ),
    ).toBe("'1,2,3,4,5,6,7,8,9'");
  });

  it(
    'means in cells what it means in one function, whatever they do to it',
    { timeout: 120_000 },
    async () => {
      const statements = [
        'a += 1;',
        'b = a * 2 - b;',
        '[a, b] = [b, a];',
        '({ a } = { a: b + 1 });',
        'for (let i = 0; i < 4; i++) b += i * a;',
        'while (a > 9) a -= 7;',
        'shift();',
        'b = both();',
        'await later();',
        'new Counter().count();',
        'const kept = { a, b, get sum() { return a + b; } };\na = kept.sum % 11;',
        '{ const read = () => b; b = 3; a = read(); }',
        '((a: number) => { b = a; })(a + 5);',
      ];
      const beginning = `let a = 1, b = 2;
function shift() { a = b + 1; }
const both = () => a + b;
const later = async () => { await null; b -= 1; };
class Counter { count() { a += 10; } }`;
      const plain = (code: string): string => code.replaceAll(': number', '');
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(fc.constantFrom(...statements), fc.boolean()), { minLength: 1, maxLength: 10 }),
          async (drawn) => {
            const cells = [beginning];
            for (const [statement, startsCell] of drawn) {
              if (startsCell) cells.push(`{ ${statement} }`);
              else cells.push(`${cells.pop() ?? ''}\n{ ${statement} }`);
            }
            const whole = plain(`return (async () => { ${cells.join('\n')}; return [a, b].join(); })();`);
            // eslint-disable-next-line @typescript-eslint/no-implied-eval -- this is the reference
            const expected: unknown = await (new Function(whole) as () => Promise<unknown>)();
            expect(await resultOf(...cells, '[a, b].join()')).toBe(`'${String(expected)}'`);
          },
        ),
        { numRuns: 12 },
      );
    },
  );
});

describe('`export` at the top level', () => {
  it.each([
    ['of a declaration', 'export const x1 = 3;\nexport let y1: number = 4;', '[x1, y1]', '[ 3, 4 ]'],
    [
      'of a function',
      'export function f1() { return 1; }\nexport async function g1() { return 2; }',
      'f1() + (await g1())',
      '3',
    ],
    [
      'of a class',
      'export abstract class A1 { abstract a(): number }\nexport class B1 extends A1 { a() { return 1; } }',
      'new B1().a()',
      '1',
    ],
    [
      'of types',
      'export interface I1 { a: number }\nexport type T1 = I1 | string;',
      'const t: T1 = { a: 1 };\nt',
      '{ a: 1 }',
    ],
    [
      'of an enumeration and a namespace',
      'export enum E1 { A = 4 }\nexport namespace N1 { export const b = E1.A; }',
      'N1.b',
      '4',
    ],
    ['of names', 'const p1 = 1, q1 = 2;\nexport { p1, q1 as other };\nexport type { T1 };', 'p1 + q1', '3'],
    ['of a default function', 'export default function named() { return 5; }', 'named()', '5'],
    [
      'from a module',
      "export { join as joined } from 'node:path';\nexport * from 'node:fs';\nexport * as url from 'node:url';",
      "joined('a', typeof url.pathToFileURL)",
      "'a/function'",
    ],
  ])('is ignored: %s', async (_, code, later, result) => {
    expect(await resultOf(code, later)).toBe(result);
  });

  it.each([
    ['export default 1 + 1;', '2'],
    ['export default { a: 1 };', '{ a: 1 }'],
    ['export default class { }', '[class (anonymous)]'],
    ['export default () => 1;', '[Function (anonymous)]'],
    ['export = 3;', '3'],
  ])('of an expression shows it: %s', async (code, result) => {
    expect(await resultOf(code)).toBe(result);
  });

  it('leaves errors at their places', async () => {
    const { error } = await kernel.execute("export const fine = 1;\nexport const wrong: number = 'x';");
    expect(error?.evalue).toBe("line 2: Type 'string' is not assignable to type 'number'. (TS2322)");
    expect(await errorOf('export {')).toContain("line 1: '}' expected");
  });
});

describe('a cell compiles', () => {
  it('using and await using, which end with the cell or the block', async () => {
    const { stdout, result, error } =
      await kernel.execute(`using file = { name: 'f', [Symbol.dispose]() { console.log('closed'); } };
await using connection = { [Symbol.asyncDispose]: async () => { console.log('disconnected'); } };
{ using inner = { [Symbol.dispose]() { console.log('inner'); } }; }
console.log('open');
file.name`);
    expect(error).toBeUndefined();
    expect(stdout).toBe('inner\nopen\ndisconnected\nclosed\n');
    expect(result).toEqual({ 'text/plain': "'f'" });
  });

  it('decorators of the standard, also from an earlier cell', async () => {
    expect(
      await resultOf(
        `function twice<This>(method: (this: This, x: number) => number, context: ClassMethodDecoratorContext) {
  return function (this: This, x: number): number { return 2 * method.call(this, x) + String(context.name).length; };
}`,
        'class Doubling { accessor base = 10; @twice plus(x: number) { return this.base + x; } }\nnew Doubling().plus(1)',
        'new Doubling().plus(2)',
      ),
    ).toBe('28');
  });

  it('what it adds to the global scope, which a later cell may add otherwise', async () => {
    expect(
      await resultOf(
        'declare global { interface Settings { size: number } var settings: Settings; }\nglobalThis.settings = { size: 1 };',
        'const one: Settings = settings;\none.size.toFixed(1)',
      ),
    ).toBe("'1.0'");
    expect(
      await resultOf(
        "declare global { interface Settings { size: string } }\nsettings.size = 'large';",
        '1 + 1;',
        'settings.size.length',
      ),
    ).toBe('5');
  });

  it('enumerations, namespaces and their parts, in this and in later cells', async () => {
    expect(
      await resultOf(
        'const enum Small { A = 2 }\nenum Named { B = "b" }\nnamespace Geometry { export const pi = 3; export type Length = number; export namespace Deep { export const d = 4; } }',
        'import d = Geometry.Deep.d;\nconst length: Geometry.Length = Geometry.pi;\n[Small.A, Named.B, length, d]',
        '[Small.A, Named.B, Geometry.Deep.d, d].join()',
      ),
    ).toBe("'2,b,4,4'");
  });

  it('imports of each form, and imports of types alone', async () => {
    expect(
      await resultOf(
        `import type { PathLike } from 'node:fs';
import fs, { type Stats, existsSync as exists } from 'node:fs';
import * as path from 'node:path';
import { default as again, sep } from 'node:path';
import url = require('node:url');
const here: PathLike = '/';
const stats: Stats = fs.statSync(here);
[stats.isDirectory(), exists(here), path.sep === sep, again.sep === sep, typeof url.pathToFileURL].join()`,
        "const there: PathLike = '/';\n[fs.statSync(there).isDirectory(), exists(there), path.sep, again.sep, sep, typeof url.URL].join()",
      ),
    ).toBe("'true,true,/,/,/,function'");
  });

  it('overloads, generators, labels, accessors, private names and destructuring', async () => {
    expect(
      await resultOf(
        `function over(a: number): number;
function over(a: string): string;
function over(a: unknown) { return a; }
function* numbers() { yield* [1, 2, 3]; }
class Hidden { #x = 1; static #count = 0; static { Hidden.#count = 5; } get x() { return this.#x + Hidden.#count; } }
const { a: [first, ...rest], ...others } = { a: [1, 2, 3], b: 4 };
outer: for (const x of numbers()) for (;;) { if (x > 1) break outer; continue outer; }`,
        "[over('x').length, over(2), [...numbers()].length, new Hidden().x, first, rest.length, others.b].join()",
      ),
    ).toBe("'1,2,3,6,1,2,4'");
  });

  it('calls of functions of earlier cells as functions, which have no receiver', async () => {
    expect(
      await resultOf(
        'function receiver(this: unknown) { return this; }\nconst tag = function (this: unknown, _: TemplateStringsArray) { return this; };',
        'String(receiver()) + String(tag`x`)',
      ),
    ).toBe("'undefinedundefined'");
  });
});
