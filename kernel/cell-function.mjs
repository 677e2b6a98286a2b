// Transforms a cell, which is a module, into a function:
//
//   return async function (earlier, modules) {
//     'use strict';
//     const module_1 = await modules.load('node:path');   // import { join } from 'node:path';
//     let s = 0;                                           // let s = 0;
//     function add() { s += earlier.step; }                // function add() { s += step; }
//     return {
//       result: module_1.join('a', 'b'),                   // join('a', 'b')
//       declared: {
//         get s() { return s; }, set s(value) { s = value; },
//         add,
//         get join() { return module_1.join; },
//       },
//     };
//   };
//
// Declarations of the cell are variables of this function, as fast as any. At its end they become
// properties of an object: values, and accessors for variables that a function of the cell may
// still change or read. So a cell that does not reach its end declares nothing.
import { ts } from './typescript.mjs';

const { factory } = ts;
const { Value, Variable } = ts.SymbolFlags;

/**
 * Transformers that emit a cell.
 *
 * @param {import('typescript').TypeChecker} checker
 * @param {import('typescript').SourceFile} cell
 * @param {import('typescript').SourceFile} earlier declarations of earlier cells
 */
export function cellTransformers(checker, cell, earlier) {
  return {
    before: [
      (context) => (file) =>
        file === cell ? new CellFunction(checker, cell, earlier, context).emit() : file,
    ],
    // The compiler marks the file as a module, but the function is none.
    after: [
      () => (file) =>
        updateStatements(
          file,
          file.statements.filter((node) => !ts.isExportDeclaration(node)),
        ),
    ],
  };
}

/** The flags of a top-level symbol; for an imported name, those of its target. */
export function meaningOf(checker, symbol) {
  if ((symbol.flags & ts.SymbolFlags.Alias) === 0) return symbol.flags;
  const target = checker.getAliasedSymbol(symbol);
  // An import from a module without types can be anything.
  return checker.isUnknownSymbol(target) ? ~0 : target.flags;
}

class CellFunction {
  #checker;
  #cell;
  #earlier;
  #context;
  /**
   * The function's parameters, earlier values and modules, with names that the cell does not use.
   */
  #earlierValues = factory.createUniqueName('earlier');
  #modules = factory.createUniqueName('modules');
  /** For each imported name, the variable of its module and its name in it. */
  #imported = new Map();
  #imports = [];
  /** Variables used by a function of the cell. */
  #captured = new Set();
  #functions = 0;

  constructor(checker, cell, earlier, context) {
    this.#checker = checker;
    this.#cell = cell;
    this.#earlier = earlier;
    this.#context = context;
  }

