// Checking what comes from outside (settings, registries, files) against a zod schema, with one line for the
// first thing that is wrong: where it stands, what it is, and what would be right.

import { type z } from 'zod';
import { ConfigError } from './errors';

/**
 * `value` as the schema types it.
 *
 * @param where what is checked, as the message's first words: a file, `fig1 settings`
 * @throws ConfigError naming the field
 */
export function parseWith<T>(schema: z.ZodType<T>, value: unknown, where: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new ConfigError(`${where}: not valid`);
  if (issue.code === 'unrecognized_keys') {
    const place = fieldName(issue.path);
    const known = knownKeys(schema, issue.path);
    throw new ConfigError(
      `${where}: unknown field ${issue.keys.map((key) => `'${key}'`).join(', ')}${place === '' ? '' : ` in ${place}`}` +
        (known.length === 0 ? '; remove it' : `; known are ${known.join(', ')}`),
    );
  }
  throw new ConfigError(`${where}: ${fieldName(issue.path) || 'the value'}: ${issue.message}`);
}

function fieldName(path: readonly PropertyKey[]): string {
  return path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}

function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  if (path.length > 0) return [];
  const shape: unknown = 'shape' in schema ? schema.shape : undefined;
  return typeof shape === 'object' && shape !== null ? Object.keys(shape) : [];
}
