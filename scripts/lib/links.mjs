// Folders of this checkout that may be links, e.g. to another checkout's packages. The target of a
// link is never changed.
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';

export function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/**
 * Makes a folder if it is missing or a link. Only the link is removed, and replaced by an empty
 * folder.
 */
export function ownFolder(path) {
  if (isLink(path)) unlinkSync(path);
  mkdirSync(path, { recursive: true });
}