  emit() {
    const statements = this.#cell.statements.filter((statement) => !this.#takeImport(statement));
    const last = statements.findLastIndex((statement) => !isWithoutEffect(statement));
    const result = last >= 0 && ts.isExpressionStatement(statements[last]) ? statements[last] : undefined;
    const body = statements
      .filter((statement) => statement !== result)
      .map((statement) => this.#visit(statement))
      .filter((statement) => statement !== undefined);
    const value = result && this.#visit(result.expression);
    const properties = [property('declared', factory.createObjectLiteralExpression(this.#declared(), true))];
    if (value !== undefined) properties.unshift(property('result', value));
    const all = [
      factory.createExpressionStatement(factory.createStringLiteral('use strict', true)),
      ...this.#imports,
      ...body,
      factory.createReturnStatement(factory.createObjectLiteralExpression(properties, true)),
    ];
    const parameter = (name) => factory.createParameterDeclaration(undefined, undefined, name);
    const run = factory.createFunctionExpression(
      [factory.createModifier(ts.SyntaxKind.AsyncKeyword)],
      undefined,
      undefined,
      undefined,
      [parameter(this.#earlierValues), parameter(this.#modules)],
      undefined,
      factory.createBlock(all, true),
    );
    return updateStatements(this.#cell, [factory.createReturnStatement(run)]);
  }

  /** Turns an import into a load of its module. */
  #takeImport(statement) {
    if (ts.isExportDeclaration(statement)) return true;
    if (ts.isImportEqualsDeclaration(statement)) return this.#takeImportEquals(statement);
    if (!ts.isImportDeclaration(statement)) return false;
    const { importClause: clause, moduleSpecifier } = statement;
    const bindings = clause?.namedBindings;
    const named = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
    const elements = named.filter((element) => this.#isValue(element));
    const namespace =
      bindings && ts.isNamespaceImport(bindings) && this.#isValue(bindings) ? bindings : undefined;
    const byDefault = clause?.name && this.#isValue(clause) ? clause : undefined;
    if (clause !== undefined && !namespace && !byDefault && elements.length === 0) return true;
    const load = factory.createAwaitExpression(this.#call('load', moduleSpecifier));
    const loaded = factory.createUniqueName('module');
    this.#imports.push(constant(loaded, load, statement));
    if (namespace) this.#imports.push(constant(namespace.name, this.#call('namespaceOf', loaded), statement));
    const isDefault = (element) => (element.propertyName ?? element.name).text === 'default';
    const defaults = [...(byDefault ? [byDefault] : []), ...elements.filter(isDefault)];
    if (defaults.length > 0) {
      const holder = factory.createUniqueName('module');
      this.#imports.push(constant(holder, this.#call('defaultOf', loaded), statement));
      for (const { name } of defaults) this.#imported.set(this.#symbolOf(name), [holder, 'default']);
    }
    for (const element of elements.filter((element) => !isDefault(element))) {
      const name = (element.propertyName ?? element.name).text;
      this.#imported.set(this.#symbolOf(element.name), [loaded, name]);
    }
    return true;
  }

  #takeImportEquals(statement) {
    const { name, moduleReference } = statement;
    if (!ts.isExternalModuleReference(moduleReference)) return false;
    if (this.#isValue(statement)) {
      const load = factory.createAwaitExpression(this.#call('load', moduleReference.expression));
      this.#imports.push(constant(name, load, statement));
    }
    return true;
  }

  /** Checks if an import is of a value, not of a type alone. */
  #isValue(declaration) {
    const symbol = this.#symbolOf(declaration.name);
    return (
      this.#checker.getTypeOnlyAliasDeclaration(symbol) === undefined &&
      (meaningOf(this.#checker, symbol) & Value) !== 0
    );
  }

  #symbolOf(name) {
    return this.#checker.getSymbolAtLocation(name);
  }

  #visit(node) {
    if (isWithoutEffect(node)) return node;
    if (ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node)) return node;
    if (ts.isHeritageClause(node) && node.token === ts.SyntaxKind.ImplementsKeyword) return node;
    if (ts.isIdentifier(node)) return this.#reference(node, this.#symbolOf(node)) ?? node;
    if (ts.isShorthandPropertyAssignment(node)) return this.#shorthand(node);
    if (ts.isImportCall(node)) {
      return positioned(this.#call('import', this.#visit(node.arguments[0])), node);
    }
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) {
      return positioned(factory.createPropertyAccessExpression(this.#modules, 'meta'), node);
    }
    if (ts.isImportEqualsDeclaration(node) && node.modifiers === undefined) return this.#alias(node);
    const isFunction = ts.isFunctionLike(node) || ts.isClassLike(node);
    if (isFunction) this.#functions += 1;
    const visited = ts.visitEachChild(node, (child) => this.#visit(child), this.#context);
    if (isFunction) this.#functions -= 1;
    return this.#withoutReceiver(visited, node);
  }

  /** `import part = Namespace.part`, unless it names a type. */
  #alias(node) {
    if (!this.#isValue(node)) return undefined;
    const toExpression = (name) =>
      ts.isIdentifier(name)
        ? this.#visit(name)
        : factory.createPropertyAccessExpression(toExpression(name.left), name.right.text);
    return constant(node.name, toExpression(node.moduleReference), node);
  }

  #shorthand(node) {
    const symbol = this.#checker.getShorthandAssignmentValueSymbol(node);
    const reference = this.#reference(node.name, symbol);
    const fallback = node.objectAssignmentInitializer && this.#visit(node.objectAssignmentInitializer);
    if (reference === undefined) {
      return factory.updateShorthandPropertyAssignment(node, node.name, fallback);
    }
    const value = fallback === undefined ? reference : factory.createAssignment(reference, fallback);
    return positioned(factory.createPropertyAssignment(node.name.text, value), node);
  }

  /**
   * The expression for a name that is not a variable of this function; records the variables that
   * functions use.
   */
  #reference(node, symbol) {
    if (symbol === undefined) return undefined;
    const { name } = symbol;
    const imported = this.#imported.get(symbol);
    if (imported !== undefined) return positioned(member(...imported), node);
    if (this.#earlier.locals.get(symbol.escapedName) === symbol) {
      return positioned(member(this.#earlierValues, ts.unescapeLeadingUnderscores(name)), node);
    }
    if (this.#functions > 0) this.#captured.add(symbol);
    return undefined;
  }

  /**
   * Calls a function of another cell or module without a receiver, not as a method of its object.
   */
  #withoutReceiver(visited, node) {
    const wrapped = (callee) =>
      positioned(
        factory.createParenthesizedExpression(factory.createComma(factory.createNumericLiteral(0), callee)),
        callee,
      );
    const isMoved = (was, is) => was !== is && ts.isIdentifier(ts.skipOuterExpressions(was));
    if (ts.isCallExpression(visited) && isMoved(node.expression, visited.expression)) {
      return factory.updateCallExpression(
        visited,
        wrapped(visited.expression),
        visited.typeArguments,
        visited.arguments,
      );
    }
    if (ts.isTaggedTemplateExpression(visited) && isMoved(node.tag, visited.tag)) {
      return factory.updateTaggedTemplateExpression(
        visited,
        wrapped(visited.tag),
        visited.typeArguments,
        visited.template,
      );
    }
    return visited;
  }

  #call(method, ...values) {
    const target = factory.createPropertyAccessExpression(this.#modules, method);
    return factory.createCallExpression(target, undefined, values);
  }

  /** Properties for the values that the cell declares. */
  #declared() {
    return [...this.#cell.locals.values()].flatMap((symbol) => {
      const name = ts.unescapeLeadingUnderscores(symbol.escapedName);
      const isAlias = (symbol.flags & ts.SymbolFlags.Alias) !== 0;
      if (!isAlias && (symbol.flags & Value) === 0) return [];
      const imported = this.#imported.get(symbol);
      if (imported !== undefined) return [getter(name, member(...imported))];
      if (isAlias && !symbol.declarations.some((node) => this.#isValue(node))) return [];
      const variable = factory.createIdentifier(name);
      // A declared ambient variable may not exist.
      if (symbol.declarations.every((node) => (node.flags & ts.NodeFlags.Ambient) !== 0)) {
        return [getter(name, variable)];
      }
      if (!this.#captured.has(symbol) || !isAssignable(symbol))
        return [factory.createShorthandPropertyAssignment(name)];
      return [getter(name, variable), setter(name, variable)];
    });
  }
}

const isAssignable = (symbol) =>
  (symbol.flags & Variable) !== 0 &&
  !symbol.declarations.some((node) => (ts.getCombinedNodeFlags(node) & ts.NodeFlags.Constant) !== 0);

/** Checks if a statement has no effect without its types. */
function isWithoutEffect(node) {
  return (
    ts.isInterfaceDeclaration(node) ||
    ts.isTypeAliasDeclaration(node) ||
    ts.isEmptyStatement(node) ||
    (ts.isStatement(node) && (node.flags & ts.NodeFlags.Ambient) !== 0)
  );
}

function updateStatements(file, statements) {
  return factory.updateSourceFile(
    file,
    ts.setTextRange(factory.createNodeArray(statements), file.statements),
  );
}

function positioned(node, place) {
  return ts.setTextRange(node, place);
}

function member(target, name) {
  return ts.isIdentifierText(name, ts.ScriptTarget.Latest)
    ? factory.createPropertyAccessExpression(target, name)
    : factory.createElementAccessExpression(target, factory.createStringLiteral(name));
}

function constant(name, value, place) {
  const declaration = factory.createVariableDeclaration(name, undefined, undefined, value);
  const list = factory.createVariableDeclarationList([declaration], ts.NodeFlags.Const);
  return positioned(factory.createVariableStatement(undefined, list), place);
}

const property = (name, value) => factory.createPropertyAssignment(name, value);

function getter(name, value) {
  const body = factory.createBlock([factory.createReturnStatement(value)]);
  return factory.createGetAccessorDeclaration(undefined, name, [], undefined, body);
}

function setter(name, variable) {
  const value = factory.createUniqueName('value');
  const assignment = factory.createExpressionStatement(factory.createAssignment(variable, value));
  const parameter = factory.createParameterDeclaration(undefined, undefined, value);
  return factory.createSetAccessorDeclaration(
    undefined,
    name,
    [parameter],
    factory.createBlock([assignment]),
  );
}
