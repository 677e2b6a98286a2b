// Models on disk: a folder with `config.json` and `model.safetensors`, or several files of tensors
// and an index, as Hugging Face writes them; older ones with `pytorch_model.bin` can be read too.
// Every fault of a checkpoint is reported before its numbers are used.

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';
import { z } from 'zod';
import { CheckpointError, messageOf } from '../../base/errors';
import { readTextFile, writeFileAtomic } from '../../base/files';
import { displayPath } from '../../base/paths';
import { parseWith } from '../../base/schema';
import { formatShape } from '../../base/shape';
import { handOver } from '../../engine/native/hand-over';
import type { ParameterSpec } from '../../positional/encoding';
import { createDecoder, type ModelConfig } from '../config';
import { type Decoder, embeddingName, headName } from '../decoder';
import { fromHuggingFace, huggingFaceJson } from './hugging-face';
import { disposeParameters, type ModelParameters } from '../parameters';
import { openPickledTensors } from './pickled-tensors';
import { openSafetensors, type TensorSource, writeSafetensors } from './safetensors';
import { type StoredTensor, type TensorFile } from './tensor-file';

const configFile = 'config.json';
const tensorsFile = 'model.safetensors';

/** Files of tensors in order of preference: a whole file, or several that an index names. */
const formats = [
  { whole: tensorsFile, index: 'model.safetensors.index.json', open: openSafetensors },
  { whole: 'pytorch_model.bin', index: 'pytorch_model.bin.index.json', open: openPickledTensors },
] as const;

/** A stored model. Its tensors belong to whoever loaded it. */
export interface Checkpoint {
  readonly config: ModelConfig;
  readonly decoder: Decoder;
  readonly parameters: ReadonlyMap<string, tf.Tensor>;
}

/**
 * Loads a model from its folder: this project's, or the authors' as they were released.
 *
 * @throws CheckpointError if a file is missing or damaged, tensors are missing, left over, or of
 *   another shape or type, or one of their numbers is not finite
 * @throws ConfigError if `config.json` describes no model known here
 */
export async function loadCheckpoint(folder: string): Promise<Checkpoint> {
  return withTensors(folder, async ({ config, decoder, places }) => ({
    config,
    decoder,
    parameters: await readParameters(decoder.parameters, places, displayPath(folder)),
  }));
}

/**
 * Makes sure that a folder has a whole model, without reading its numbers.
 *
 * @throws CheckpointError, ConfigError as `loadCheckpoint`, of numbers only where they are stored
 *   twice
 */
export async function checkCheckpoint(folder: string): Promise<void> {
  await withTensors(folder, () => Promise.resolve());
}

/** A model whose files are open. */
interface StoredModel {
  readonly config: ModelConfig;
  readonly decoder: Decoder;
  /** The file of each of its tensors. */
  readonly places: ReadonlyMap<string, TensorFile>;
}

async function withTensors<T>(folder: string, use: (model: StoredModel) => Promise<T>): Promise<T> {
  const config = await readModelConfig(folder);
  const decoder = createDecoder(config, displayPath(join(folder, configFile)));
  const files = await openShards(folder);
  try {
    const where = displayPath(folder);
    const places = findTensors(files);
    const copy = config.tieEmbeddings ? places.get(headName) : undefined;
    if (copy !== undefined && places.has(embeddingName)) {
      await checkCopy(copy, places.get(embeddingName), where);
      places.delete(headName);
    }
    matchTensors(places, decoder.parameters, where);
    return await use({ config, decoder, places });
  } finally {
    for (const file of files) await file.close();
  }
}

/**
 * Reads the configuration alone.
 *
 * @throws CheckpointError if `config.json` is missing or not JSON
 * @throws ConfigError if it describes no model known here
 */
export async function readModelConfig(folder: string): Promise<ModelConfig> {
  const path = join(folder, configFile);
  return fromHuggingFace(await readJson(path, folder), displayPath(path));
}

/**
 * Stores a model: each file whole or not at all, `config.json` last.
 *
 * @param step the optimizer steps that it was trained for, if it is known; kept with the tensors
 * @throws MachineError if the disk is full or the folder cannot be written
 */
