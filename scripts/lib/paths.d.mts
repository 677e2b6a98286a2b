// Types of paths.mjs, for the tests.

export const root: string;
/** The interpreter of the project's Python environment. */
export const venvPython: string;
