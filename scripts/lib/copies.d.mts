// Types of copies.mjs, for the tests.

export const recordName: string;
export function updateCopies(
  originals: string,
  copies: string,
  today?: Date,
): { name: string; keptAs: string }[];
