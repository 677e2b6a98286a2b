// Options as several commands take them.

/** For an option that may be repeated: its values in order. */
export function collect(value: string, earlier: readonly string[]): string[] {
  return [...earlier, value];
}
