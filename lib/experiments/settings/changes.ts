// In which fields settings differ, and what `--set` has to replace in a preset's, so that they
// become others.

import { canonicalJson, jsonOrUndefined } from '../../base/json';

type Fields = Readonly<Record<string, unknown>>;

/** The names of fields that are not the same in both, those of the first before others. */
export function otherFields(one: object, other: object): string[] {
  const texts = [one, other].map(
    (fields) => new Map(Object.entries(fields).map(([name, value]) => [name, canonicalJson(value)])),
  );
  const names = new Set(texts.flatMap((fields) => [...fields.keys()]));
  return [...names].filter((name) => texts[0]?.get(name) !== texts[1]?.get(name));
}

/**
 * The fields in which settings differ from a preset's, each as `--set` reads it (`seeds=1,2`).
 * Variants are added to the preset's, so of them only others are given.
 */
export function changedFields(settings: object, preset: object): string[] {
  return Object.entries(onlyOthers(settings, preset)).map(([name, value]) => {
    const earlier = (preset as Fields)[name];
    const isAdded = name === 'variants';
    const text = isAdded
      ? JSON.stringify(onlyOthers(value as object, earlier ?? {}))
      : textOf(value, earlier);
    return `${name}=${text}`;
  });
}

/** The fields of the first that are not the same in the other. */
function onlyOthers(one: object, other: object): Fields {
  const names = new Set(otherFields(one, other));
  return Object.fromEntries(Object.entries(one as Fields).filter(([name]) => names.has(name)));
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
