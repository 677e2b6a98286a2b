// Normalization of text that all readers share: one kind of line end, and one checksum of a whole
// sequence of documents.

import { createHash } from 'node:crypto';
import { heedStop } from '../../base/interrupt';
import { type TextDocument } from './source';

/** Normalizes line ends to `\n`, and removes a byte-order mark. */
export function normalizedText(text: string): string {
  const start = text.startsWith('\uFEFF') ? text.slice(1) : text;
  return start.includes('\r') ? start.replace(/\r\n?/g, '\n') : start;
}

/** Decodes bytes as UTF-8, or if they are not, as Latin-1, the encoding of older LaTeX sources. */
export function decodedText(bytes: Uint8Array): string {
  try {
    return normalizedText(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return normalizedText(Buffer.from(bytes).toString('latin1'));
  }
}

/** Checksum and size of a sequence of documents. */
export interface TextDigest {
  /** SHA-256 of id, NUL, text, NUL of each document in turn, in UTF-8. */
  readonly sha256: string;
  readonly documents: number;
  /** UTF-8 bytes of the texts alone. */
  readonly bytes: number;
}

/** Reads all documents once, one at a time. */
export async function digestOf(documents: AsyncIterable<TextDocument>): Promise<TextDigest> {
  const hash = createHash('sha256');
  let [count, bytes] = [0, 0];
  for await (const document of documents) {
    await heedStop();
    hash.update(`${document.id}\0`).update(document.text).update('\0');
    count += 1;
    bytes += Buffer.byteLength(document.text);
  }
  return { sha256: hash.digest('hex'), documents: count, bytes };
}
