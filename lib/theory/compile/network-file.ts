// Compiled networks on the disk: a folder with `network.json` (names and shapes),
// `model.safetensors` (weights) and `certificate.json`, which holds the certificate and checksums
// of the other two, so that a change of either is noticed.

import { existsSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { bipe } from '../../base/command';
import { CheckpointError, MachineError, messageOf } from '../../base/errors';
import { readTextFile, sha256, sha256File, writeFilesAtomic } from '../../base/files';
import { formatBytes } from '../../base/format';
import { canonicalJson } from '../../base/json';
import { availableMemory } from '../../base/memory';
import { type Output } from '../../base/outputs';
import { displayPath } from '../../base/paths';
import { parseWith } from '../../base/schema';
import { openSafetensors, type TensorSource, writeSafetensors } from '../../model/files/safetensors';
import type { StoredTensor } from '../../model/files/tensor-file';
import type { NetworkCertificate } from './certificate';
import type { Network } from '../network/network';
import { compileAgain, jsonOf, networkOf, networkSchema, weightsOf } from '../network/network-json';

/** The files of a network's folder. */
export const networkFiles = ['network.json', 'model.safetensors', 'certificate.json'] as const;
const [networkFile, weightsFile, certificateFile] = networkFiles;

/** The files that a network's folder gets. A folder is a network's if it has a certificate. */
export function networkOutputs(folder: string): Output[] {
  const isOwn = async (): Promise<boolean> =>
    (await readCertificate(join(folder, certificateFile)).catch(() => undefined)) !== undefined;
  return networkFiles.map((name) => ({ path: join(folder, name), what: "a compiled network's", isOwn }));
}

/** A network and its certificate. */
export interface CertifiedNetwork {
  readonly network: Network;
  readonly certificate: NetworkCertificate;
}

const checksum = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in hexadecimal');
const size = z.number().nonnegative();

const certificateSchema: z.ZodType<NetworkCertificate> = z.strictObject({
  depth: size,
  width: size,
  blocks: z.array(z.strictObject({ name: z.string(), size })),
  relationWidth: size,
  hidden: size,
  weights: size,
  weightNorm: z.strictObject({ largest: size, euclidean: size }),
  layers: z.array(
    z.strictObject({ name: z.string(), gap: z.number(), leak: size, bound: size, measured: size }),
  ),
  worstGap: z.number().nullable(),
  exactUpTo: size.nullable(),
  mostTokens: size,
  mistakes: z.array(z.string()),
  obstacle: z.string().nullable(),
  holds: z.boolean(),
});

const certificateFileSchema = z.strictObject({
  certificate: certificateSchema,
  /** SHA-256 of the other files. */
  files: z.strictObject({ [networkFile]: checksum, [weightsFile]: checksum }),
  /** SHA-256 of the fields above, as canonical JSON. */
  sha256: checksum,
});

/**
 * Writes a network's folder: each file whole or not at all, the certificate last. Weights are
 * rounded to the engine's float32.
 *
 * @throws MachineError if the disk is full or the folder cannot be written
 */
export async function saveNetwork(folder: string, { network, certificate }: CertifiedNetwork): Promise<void> {
  const weightsPath = join(folder, weightsFile);
  const sources = [...weightsOf(network)].map(([name, { shape, values }]): TensorSource => ({
    name,
    type: values instanceof Int32Array ? 'I32' : 'F32',
    shape,
    values: () => values,
  }));
  await writeSafetensors(weightsPath, sources);
  const json = formatJson(jsonOf(network));
  const files = { [networkFile]: sha256(json), [weightsFile]: await sha256File(weightsPath) };
  const certified = { certificate, files };
  await writeFilesAtomic([
    [join(folder, networkFile), json],
    [join(folder, certificateFile), formatJson({ ...certified, sha256: sha256(canonicalJson(certified)) })],
  ]);
}

/**
 * Loads a network from its folder.
 *
 * @throws CheckpointError if a file is missing, damaged, or not the one that was certified
 * @throws MachineError if it would not fit into memory
 */
export async function loadNetwork(folder: string): Promise<CertifiedNetwork> {
  for (const name of networkFiles) {
    const path = displayPath(join(folder, name));
    if (!existsSync(join(folder, name)))
      throw new CheckpointError(`${path}: no such file; give a folder that ${bipe('theory compile')} wrote`);
  }
  const { certificate, files } = await readCertificate(join(folder, certificateFile));
  const [networkPath, weightsPath] = [join(folder, networkFile), join(folder, weightsFile)];
  const text = await readTextFile(networkPath);
  if (sha256(text) !== files[networkFile]) throw changed(networkPath);
  if ((await sha256File(weightsPath)) !== files[weightsFile]) throw changed(weightsPath);
  await checkMemory(weightsPath);
  const json = parseWith(networkSchema, parseJson(text, networkPath), displayPath(networkPath));
  const network = networkOf(json, await readTensors(weightsPath), {
    json: displayPath(networkPath),
    tensors: displayPath(weightsPath),
  });
  return { network, certificate };
}

async function readCertificate(path: string): Promise<z.infer<typeof certificateFileSchema>> {
  const value = parseJson(await readTextFile(path), path);
  const parsed = parseWith(certificateFileSchema, value, displayPath(path));
  const { sha256: own, ...certified } = parsed;
  if (sha256(canonicalJson(certified)) !== own)
    throw new CheckpointError(`${displayPath(path)}: was changed after it was written; ${compileAgain}`);
  return parsed;
}

/** Weights are read in float32, kept in float64, and copied to tensors. */
async function checkMemory(weightsPath: string): Promise<void> {
  const [bytes, available] = [4 * (await stat(weightsPath)).size, availableMemory()];
  if (bytes > available)
    throw new MachineError(
      `${displayPath(weightsPath)}: takes about ${formatBytes(bytes)} of memory, and ${formatBytes(available)} are free; run it on a larger machine, or compile a smaller automaton`,
    );
}

async function readTensors(path: string): Promise<Map<string, StoredTensor>> {
  const file = await openSafetensors(path);
  const tensors = new Map<string, StoredTensor>();
  try {
    for (const name of file.tensors.keys()) tensors.set(name, await file.read(name));
    return tensors;
  } finally {
    await file.close();
  }
}

function changed(path: string): CheckpointError {
  return new CheckpointError(
    `${displayPath(path)}: not the file that ${certificateFile} is about; it was changed or damaged: ${compileAgain}`,
  );
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const what = messageOf(error).replace(/\s+/g, ' ');
    throw new CheckpointError(`${displayPath(path)}: not JSON (${what}); ${compileAgain}`, { cause: error });
  }
}

function formatJson(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
