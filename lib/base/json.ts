// JSON of this project: one pair of functions writes and reads values, so that every number
// survives, also those that JSON has no literal for; canonical JSON for hashes; and JSON that may
// be none.

/**
 * A value as JSON. The numbers that JSON cannot say are the strings "NaN", "Infinity", "-Infinity"
 * and "-0", as in the JSON of protocol buffers, so `Number(...)` and Python's `float(...)` read
 * them; a text that looks like one of them gets an apostrophe before it. Otherwise as
 * `JSON.stringify`.
 *
 * @param indent spaces a level; left out: all on one line
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, field: unknown) => written(field), indent);
}

/**
 * The value that `toJson` wrote, the same to the bit; of other JSON, what `JSON.parse` gives.
 *
 * @throws SyntaxError if it is not JSON
 */
export function fromJson(text: string): unknown {
  // Most texts have none of these, and asking for each value takes several times as long.
  if (!unusual.test(text)) return JSON.parse(text) as unknown;
  return JSON.parse(text, (_key, field: unknown) => (typeof field === 'string' ? read(field) : field));
}

/** Canonical JSON: object keys sorted, no spaces; what hashes are taken of. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    isPlainObject(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : field,
  );
}

/** What a text says as JSON; undefined, which no JSON says, if it is none. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * The numbers that are written as text, in a whole JSON text, and as one field with the apostrophes
 * of texts like them.
 */
const unusual = /(NaN|Infinity|-0)"/;
const unusualField = /^'*(NaN|-?Infinity|-0)$/;

function written(field: unknown): unknown {
  if (typeof field === 'number' && (!Number.isFinite(field) || Object.is(field, -0)))
    return Object.is(field, -0) ? '-0' : String(field);
  return typeof field === 'string' && unusualField.test(field) ? `'${field}` : field;
}

function read(field: string): string | number {
  if (!unusualField.test(field)) return field;
  return field.startsWith("'") ? field.slice(1) : Number(field);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