export async function saveCheckpoint(
  folder: string,
  config: ModelConfig,
  parameters: ModelParameters,
  step?: number,
): Promise<void> {
  // Hugging Face's loader requires `format`.
  const metadata = { format: 'pt', ...(step !== undefined && { step: String(step) }) };
  await saveTensors(join(folder, tensorsFile), parameters, metadata);
  await writeFileAtomic(join(folder, configFile), huggingFaceJson(config));
}

/**
 * The optimizer steps that a stored model was trained for; undefined if its file does not say.
 *
 * @throws CheckpointError if there is no such file, or it is damaged
 */
export async function checkpointStep(folder: string): Promise<number | undefined> {
  const file = await openSafetensors(join(folder, tensorsFile));
  await file.close();
  const { step } = file.metadata;
  return step === undefined ? undefined : Number(step);
}

/**
 * Stores tensors, float32 or int32, by name in one safetensors file.
 *
 * @throws MachineError if the disk is full or the folder cannot be written
 */
export async function saveTensors(
  path: string,
  tensors: ReadonlyMap<string, tf.Tensor>,
  metadata: Readonly<Record<string, string>> = {},
): Promise<void> {
  const sources = [...tensors].map(([name, tensor]): TensorSource => ({
    name,
    type: tensor.dtype === 'int32' ? 'I32' : 'F32',
    shape: tensor.shape,
    values: async () => (await tensor.data()) as Float32Array | Int32Array,
  }));
  await writeSafetensors(path, sources, metadata);
}

/** Tensors of a safetensors file and its metadata. */
export interface LoadedTensors {
  readonly tensors: ReadonlyMap<string, tf.Tensor>;
  readonly metadata: Readonly<Record<string, string>>;
}

/**
 * Loads all tensors of one safetensors file; they belong to the caller.
 *
 * @throws DataError if there is no such file
 * @throws CheckpointError if it is damaged
 */
export async function loadTensors(path: string): Promise<LoadedTensors> {
  const file = await openSafetensors(path);
  const tensors = new Map<string, tf.Tensor>();
  try {
    for (const name of file.tensors.keys()) tensors.set(name, tensorOf(await file.read(name)));
    return { tensors, metadata: file.metadata };
  } catch (error) {
    disposeParameters(tensors);
    throw error;
  } finally {
    await file.close();
  }
}

function tensorOf({ shape, values }: StoredTensor): tf.Tensor {
  return handOver(tf.tensor(values, [...shape], values instanceof Int32Array ? 'int32' : 'float32'));
}

/** Opens the files of a folder's tensors. */
async function openShards(folder: string): Promise<TensorFile[]> {
  const opened: TensorFile[] = [];
  try {
    const { names, open } = await shardNames(folder);
    for (const name of names) opened.push(await open(join(folder, name), isDerived));
    return opened;
  } catch (error) {
    for (const file of opened) await file.close();
    throw error;
  }
}

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string().regex(/^[^/\\]+$/)) });

async function shardNames(
  folder: string,
): Promise<{ names: readonly string[]; open: (typeof formats)[number]['open'] }> {
  for (const { whole, index, open } of formats) {
    if (existsSync(join(folder, whole))) return { names: [whole], open };
    const path = join(folder, index);
    if (!existsSync(path)) continue;
    const { weight_map: files } = parseWith(indexSchema, await readJson(path, folder), displayPath(path));
    return { names: [...new Set(Object.values(files))].sort(), open };
  }
  throw new CheckpointError(`${displayPath(folder)}: has no ${tensorsFile}; give the folder of a checkpoint`);
}

async function readJson(path: string, folder: string): Promise<unknown> {
  if (!existsSync(path))
    throw new CheckpointError(
      `${displayPath(path)}: no such file; give the folder of a checkpoint (${displayPath(folder)} is none)`,
    );
  try {
    return JSON.parse(await readTextFile(path)) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new CheckpointError(`${displayPath(path)}: not JSON (${messageOf(error)}); get it again`, {
      cause: error,
    });
  }
}

