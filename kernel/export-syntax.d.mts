// Types of export-syntax.mjs, for the tests.

export function withoutExports(code: string): string;
