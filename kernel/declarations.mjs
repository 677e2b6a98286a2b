// The declarations of earlier cells for the type checker: the declaration file of each cell, split
// by name. A name that is declared again replaces the earlier one.
import { ts } from './typescript.mjs';

const { Value, Type, Namespace } = ts.SymbolFlags;

/**
 * @typedef {object} Entry the declaration of a name
 * @property {string} [name] absent for an import without names
 * @property {number} meaning flags: the name is a value, a type, a namespace
 * @property {string} scope '' for the cell's own names; 'global' or a module's quoted name for
 *   additions there
 * @property {string} text its declaration
 */

/** Declarations by name. */
export class Declarations {
  #entries;

  /** @param {readonly Entry[]} entries */
  constructor(entries) {
    this.#entries = entries;
  }

  /** The text of a declaration file. */
  get text() {
    const inScope = ({ scope, text }) => (scope === '' ? text : `declare ${scope} {\n${text}\n}`);
    return `export {};\n${this.#entries.map(inScope).join('\n')}\n`;
  }

  /**
   * Removes earlier additions to the global scope or to a module whose names the cell adds again:
   * they would contradict it.
   *
   * @param {import('typescript').SourceFile} cell
   */
  withoutAdditionsOf(cell) {
    const added = entriesOf(cell, () => 0).filter(({ scope }) => scope !== '');
    const isAdded = ({ name, scope }) => added.some((entry) => entry.name === name && entry.scope === scope);
    return new Declarations(this.#entries.filter((entry) => !isAdded(entry)));
  }

  /**
   * Adds the declarations of a cell.
   *
   * @param {string} text the cell's declaration file
   * @param {ReadonlyMap<string, number>} meanings flags of the cell's names
   */
  with(text, meanings) {
    const file = ts.createSourceFile('cell.d.ts', text, ts.ScriptTarget.Latest);
    const entries = entriesOf(file, (name) => meanings.get(name) ?? 0);
    const texts = new Set(entries.map((entry) => entry.text));
    const isReplaced = (entry) =>
      entry.scope === '' &&
      (entry.name === undefined ? texts.has(entry.text) : (entry.meaning & meanings.get(entry.name)) !== 0);
    return new Declarations([...entries, ...this.#entries.filter((entry) => !isReplaced(entry))]);
  }
}

/** No declarations: those before the first cell. */
export const nothingDeclared = new Declarations([]);

/** The entries of a file; `aliased` returns the flags of an imported name. */
function entriesOf(file, aliased) {
  const entriesIn = (statements, scope) =>
    statements.flatMap((statement) => {
      if (ts.isModuleDeclaration(statement) && isAddition(statement)) {
        return entriesIn(statement.body?.statements ?? [], additionScope(statement, file));
      }
      return statementEntries(statement, file, aliased).map((entry) => ({ ...entry, scope }));
    });
  return entriesIn([...file.statements], '');
}

const isAddition = (statement) =>
  ts.isGlobalScopeAugmentation(statement) || ts.isStringLiteral(statement.name);
const additionScope = (statement, file) =>
  ts.isGlobalScopeAugmentation(statement) ? 'global' : `module ${statement.name.getText(file)}`;

function statementEntries(statement, file, aliased) {
  const text = statement.getFullText(file).trim();
  const named = (meaning) => [{ name: statement.name?.text, meaning, text }];
  switch (statement.kind) {
    case ts.SyntaxKind.VariableStatement:
      return variableEntries(statement, file);
    case ts.SyntaxKind.FunctionDeclaration:
      return named(Value);
    case ts.SyntaxKind.InterfaceDeclaration:
    case ts.SyntaxKind.TypeAliasDeclaration:
      return named(Type);
    case ts.SyntaxKind.ClassDeclaration:
      return named(Value | Type);
    case ts.SyntaxKind.EnumDeclaration:
      return named(Value | Type | Namespace);
    case ts.SyntaxKind.ModuleDeclaration:
      return named(Value | Namespace);
    case ts.SyntaxKind.ImportEqualsDeclaration:
      return named(aliased(statement.name.text));
    case ts.SyntaxKind.ImportDeclaration:
      return importEntries(statement, file, aliased);
    default:
      return [];
  }
}

function variableEntries(statement, file) {
  const { declarations } = statement.declarationList;
  return declarations.map((declaration) => ({
    name: declaration.name.getText(file),
    meaning: Value,
    // With the keywords and the comment before the first declaration.
    text: `${file.text.slice(statement.pos, declarations[0].getStart(file)).trim()} ${declaration.getText(file)};`,
  }));
}

function importEntries(statement, file, aliased) {
  const { importClause: clause, moduleSpecifier, attributes } = statement;
  const module = `${moduleSpecifier.getText(file)}${attributes ? ` ${attributes.getText(file)}` : ''};`;
  if (clause === undefined) return [{ name: undefined, meaning: 0, text: `import ${module}` }];
  const keyword = clause.isTypeOnly ? 'import type' : 'import';
  const entry = (name, what) => ({
    name: name.text,
    meaning: aliased(name.text),
    text: `${keyword} ${what} from ${module}`,
  });
  const entries = [];
  const { name, namedBindings } = clause;
  if (name !== undefined) entries.push(entry(name, name.text));
  if (namedBindings !== undefined && ts.isNamespaceImport(namedBindings)) {
    entries.push(entry(namedBindings.name, namedBindings.getText(file)));
  } else if (namedBindings !== undefined) {
    for (const element of namedBindings.elements) {
      entries.push(entry(element.name, `{ ${element.getText(file)} }`));
    }
  }
  return entries;
}
