import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { CheckpointError, ConfigError, NetworkError, UsageError } from '../../lib/base/errors';
import { sha256 } from '../../lib/base/files';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { type Reporter, silentReporter } from '../../lib/base/progress';
import { sourceNamed } from '../../lib/data/sources/registry';
import { digestOfBooks } from '../../lib/data/sources/pg19';
import { getTokenizer } from '../../lib/data/tokenizers/registry';
import { Random } from '../../lib/engine/random/random';
import {
  prepareReleased,
  releasedCurves,
  type ReleasedPlaces,
  type ReleasedSettings,
  releasedSettings,
  releasedSettingsSchema,
} from '../../lib/experiments/language-models/released-models';
import { experimentNamed } from '../../lib/experiments/registry';
import { RunStore } from '../../lib/experiments/run/store';
import { loadCheckpoint } from '../../lib/model/files/checkpoint';
import { nextTokenLosses } from '../../lib/model/loss';
import { disposeParameters } from '../../lib/model/parameters';
import { createEncoding, encodingNamed } from '../../lib/positional/registry';
import { answerAsHub, commit, type HubFiles, type Storage } from '../data/local-hub';
import { type LocalServer, sendFile, serve } from '../data/local-server';
import { temporaryFolder } from '../support/command';
import { useNativeEngine } from '../support/engine';

// The four models of the authors' code in tests/golden stand for those on the hub, made-up texts
// for the corpora; all else is as it is for the real ones: one server that speaks as the hub does,
// and has the corpora's files too.

const goldenNames: Readonly<Record<string, string>> = {
  'hzy00/BiPE_RoPE-151M': 'bipe_rope',
  'hzy00/BiPE_ALiBi-151M': 'bipe_alibi',
  'hzy00/RoPE-151M': 'rope',
  'hzy00/ALiBi-151M': 'alibi',
};

/** The paper's evaluation, at the lengths and with the vocabulary of the stand-ins. */
const settings: ReleasedSettings = { ...releasedSettings, tokenizer: 'llama2-1000', lengths: [32, 64] };

/** A smaller one: two models, two kinds of text, two lengths. */
const few: Partial<ReleasedSettings> = {
  checkpoints: { bipe_alibi: 'hzy00/BiPE_ALiBi-151M', rope: 'hzy00/RoPE-151M' },
  corpora: { books: ['pg19-validation'], code: ['pile-github'] },
};

function goldenModel(name: string): HubFiles {
  const file = (path: string): Buffer => readFileSync(projectPath('tests', 'golden', name, path));
  return {
    small: { 'config.json': file('config.json') },
    large: { 'model.safetensors': file('model.safetensors') },
  };
}

function texts(kind: string, count: number): string[] {
  const random = Random.fromSeed(7).fork(kind);
  const words = ['the', 'whale', 'sea', 'theorem', 'return', 'x = 1', 'of', 'and', 'a sum', 'if', 'light'];
  return Array.from({ length: count }, () =>
    Array.from({ length: random.integer(6, 30) }, () => {
      const sentence = Array.from({ length: random.integer(2, 9) }, () => random.choice(words));
      return `${sentence.join(' ')}.${random.uniform() < 0.3 ? '\n' : ''}`;
    }).join(' '),
  );
}

const corpora = { books: texts('books', 6), papers: texts('papers', 7), code: texts('code', 9) };

/** A Zstandard file whose blocks are not compressed. */
function zstandard(content: Buffer): Buffer {
  const pieces: Buffer[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58])];
  const most = 100_000;
  for (let start = 0; start < content.length; start += most) {
    const piece = content.subarray(start, start + most);
    const header = Buffer.alloc(3);
    header.writeUIntLE(piece.length * 8 + (start + most >= content.length ? 1 : 0), 0, 3);
    pieces.push(header, piece);
  }
  return Buffer.concat(pieces);
}

