import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../lib/data/sources/text';

async function* documents() {
  for (const [id, text] of [
    ['one', 'a text'],
    ['two', 'é 😀'],
    ['three', ''],
  ] as const)
    yield Promise.resolve({ id, title: 'not in it', text });
}

describe('the digest of documents', () => {
  it('is the hash of ids and texts with their ends, and counts documents and bytes of texts', async () => {
    expect(await digestOf(documents())).toEqual({
      sha256: createHash('sha256').update('one\0a text\0two\0é 😀\0three\0\0').digest('hex'),
      documents: 3,
      bytes: 6 + 7,
    });
  });
});
