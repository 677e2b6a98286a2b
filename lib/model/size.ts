// Memory that a model needs, from its sizes alone, so that a model that does not fit is refused
// before it is made. The estimates are lower bounds: a refused model cannot work, an accepted one
// may still be too large.

import { ConfigError } from '../base/errors';
import { formatBytes, formatCount } from '../base/format';
import { machineMemory } from '../base/memory';
import type { Encoding } from '../positional/encoding';
import type { Architecture } from './architecture';
import { decoderWith } from './decoder';
import { parameterCount } from './parameters';

/** Bytes of a parameter: float32. */
export const bytesOfNumber = 4;

/**
 * The number of trained numbers, without listing all parameters: those of one block times the
 * layers.
 */
export function modelNumbers(architecture: Architecture, encoding: Encoding): number {
  const withLayers = (numLayers: number): number =>
    parameterCount(decoderWith({ ...architecture, numLayers }, encoding).parameters);
  return withLayers(0) + architecture.numLayers * (withLayers(1) - withLayers(0));
}

/**
 * Makes sure that the parameters fit into memory, before anything is made of their sizes.
 *
 * @param where  first words of the message, e.g. the file with the sizes
 * @param memory bytes; default: this machine's
 * @throws ConfigError naming the size that is too large
 */
export function checkModelSize(
  architecture: Architecture,
  encoding: Encoding,
  where = 'model',
  memory = machineMemory(),
): void {
  // Separately, since an encoding may compute numbers to list its parameters.
  const trunk = bytesOfNumber * modelNumbers(architecture, { ...encoding, parameters: () => [] });
  const { outputs = 1, ...sizes } = architecture;
  checkMemory({ what: 'its parameters', bytes: trunk, sizes: { ...sizes, outputs }, where, memory });
  const bytes = bytesOfNumber * modelNumbers(architecture, encoding);
  if (bytes > memory)
    throw new ConfigError(`${where}: encoding: ${tooMuch('its parameters', bytes, memory)}`);
}

/** Usual values of the sizes that memory grows with: the paper's language models and batches. */
const usualSizes = {
  vocabSize: 32_000,
  outputs: 32_000,
  hiddenSize: 768,
  intermediateSize: 3072,
  numLayers: 12,
  trainLength: 1024,
  batchSize: 256,
} as const;

/** Some of the sizes of a configuration. */
export type Sizes = Readonly<Partial<Record<keyof typeof usualSizes, number>>>;

/**
 * Makes sure that something fits into memory.
 *
 * @throws ConfigError naming the size that exceeds its usual value most
 */
export function checkMemory({
  what,
  bytes,
  sizes,
  where,
  memory = machineMemory(),
}: {
  /** Plural, e.g. `its parameters`. */
  readonly what: string;
  readonly bytes: number;
  readonly sizes: Sizes;
  readonly where: string;
  readonly memory?: number;
}): void {
  if (bytes <= memory) return;
  const names = Object.keys(usualSizes) as (keyof Sizes)[];
  const excess = (name: keyof Sizes): number => (sizes[name] ?? 0) / usualSizes[name];
  const worst = names.reduce((first, second) => (excess(second) > excess(first) ? second : first));
  throw new ConfigError(
    `${where}: ${worst}: ${formatCount(sizes[worst] ?? 0)}: ${tooMuch(what, bytes, memory)}`,
  );
}

/** Message about a size that is too large, without the name of its field. */
export function tooMuch(what: string, bytes: number, memory: number): string {
  return `${what} take at least ${formatBytes(bytes)}, and this machine has ${formatBytes(memory)} of memory; lower it`;
}
