// What is shown below a cell, as Jupyter's file format allows it: one entry a MIME type, text or,
// where the type says so, JSON. https://nbformat.readthedocs.io/en/latest/format_description.html
import { inspect } from 'node:util';

/** A value's own way to show itself: a method that returns one entry a MIME type. */
const jupyterDisplay = Symbol.for('Jupyter.display');

/** Something that no notebook can hold. */
export class DisplayError extends TypeError {
  name = 'DisplayError';
}

/** A cell's value as a reader sees it; undefined for nothing. */
export async function show(value) {
  if (value === undefined) return undefined;
  const method = displayMethod(value);
  if (method === undefined) return { 'text/plain': inspect(value) };
  return toBundle(await method.call(value), "[Symbol.for('Jupyter.display')]()");
}

/**
 * Undefined also for what does not let itself be asked, such as a Proxy that throws at names it
 * does not know.
 */
function displayMethod(value) {
  try {
    const method = value?.[jupyterDisplay];
    return typeof method === 'function' ? method : undefined;
  } catch {
    return undefined;
  }
}

/**
 * A copy of a bundle, of plain JSON. An entry that is undefined is left out.
 *
 * @param {unknown} bundle
 * @param {string} origin where it comes from, for the message
 * @returns {Record<string, unknown>}
 * @throws {DisplayError} naming the entry that Jupyter could not show
 */
export function toBundle(bundle, origin) {
  const wanted = "an object with an entry for each media type, such as { 'text/html': '<b>x</b>' }";
  if (!isRecord(bundle)) throw new DisplayError(`${origin} is ${kindOf(bundle)}; it should be ${wanted}`);
  const entries = Object.entries(bundle).filter(([, value]) => value !== undefined);
  return Object.fromEntries(
    entries.map(([type, value]) => {
      const isText = typeof value === 'string' || (Array.isArray(value) && value.every(isString));
      if (!/^application\/(.*\+)?json$/.test(type) && !isText) {
        throw new DisplayError(`${origin}: '${type}' is ${kindOf(value)}; it should be text`);
      }
      return [type, toJson(value, `${origin}: '${type}'`)];
    }),
  );
}

/** A copy of an output's metadata, of plain JSON. */
export function toMetadata(metadata) {
  const origin = "a display's metadata";
  if (!isRecord(metadata)) throw new DisplayError(`${origin} is ${kindOf(metadata)}; it should be an object`);
  return toJson(metadata, origin);
}

function toJson(value, origin) {
  let json;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw new DisplayError(`${origin} is not JSON: ${String(error.message).split('\n')[0]}`, {
      cause: error,
    });
  }
  if (json === undefined) throw new DisplayError(`${origin} is ${kindOf(value)}, which is not JSON`);
  return JSON.parse(json);
}

const isString = (value) => typeof value === 'string';
const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value);

function kindOf(value) {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return `${typeof value === 'object' ? 'an' : 'a'} ${typeof value}`;
}
