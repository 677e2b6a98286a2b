import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { canonicalJson } from '../../lib/base/json';
import { assertNoLeak } from '../../lib/engine/memory';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { type Reporter, silentReporter } from '../../lib/base/progress';
import { parseWith } from '../../lib/base/schema';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { type Corpus } from '../../lib/data/tokens/corpus';
import { prepareCorpus } from '../../lib/data/tokens/prepare';
import { type Experiment } from '../../lib/experiments/run/definition';
import { fig4, fig4Presets } from '../../lib/experiments/items/fig4/item';
import { type Fig4Result } from '../../lib/experiments/items/fig4/draw';
import { fig5 } from '../../lib/experiments/items/fig5/item';
import { scaledEncoding } from '../../lib/experiments/items/fig5/runs';
import { prepareLanguageModels } from '../../lib/experiments/language-models/comparison';
import {
  languageModelCheckpoint,
  languageModelRun,
  perplexityAt,
} from '../../lib/experiments/language-models/runs';
import { checkLanguageModelSettings, requireLength } from '../../lib/experiments/language-models/settings';
import { tokensPerSegment, validationDocuments } from '../../lib/experiments/language-models/text';
import { prepareStarts } from '../../lib/experiments/items/scrolls/start';
import {
  releasedSettings,
  releasedSettingsSchema,
} from '../../lib/experiments/language-models/released-models';
import { type RunConfiguration, RunStore } from '../../lib/experiments/run/store';
import { ablationPresets, ablationSchema } from '../../lib/experiments/items/ablation/item';
import { tableNormal } from '../../lib/experiments/items/normal/item';
import { languageModel } from '../../lib/experiments/items/fig4/text-attention';
import { disposeParameters } from '../../lib/model/parameters';
import { type EncodingConfig, encodingNamed } from '../../lib/positional/registry';
import { provenanceLine } from '../../lib/report/provenance-line';
import { temporaryFolder } from '../support/command';
import { replaceRun } from '../support/store';

const smoke = fig4Presets.smoke.settings;
const reporter = silentReporter;

function packageVersion(name: string): string {
  const manifest = readFileSync(projectPath('node_modules', name, 'package.json'), 'utf8');
  return (JSON.parse(manifest) as { version: string }).version;
}

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

  const refusal = async (
    item: Experiment,
    settings: Readonly<Record<string, unknown>>,
    message: string,
  ): Promise<void> => {
    const store = new RunStore(temporaryFolder());
    await expect(item.execute({ preset: 'smoke', settings, reporter, store })).rejects.toThrow(message);
    expect(await store.count('language-model')).toBe(0);
  };

  it.each([fig4, fig5, tableNormal])(
    'of $id need the length that is drawn, before anything is trained',
    (item) =>
      refusal(
        item,
        { trainLength: 128, documentTokens: 512, lengths: [64, 256] },
        'lengths: 64, 256 are without 128, the training length, at which models are compared; give e.g. [64, 128, 256]',
      ),
  );

  it('of Figure 5 need the length of the finetuning', () =>
    refusal(
      fig5,
      { lengths: [64, 128] },
      'lengths: 64, 128 are without 256, the finetune.length, at which models are compared; give e.g. [64, 128, 256]',
    ));

  it('name lengths that go together where the given ones do not', () => {
    expect(() => {
      requireLength({ lengths: [100, 200] }, 'training length', 64);
    }).toThrow('give e.g. [64, 128, 256]');
  });

  it.each([
    [{ lengths: [256, 64] }, 'lengths: must be ascending, e.g. [512, 1024, 2048]'],
    [{ lengths: [64, 64, 256] }, 'lengths: must be ascending, e.g. [512, 1024, 2048]'],
    [{ encodings: ['rope', 'bipe_rope', 'rope'] }, 'encodings: rope is given twice; give it once'],
    [{ seeds: [1, 2, 1] }, 'seeds: 1 is given twice; give it once'],
  ])('say what is wrong with %j', (settings, message) => refusal(fig4, settings, message));

  it('of released models have lengths that ascend', () => {
    expect(releasedSettingsSchema.safeParse({ ...releasedSettings, lengths: [2048, 1024] }).success).toBe(
      false,
    );
  });

  it.each([
    [
      { encodings: ['rope', 'alibi'] },
      'encoding alibi: there is no RoPE in it to scale; give rope or bipe_rope',
    ],
    [
      { separators: ['paper'] },
      'separators: one set for all levels is needed here; give paper, released, or ids',
    ],
    [{ scalings: ['yarn', 'yarn'] }, 'scalings: yarn is given twice; give it once'],
  ])('of Figure 5 that cannot be scaled are refused before anything is trained: %j', (settings, message) =>
    refusal(fig5, settings, message),
  );

  it('of ablations have no seed twice: one of every model is none that only shows chance', () => {
    const { settings } = ablationPresets.quick;
    const chanceOf = (changed: Partial<typeof settings>): readonly number[] =>
      parseWith(ablationSchema, { ...settings, ...changed }, 'settings').chanceSeeds;
    expect(chanceOf({ seeds: [1, 2], chanceSeeds: [2, 3] })).toEqual([3]);
    expect(() => chanceOf({ chanceSeeds: [2, 2] })).toThrow('chanceSeeds: 2 is given twice; give it once');
  });

  it('refuse to finetune on blocks that are no longer than in training', async () => {
    const settings = { finetune: { length: 64, steps: 1, batchSize: 1, learningRate: 1e-3, warmupSteps: 0 } };
    await expect(fig5.execute({ preset: 'smoke', settings, reporter })).rejects.toThrow(
      'finetune.length: 64 is not above the training length, 64; give e.g. 256',
    );
  });
});

