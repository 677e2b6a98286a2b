import type * as fs from 'node:fs';
import { readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { fileTokens, storeFileTokens } from '../../lib/data/tokens/text-file';
import { temporaryFolder } from '../support/command';

// A disk that takes a part of what is written at once.
vi.mock('node:fs', async (original) => {
  const actual = await original<typeof fs>();
  const writeSync = (file: number, bytes: Uint8Array, offset = 0): number =>
    actual.writeSync(file, bytes, offset, Math.ceil((bytes.length - offset) / 2));
  return { ...actual, writeSync, default: { ...actual, writeSync } };
});

describe('the tokens of a text file', () => {
  it.each(['bytes', 'characters', 'llama2'])(
    'are those of its text, in pieces and stored: %s',
    async (name) => {
      const tokenizer = await getTokenizer(name);
      const file = join(temporaryFolder(), 'text');
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'grapheme' }), fc.nat(), fc.nat(), async (text, first, last) => {
          // A mark at the beginning is none of the text.
          fc.pre(!text.startsWith('\uFEFF'));
          writeFileSync(file, text);
          const wanted = tokenizer.encode(text);
          const pieces: number[] = [];
          for await (const ids of fileTokens(file, tokenizer)) pieces.push(...ids);
          expect(pieces).toEqual(Array.from(wanted));
          const stored = await storeFileTokens(file, tokenizer);
          expect(stored.tokens).toBe(wanted.length);
          const [start, end] = [first % (wanted.length + 1), last % (wanted.length + 1)].sort(
            (a, b) => a - b,
          );
          expect(stored.read(start ?? 0, (end ?? 0) - (start ?? 0))).toEqual(wanted.slice(start, end));
          stored.close();
        }),
        { numRuns: 30 },
      );
    },
  );

  it('leave no file behind, closed or not right', async () => {
    const tokenizer = await getTokenizer('bytes');
    const file = join(temporaryFolder(), 'text');
    const stored = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('bipe-text-'));
    const before = stored();
    writeFileSync(file, 'a text');
    (await storeFileTokens(file, tokenizer)).close();
    writeFileSync(file, Buffer.from([0x61, 0xff]));
    await expect(storeFileTokens(file, tokenizer)).rejects.toThrow(/not UTF-8 text \(byte 1\)/);
    expect(stored()).toEqual(before);
  });
});
