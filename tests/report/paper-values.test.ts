import { describe, expect, it } from 'vitest';
import {
  explainSources,
  formatPaperValue,
  formatSetting,
  notAtHand,
  paperRecipes,
  paperValue,
  paperValues,
} from '../../lib/experiments/paper/values';
import { encodingNames } from '../../lib/positional/registry';

describe("the paper's values", () => {
  it('are one at most for each measure and encoding, of encodings that there are', () => {
    const places = paperValues.map(({ measure, encoding }) => `${measure} ${encoding ?? ''}`);
    expect(new Set(places).size).toBe(places.length);
    for (const { encoding } of paperValues) expect([...encodingNames, 'others', null]).toContain(encoding);
  });

  it('are shown with their source, in the words of the source', () => {
    expect(formatPaperValue(paperValue('pg19-perplexity', 'alibi'))).toBe('28.6 [N]');
    expect(formatPaperValue(paperValue('arithmetic-accuracy', 'bipe_alibi'))).toBe('about 97 % [N]');
    expect(formatPaperValue(paperValue('arithmetic-accuracy', 'others'))).toBe('under 70 % [N]');
    expect(formatPaperValue(paperValue('segments-per-sequence', null))).toBe('up to 10,000 [S]');
  });

  it('that are not known are said to be so', () => {
    expect(formatPaperValue(paperValue('pg19-perplexity', 'bipe_rope'))).toBe(notAtHand);
    expect(formatPaperValue(paperValue('arithmetic-accuracy', 'rope'))).toBe(notAtHand);
  });

  it('have sources that a caption explains, each once', () => {
    expect(explainSources(['N', 'C', 'N'])).toBe(
      "[C] the authors' released code; [N] public notes on the paper",
    );
  });
});

describe("the paper's recipes", () => {
  it.each(Object.entries(paperRecipes))('of %s name each setting once, with a source', (_, settings) => {
    expect(new Set(settings.map(({ key }) => key)).size).toBe(settings.length);
    for (const { sources } of settings) expect(sources.length).toBeGreaterThan(0);
  });

  it('write numbers as people do', () => {
    expect([1e-4, 0.01, 0, 1_000_000, 48].map(formatSetting)).toEqual([
      '1e-4',
      '0.01',
      '0',
      '1,000,000',
      '48',
    ]);
  });
});