/** The corpora's files by their paths on the mirrors, and the registry that names them. */
function corpusFiles(folder: string): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  corpora.books.forEach((text, book) => files.set(`validation/${book}.txt`, Buffer.from(text)));
  files.set('metadata.csv', Buffer.from(corpora.books.map((_, book) => `${book},Book,1900,x\n`).join('')));
  const lines = [...files].map(([path, content]) => `${sha256(content)} ${content.length} ${path}\n`);
  writeFileSync(join(folder, 'pg19-files.txt'), lines.join(''));
  const books = [...files.keys()].filter((path) => path.startsWith('validation'));
  const digest = digestOfBooks(
    books.map((path) => ({ path, bytes: null, sha256: null })),
    books.map((path) => sha256(present(files.get(path), path))),
  );
  const subset = (name: string, some: readonly string[]): string =>
    some.map((text) => `${JSON.stringify({ text, meta: { pile_set_name: name } })}\n`).join('');
  const pile = zstandard(Buffer.from(subset('ArXiv', corpora.papers) + subset('Github', corpora.code)));
  files.set('val.jsonl.zst', pile);
  const common = { title: 'Stand-in', document: 'a text', licence: 'CC0-1.0', version: 'made up' };
  const addresses = ['http://corpus.invalid'];
  const ofPile = (name: string, modality: string, pileSubset: string) => ({
    ...common,
    name,
    modality,
    checksum: sha256(pile),
    bytes: pile.length,
    reader: { kind: 'pile', subset: pileSubset, file: 'val.jsonl.zst', addresses },
  });
  const registry = {
    sources: [
      {
        ...common,
        name: 'pg19-validation',
        modality: 'books',
        checksum: digest,
        bytes: 1,
        reader: { kind: 'pg19', split: 'validation', files: 'pg19-files.txt', addresses },
      },
      ofPile('pile-arxiv', 'papers', 'ArXiv'),
      ofPile('pile-github', 'code', 'Github'),
    ],
  };
  writeFileSync(join(folder, 'registry.json'), JSON.stringify(registry));
  return files;
}

let folder: string;
let server: LocalServer;
let models: Record<string, HubFiles>;
let files: Map<string, Buffer>;
let storage: Storage | undefined;
let places: ReleasedPlaces;

