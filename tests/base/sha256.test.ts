import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../lib/base/sha256';

const reference = (text: string): string => createHash('sha256').update(text).digest('hex');

describe('sha256', () => {
  it('is that of node:crypto for any text, whatever the number of blocks', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
        expect(sha256Hex(text)).toBe(reference(text));
      }),
    );
    for (let length = 0; length < 200; length++)
      expect(sha256Hex('x'.repeat(length))).toBe(reference('x'.repeat(length)));
  });
});
