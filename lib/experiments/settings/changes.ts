// What `--set` has to replace in a preset's settings, so that they become others.

import { canonicalJson, jsonOrUndefined } from '../../base/json';

type Fields = Readonly<Record<string, unknown>>;

/**
 * The fields in which settings differ from a preset's, each as `--set` reads it (`seeds=1,2`).
 * Variants are added to the preset's, so of them only others are given.
 */
export function changedFields(settings: object, preset: object): string[] {
  const before = preset as Fields;
  return Object.entries(settings as Fields).flatMap(([name, value]) => {
    const earlier = before[name];
    if (same(value, earlier)) return [];
    return [
      `${name}=${name === 'variants' ? JSON.stringify(others(value, earlier)) : textOf(value, earlier)}`,
    ];
  });
}

/** A word of a command line as a shell reads it. */
export function quoted(word: string): string {
  return /^[\w=,.:/+-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

function same(one: unknown, other: unknown): boolean {
  return other !== undefined && canonicalJson(one) === canonicalJson(other);
}

function others(value: unknown, earlier: unknown): object {
  const before = (earlier ?? {}) as Fields;
  return Object.fromEntries(
    Object.entries(value as Fields).filter(([name, one]) => !same(one, before[name])),
  );
}

/**
 * Plain words and numbers as they are, with commas between them where the preset has a list, too;
 * all else as JSON.
 */
function textOf(value: unknown, earlier: unknown): string {
  const isList = Array.isArray(value) && Array.isArray(earlier) && value.length > 0;
  const words: readonly unknown[] = isList ? value : [value];
  return words.every(isPlain) ? words.join(',') : JSON.stringify(value);
}

/** True for a word that is read as itself, in a list too. */
function isPlain(word: unknown): boolean {
  if (typeof word === 'number') return true;
  return typeof word === 'string' && /^[^,]+$/.test(word) && jsonOrUndefined(word) === undefined;
}
