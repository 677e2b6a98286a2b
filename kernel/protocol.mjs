// Jupyter's wire protocol: a message is a list of frames, signed with the connection's key.
// https://jupyter-client.readthedocs.io/en/latest/messaging.html
import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';

const delimiter = '<IDS|MSG>';
const protocolVersion = '5.3';

/**
 * @typedef {object} Message
 * @property {Buffer[]} identities   the receiver (on a router socket) or the topic (on iopub)
 * @property {Record<string, any>} header
 * @property {Record<string, any>} parent   header of the request this answers
 * @property {Record<string, any>} metadata
 * @property {Record<string, any>} content
 * @property {Uint8Array[]} [buffers]   bytes beside the content, which are not signed
 */

function signature(key, frames) {
  if (key === '') return '';
  const hmac = createHmac('sha256', key);
  for (const frame of frames) hmac.update(frame);
  return hmac.digest('hex');
}

/**
 * Reads a message from its frames.
 *
 * @param {Buffer[]} frames
 * @param {string} key the connection's key; empty means unsigned
 * @returns {Message}
 * @throws if the frames are not a message signed with `key`
 */
export function decodeMessage(frames, key) {
  const start = frames.findIndex((frame) => frame.toString() === delimiter);
  if (start < 0 || frames.length < start + 6) throw new Error('not a Jupyter message');
  const parts = frames.slice(start + 2, start + 6);
  const expected = Buffer.from(signature(key, parts));
  const given = frames[start + 1];
  if (expected.length !== given.length || !timingSafeEqual(expected, given)) {
    throw new Error('a Jupyter message with a wrong signature');
  }
  const [header, parent, metadata, content] = parts.map((part) => JSON.parse(part.toString()));
  const [identities, buffers] = [frames.slice(0, start), frames.slice(start + 6)];
  return { identities, header, parent, metadata, content, buffers };
}

/**
 * Encodes a message as frames. All its text becomes well-formed, so that it can be saved as UTF-8.
 */
export function encodeMessage({ identities, header, parent, metadata, content, buffers = [] }, key) {
  const parts = [header, parent, metadata, content].map((part) => Buffer.from(wellFormedJson(part)));
  return [...identities, Buffer.from(delimiter), Buffer.from(signature(key, parts)), ...parts, ...buffers];
}

/** JSON with U+FFFD for each half character; JSON.stringify escapes exactly those as surrogates. */
function wellFormedJson(value) {
  const json = JSON.stringify(value);
  if (!json.includes('\\ud')) return json;
  return json.replace(/\\(ud[89a-f][\da-f]{2}|.)/g, (escape) => (escape.length > 2 ? '\ufffd' : escape));
}

/**
 * Makes a new message.
 *
 * @param {string} type
 * @param {Record<string, any>} content
 * @param {{ parent?: Message, identities?: Buffer[], session?: string, metadata?: object, buffers?:
 *   Uint8Array[] }} [options] `parent`: the request it answers
 * @returns {Message}
 */
export function newMessage(type, content, options = {}) {
  const { parent, identities = [], session, metadata = {}, buffers = [] } = options;
  return {
    identities,
    header: {
      msg_id: randomUUID(),
      msg_type: type,
      session: session ?? parent?.header.session ?? '',
      username: parent?.header.username ?? 'bipe',
      date: new Date().toISOString(),
      version: protocolVersion,
    },
    parent: parent?.header ?? {},
    metadata,
    content,
    buffers,
  };
}
