// Records finished steps and what they depended on: a stamp is written only after success.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

/** A short fingerprint of a step's dependencies. */
export function fingerprint(...parts) {
  return createHash('sha256').update(parts.join('\0')).digest('hex').slice(0, 16);
}

/** Checks if the stamp file holds `key`. */
export function hasStamp(path, key) {
  return existsSync(path) && readFileSync(path, 'utf8') === key;
}

export function writeStamp(path, key) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(`${path}.partial`, key);
  renameSync(`${path}.partial`, path);
}

export function removeStamp(path) {
  rmSync(path, { force: true });
}

/**
 * Removes the stamp of a step that begins. Its sources may change while it works, so the stamp is
 * that of what it began with.
 *
 * @returns {() => void} writes the stamp, after success
 */
export function renewStamp(path, key) {
  removeStamp(path);
  return () => writeStamp(path, key);
}
