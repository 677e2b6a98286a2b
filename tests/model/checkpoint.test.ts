import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, it } from 'vitest';
import { CheckpointError, ConfigError } from '../../lib/base/errors';
import { projectPath } from '../../lib/base/paths';
import { present } from '../../lib/base/present';
import { startEngine } from '../../lib/engine/engine';
import { withTensorAccount } from '../../lib/engine/memory';
import { loadCheckpoint, loadTensors, saveCheckpoint, saveTensors } from '../../lib/model/files/checkpoint';
import { openSafetensors } from '../../lib/model/files/safetensors';
import { logits } from '../../lib/model/decoder';
import { disposeParameters } from '../../lib/model/parameters';
import { encodingNames } from '../../lib/positional/registry';
import { temporaryFolder } from '../support/command';
import { distance, randomIds, smallModel } from './small';

beforeAll(async () => {
  await startEngine({ backend: 'native-cpu' });
});

async function failure(work: Promise<unknown>): Promise<Error> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Error) return error;
  throw new Error('it did not fail');
}

describe('a checkpoint', () => {
  it.each(encodingNames)('with %s comes back as it was', async (encoding) => {
    const folder = temporaryFolder();
    const { config, decoder, parameters } = smallModel(encoding, { style: 'gpt2', window: 5, dropout: 0.1 });
    await saveCheckpoint(folder, config, parameters);
    expect(await readdir(folder)).toEqual(['config.json', 'model.safetensors']);
    // Hugging Face's loader reads no file without it.
    const file = await openSafetensors(join(folder, 'model.safetensors'));
    expect(file.metadata).toEqual({ format: 'pt' });
    await file.close();
    const loaded = await loadCheckpoint(folder);
    expect(loaded.config).toEqual(config);
    expect([...loaded.parameters.keys()]).toEqual(decoder.parameters.map(({ name }) => name));
    const ids = randomIds(2, 7);
    expect(distance(logits(loaded.decoder, loaded.parameters, ids), logits(decoder, parameters, ids))).toBe(
      0,
    );
    disposeParameters(loaded.parameters);
  });

  it('in several files with an index is the same model', async () => {
    const folder = temporaryFolder();
    const { config, parameters } = smallModel('bipe_rope');
    await saveCheckpoint(folder, config, parameters);
    const halves = [...parameters].map(([name, tensor], index) => ({
      name,
      tensor,
      part: `part-${index % 2}.safetensors`,
    }));
    for (const part of ['part-0.safetensors', 'part-1.safetensors']) {
      const own = halves
        .filter((half) => half.part === part)
        .map(({ name, tensor }) => [name, tensor] as const);
      await saveTensors(join(folder, part), new Map(own));
    }
    const index = { weight_map: Object.fromEntries(halves.map(({ name, part }) => [name, part])) };
    writeFileSync(join(folder, 'model.safetensors.index.json'), JSON.stringify(index));
    rmSync(join(folder, 'model.safetensors'));
    const loaded = await loadCheckpoint(folder);
    for (const [name, tensor] of parameters)
      expect(distance(present(loaded.parameters.get(name), name), tensor)).toBe(0);
    disposeParameters(loaded.parameters);
  });

  it("ignores the released code's buffers of slopes and frequencies", async () => {
    const folder = released();
    await withTensors(folder, (tensors) => {
      tensors.set('model.layers.0.self_attn.alibi', tf.zeros([1, 6, 1, 64]));
      tensors.set('model.layers.1.self_attn.rotary_emb.inv_freq', tf.zeros([4]));
    });
    const loaded = await loadCheckpoint(folder);
    disposeParameters(loaded.parameters);
    expect(loaded.parameters.has('model.layers.0.self_attn.alibi')).toBe(false);
  });

  it('that is tied may have its head in the file too, if it is the embedding', async () => {
    const folder = temporaryFolder();
    const { config, parameters } = smallModel('rope', { tieEmbeddings: true });
    const embedding = present(parameters.get('model.embed_tokens.weight'), 'embedding');
    await saveCheckpoint(folder, config, parameters);
    await withTensors(folder, (tensors) => tensors.set('lm_head.weight', tf.clone(embedding)));
    const loaded = await loadCheckpoint(folder);
    expect([...loaded.parameters.keys()]).toEqual([...parameters.keys()]);
    disposeParameters(loaded.parameters);
    await withTensors(folder, (tensors) => tensors.set('lm_head.weight', tf.add(embedding, 1e-3)));
    expect((await failure(loadCheckpoint(folder))).message).toMatch(
      /: lm_head\.weight is not model\.embed_tokens\.weight, but config\.json says that they are one; set tie_word_embeddings to false there$/,
    );
  });

  it.each(['BOOL', 'F64'])('may have tensors of type %s that nobody needs, and no others', async (type) => {
    const folder = temporaryFolder();
    const { config, parameters } = smallModel('rope');
    await saveCheckpoint(folder, config, parameters);
    const names = ['model.layers.0.self_attn.bias', 'model.layers.0.self_attn.rotary_emb.inv_freq'];
    for (const name of names) addTensor(join(folder, 'model.safetensors'), name, type, Buffer.alloc(16));
    disposeParameters((await loadCheckpoint(folder)).parameters);
    addTensor(join(folder, 'model.safetensors'), 'model.extra', type, Buffer.alloc(16));
    expect((await failure(loadCheckpoint(folder))).message).toMatch(
      new RegExp(`model\\.extra: numbers of type ${type} are not supported`),
    );
  });

  it.each<[what: string, change: (tensors: Map<string, tf.Tensor>) => void, message: RegExp]>([
    [
      'a missing tensor',
      (tensors) => tensors.delete('model.norm.weight'),
      /: tensor model\.norm\.weight is missing; config\.json describes another model, or the file is incomplete$/,
    ],
    [
      'several missing tensors',
      (tensors) => {
        for (const name of [...tensors.keys()].filter((key) => key.includes('layers.1')))
          tensors.delete(name);
      },
      /: 9 tensors \(model\.layers\.1\.self_attn\.q_proj\.weight, .*, \.\.\.\) are missing/,
    ],
    [
      'an extra tensor',
      (tensors) => tensors.set('model.embeds.1.weight', tf.zeros([2, 2])),
      /: tensor model\.embeds\.1\.weight is not of this model; config\.json describes another one$/,
    ],
    [
      'a tensor of another shape',
      (tensors) => tensors.set('model.embeds.0.weight', tf.zeros([512, 48])),
      /: model\.embeds\.0\.weight is \[512, 48\], should be \[1024, 48\]; config\.json describes another model$/,
    ],
    [
      'integers',
      (tensors) => tensors.set('model.norm.weight', tf.ones([48], 'int32')),
      /: model\.norm\.weight holds integers \(I32\); parameters are floating-point numbers$/,
    ],
    [
      'a number that is none',
      (tensors) =>
        tensors.set('model.norm.weight', tf.tensor1d(Array.from({ length: 48 }, (_, i) => i / (i - 5)))),
      /: model\.norm\.weight: number 5 of \[48\] is Infinity; the training diverged, or the file is damaged$/,
    ],
  ])('with %s is refused in one line, and no tensor is left', async (_, change, message) => {
    const folder = released();
    await withTensors(folder, change);
    const { result: error, tensors } = await withTensorAccount(() => failure(loadCheckpoint(folder)));
    expect(error).toBeInstanceOf(CheckpointError);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
    expect(tensors).toBe(0);
  });

  it.each<[what: string, config: (text: string) => string, type: unknown, message: RegExp]>([
    ['no JSON', () => '{"vocab_size": ', CheckpointError, /config\.json: not JSON .*; get it again$/],
    [
      'an encoding that does not exist',
      (text) => text.replace('bipe_rope', 'bipe_rpoe'),
      ConfigError,
      /config\.json: rpe_type: .*"rope"\|"alibi"\|"bipe_rope"\|"bipe_alibi"/,
    ],
    [
      'heads that do not divide the width',
      (text) => text.replaceAll(/(_heads": )6/g, '$17'),
      ConfigError,
      /numHeads: 7 heads do not divide the width 48; 6 or 8 would/,
    ],
    [
      'shared keys',
      (text) => text.replace('"num_key_value_heads": 6', '"num_key_value_heads": 2'),
      ConfigError,
      /num_key_value_heads: 2 for 6 heads; shared keys/,
    ],
    [
      'no width',
      (text) => text.replace('"hidden_size": 48,', ''),
      ConfigError,
      /config\.json: hidden_size: /,
    ],
  ])('whose config.json has %s is refused in one line', async (_, change, type, message) => {
    const folder = released();
    const path = join(folder, 'config.json');
    writeFileSync(path, change(readFileSync(path, 'utf8')));
    const error = await failure(loadCheckpoint(folder));
    expect(error).toBeInstanceOf(type);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('\n');
  });

  it('that is not there, or without tensors, says so', async () => {
    const folder = temporaryFolder();
    expect((await failure(loadCheckpoint(folder))).message).toMatch(
      /config\.json: no such file; give the folder of a checkpoint/,
    );
    cpSync(projectPath('tests', 'golden', 'rope', 'config.json'), join(folder, 'config.json'));
    expect((await failure(loadCheckpoint(folder))).message).toMatch(
      /has no model\.safetensors; give the folder/,
    );
  });
});

/** A copy of a model as the authors' code wrote it. */
function released(): string {
  const folder = temporaryFolder();
  cpSync(projectPath('tests', 'golden', 'bipe_rope'), folder, { recursive: true });
  return folder;
}

/** Adds a tensor of any type to a file, behind the others. */
function addTensor(path: string, name: string, dtype: string, data: Buffer): void {
  const bytes = readFileSync(path);
  const dataStart = 8 + Number(bytes.readBigUInt64LE());
  const header = JSON.parse(bytes.toString('utf8', 8, dataStart)) as Record<string, unknown>;
  const end = bytes.length - dataStart;
  const place = { dtype, shape: [2], data_offsets: [end, end + data.length] };
  const text = Buffer.from(JSON.stringify({ ...header, [name]: place }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, bytes.subarray(dataStart), data]));
}

/** Changes the tensors of a checkpoint. */
async function withTensors(
  folder: string,
  change: (tensors: Map<string, tf.Tensor>) => unknown,
): Promise<void> {
  const path = join(folder, 'model.safetensors');
  const changed = new Map((await loadTensors(path)).tensors);
  const all = new Set(changed.values());
  change(changed);
  await saveTensors(path, changed);
  tf.dispose([...all, ...changed.values()]);
}