/** Of the corpus of the preset `smoke`. */
async function ofSmoke<Result>(ask: (corpus: Corpus) => Result | Promise<Result>): Promise<Result> {
  const { sources, tokenizer, maxTokens } = smoke;
  const corpus = await prepareCorpus({ sources, tokenizer, maxTokens });
  try {
    return await ask(corpus);
  } finally {
    corpus.close();
  }
}

describe('validation documents', () => {
  it('are cut so that blocks of every length read the same text', async () => {
    const documents = await ofSmoke((corpus) => validationDocuments(corpus, smoke));
    expect(documents.length).toBeGreaterThan(2);
    for (const { ids, modality } of documents) {
      expect(ids.length % Math.max(...smoke.lengths)).toBe(0);
      expect(ids.length).toBeLessThanOrEqual(smoke.documentTokens);
      expect(modality).toBe('books');
    }
  });

  it('have segments of some tens of tokens', async () => {
    const ids = await ofSmoke((corpus) => corpus.read(0, corpus.info.tokens));
    const tokenizer = await getTokenizer(smoke.tokenizer);
    const ends = new Set(['.', ' .', '\n'].map((text) => tokenizer.idOf(text)));
    const segments = ids.filter((id, place) => ends.has(id) || place === ids.length - 1).length;
    const tokens = await ofSmoke((corpus) => tokensPerSegment(corpus, smoke));
    expect(tokens).toBeCloseTo(ids.length / segments, 9);
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
        // Linear scaling needs no length; the length that dynamic scaling begins at is that of a
        // sequence.
        for (const [name, scaling] of [
          ['linear', { type: 'linear', factor }],
          ['dynamic', { type: 'dynamic', originalLength: tokens }],
        ] as const) {
          const rope = { kind: 'rope', scaling };
          expect(scaledEncoding(encodingNamed('rope'), name, lengths)).toEqual(rope);
          expect(scaledEncoding(encodingNamed('bipe_rope'), name, lengths)).toEqual({
            kind: 'bipe',
            intra,
            inter: rope,
          });
        }
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

/** How YaRN scales in all runs of a store. */
function yarnIn(store: RunStore): Set<string> {
  const texts = readdirSync(store.folder).map((name) =>
    canonicalJson(JSON.parse(readFileSync(join(store.folder, name, 'config.json'), 'utf8'))),
  );
  return new Set(texts.flatMap((text) => text.match(/\{[^{}]*"type":"yarn"[^{}]*\}/g) ?? []));
}

/** Settings of the smallest models there are. */
const tiny = { ...smoke, layers: 1, hiddenSize: 16, steps: 2, warmupSteps: 0 };
const point = { encoding: 'rope', hiddenSize: 16, seed: 1 };

/** Lengths at which something is measured, in order. */
function watching(): { readonly reporter: Reporter; readonly measured: string[] } {
  const measured: string[] = [];
  const task: Reporter['task'] = (label, total, unit) => {
    if (label.startsWith('perplexity at')) measured.push(label.replace('perplexity at ', ''));
    return silentReporter.task(label, total, unit);
  };
  return { reporter: { ...silentReporter, task }, measured };
}

describe('a language model', () => {
  it(
    'reads each length once, whichever others are asked for, and leaves no tensor',
    { timeout: 300_000 },
    async () => {
      const store = new RunStore(temporaryFolder());
      const { input } = await prepareLanguageModels(tiny, ['rope'], reporter);
      const run = async (lengths: readonly number[], changed: Partial<typeof tiny> = {}) => {
        const { reporter: watched, measured } = watching();
        const settings = { ...input.settings, ...changed, lengths };
        const { modalities } = await languageModelRun(point, settings, input.corpus, {
          store,
          reporter: watched,
        });
        return { measured, modalities };
      };
      const first = await run([64, 256]);
      expect(first.measured).toEqual(['64', '256']);
      const tensors = tf.memory().numTensors;
      const more = await run([64, 128, 256]);
      expect(more.measured).toEqual(['128']);
      expect(tf.memory().numTensors).toBe(tensors);
      // Read alone, or with others, before or after them: the same numbers.
      const alone = await run([128, 256], { documentTokens: 256 });
      expect(alone.measured).toEqual([]);
      const at = (found: typeof first, length: number) =>
        JSON.stringify(perplexityAt(found, 'books', length));
      for (const length of [64, 256]) expect(at(more, length)).toBe(at(first, length));
      expect(at(alone, 128)).toBe(at(more, 128));
      const anew = new RunStore(temporaryFolder());
      const { modalities } = await languageModelRun(
        point,
        { ...input.settings, lengths: [64, 128, 256] },
        input.corpus,
        { store: anew, reporter },
      );
      expect(JSON.stringify(modalities)).toBe(JSON.stringify(more.modalities));
      // Where documents are cut, and so what is read, is another question.
      expect((await run([64, 256], { documentTokens: 512 })).measured).toEqual(['64', '256']);
      expect(await store.count('language-model')).toBe(1);
    },
  );

  it(
    'keeps the name it is asked for by, where two stand for one configuration',
    { timeout: 300_000 },
    async () => {
      const store = new RunStore(temporaryFolder());
      const variants = { mine: encodingNamed('rope') };
      const { input } = await prepareLanguageModels({ ...tiny, variants }, ['mine', 'rope'], reporter);
      for (const encoding of ['rope', 'mine']) {
        const run = await languageModelRun({ ...point, encoding }, input.settings, input.corpus, {
          store,
          reporter,
        });
        expect(run.encoding).toBe(encoding);
      }
      expect(await store.count('language-model')).toBe(1);
    },
  );
});

describe('what a machine lacks', () => {
  /**
   * Texts of a package of this project's, of one that nobody has, and of one that is a single file.
   */
  const made = (): string => {
    const folder = temporaryFolder();
    const source = (name: string, modality: string, files: Record<string, unknown>) => ({
      ...{ name, modality, title: 'Made up', document: 'a file', licence: 'MIT', version: 'as pinned' },
      ...{ checksum: null, bytes: 1, reader: { kind: 'package-files', packages: [files] } },
    });
    const zod = { package: 'zod', version: packageVersion('zod'), extensions: ['.ts'] };
    const sources = [
      source('many', 'books', { ...zod, paths: ['src/v4/classic'] }),
      source('single', 'code', { ...zod, paths: ['src/v4/core/schemas.ts'] }),
      source('nowhere', 'papers', { ...zod, package: 'nowhere-to-be-had', paths: ['src'] }),
    ];
    writeFileSync(join(folder, 'registry.json'), JSON.stringify({ sources }));
    return folder;
  };
  const settings = { ...tiny, sources: ['many', 'nowhere', 'single'], maxTokens: null };

  it('is left out by whatever trains models or begins with them, all the same, and named', async () => {
    vi.stubEnv('BIPE_DATASETS', made());
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const { input, data, missing } = await prepareLanguageModels(settings, ['rope'], reporter);
    expect(input.settings.sources).toEqual(['many', 'single']);
    expect(missing).toEqual([
      expect.stringMatching(/^nowhere: .*package nowhere-to-be-had is not installed; run npm run setup$/),
      'code: no validation document of 256 tokens',
    ]);
    const starts = await prepareStarts(
      { kind: 'language-model', seed: 1, ...settings },
      ['rope'],
      settings.tokenizer,
      reporter,
    );
    expect([starts.data, starts.missing]).toEqual([data, missing]);
    expect(starts.models).toBe('models of 1 layer of width 16, trained on many, single,');
    const store = new RunStore(temporaryFolder());
    const report = await fig4.execute({
      preset: 'smoke',
      settings: { ...settings, encodings: ['rope'] },
      reporter,
      store,
    });
    expect(report.provenance.scale).toMatch(/^Measured on many, single \(tokenizer/);
    expect(report.provenance.scale).toMatch(
      /Not measured on this machine: nowhere: .*; code: no validation document of 256 tokens\.$/,
    );
    // The model that it trained is the one that others begin with.
    const { folder } = await starts.startOf('rope', { store, reporter });
    expect(existsSync(join(folder, 'model.safetensors'))).toBe(true);
    expect(await store.count('language-model')).toBe(1);
  }, 300_000);
});

describe('Figures 4 and 5', () => {
  it('train a model once, however often it is asked for', { timeout: 600_000 }, async () => {
    const store = new RunStore(temporaryFolder());
    const options = { preset: 'smoke', reporter, store };
    const perSegment = await ofSmoke((corpus) => tokensPerSegment(corpus, smoke));
    const first = await assertNoLeak(() => fig4.execute(options));
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
    expect(first.provenance.scale).toContain(
      '(tokenizer llama2-1024), at most 100,000 tokens in all, at most 256 tokens of each held-out document; 2 layers',
    );

    const { models } = (await assertNoLeak(() => fig5.execute(options))).numbers;
    // Each encoding as it was trained, scaled, and finetuned: of the language models only the
    // finetuned are new.
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
    // YaRN's original length is what training had, not what finetuning will have: in tokens, and in
    // segments.
    const [training, finetuning] = [64, 256].map((tokens) => Math.round(tokens / perSegment));
    expect(training).not.toBe(finetuning);
    const yarn = (originalLength: unknown) => canonicalJson({ type: 'yarn', factor: 4, originalLength });
    expect(yarnIn(store)).toEqual(new Set([yarn(64), yarn(training)]));

    // Put together anew, of models that other code trained: they are what takes the time, and say
    // so.
    const [whole, model] = await Promise.all(
      ['fig4', 'language-model'].map(async (item) => {
        const isWanted = ({ settings }: RunConfiguration) => !JSON.stringify(settings).includes('yarn');
        return present(await store.latest(item, isWanted), item).configuration;
      }),
    );
    await store.forget(present(whole, 'fig4'));
    await replaceRun(store, present(model, 'model'), (text) =>
      text.replaceAll(/"commit":("\w+"|null)/g, '"commit":"0123456789ab"'),
    );
    const { provenance } = await fig4.execute(options);
    expect(provenanceLine(provenance)).toMatch(/ · commits? .*\b0123456789\b/);
    expect(provenance.commit).toBe(first.provenance.commit);
    expect(provenance.parts?.map(({ work }) => work.length)).toEqual([6, 2]);
    const seconds = provenance.parts?.reduce((sum, part) => sum + part.seconds, 0);
    const ofFirst = first.provenance.parts?.reduce((sum, part) => sum + part.seconds, 0);
    expect(seconds).toBeCloseTo(ofFirst ?? 0, 2);
    expect(provenance.durationSeconds).toBeGreaterThanOrEqual(seconds ?? Infinity);

    // A model to look at is one of them, too.
    const { parameters, tokenizer } = await languageModel('rope', { preset: 'smoke', reporter, store });
    disposeParameters(parameters);
    expect(tokenizer.name).toBe(smoke.tokenizer);
    expect(await store.count('language-model')).toBe(4);

    // Asked anew, Figure 5 makes its own models again, and none of Figure 4's.
    const forget = vi.spyOn(RunStore.prototype, 'forget');
    onTestFinished(() => {
      forget.mockRestore();
    });
    const forgotten = (): string[] =>
      forget.mock.calls.map(([configuration]) => store.folderOf(configuration));
    const { input } = await prepareLanguageModels(smoke, smoke.encodings, reporter);
    const theirs = await Promise.all(
      smoke.encodings.map(async (encoding) => {
        const { hiddenSize } = smoke;
        const base = { encoding, hiddenSize, seed: 1 };
        return dirname(await languageModelCheckpoint(base, input.settings, input.corpus, store));
      }),
    );
    await fig5.execute({ ...options, fresh: true });
    const trainings = forgotten().filter((folder) => folder.includes('language-model-training'));
    expect(trainings).toHaveLength(2);
    for (const folder of theirs) expect(trainings).not.toContain(folder);

    // So does the table of normal-length data, unless its models are its own.
    forget.mockClear();
    await tableNormal.execute({ ...options, fresh: true });
    expect(forgotten()).toHaveLength(1);
    await tableNormal.execute({
      ...options,
      fresh: true,
      settings: { steps: 2, warmupSteps: 0 },
    });
    expect(forgotten().filter((folder) => folder.includes('language-model-training'))).toHaveLength(2);
  });
});
