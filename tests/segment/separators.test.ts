import { describe, expect, it } from 'vitest';
import { UsageError } from '../../lib/base/errors';
import { CharacterTokenizer } from '../../lib/data/tokenizers/characters';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { parseSeparators, separatorsFor, separatorSets } from '../../lib/segment/separators';

describe('separators', () => {
  it('are known by name, as Llama-2 ids, or given as ids', () => {
    expect(parseSeparators('paper')).toEqual([29889, 869, 13]);
    expect(parseSeparators('released')).toEqual([869, 13]);
    expect(parseSeparators(' 869, 13,13')).toEqual([869, 13]);
    expect(parseSeparators('0')).toEqual([0]);
  });

  it('are the ids of the same tokens in the vocabulary of Llama 2', async () => {
    const llama2 = await getTokenizer('llama2');
    expect(separatorsFor(llama2, 'paper')).toEqual(separatorSets.paper);
    expect(separatorsFor(llama2, 'released')).toEqual(separatorSets.released);
  });

  it('are full stop and newline, or newline alone, where tokens are bytes or characters', async () => {
    const bytes = await getTokenizer('bytes');
    expect(separatorsFor(bytes, 'paper')).toEqual([46, 10]);
    expect(separatorsFor(bytes, 'released')).toEqual([10]);
    const characters = new CharacterTokenizer('a.\n');
    expect(separatorsFor(characters, 'paper').map((id) => characters.decode([id]))).toEqual(['.', '\n']);
    expect(separatorsFor(characters, '2')).toEqual([2]);
  });

  it.each([
    [
      'relased',
      'unknown separators "relased"; did you mean released? give paper, released or ids such as 869,13',
    ],
    ['newline', 'unknown separators "newline"; give paper, released or ids such as 869,13'],
    ['', 'unknown separators ""; give'],
    ['869,x', 'unknown separators "869,x": "x" is not a token id; give'],
    ['869,', 'unknown separators "869,": "" is not a token id; give'],
    ['-1', 'unknown separators "-1"; give'],
    ['1.5', 'unknown separators "1.5"; give'],
    ['1e3', 'unknown separators "1e3"; give'],
    ['2147483648', '2147483648 is not in any vocabulary; ids go up to 2147483647'],
  ])('refuses %j in one line', (text, message) => {
    expect(() => parseSeparators(text)).toThrow(UsageError);
    expect(() => parseSeparators(text)).toThrow(message);
  });

  it('refuses ids and names that the vocabulary does not have', async () => {
    const bytes = await getTokenizer('bytes');
    expect(() => separatorsFor(bytes, '869,13')).toThrow(
      'separators "869,13": 869 is not in the vocabulary of bytes; ids go up to 255',
    );
    expect(() => separatorsFor(new CharacterTokenizer('ab'), 'released')).toThrow(
      'separators released: the vocabulary of characters has none of " .", "\\n"; give ids instead',
    );
  });
});
