// Types of compiler.mjs, for the tests.

export interface Declarations {
  /** The text of a declaration file. */
  readonly text: string;
}

export interface Compiled {
  /** The body of a function that returns the cell's function. */
  readonly code: string;
  /** The declarations for the next cell. */
  readonly declarations: Declarations;
}

/** The part of the library that the compiler uses. */
export interface LibraryFiles {
  readonly isBroken: boolean;
  covers(path: string): boolean;
  declarationPath(path: string): string | undefined;
}

export class Compiler {
  constructor(root: string, folder: string, library: LibraryFiles);
  compile(
    code: string,
    declarations: Declarations,
  ): { diagnostics: readonly { messageText: string }[]; compiled?: Compiled };
}

/** No declarations: those before the first cell. */
export const nothingDeclared: Declarations;