/**
 * Tensors of Hugging Face checkpoints that hold no trained numbers: ALiBi's slopes, RoPE's
 * frequencies, causal masks.
 */
const derived =
  /(^|\.)(self_)?attn\.(alibi|(masked_)?bias)$|(^|\.)rotary_emb\.(inv_freq|cos_cached|sin_cached)$/;

function isDerived(name: string): boolean {
  return derived.test(name);
}

/** Finds the file of each tensor. */
function findTensors(files: readonly TensorFile[]): Map<string, TensorFile> {
  return new Map(files.flatMap((file) => [...file.tensors.keys()].map((name) => [name, file] as const)));
}

/** Makes sure that all parameters are present with the right shape, and no tensor is left over. */
function matchTensors(
  places: ReadonlyMap<string, TensorFile>,
  specs: readonly ParameterSpec[],
  where: string,
): void {
  const missing = specs.filter(({ name }) => !places.has(name)).map(({ name }) => name);
  if (missing.length > 0)
    throw new CheckpointError(
      `${where}: ${listed('tensor', missing)} missing; ${configFile} describes another model, or the file is incomplete`,
    );
  const known = new Set(specs.map(({ name }) => name));
  const extra = [...places.keys()].filter((name) => !known.has(name));
  if (extra.length > 0)
    throw new CheckpointError(
      `${where}: ${listed('tensor', extra)} not of this model; ${configFile} describes another one`,
    );
  for (const { name, shape } of specs) {
    const { type, shape: stored = [] } = places.get(name)?.tensors.get(name) ?? {};
    if (type === 'I32' || type === 'I64')
      throw new CheckpointError(
        `${where}: ${name} holds integers (${type}); parameters are floating-point numbers`,
      );
    if (stored.length !== shape.length || stored.some((length, axis) => length !== shape[axis]))
      throw new CheckpointError(
        `${where}: ${name} is ${formatShape(stored)}, should be ${formatShape(shape)}; ${configFile} describes another model`,
      );
  }
}

/**
 * Makes sure that a tied head that is stored too, as in every `pytorch_model.bin`, equals the
 * embedding.
 */
async function checkCopy(head: TensorFile, embedding: TensorFile | undefined, where: string): Promise<void> {
  const [copy, table] = [await head.read(headName), await embedding?.read(embeddingName)];
  const isSame = (value: number, index: number): boolean => value === table?.values[index];
  if (formatShape(copy.shape) === formatShape(table?.shape ?? []) && copy.values.every(isSame)) return;
  throw new CheckpointError(
    `${where}: ${headName} is not ${embeddingName}, but ${configFile} says that they are one; set tie_word_embeddings to false there`,
  );
}

/** `tensor a is`, `5 tensors (a, b, ...) are`. */
function listed(what: string, names: readonly string[]): string {
  if (names.length === 1) return `${what} ${names.join('')} is`;
  const shown = names.slice(0, 3).join(', ');
  return `${names.length} ${what}s (${shown}${names.length > 3 ? ', ...' : ''}) are`;
}

async function readParameters(
  specs: readonly ParameterSpec[],
  places: ReadonlyMap<string, TensorFile>,
  where: string,
): Promise<Map<string, tf.Tensor>> {
  const parameters = new Map<string, tf.Tensor>();
  try {
    for (const { name } of specs) {
      const file = places.get(name);
      if (file === undefined) continue;
      const stored = await file.read(name);
      checkFinite(stored, `${where}: ${name}`);
      parameters.set(name, tensorOf(stored));
    }
    return parameters;
  } catch (error) {
    disposeParameters(parameters);
    throw error;
  }
}

function checkFinite({ shape, values }: StoredTensor, where: string): void {
  // By index: an iterator, or a function for each number, takes ten times as long for a model's
  // hundred million.
  for (let index = 0; index < values.length; index += 1) {
    if (!Number.isFinite(values[index]))
      throw new CheckpointError(
        `${where}: number ${index} of ${formatShape(shape)} is ${values[index] ?? NaN}; the training diverged, or the file is damaged`,
      );
  }
}
