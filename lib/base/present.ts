// What is there by construction, though its type cannot say so: an element within bounds, an entry
// just put in.

/**
 * The value itself.
 *
 * @throws Error if it is absent: a mistake in the program
 */
export function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`there is no ${what}`);
  return value;
}