beforeEach(async () => {
  folder = temporaryFolder();
  models = Object.fromEntries(
    Object.entries(goldenNames).map(([name, golden]) => [name, goldenModel(golden)]),
  );
  files = corpusFiles(folder);
  storage = undefined;
  server = await serve((request, response) => {
    const corpusFile = files.get((request.url ?? '').replace(/^\/mirror\//, ''));
    if (corpusFile) sendFile(request, response, corpusFile);
    else answerAsHub(models, request, response, storage);
  });
  places = {
    backoffMs: 1,
    environment: {
      BIPE_DATASETS: folder,
      BIPE_MIRROR_HUGGINGFACE: server.url,
      BIPE_MIRROR_PG19: `${server.url}/mirror`,
      BIPE_MIRROR_PILE: `${server.url}/mirror`,
    },
  };
});
afterEach(() => server.close());

/** Notes what is computed; with `failAt`, fails at so many computations. */
function watching(failAt = Infinity): { reporter: Reporter; computed: string[] } {
  const computed: string[] = [];
  return {
    computed,
    reporter: {
      note: () => undefined,
      task: (label) => {
        if (label.startsWith('perplexity')) {
          if (computed.length === failAt) throw new Error('the machine was turned off');
          computed.push(label);
        }
        return silentReporter.task(label, 0);
      },
    },
  };
}

async function evaluate(
  store: RunStore,
  reporter: Reporter = silentReporter,
  changes: Partial<ReleasedSettings> = {},
) {
  const chosen = { ...settings, ...changes };
  const { input } = await prepareReleased(chosen, places);
  return releasedCurves(chosen, input, { store, reporter, fresh: false });
}

async function failure(work: Promise<unknown>): Promise<Error> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('it did not fail');
}

/**
 * As eval.py: texts with the begin-of-text token joined, cut into blocks, the last whole block
 * dropped with the rest; the mean of means.
 */
async function expectedLoss(some: readonly string[], golden: string, length: number): Promise<number> {
  const tokenizer = await getTokenizer(settings.tokenizer);
  const ids = some.flatMap((text) => [...tokenizer.encode(text, { beginOfText: true })]);
  const total = Math.floor(ids.length / length) * length - length;
  const { decoder, parameters } = await loadCheckpoint(projectPath('tests', 'golden', golden));
  const losses: number[] = [];
  for (let start = 0; start < total; start += length) {
    const block = tf.tensor2d(ids.slice(start, start + length), [1, length], 'int32');
    losses.push(tf.tidy(() => nextTokenLosses(decoder, parameters, block).mean().dataSync()[0] ?? NaN));
  }
  disposeParameters(parameters);
  return losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
}

describe('the released models', () => {
  useNativeEngine();

  it('come from the hub and are evaluated as by their own code, on three kinds of text', async () => {
    const { data, missing } = await prepareReleased(settings, places);
    expect(missing).toEqual([]);
    expect(data.map(({ name, version }) => [name, version])).toEqual([
      ...Object.values(settings.checkpoints).map((name) => [name, commit]),
      ...['pg19-validation', 'pile-arxiv', 'pile-github'].map((name) => [name, 'made up']),
    ]);
    const store = new RunStore(join(folder, 'runs'));
    const { reporter, computed } = watching();
    const runs = await evaluate(store, reporter);
    expect(runs.map(({ encoding, model, trainLength }) => [encoding, model, trainLength])).toEqual(
      Object.entries(settings.checkpoints).map((model) => [...model, 1024]),
    );
    for (const { modalities } of runs)
      expect(
        modalities.map(({ modality, byLength }) => [modality, byLength.map(({ length }) => length)]),
      ).toEqual(Object.keys(corpora).map((modality) => [modality, settings.lengths]));
    expect(computed).toHaveLength(24);
    expect(computed.slice(0, 3)).toEqual(['perplexity at 32', 'perplexity at 64', 'perplexity at 32']);
    for (const { model, modalities } of runs)
      for (const { modality, byLength } of modalities)
        for (const { length, loss, interval, documents } of byLength) {
          const golden = present(goldenNames[model], model);
          expect(loss).toBeCloseTo(await expectedLoss(corpora[modality], golden, length), 5);
          expect(documents).toBeGreaterThan(4);
          expect(interval?.low).toBeLessThan(Math.exp(loss));
        }
  }, 300_000);

  it('are drawn by the preset of Figure 4', async () => {
    for (const [name, value] of Object.entries(places.environment ?? {})) vi.stubEnv(name, value);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const { tokenizer, lengths } = settings;
    const store = new RunStore(join(folder, 'runs'));
    const report = await experimentNamed('fig4').execute({
      preset: 'released',
      settings: { ...few, tokenizer, lengths },
      reporter: silentReporter,
      store,
    });
    expect([report.preset, report.missing, report.provenance.data.map(({ name }) => name)]).toEqual([
      'released, changed',
      [],
      ['hzy00/BiPE_ALiBi-151M', 'hzy00/RoPE-151M', 'pg19-validation', 'pile-github'],
    ]);
    const drawn = report.figures.find(({ id }) => id === 'fig4')?.data ?? [];
    // Blocks of the training length were not read: nothing is compared with them.
    expect(report.figures[0]?.layout).toMatchObject({ shapes: [{ x0: 1024 }, { x0: 1024 }] });
    expect(report.findings.map(({ claim }) => claim).join()).not.toContain('at most 5 % worse');
    expect(report.provenance.scale).toContain('on pg19-validation, pile-github.');
    expect(report.provenance.parts?.map(({ work }) => work.length)).toEqual([8]);
    const runs = await evaluate(store, silentReporter, few);
    // A panel for each kind of text, in it a line for each model.
    expect(drawn.map(({ name, y }) => [name, y])).toEqual(
      [0, 1].flatMap((panel) =>
        ['BiPE-ALiBi', 'RoPE'].map((name, model) => [
          name,
          runs[model]?.modalities[panel]?.byLength.map(
            ({ loss }) => expect.closeTo(Math.exp(loss), 6) as number,
          ),
        ]),
      ),
    );
  });

  it('are neither fetched nor computed a second time, and need no network then', async () => {
    const store = new RunStore(join(folder, 'runs'));
    const first = await evaluate(store, silentReporter, few);
    await server.close();
    const { reporter, computed } = watching();
    expect(await evaluate(store, reporter, few)).toEqual(JSON.parse(JSON.stringify(first)));
    expect(computed).toEqual([]);
  });

  it('go on where they were interrupted', async () => {
    const [store, whole] = [new RunStore(join(folder, 'runs')), new RunStore(join(folder, 'whole'))];
    const before = tf.memory().numTensors;
    await expect(evaluate(store, watching(5).reporter, few)).rejects.toThrow('the machine was turned off');
    expect(tf.memory().numTensors).toBe(before);
    expect(await store.count('released-model')).toBe(5);
    const { reporter, computed } = watching();
    const resumed = await evaluate(store, reporter, few);
    expect(computed).toHaveLength(8 - 5);
    expect(JSON.stringify(resumed)).toBe(JSON.stringify(await evaluate(whole, silentReporter, few)));
  });

  it('can be evaluated on a part of each corpus, in all of its documents', async () => {
    const store = new RunStore(join(folder, 'runs'));
    const one = {
      checkpoints: { rope: 'hzy00/RoPE-151M' },
      corpora: { code: ['pile-github'] },
      lengths: [32],
    };
    const [whole] = await evaluate(store, silentReporter, one);
    const [part] = await evaluate(store, silentReporter, { ...one, maxTokens: 640 });
    const [ofWhole, ofPart] = [whole, part].map((run) => run?.modalities[0]?.byLength[0]);
    expect(ofPart?.windows).toBe(20);
    expect(ofWhole?.windows).toBeGreaterThan(40);
    expect(ofPart?.documents).toBe(ofWhole?.documents);
    expect(await store.count('released-model')).toBe(2);
  });

  it('are not compared where they were trained on blocks of different lengths', async () => {
    const model = present(models['hzy00/RoPE-151M'], 'model');
    const config = present(model.small['config.json'], 'config.json').toString();
    const shorter = Buffer.from(config.replace('"train_scale": 1024', '"train_scale": 512'));
    models['hzy00/RoPE-151M'] = { ...model, small: { ...model.small, 'config.json': shorter } };
    await expect(prepareReleased({ ...settings, ...few }, places)).rejects.toThrow(
      'hzy00/RoPE-151M: trained on blocks of 512 tokens, but hzy00/BiPE_ALiBi-151M on 1024; compare models of one length',
    );
  });

  it('are those that can be had; a line says why another is not', async () => {
    const changed = present(models['hzy00/RoPE-151M'], 'model').large['model.safetensors'];
    storage = (request, response, content) => {
      const damaged = Buffer.from(content);
      if (content === changed) damaged[5000] = 1;
      sendFile(request, response, damaged);
    };
    models['hzy00/ALiBi-151M'] = { small: {}, large: {} };
    const config = present(goldenModel('bipe_alibi').small['config.json'], 'config.json');
    models['hzy00/BiPE_ALiBi-151M'] = { small: { 'config.json': config }, large: {} };
    files.delete('val.jsonl.zst');
    const { input, data, missing } = await prepareReleased(settings, places);
    expect(missing).toEqual([
      'hzy00/BiPE_ALiBi-151M (cccccccccccccccccccccccccccccccccccccccc): has no model.safetensors or pytorch_model.bin; choose a checkpoint that has one',
      expect.stringMatching(
        /RoPE-151M.download\.partial.model\.safetensors: .*does not match the checksum/,
      ) as string,
      'hzy00/ALiBi-151M (main): has no config.json; check its name and revision',
      ...[1, 2].map(() => expect.stringContaining('val.jsonl.zst') as string),
    ]);
    for (const line of missing) expect(line).not.toContain('\n');
    expect(data.map(({ name }) => name)).toEqual(['hzy00/BiPE_RoPE-151M', 'pg19-validation']);
    const store = new RunStore(join(folder, 'runs'));
    const runs = await releasedCurves(settings, input, { store, reporter: silentReporter, fresh: false });
    expect(
      runs.map(({ encoding, modalities }) => [encoding, modalities.map(({ modality }) => modality)]),
    ).toEqual([['bipe_rope', ['books']]]);
  });

  it('are not evaluated as what they are not', async () => {
    const other = { ...settings, checkpoints: { rope: 'hzy00/BiPE_RoPE-151M', alibi: 'hzy00/ALiBi-151M' } };
    const misnamed = await failure(prepareReleased(other, places));
    expect(misnamed).toBeInstanceOf(CheckpointError);
    expect(misnamed.message).toBe(
      'hzy00/BiPE_RoPE-151M: has the encoding bipe_rope, not rope; give it that name in checkpoints',
    );
    const error = await failure(prepareReleased({ ...settings, tokenizer: 'llama2' }, places));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toBe(
      'hzy00/BiPE_RoPE-151M: has a vocabulary of 1000, but the tokenizer llama2 has 32000 tokens; give the one it was trained with',
    );
  });

  it('fail in one line where nothing can be had, or a name is none', async () => {
    const store = new RunStore(join(folder, 'runs'));
    const short = await failure(evaluate(store, silentReporter, { lengths: [32, 100_000] }));
    expect(short).toBeInstanceOf(ConfigError);
    expect(short.message).toMatch(
      /^blocks of 100000 tokens: there is none in \d+ tokens; take shorter blocks/,
    );
    // What was computed before is kept.
    expect(await store.count('released-model')).toBe(1);
    const unknown = await failure(
      prepareReleased({ ...settings, corpora: { books: ['pg19-validatoin'] } }, places),
    );
    expect(unknown).toBeInstanceOf(UsageError);
    models = {};
    const none = await failure(
      prepareReleased({ ...settings, checkpoints: { alibi: 'hzy00/ALiBi-7B' } }, places),
    );
    expect(none).toBeInstanceOf(NetworkError);
    expect(none.message).toBe('hzy00/ALiBi-7B (main): has no config.json; check its name and revision');
  });

  it('are not evaluated on ids that were changed', async () => {
    const store = new RunStore(join(folder, 'runs'));
    const { input } = await prepareReleased(settings, places);
    const path = join(present(input.corpora[0], 'corpus').folder, 'ids.bin');
    const ids = readFileSync(path);
    ids[100] = (ids[100] ?? 0) ^ 1;
    writeFileSync(path, ids);
    const error = await failure(
      releasedCurves(settings, input, { store, reporter: silentReporter, fresh: false }),
    );
    expect(error.message).toMatch(/ids\.bin: ids were changed .*; delete the folder and make it again/);
    expect(error.message).not.toContain('\n');
  });
});

describe("the paper's evaluation of the released models", () => {
  it('has settings that are right, of encodings and sources that there are', () => {
    expect(releasedSettingsSchema.parse(releasedSettings)).toEqual(releasedSettings);
    for (const name of Object.keys(releasedSettings.checkpoints)) createEncoding(encodingNamed(name));
    for (const [modality, sources] of Object.entries(releasedSettings.corpora))
      for (const name of sources) expect(sourceNamed(name).info.modality).toBe(modality);
  });

  it.each([
    [{ checkpoints: {} }, 'must name a checkpoint'],
    [{ corpora: {} }, 'must name a source'],
    [{ lengths: [1] }, ''],
    [{ maxTokens: 0 }, ''],
  ])('refuses %j', (change, message) => {
    const { error } = releasedSettingsSchema.safeParse({ ...releasedSettings, ...change });
    expect(
      present(error, 'error')
        .issues.map((issue) => issue.message)
        .join(),
    ).toContain(message);
  });
});
