// Values as outputs below a cell, in Jupyter's format: one entry for each MIME type, text or, for
// JSON types, JSON. https://nbformat.readthedocs.io/en/latest/format_description.html
import { inspect } from 'node:util';

/** The method with which a value shows itself; it returns one entry for each MIME type. */
const jupyterDisplay = Symbol.for('Jupyter.display');

/** An output that a notebook cannot hold. */
export class DisplayError extends TypeError {
  name = 'DisplayError';
}

/** Turns a cell's value into an output; undefined for no value. */
export async function show(value) {
  if (value === undefined) return undefined;
  const method = displayMethod(value);
  if (method === undefined) return { 'text/plain': inspect(value) };
  return toBundle(await method.call(value), "[Symbol.for('Jupyter.display')]()");
}

/** The display method of a value; also undefined if the look-up throws, as with some proxies. */
function displayMethod(value) {
  try {
    const method = value?.[jupyterDisplay];
    return typeof method === 'function' ? method : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Copies a bundle as plain JSON. Undefined entries are left out.
 *
 * @param {unknown} bundle
 * @param {string} origin its source, for the message
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

/** Copies an output's metadata as plain JSON. */
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
