// Blanks out `export` in a cell. All declarations of a cell are visible to later ones, so the word
// has no meaning there; it comes with pasted code of modules. The rest keeps its place in the text.
import { ts } from './typescript.mjs';

/** The name of a cell's file in the compiler. */
export const cellName = '__cell__.ts';

/** Parses a cell, which is a module even if it neither imports nor exports. */
export function parse(code) {
  const setExternalModuleIndicator = (file) => {
    file.externalModuleIndicator = true;
  };
  return ts.createSourceFile(cellName, code, {
    languageVersion: ts.ScriptTarget.Latest,
    setExternalModuleIndicator,
  });
}

/**
 * Removes `export` from the top level of a cell.
 *
 * - `export const x = 3` and `export default function f() {}` are declarations,
 * - `export default 3` and `export = 3` are expressions,
 * - `export { x }` is nothing, `export { x } from 'm'` an import.
 *
 * @param {string} code
 * @returns {string} code of the same length, with the same lines
 */
export function withoutExports(code) {
  if (!code.includes('export')) return code;
  const file = parse(code);
  // Wrong syntax is left as it is: the type checker explains it.
  if (file.parseDiagnostics.length > 0) return code;
  const units = code.split('');
  const replace = (start, end, text = '') => {
    for (let place = start; place < end; place += 1) {
      if (units[place] !== '\n') units[place] = text[place - start] ?? ' ';
    }
  };
  for (const statement of file.statements) {
    const start = statement.getStart(file);
    if (ts.isExportAssignment(statement)) {
      replace(start, statement.expression.getStart(file), startOfExpression);
    } else if (ts.isExportDeclaration(statement)) {
      replaceExportDeclaration(statement, file, replace);
    } else {
      const modifiers = (statement.modifiers ?? []).filter(isExportModifier);
      const needsExpression = modifiers.length > 1 && statement.name === undefined;
      if (modifiers.length > 0) replace(modifiers[0].getStart(file), modifiers.at(-1).end);
      if (needsExpression) replace(start, modifiers.at(-1).end, startOfExpression);
    }
  }
  return units.join('');
}

/**
 * Makes an expression of the following text, even if it begins with `function`, `class` or a brace.
 */
const startOfExpression = 'void 0,';

function isExportModifier({ kind }) {
  return kind === ts.SyntaxKind.ExportKeyword || kind === ts.SyntaxKind.DefaultKeyword;
}

function replaceExportDeclaration(statement, file, replace) {
  const { exportClause: clause, moduleSpecifier, isTypeOnly } = statement;
  const start = statement.getStart(file);
  if (moduleSpecifier === undefined) return replace(start, statement.end);
  const isImportable =
    clause !== undefined &&
    (ts.isNamespaceExport(clause) ||
      clause.elements.every(({ name }) => ts.isIdentifier(name) && name.text !== 'default'));
  if (isImportable) return replace(start, start + 'export'.length, 'import');
  if (isTypeOnly) return replace(start, statement.end);
  return replace(start, moduleSpecifier.getStart(file), 'import');
}
