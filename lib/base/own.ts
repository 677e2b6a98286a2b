// Looks up names that a user gave. Objects inherit `constructor`, `toString` and more, which are no
// entries.

/** The entry of a record by name; undefined without an entry of its own. */
export function ownEntry<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}
