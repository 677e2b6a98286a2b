import { describe, expect, it } from 'vitest';
import { ByteTokenizer } from '../../lib/data/tokenizers/bytes';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { separatorsFor } from '../../lib/segment/separators';
import { segmentText } from '../../lib/segment/text';

describe('a text in segments', () => {
  it('has for each token its id, its text, and both kinds of position', async () => {
    const llama2 = await getTokenizer('llama2');
    const tokens = segmentText('Two. One.\nBird', llama2, separatorsFor(llama2, 'paper'));
    expect(tokens.map(({ text, position, intra, segment }) => [text, position, intra, segment])).toEqual([
      ['▁Two', 0, 0, 0],
      ['.', 1, 1, 0],
      ['▁One', 2, 0, 1],
      ['.', 3, 1, 1],
      ['↵', 4, 0, 2],
      ['B', 5, 0, 3],
      ['ird', 6, 1, 3],
    ]);
    expect(tokens.map(({ id }) => id)).toEqual(Array.from(llama2.encode('Two. One.\nBird')));
  });

  it('clamps intra positions when the table has fewer rows', () => {
    const tokens = segmentText('abcd.e', new ByteTokenizer(), [46], { intraSize: 3 });
    expect(tokens.map(({ intra }) => intra)).toEqual([0, 1, 2, 2, 2, 0]);
  });

  it('is empty for an empty text', () => {
    expect(segmentText('', new ByteTokenizer(), [46])).toEqual([]);
  });
});
