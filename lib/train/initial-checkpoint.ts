// Start of a finetuning: the parameters of a checkpoint, which must fit the configuration's model.
// A finetuning may change lengths, dropout and the settings of an encoding, such as a scaling of
// RoPE; a model that would use the same numbers differently (other heads, other separators, another
// encoding) is refused, even if all shapes fit.

import { resolve } from 'node:path';
import { CheckpointError } from '../base/errors';
import { canonicalJson } from '../base/json';
import { displayPath, projectRoot } from '../base/paths';
import { formatShape } from '../base/shape';
import { sameSeparators } from '../model/check-separators';
import { loadCheckpoint, readModelConfig } from '../model/files/checkpoint';
import { createDecoder, type ModelConfig } from '../model/config';
import { type EncodingConfig } from '../positional/registry';
import { type Parameters } from './step/step';

/** Fields of a model that its parameters were trained for; separators are compared separately. */
const fixedFields = [
  'style',
  'vocabSize',
  'outputs',
  'hiddenSize',
  'intermediateSize',
  'numLayers',
  'numHeads',
  'normEps',
  'tieEmbeddings',
  'logScale',
] as const satisfies readonly (keyof ModelConfig)[];

/**
 * Loads the parameters of a checkpoint for a model, in the model's order.
 *
 * @param path its folder; a relative path counts from the repository's root
 * @returns tensors that belong to the caller
 * @throws CheckpointError if it is not a whole checkpoint, or another model's, naming the field or
 *   the tensor
 * @throws ConfigError if its `config.json` describes no model known here
 */
export async function checkpointParameters(path: string, model: ModelConfig): Promise<Parameters> {
  const folder = resolve(projectRoot, path);
  // Before gigabytes are read.
  checkFit(await readModelConfig(folder), model, `initialCheckpoint: ${displayPath(folder)}`);
  const { parameters } = await loadCheckpoint(folder);
  return parameters;
}

function checkFit(stored: ModelConfig, model: ModelConfig, where: string): void {
  const refuse = (field: string, theirs: unknown, ours: unknown): never => {
    const [was, is] = [theirs, ours].map((value) => JSON.stringify(value ?? null));
    throw new CheckpointError(
      `${where}: model.${field} is ${was} there, here it is ${is}; a finetuning keeps it, so set it as it is there`,
    );
  };
  for (const field of fixedFields) {
    if (canonicalJson(stored[field] ?? null) !== canonicalJson(model[field] ?? null))
      refuse(field, stored[field], model[field]);
  }
  if (!sameSeparators(stored.separators, model.separators))
    refuse('separators', stored.separators, model.separators);
  const [theirs, ours] = [stored.encoding, model.encoding].map(kindsOf);
  if (canonicalJson(theirs) !== canonicalJson(ours)) refuse('encoding', theirs, ours);
  checkShapes(stored, model, where);
}

/** An encoding's kind and the kinds of its parts, without their settings. */
function kindsOf(encoding: EncodingConfig): unknown {
  const parts = Object.entries(encoding).flatMap(([name, value]: [string, unknown]) =>
    typeof value === 'object' && value !== null && 'kind' in value
      ? [[name, kindsOf(value as EncodingConfig)] as const]
      : [],
  );
  return parts.length === 0 ? encoding.kind : { kind: encoding.kind, ...Object.fromEntries(parts) };
}

/** Compares shapes: an encoding's tables have sizes of their own. */
function checkShapes(stored: ModelConfig, model: ModelConfig, where: string): void {
  const theirs = new Map(createDecoder(stored).parameters.map(({ name, shape }) => [name, shape]));
  for (const { name, shape } of createDecoder(model).parameters) {
    const there = theirs.get(name);
    theirs.delete(name);
    if (there !== undefined && formatShape(there) === formatShape(shape)) continue;
    const found = there === undefined ? 'not there' : `${formatShape(there)} there`;
    throw new CheckpointError(
      `${where}: ${name} is ${found}, here it is ${formatShape(shape)}; set model.encoding as it is there`,
    );
  }
  const [left] = theirs.keys();
  if (left !== undefined)
    throw new CheckpointError(
      `${where}: ${left} is a parameter there and not here; set model.encoding as it is there`,
    );
}
