// JSON that keeps every number, also those for which JSON has no literal; canonical JSON for
// hashes; and a parser of texts that may be no JSON.

/**
 * Writes a value as JSON. Numbers without a JSON literal become the strings "NaN", "Infinity",
 * "-Infinity" and "-0", as in the JSON of protocol buffers, so that `Number(...)` and Python's
 * `float(...)` read them; a text that looks like one of them gets an apostrophe before it.
 * Otherwise as `JSON.stringify`.
 *
 * @param indent spaces a level; left out: all on one line
 */
export function toJson(value: unknown, indent?: number): string {
  return JSON.stringify(value, (_key, field: unknown) => written(field), indent);
}

/**
 * Reads what `toJson` wrote, equal to the bit; other JSON as `JSON.parse` does.
 *
 * @throws SyntaxError if it is not JSON
 */
export function fromJson(text: string): unknown {
  // Most texts have none of these, and checking each value takes several times as long.
  if (!unusual.test(text)) return JSON.parse(text) as unknown;
  return JSON.parse(text, (_key, field: unknown) => (typeof field === 'string' ? read(field) : field));
}

/** Canonical JSON: object keys sorted, no spaces. Hashes are taken of it. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, field: unknown) =>
    isPlainObject(field)
      ? Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)))
      : field,
  );
}

/** The value of a JSON text; undefined, which no JSON stands for, if it is none. */
export function jsonOrUndefined(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/**
 * Numbers that are written as text, in a whole JSON text, and as one field with the apostrophes of
 * texts like them.
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
