// JSON that people write by hand. `JSON.parse` silently takes the last of two equal keys; here they
// are refused.

import { ConfigError, messageOf } from './errors';

/**
 * Parses a JSON text.
 *
 * @param where first words of the message: the file
 * @throws ConfigError if it is no JSON, or an object has a key twice, with line and column
 */
export function parseStrictJson(text: string, where: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${where}: not JSON (${messageOf(error).replace(/\s+/g, ' ')}); correct it`, {
      cause: error,
    });
  }
  checkKeys(text, where);
  return value;
}

/**
 * Makes sure that no object of a JSON text has a key twice.
 *
 * @throws ConfigError with line and column
 */
export function checkKeys(json: string, where: string): void {
  const objects: (Set<string> | undefined)[] = []; // those that are open; undefined for arrays
  for (let at = 0; at < json.length; at += 1) {
    const character = json[at];
    if (character === '{') objects.push(new Set());
    else if (character === '[') objects.push(undefined);
    else if (character === '}' || character === ']') objects.pop();
    else if (character === '"') {
      const end = endOfString(json, at);
      const keys = objects.at(-1);
      if (keys !== undefined && isKey(json, end)) {
        const key = JSON.parse(json.slice(at, end)) as string;
        if (keys.has(key)) throw repeated(json, at, key, where);
        keys.add(key);
      }
      at = end - 1;
    }
  }
}

/** The index after the closing quote. */
function endOfString(json: string, start: number): number {
  let at = start + 1;
  while (json[at] !== '"') at += json[at] === '\\' ? 2 : 1;
  return at + 1;
}

/** True if a colon comes next. */
function isKey(json: string, end: number): boolean {
  let at = end;
  while (/\s/.test(json.charAt(at))) at += 1;
  return json[at] === ':';
}

function repeated(json: string, at: number, key: string, where: string): ConfigError {
  const before = json.slice(0, at).split('\n');
  const column = (before.at(-1) ?? '').length + 1;
  return new ConfigError(
    `${where}: line ${before.length}, column ${column}: ${JSON.stringify(key)} is named twice; remove or rename one`,
  );
}
