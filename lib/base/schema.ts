// Checks input from outside (settings, registries, files) against a zod schema. The error is one
// line about the first mistake: where it is, what it is, and what would be right.

import { z } from 'zod';
import { ConfigError, UsageError } from './errors';
import { formatCount } from './format';
import { fromJson } from './json';
import { unknownFields } from './suggest';

/** Deepest nesting, far beyond any setting: schemas and readers of settings recurse. */
const mostNested = 64;

/**
 * True if lists and objects are inside each other too often, or in a circle. One that stands in
 * several places of a level is looked into once: else lists of twice the same list take for ever.
 */
function isNestedTooDeep(value: unknown): boolean {
  let level: ReadonlySet<object> = containersAmong([value]);
  for (let depth = 0; level.size > 0; depth += 1) {
    if (depth === mostNested) return true;
    const inside = new Set<object>();
    for (const container of level)
      for (const found of containersAmong(Object.values(container))) inside.add(found);
    level = inside;
  }
  return false;
}

function containersAmong(values: readonly unknown[]): Set<object> {
  return new Set(
    values.filter(
      (value): value is object => typeof value === 'object' && value !== null && !ArrayBuffer.isView(value),
    ),
  );
}

/**
 * Checks a value and gives it the schema's type.
 *
 * @param where first words of the message: a file, `fig1 settings`
 * @throws ConfigError naming the field
 */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  if (isNestedTooDeep(value))
    throw new ConfigError(`${where}: nested more than ${mostNested} deep; write it flatter`);
  const parsed = schema.safeParse(value, { error: nameFields });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new ConfigError(`${where}: not valid`);
  const place = fieldName(issue.path) || (issue.code === 'unrecognized_keys' ? '' : 'the value');
  throw new ConfigError([where, place, issue.message].filter((part) => part !== '').join(': '));
}

/**
 * The value that `toJson` wrote, as the schema types it.
 *
 * @param damaged what to throw for a text that is not that, told why
 */
export function parseJsonWith<T>(
  schema: z.ZodType<T>,
  text: string,
  damaged: (why: string, cause: Error) => Error,
): T {
  try {
    return parseWith(schema, fromJson(text), 'it');
  } catch (error) {
    if (!(error instanceof SyntaxError) && !(error instanceof ConfigError)) throw error;
    throw damaged(error.message, error);
  }
}

/**
 * Any number, also NaN and the infinities, which `z.number()` refuses: a measurement may be one.
 */
export const anyNumber: z.ZodType<number> = z.custom<number>((value) => typeof value === 'number', {
  error: ({ input }) => `expected number, received ${input === null ? 'null' : typeof input}`,
});

/** A whole number from 1 to `most`: a size, or how many of something. */
export function countUpTo(most: number): z.ZodType<number> {
  return z
    .int()
    .min(1)
    .max(most, `must be ${formatCount(most)} or less`);
}

/**
 * The error to throw when making something of valid settings failed: an error about the settings
 * gets `where` as its first words, as those of `parseWith` have.
 */
export function errorAt(where: string, error: unknown): unknown {
  const isOfSettings = error instanceof ConfigError || error instanceof UsageError;
  if (!isOfSettings || error.message.startsWith(`${where}: `)) return error;
  return new ConfigError(`${where}: ${error.message}`, { cause: error });
}

/**
 * Parses with another schema that was chosen by the value; its issues are added to this one's
 * `context`.
 */
export function parseInside<T>(schema: z.ZodType<T>, value: unknown, context: z.RefinementCtx): T {
  const parsed = schema.safeParse(value, { error: nameFields });
  if (parsed.success) return parsed.data;
  context.issues.push(
    ...parsed.error.issues.map((issue) => ({ ...issue, input: value }) as z.core.$ZodRawIssue),
  );
  return z.NEVER;
}

/** Words an issue about unknown fields of an object, or about a name that is not allowed. */
const nameFields: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === 'invalid_key') return issue.issues[0]?.message;
  return issue.code === 'unrecognized_keys' && issue.inst instanceof z.ZodObject
    ? unknownFields(issue.keys, Object.keys(issue.inst.shape))
    : undefined;
};

function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}
