// Folders of this checkout that may be links, as to another checkout's packages: what is behind a
// link is not ours to change.
import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';

export function isLink(path) {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/**
 * Makes a folder where it is missing, or a link: the link alone is removed, and an empty folder
 * takes its place.
 */
export function ownFolder(path) {
  if (isLink(path)) unlinkSync(path);
  mkdirSync(path, { recursive: true });
}
