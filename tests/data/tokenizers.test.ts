import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataError, UsageError } from '../../lib/base/errors';
import { ByteTokenizer } from '../../lib/data/tokenizers/bytes';
import {
  CharacterTokenizer,
  loadCharacterTokenizer,
  saveCharacterTokenizer,
} from '../../lib/data/tokenizers/characters';
import { getTokenizer, tokenizerNames } from '../../lib/data/tokenizers/registry';
import { wellFormed } from '../../lib/data/tokenizers/tokenizer';
import { cutText } from './tokenizers.reference';

/** Any text, lone surrogates included. */
const anyText = fc
  .array(
    fc.oneof(fc.string({ unit: 'binary', maxLength: 5 }), fc.constantFrom('\ud800', '\udc00', '\n', '.')),
  )
  .map((parts) => parts.join(''));

describe('the registry of tokenizers', () => {
  it('gives every tokenizer by its name, the same one each time', async () => {
    for (const name of tokenizerNames) {
      const tokenizer = await getTokenizer(name);
      expect(tokenizer.name).toBe(name);
      expect(await getTokenizer(name)).toBe(tokenizer);
    }
  });

  it('says which names there are, and which was probably meant', async () => {
    await expect(getTokenizer('lama2')).rejects.toThrow(
      new UsageError(
        'unknown tokenizer "lama2"; did you mean llama2? known: llama2, bytes, characters, llama2-<pieces>',
      ),
    );
    await expect(getTokenizer('gpt-9')).rejects.toThrow('unknown tokenizer "gpt-9"; known: llama2');
  });

  it('gives tokenizers of different fingerprints', async () => {
    const all = await Promise.all(tokenizerNames.map(getTokenizer));
    expect(new Set(all.map(({ fingerprint }) => fingerprint)).size).toBe(all.length);
  });
});

describe('the byte tokenizer', () => {
  const bytes = new ByteTokenizer();

  it('gives the UTF-8 bytes of a text, and the text of its bytes', () => {
    expect(Array.from(bytes.encode('é.\n'))).toEqual([0xc3, 0xa9, 46, 10]);
    fc.assert(
      fc.property(anyText, (text) => {
        expect(bytes.decode(bytes.encode(text))).toBe(wellFormed(text));
      }),
    );
  });

  it('keeps a byte-order mark', () => {
    expect(bytes.decode(bytes.encode('\ufeffa'))).toBe('\ufeffa');
  });

  it('refuses a begin-of-text token, which it does not have', () => {
    expect(() => bytes.encode('a', { beginOfText: true })).toThrow(UsageError);
    expect(() => bytes.stream({ beginOfText: true })).toThrow(UsageError);
  });

  it('prints control characters and parts of characters as bytes', () => {
    expect([0, 10, 32, 65, 0xe2].map((id) => bytes.tokenText(id))).toEqual([
      '<0x00>',
      '↵',
      '▁',
      'A',
      '<0xE2>',
    ]);
  });

  it('knows the id of an ASCII character and of nothing else', () => {
    expect(['.', '\n', 'é', ' .', ''].map((text) => bytes.idOf(text))).toEqual([
      46,
      10,
      undefined,
      undefined,
      undefined,
    ]);
  });
});

describe('the character tokenizer', () => {
  it('numbers the characters of its vocabulary by code point, from 1 on', () => {
    const tokenizer = new CharacterTokenizer('cab🌍a');
    expect(tokenizer.characters).toBe('abc🌍');
    expect(tokenizer.vocabularySize).toBe(5);
    expect(Array.from(tokenizer.encode('🌍abx'))).toEqual([4, 1, 2, 0]);
    expect(tokenizer.decode([4, 1, 0])).toBe('🌍a\ufffd');
    expect(tokenizer.tokenText(0)).toBe('<unknown>');
  });

  it('gives back any text over its vocabulary', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const tokenizer = new CharacterTokenizer(text);
        expect(tokenizer.decode(tokenizer.encode(text))).toBe(wellFormed(text));
      }),
    );
  });

  it('prints characters that leave no trace of their own by their code point', () => {
    const tokenizer = new CharacterTokenizer('\u0301\u200b\u00a0é');
    expect([1, 2, 3, 4].map((id) => tokenizer.tokenText(id))).toEqual(['U+00A0', 'é', 'U+0301', 'U+200B']);
  });
});

describe('a text that streams in', () => {
  it('has the same byte and character ids however it is cut', () => {
    fc.assert(
      fc.property(cutText(anyText), (parts) => {
        const text = parts.join('');
        for (const tokenizer of [new ByteTokenizer(), new CharacterTokenizer(text)]) {
          const stream = tokenizer.stream();
          const ids = [...parts.map((part) => stream.push(part)), stream.finish()].flatMap((some) =>
            Array.from(some),
          );
          expect(ids).toEqual(Array.from(tokenizer.encode(text)));
        }
      }),
    );
  });
});

describe('a character vocabulary on disk', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'bipe-characters-'));
  });
  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  it('is the same when it is read again', async () => {
    const tokenizer = new CharacterTokenizer('0123456789+-*/()= \u0000🌍');
    const path = join(folder, 'vocabulary.json');
    await saveCharacterTokenizer(path, tokenizer);
    const again = await loadCharacterTokenizer(path);
    expect(again.characters).toBe(tokenizer.characters);
    expect(again.fingerprint).toBe(tokenizer.fingerprint);
  });

  it('is refused in one line when it is damaged, changed or something else', async () => {
    const path = join(folder, 'vocabulary.json');
    const refusals: [content: string, message: RegExp][] = [
      ['{"tokenizer":', /not a character vocabulary/],
      ['{"tokenizer":"characters","fingerprint":"0"}', /not a character vocabulary/],
      ['{"tokenizer":"characters","characters":"ab","fingerprint":"0"}', /do not match its fingerprint/],
    ];
    for (const [content, message] of refusals) {
      await writeFile(path, content);
      const refusal = loadCharacterTokenizer(path);
      await expect(refusal).rejects.toThrow(DataError);
      await expect(refusal).rejects.toThrow(message);
    }
    await expect(loadCharacterTokenizer(join(folder, 'none.json'))).rejects.toThrow('no such file');
  });
});
