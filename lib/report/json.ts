// JSON as it is committed with the figures: typed arrays become lists, a list of numbers takes one
// line, as a row of a table does, and what JSON cannot say (NaN, infinities) becomes null.

/**
 * `value` as plain data: typed arrays as lists, NaN and infinities as null, undefined fields left
 * out.
 */
export function toPlain(value: unknown): unknown {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (value === undefined) return null;
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(toPlain);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as Iterable<number>, toPlain);
  const fields = Object.entries(value).filter(([, field]) => field !== undefined);
  return Object.fromEntries(fields.map(([key, field]) => [key, toPlain(field)]));
}

/**
 * Readable JSON: objects one field a line, lists of plain values, and records of such in a list, on
 * one line. Ends with a newline.
 */
export function formatJson(value: unknown): string {
  return `${format(toPlain(value), '')}\n`;
}

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** Something in a list: a record of plain values is a row. */
function formatItem(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return format(value, indent);
  const fields = Object.entries(value);
  if (fields.length === 0 || !fields.every(([, field]) => isPlain(field))) return format(value, indent);
  return `{ ${fields.map(([key, field]) => `${JSON.stringify(key)}: ${JSON.stringify(field)}`).join(', ')} }`;
}

function format(value: unknown, indent: string): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const deeper = `${indent}  `;
  if (Array.isArray(value)) {
    if (value.every(isPlain)) return `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
    return `[\n${value.map((item) => deeper + formatItem(item, deeper)).join(',\n')}\n${indent}]`;
  }
  const fields = Object.entries(value);
  if (fields.length === 0) return '{}';
  const lines = fields.map(([key, field]) => `${deeper}${JSON.stringify(key)}: ${format(field, deeper)}`);
  return `{\n${lines.join(',\n')}\n${indent}}`;
}
