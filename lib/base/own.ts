// Looking up a name that a user gave: objects inherit `constructor`, `toString` and more, which are
// no entries.

/** The entry of a record with that name; undefined where it has none of its own. */
export function ownEntry<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
