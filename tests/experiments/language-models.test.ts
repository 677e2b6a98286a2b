import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { silentReporter } from '../../lib/base/progress';
import { fig4, fig4Presets } from '../../lib/experiments/fig4';
import { type Fig4Result } from '../../lib/experiments/fig4-drawing';
import { fig5 } from '../../lib/experiments/fig5';
import { type Fig5Result } from '../../lib/experiments/fig5-drawing';
import { scaledEncoding } from '../../lib/experiments/fig5-runs';
import { checkLanguageModelSettings } from '../../lib/experiments/language-model-settings';
import { tokensPerSegment, validationDocuments } from '../../lib/experiments/language-model-text';
import { RunStore } from '../../lib/experiments/run-store';
import { type EncodingConfig, encodingNamed } from '../../lib/positional/registry';
import { temporaryFolder } from '../support/command';

const smoke = fig4Presets.smoke.settings;
const reporter = silentReporter;

describe('settings of language models', () => {
  it.each([
    [
      { lengths: [64, 96, 256] },
      'lengths: 96 does not divide 256, the longest, so both would not read the same text; give lengths such as 64, 128, 256',
    ],
    [{ documentTokens: 300 }, 'documentTokens: 300 is no multiple of the longest length, 256; give e.g. 256'],
  ])('refuse %o in one line', (changed, message) => {
    expect(() => {
      checkLanguageModelSettings({ ...smoke, ...changed }, smoke.encodings);
    }).toThrow(message);
  });

  it('refuse an encoding that nobody knows', () => {
    expect(() => {
      checkLanguageModelSettings(smoke, ['bipe_rop']);
    }).toThrow('did you mean bipe_rope?');
  });

  it('refuse to finetune on blocks that are no longer than in training', async () => {
    const settings = { finetune: { length: 64, steps: 1, batchSize: 1, learningRate: 1e-3, warmupSteps: 0 } };
    await expect(fig5.execute({ preset: 'smoke', settings, reporter })).rejects.toThrow(
      'finetune.length: 64 is not above the training length, 64; give e.g. 256',
    );
  });
});

describe('validation documents', () => {
  it('are cut so that blocks of every length read the same text', async () => {
    const documents = await validationDocuments(smoke, reporter);
    expect(documents.length).toBeGreaterThan(2);
    for (const { ids, modality } of documents) {
      expect(ids.length % Math.max(...smoke.lengths)).toBe(0);
      expect(ids.length).toBeLessThanOrEqual(smoke.documentTokens);
      expect(modality).toBe('books');
    }
  });

  it('have segments of some tens of tokens', async () => {
    const tokens = await tokensPerSegment(smoke, reporter);
    expect(tokens).toBeGreaterThan(20);
    expect(tokens).toBeLessThan(100);
  });
});

describe('an encoding with its RoPE scaled', () => {
  const positive = fc.integer({ min: 1, max: 1000 });

  it('counts tokens where positions are tokens, and segments where they are segments', () => {
    fc.assert(
      fc.property(positive, positive, positive, (tokens, segments, factor) => {
        const lengths = { tokens, segments, factor };
        const yarn = (originalLength: number) => ({
          kind: 'rope',
          scaling: { type: 'yarn', factor, originalLength },
        });
        const { intra } = encodingNamed('bipe_rope') as { intra: EncodingConfig };
        expect(scaledEncoding(encodingNamed('rope'), 'yarn', lengths)).toEqual(yarn(tokens));
        const bilevel = { kind: 'bipe', intra, inter: yarn(segments) };
        expect(scaledEncoding(encodingNamed('bipe_rope'), 'yarn', lengths)).toEqual(bilevel);
      }),
    );
  });

  it('is refused where there is no RoPE', () => {
    const lengths = { tokens: 512, segments: 10, factor: 4 };
    expect(() => scaledEncoding(encodingNamed('bipe_alibi'), 'linear', lengths)).toThrow(
      'encoding alibi: there is no RoPE in it to scale; give rope or bipe_rope',
    );
  });
});

describe('Figures 4 and 5', () => {
  it('train a model once, however often it is asked for', { timeout: 300_000 }, async () => {
    const store = new RunStore(temporaryFolder());
    const options = { preset: 'smoke', reporter, store };
    const first = await fig4.execute(options);
    expect(await store.count('language-model')).toBe(2);
    const { runs } = first.numbers as Extract<Fig4Result, { kind: 'trained' }>;
    for (const { modalities } of runs) {
      const byLength = modalities[0]?.byLength ?? [];
      expect(byLength.map(({ length }) => length)).toEqual(smoke.lengths);
      // The same documents at each length; only each block's first token is not predicted.
      expect(new Set(byLength.map(({ documents }) => documents)).size).toBe(1);
      expect(new Set(byLength.map(({ tokens, windows }) => tokens + windows)).size).toBe(1);
    }
    expect(first.provenance.data.map(({ name }) => name)).toEqual(['sotu']);

    const { models } = (await fig5.execute(options)).numbers as Fig5Result;
    // Each encoding as it was trained, scaled, and finetuned: of the language models only the finetuned are new.
    expect(models.map(({ stage }) => stage)).toEqual([
      'trained',
      'scaled',
      'finetuned',
      'trained',
      'scaled',
      'finetuned',
    ]);
    expect(await store.count('language-model')).toBe(4);
    const trained = models.find(({ encoding, stage }) => encoding === 'rope' && stage === 'trained');
    expect(trained?.modalities).toEqual(runs.find(({ encoding }) => encoding === 'rope')?.modalities);
    const again = await fig5.execute(options);
    expect(again.reused).toBe(true);
  });
});
