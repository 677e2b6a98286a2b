// Values that are present by construction, though their type cannot say so: an element within
// bounds, an entry just added.

/**
 * The value, which must not be undefined.
 *
 * @throws Error if it is absent: a mistake in the program
 */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}
